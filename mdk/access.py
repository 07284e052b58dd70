"""The only ways to meetings, agenda items and preparations: a stranger gets 404, no right 403."""

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.errors import NotAllowed
from accounts.permissions import Permission
from cases.services.referral import participating
from checklists.enums import Discipline
from mdk.models import AgendaItem, Meeting, Preparation, Series

PREPARES = {
    Discipline.RADIOLOGY: Permission.PREPARE_RADIOLOGY,
    Discipline.PATHOLOGY: Permission.PREPARE_PATHOLOGY,
}


def series_units(series: Series) -> frozenset[int]:
    """Return the ids of the units that take part in the series: its own with those above, and the invited."""
    own = {unit.pk for unit in participating([series.unit])}
    return frozenset(own | {unit.pk for unit in series.participating_units.all()})


def access_meeting(actor: Actor, pk: int, permission: Permission = Permission.VIEW_MEETING) -> Meeting:
    """Return the meeting `pk` with its series and chair; Http404 for a stranger, NotAllowed without the right."""
    meeting = (
        Meeting.objects.select_related("series__unit__parent__parent", "chair", "current_item")
        .prefetch_related("series__participating_units")
        .filter(pk=pk)
        .first()
    )
    if meeting is None:
        raise _unknown()
    _admit(actor, meeting.series, permission)
    return meeting


def access_item(actor: Actor, pk: int, permission: Permission = Permission.VIEW_CASE) -> AgendaItem:
    """Return the agenda item `pk` with its meeting and case, by the right to its meeting."""
    item = (
        AgendaItem.objects.select_related(
            "meeting__series__unit__parent__parent", "meeting__chair", "case__patient", "case__diagnosis"
        )
        .prefetch_related("meeting__series__participating_units")
        .filter(pk=pk)
        .first()
    )
    if item is None:
        raise _unknown()
    _admit(actor, item.meeting.series, permission)
    return item


def access_preparation(actor: Actor, pk: int, *, change: bool = False) -> Preparation:
    """Return the preparation `pk`; to `change` it the actor must prepare that discipline in the series' units."""
    preparation = (
        Preparation.objects.select_related(
            "reader", "item__meeting__series__unit__parent__parent", "item__case__patient", "item__case__diagnosis"
        )
        .prefetch_related("item__meeting__series__participating_units")
        .filter(pk=pk)
        .first()
    )
    if preparation is None:
        raise _unknown()
    permission = PREPARES[Discipline(preparation.discipline)] if change else Permission.VIEW_CASE
    _admit(actor, preparation.item.meeting.series, permission)
    return preparation


def _admit(actor: Actor, series: Series, permission: Permission) -> None:
    units = series_units(series)
    if units.isdisjoint(actor.unit_ids):
        raise _unknown()
    if not actor.can(permission, units):
        raise NotAllowed(_("Your role does not give you the right to do this at the conference."))


def _unknown() -> Http404:
    return Http404(_("There is no such thing here."))
