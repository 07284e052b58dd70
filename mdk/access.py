"""The only ways to meetings, agenda items and preparations: a stranger gets 404, no right 403."""

from collections.abc import Collection
from datetime import date

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.errors import NotAllowed
from accounts.models import Membership, User
from accounts.permissions import Permission, roles_with
from accounts.queries import units_below
from cases.services.referral import participating
from checklists.enums import Discipline
from mdk.models import AgendaItem, Meeting, Preparation, ProposedPlan, Series

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


def access_series(actor: Actor, pk: int, permission: Permission = Permission.VIEW_MEETING) -> Series:
    """Return the series `pk`; to manage it the actor must do so for its own unit, or for one above."""
    series = (
        Series.objects.select_related("unit__parent__parent", "chair")
        .prefetch_related("participating_units", "diagnoses", "readers")
        .filter(pk=pk)
        .first()
    )
    if series is None:
        raise _unknown()
    _admit(actor, series, Permission.VIEW_MEETING)
    if permission != Permission.VIEW_MEETING:
        own = {unit.pk for unit in participating([series.unit])}
        if not actor.can(permission, own):
            raise NotAllowed(_("Your role does not give you the right to change this series."))
    return series


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


def access_preparations(actor: Actor, pks: Collection[int]) -> list[Preparation]:
    """Return several preparations that the actor prepares, as `access_preparation` would each; constant queries.

    Http404 when one of them is unknown to the actor, NotAllowed when one is not theirs to prepare.
    """
    found = list(
        Preparation.objects.select_related("item__meeting__series__unit__parent__parent", "item__case")
        .prefetch_related("item__meeting__series__participating_units")
        .filter(pk__in=pks)
        .order_by("pk")
    )
    if len(found) != len(set(pks)):
        raise _unknown()
    for preparation in found:
        _admit(actor, preparation.item.meeting.series, PREPARES[Discipline(preparation.discipline)])
    return found


def access_handing(actor: Actor, pk: int) -> tuple[Preparation, bool]:
    """Return the preparation for one who may give it to another, and whether they do so as managing the roster."""
    preparation = access_preparation(actor, pk)
    gives_out = actor.can(Permission.MANAGE_ROSTER, series_units(preparation.item.meeting.series))
    return (preparation, True) if gives_out else (access_preparation(actor, pk, change=True), False)


def access_reader(actor: Actor, pk: int, on: date, *, is_own_enough: bool = False) -> User:
    """Return the reader `pk` for one who plans the roster of a unit of theirs (with `is_own_enough` also for themselves).

    Http404 for a stranger to the reader's units and for one who prepares nothing, NotAllowed without the right.
    """
    roles = {role for permission in PREPARES.values() for role in roles_with(permission)}
    held = Membership.objects.filter(user=pk, role__in=roles, user__is_active=True, starts_on__lte=on)
    held = held.exclude(ends_on__lt=on).select_related("user")
    memberships = list(held)
    units = {membership.unit_id for membership in memberships}
    if not memberships or units.isdisjoint(units_below(actor.unit_ids)):
        raise _unknown()
    is_own = is_own_enough and actor.user.pk == pk
    if not is_own and units.isdisjoint(units_below(actor.units_for(Permission.MANAGE_ROSTER))):
        raise NotAllowed(_("Your role does not give you the right to plan this reader's weeks."))
    return memberships[0].user


def access_plan(actor: Actor, pk: int) -> ProposedPlan:
    """Return the proposed plan `pk` with its meeting and people; the actor must be able to plan every series of it."""
    plan = ProposedPlan.objects.select_related("meeting", "made_by", "answered_by").filter(pk=pk).first()
    if plan is None:
        raise _unknown()
    found = Series.objects.filter(pk__in=plan.series).select_related("unit__parent__parent")
    for series in found.prefetch_related("participating_units"):
        _admit(actor, series, Permission.PLAN_MEETING)
    return plan


def _admit(actor: Actor, series: Series, permission: Permission) -> None:
    units = series_units(series)
    if units.isdisjoint(actor.unit_ids):
        raise _unknown()
    if not actor.can(permission, units):
        raise NotAllowed(_("Your role does not give you the right to do this at the conference."))


def _unknown() -> Http404:
    return Http404(_("There is no such thing here."))
