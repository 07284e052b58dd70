"""The only ways to a case: a stranger gets 404, a member without the right 403."""

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.errors import NotAllowed
from accounts.models import Unit
from accounts.permissions import Permission
from cases.models import Case


def access_case(actor: Actor, pk: int, permission: Permission = Permission.VIEW_CASE) -> Case:
    """Return the case `pk`, with what a page shows loaded.

    Http404 when no unit of the actor takes part in it (or there is none); NotAllowed when a unit does, but no
    role there holds `permission`. The caller logs the reading.
    """
    case = (
        Case.objects.select_related("patient", "diagnosis", "unit", "responsible_clinician", "contact_nurse")
        .filter(pk=pk)
        .first()
    )
    units = frozenset(case.units.values_list("pk", flat=True)) if case else frozenset()
    if case is None or units.isdisjoint(actor.unit_ids):
        raise Http404(_("There is no such case."))
    if not actor.can(permission, units):
        raise NotAllowed(_("Your role does not give you the right to do this with the case."))
    return case


def with_parents(unit: Unit) -> list[Unit]:
    """Return `unit` and the units above it, nearest first."""
    chain: list[Unit] = []
    current: Unit | None = unit
    while current is not None and current not in chain:
        chain.append(current)
        current = current.parent
    return chain


def referring_units(actor: Actor) -> list[Unit]:
    """Return the departments that the actor may refer from: those where they may refer, and below them."""
    held = actor.units_for(Permission.REFER_CASE)
    units = Unit.objects.select_related("parent__parent__parent").order_by("name")
    return [unit for unit in units if held & {above.pk for above in with_parents(unit)}]
