"""One preparation as it is read and written: what `views.reader` shows, whole or as the part that htmx asked for."""

from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import Invalid, Refused, Stale
from cases.images import Images
from cases.privacy import IdentityGuard
from checklists.registry import spec_of
from mdk.enums import PreparationState
from mdk.forms.reader import CompleteForm, HandOverForm, ReturnForm
from mdk.models import Preparation
from mdk.planning.clock import minutes_spent
from mdk.queries.duty import is_away
from mdk.queries.live import age_on, heading_fields, panes_of
from mdk.queries.marks import shown_marks, standing_marks
from mdk.queries.paces import estimate_words
from mdk.queries.preparations import words_beside
from mdk.queries.queue import queue_of, readers_for
from mdk.queries.readings import changes_since, edition_of


def reading_page(
    request: ActorRequest,
    preparation: Preparation,
    form: Form | None = None,
    *,
    refusal: Refused | None = None,
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render the preparation with what was said or refused, and log the reading."""
    log_read(request.actor, patients=[preparation.item.case.patient_id], what="mdk:preparation")
    if isinstance(form, CompleteForm) and isinstance(refusal, Stale):
        # The page shows what is new now, so that the next attempt is made with it in sight.
        form.data = {**request.POST.dict(), "edition": edition_of(preparation)}
    context = _case(request, preparation) | _forms(request, preparation, form) | {
        "refusal": refusal if refusal and not isinstance(refusal, Invalid) else None,
        "said": said,
        "shared": "1" in (request.POST.get("shared"), request.GET.get("shared")),
    }  # fmt: skip
    template = "mdk/_preparation.html" if request.htmx else "mdk/preparation.html"
    return render(request, template, context, status=status)


def finished(request: ActorRequest) -> HttpResponse:
    """Say that nothing more of the reader's is left, and what waits to be shared."""
    return render(request, "mdk/_finished.html", {"queue": queue_of(request.actor, who="free")})


def complete_form(preparation: Preparation, data: Any = None) -> CompleteForm:
    """Return the form of the findings; the minutes are what the clock says, or what was given when it was done."""
    is_done = preparation.state == PreparationState.DONE
    spent = minutes_spent(preparation.started_at, preparation.estimate_minutes, timezone.now())
    return CompleteForm(
        data,
        preparation=preparation,
        headings=heading_fields(spec_of(preparation.item.case.definition_id), preparation.discipline),
        minutes=preparation.minutes if is_done else spent,
        edition=edition_of(preparation),
    )


def _case(request: ActorRequest, preparation: Preparation) -> dict[str, Any]:
    """Return what there is to read."""
    item, today = preparation.item, timezone.localdate()
    marks = standing_marks(item)
    panes = sorted(
        panes_of(item, marks, Images(item.case, today)), key=lambda pane: pane.kind != preparation.discipline
    )  # fmt: skip
    return {
        "preparation": preparation,
        "item": item,
        "case": item.case,
        "age": age_on(item.case.patient.identity_value, today),
        "shown": IdentityGuard(request.actor).of(item.case),
        "panes": panes,
        "marks": shown_marks(marks, [entry for pane in panes for entry in pane.answers]),
        "changes": changes_since(preparation),
        "beside": words_beside(preparation),
        "estimate": estimate_words(preparation),
        "now": timezone.now(),
    }


def _forms(request: ActorRequest, preparation: Preparation, form: Form | None) -> dict[str, Any]:
    """Return what there is to do, and who holds it if that is somebody else."""
    today = timezone.localdate()
    holder = preparation.reader if preparation.reader_id != request.user.pk else None
    is_closed = preparation.state in (PreparationState.DONE, PreparationState.RETURNED)
    readers = [] if is_closed else list(readers_for(preparation, request.actor, today))
    return {
        "holder": holder,
        "is_holder_away": bool(holder and is_away(holder.pk, today)),
        "is_given_out": bool(holder and preparation.assigned_at and preparation.state != PreparationState.IN_PROGRESS),
        "is_mine": preparation.reader_id == request.user.pk,
        "is_closed": is_closed,
        "done": form if isinstance(form, CompleteForm) else complete_form(preparation),
        "back": form if isinstance(form, ReturnForm) else ReturnForm(),
        "hand": form if isinstance(form, HandOverForm) else HandOverForm(None, readers=readers),
    }
