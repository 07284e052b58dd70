"""The page of a case, and each thing that is done to it there."""

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.actor import ActorRequest
from accounts.errors import Stale
from accounts.permissions import Permission
from cases.access import access_case, access_result, access_sent_answer
from cases.enums import CaseEnding, ClearanceKind
from cases.forms import ClearForm, LevelForm, MoveForm, ResultForm, WithdrawForm
from cases.services.candidates import asked_for
from cases.services.clearance import attest_case, clear_requirement, revoke_clearance
from cases.services.editing import set_level, withdraw_case
from cases.services.placing import place_report, set_aside
from cases.services.result_input import parse_correction, parse_result
from cases.services.results import change_result, register_result
from cases.views.showing import Opened, act_on_case, changed_case, show_case
from checklists.registry import spec_of


@require_safe
def case_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show the case: its question, what is missing, the answers side by side, and what was recommended."""
    return show_case(request, access_case(request.actor, pk))


@require_POST
def result_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Register an answer by hand."""
    case = access_case(request.actor, pk, Permission.ADD_RESULT)
    key = request.POST.get("requirement", "")
    form = ResultForm(request.POST, auto_id=f"{key}_%s").add_headings(spec_of(case.definition_id), key)

    def act() -> None:
        register_result(pk, parse_result(form.raw()), by=request.user, now=timezone.now())

    return act_on_case(
        request, case, Opened("result", key, form), act, _("The answer is registered."), f"requirement-{key}"
    )


@require_POST
def correct_page(request: ActorRequest, pk: int, result: int) -> HttpResponse:
    """Correct an answer; 404 when the case has no such answer, 409 when it has changed since, and nothing typed is lost."""
    case = access_case(request.actor, pk, Permission.ADD_RESULT)
    stored = access_result(case, result)
    typed = request.POST.copy()
    form = ResultForm(typed, auto_id=f"answer_{result}_%s")
    form.add_headings(spec_of(case.definition_id), typed.get("requirement", ""))

    def act() -> None:
        data = parse_correction(form.raw(), stored)
        try:
            change_result(result, data, seen=typed.get("seen", ""), by=request.user, now=timezone.now())
        except Stale as stale:
            typed["seen"] = stale.extra["seen"]
            raise

    return act_on_case(
        request, case, Opened("correct", str(result), form), act, _("The answer is changed."), f"answer-{result}"
    )


@require_POST
def move_page(request: ActorRequest, pk: int, result: int) -> HttpResponse:
    """Say what an answer from another system belongs to, or that it is none of the case; 404 for one by hand."""
    case = access_case(request.actor, pk, Permission.WAIVE)
    report = access_sent_answer(case, result)
    form = MoveForm(request.POST, auto_id=f"move_{result}_%s").offer(asked_for(case.definition_id, case.phase))

    def act() -> None:
        key, reason, now = request.POST.get("requirement", ""), request.POST.get("reason", ""), timezone.now()
        if key == MoveForm.NOTHING:
            set_aside(report.pk, reason=reason, by=request.user, now=now, move=True)
        else:
            place_report(report.pk, pk, key, by=request.user, now=now, move=True)

    return act_on_case(
        request, case, Opened("move", str(result), form), act, _("The answer is moved."), f"answer-{result}"
    )


@require_POST
def clear_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Set a requirement aside, or ask for it again (`kind=revoke`)."""
    case = access_case(request.actor, pk, Permission.WAIVE)
    key, kind, reason = (request.POST.get(name, "") for name in ("requirement", "kind", "reason"))
    if kind == "revoke":
        revoke_clearance(pk, key, by=request.user, now=timezone.now())
        return changed_case(request, pk, _("The requirement is asked for again."), f"requirement-{key}")
    form = ClearForm(request.POST, auto_id=f"{key}_%s")

    def act() -> None:
        clear_requirement(pk, key, kind=ClearanceKind(kind), reason=reason, by=request.user, now=timezone.now())

    return act_on_case(
        request, case, Opened("clear", key, form), act, _("The requirement is set aside."), f"requirement-{key}"
    )


@require_POST
def level_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Set the level."""
    case = access_case(request.actor, pk, Permission.SET_LEVEL)
    form = LevelForm(request.POST)
    level, reason = request.POST.get("level", ""), request.POST.get("reason", "")

    def act() -> None:
        set_level(pk, level, reason=reason, by=request.user, now=timezone.now())

    return act_on_case(request, case, Opened("level", "", form), act, _("The level is set."), "level")


@require_POST
def attest_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Record the responsible clinician's word that nothing is missing; 403 for anybody else."""
    access_case(request.actor, pk, Permission.ATTEST)
    attest_case(pk, by=request.user, now=timezone.now())
    return changed_case(request, pk, _("You have attested that nothing is missing."))


@require_POST
def withdraw_page(request: ActorRequest, pk: int) -> HttpResponse:
    """End the case without a conference: how (`ending`), and with a reason. A place on an agenda is given up with it."""
    case = access_case(request.actor, pk, Permission.EDIT_CASE)
    form = WithdrawForm(request.POST)

    def act() -> None:
        reason, ending = request.POST.get("reason", ""), request.POST.get("ending") or CaseEnding.WITHDRAWN
        withdraw_case(pk, reason=reason, ending=ending, by=request.user, now=timezone.now())

    return act_on_case(request, case, Opened("withdraw", "", form), act, _("The case is ended."))
