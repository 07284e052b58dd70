"""How every page of a case answers: the whole page or its changing part, and always with a row in the access log."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import NotAllowed, Refused
from accounts.numbers import whole_number
from cases.access import access_case, access_mark, access_result, access_sent_answer
from cases.case_page import CasePage, case_page
from cases.forms import (
    ClearForm,
    DiscordanceForm,
    HouseForm,
    LevelForm,
    MessageForm,
    MoveForm,
    ResultForm,
    SettleForm,
    WithdrawForm,
)
from cases.models import Case
from cases.services.candidates import asked_for


@dataclass(frozen=True, slots=True)
class Opened:
    """The form that stands open on the page: which, for what (a requirement or an answer), and itself."""

    name: str = ""
    key: str = ""
    form: Form | None = None


def show_case(
    request: ActorRequest, case: Case, *, opened: Opened | None = None, status: int = 200, done: str = ""
) -> HttpResponse:
    """Show the case to one who was given access, and log the reading; htmx gets the part that changes."""
    log_read(
        request.actor, patients=[case.patient_id], what="cases:case", unit_ids=[unit.pk for unit in case.units.all()]
    )
    page = case_page(case, request.actor, timezone.localdate())
    template = "cases/_case.html" if request.htmx else "cases/case.html"
    opened = opened or opened_in(request, page)
    writing = opened.form if isinstance(opened.form, MessageForm) else MessageForm(auto_id="message_%s")
    context = {"page": page, "case": case, "opened": opened, "writing": writing, "done": done}
    return render(request, template, context, status=status)


def opened_in(request: ActorRequest, page: CasePage) -> Opened:
    """Return the form that the address asks to have open (`?open=result:<requirement>`), if the reader may use it."""
    name, _colon, key = request.GET.get("open", "").partition(":")
    pk = whole_number(key)
    rows = {row.key: row for pane in page.panes for row in pane.rows}
    form: HouseForm | None = None
    match name:
        case "result" if key in rows and page.rights.result:
            form = ResultForm(
                initial={"kind": rows[key].kind, "requirement": key, "state": "final"}, auto_id=f"{key}_%s"
            ).add_headings(page.spec, key)
        case "clear" if key in rows and page.rights.clear:
            form = ClearForm(initial={"requirement": key}, auto_id=f"{key}_%s")
        case "correct" if pk is not None and page.rights.result:
            result = access_result(page.case, pk)
            form = ResultForm(initial=ResultForm.initial_of(result), auto_id=f"answer_{key}_%s")
            form.add_headings(page.spec, result.requirement)
        case "move" if pk is not None and page.rights.clear:
            access_sent_answer(page.case, pk)
            form = MoveForm(auto_id=f"move_{key}_%s")
            form.initial["requirement"] = access_result(page.case, pk).requirement
            form.offer(asked_for(page.case.definition_id, page.case.phase))
        case "discordant" if page.rights.mark:
            form = DiscordanceForm(initial={"results": [key]}, auto_id="discordant_%s").offer(page.timeline.choices)
        case "settle" if pk is not None:
            access_mark(page.case, pk)
            form = SettleForm(auto_id=f"settle_{key}_%s")
        case "level" if page.rights.level:
            form = LevelForm(initial={"level": page.case.level})
        case "withdraw" if page.rights.withdraw:
            form = WithdrawForm()
    return Opened(name, key, form) if form else Opened()


def refused_case(request: ActorRequest, case: Case, opened: Opened, refused: Refused) -> HttpResponse:
    """Show the case with the form as it was typed and the refusal by its fields: 422, or the refusal's own 409."""
    if isinstance(opened.form, HouseForm):
        opened.form.show(refused)
    return show_case(request, case, opened=opened, status=409 if refused.status == 409 else 422)


def changed_case(request: ActorRequest, pk: int, sentence: str, anchor: str = "") -> HttpResponse:
    """Answer a change that was made: the fresh part to htmx, else a redirect to where the person was."""
    if request.htmx:
        return show_case(request, access_case(request.actor, pk), opened=Opened(), done=sentence)
    messages.success(request, sentence)
    return redirect(reverse("cases:case", args=[pk]) + (f"#{anchor}" if anchor else ""))


def act_on_case(
    request: ActorRequest, case: Case, opened: Opened, act: Callable[[], None], sentence: str, anchor: str = ""
) -> HttpResponse:
    """Do `act` with a valid form; else, or when the service says no, show the case with the form as it was typed."""
    if not (isinstance(opened.form, HouseForm) and opened.form.is_valid()):
        return show_case(request, case, opened=opened, status=422)
    try:
        act()
    except Refused as refused:
        if refused.status == NotAllowed.status:
            raise
        return refused_case(request, case, opened, refused)
    return changed_case(request, case.pk, sentence, anchor)
