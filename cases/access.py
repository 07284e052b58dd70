"""The only ways to a case: a stranger gets 404, a member without the right 403."""

from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.errors import NotAllowed
from accounts.models import Unit
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.models import Case, Discordance, InboundMessage, ReferralDraft, Report, Result


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


def access_result(case: Case, pk: int) -> Result:
    """Return an answer of a case that the actor was given; Http404 when the case has no such answer."""
    result = Result.objects.filter(pk=pk, case=case).first()
    if result is None:
        raise Http404(_("There is no such answer."))
    return result


def access_mark(case: Case, pk: int) -> Discordance:
    """Return a mark of discordant answers of a case that the actor was given; Http404 when the case has no such mark."""
    mark = Discordance.objects.filter(pk=pk, case=case).first()
    if mark is None:
        raise Http404(_("There is no such mark."))
    return mark


def access_referring(actor: Actor, unit: str) -> list[Unit]:
    """Return the units that the actor may refer from; NotAllowed when they may nowhere, or not from `unit`.

    `unit` is what the caller wrote (name, id or HSA-id); one that does not exist is left to the check of the input.
    """
    allowed = referring_units(actor)
    if not allowed:
        raise NotAllowed(_("Your role does not give you the right to refer a patient."))
    names = {text for one in allowed for text in (str(one.pk), one.name.casefold(), one.hsa_id)}
    is_there = unit and unit.casefold() not in names and unit not in names
    if is_there and Unit.objects.filter(Q(name__iexact=unit) | Q(pk=whole_number(unit))).exists():
        raise NotAllowed(_("You have no right to refer from the unit %(unit)s.") % {"unit": unit})
    return allowed


def access_draft(actor: Actor, pk: int) -> ReferralDraft:
    """Return a draft of the actor's own; Http404 for another's, and for one that is sent or thrown away."""
    draft = ReferralDraft.objects.filter(pk=pk, written_by=actor.user).first()
    if draft is None:
        raise Http404(_("There is no such draft."))
    return draft


def access_importing(actor: Actor) -> list[Unit]:
    """Return the units whose referrals the actor may bring in from a file; NotAllowed for all but coordinators and chairs."""
    allowed = referring_units(actor)
    if not allowed or not actor.can(Permission.PLAN_MEETING):
        raise NotAllowed(_("Files of referrals are brought in by the coordinator."))
    return allowed


def access_sending(actor: Actor) -> Unit:
    """Return the care provider (the top unit) for which the actor may send messages; NotAllowed when for none.

    Of several providers the one of the active membership, else the first by name of unit.
    """
    basis = actor.basis(Permission.SEND_MESSAGES)
    if basis is None:
        raise NotAllowed(_("Your role does not give you the right to send messages."))
    return with_parents(basis.unit)[-1]


def access_placing(actor: Actor) -> frozenset[int]:
    """Return the care providers (ids of top units) whose reports the actor may place; NotAllowed when there is none."""
    held = actor.units_for(Permission.PLACE_REPORTS)
    if not held:
        raise NotAllowed(_("Reports are placed by the coordinator."))
    units = Unit.objects.select_related("parent__parent__parent").filter(pk__in=held)
    return frozenset(with_parents(unit)[-1].pk for unit in units)


def access_report(actor: Actor, pk: int) -> Report:
    """Return a report that the actor may place; Http404 for another provider's. The caller logs the reading."""
    report = (
        Report.objects.select_related("patient", "result__case", "settled_by", "message", "provider")
        .filter(pk=pk, provider_id__in=access_placing(actor))
        .first()
    )
    if report is None:
        raise Http404(_("There is no such report."))
    return report


def access_sent_answer(case: Case, result: int) -> Report:
    """Return the report of another system that an answer of the case came with; Http404 when it came otherwise."""
    report = Report.objects.filter(result=result, result__case=case).first()
    if report is None:
        raise Http404(_("There is no such answer."))
    return report


def access_message(actor: Actor, pk: int) -> InboundMessage:
    """Return a message that the actor may have tried again; Http404 for another provider's."""
    message = InboundMessage.objects.filter(pk=pk, provider_id__in=access_placing(actor)).first()
    if message is None:
        raise Http404(_("There is no such message."))
    return message
