"""How the page of a new referral is put together: from nothing, from a draft, or from what has just been typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from secrets import token_urlsafe
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone

from accounts.access_log import log_read
from accounts.actor import Actor, ActorRequest
from accounts.errors import Invalid, Refused, Stale
from accounts.models import Unit
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.access import access_referring, with_parents
from cases.drafting import DraftRow, Sheet, drafts_of, sheet_of, statements_of
from cases.known import Known, known_again, known_of
from cases.models import Case, ReferralDraft
from cases.queries import clinicians_for, contact_nurses_for
from cases.referral_form import ReferralForm
from cases.services.drafts import AlreadySent, Seen
from cases.services.referral import ReferralData
from cases.services.referral_input import parse_referral
from cases.services.sending import Incomplete, Statement
from checklists.queries import current_spec, published_diagnoses

KNOWN = "known"
"""The hidden field that says of which patient (id) the form has been filled in: so it is done once."""


@dataclass(frozen=True, slots=True)
class ReferralPage:
    """The form as it stands, what it amounts to, and what is known of its patient."""

    allowed: list[Unit]
    typed: Mapping[str, str]
    form: ReferralForm
    known: Known | None
    sheet: Sheet | None
    left: Known | None = None
    asks_why: bool = False
    drafts: list[DraftRow] = field(default_factory=list)

    @property
    def seen(self) -> Seen:
        """Which form it is, and which version of its draft stands there."""
        return Seen(self.text("token"), self.text("tab"), whole_number(self.text("version")) or 0)

    @property
    def content(self) -> dict[str, str]:
        """What a draft keeps: the text of every field of the form, and nothing else that was posted."""
        names = (*self.form.fields, KNOWN)
        return {name: self.typed[name] for name in names if self.typed.get(name)}

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """The hidden fields that name the form, the window and the version."""
        return tuple((name, self.text(name)) for name in ("token", "tab", "version"))

    @property
    def open_case(self) -> Case | None:
        """The open case that makes a second one impossible, when the person may know of it."""
        return self.known.open_case(self.text("diagnosis"), self.text("phase")) if self.known else None

    def text(self, name: str) -> str:
        """Return what is typed in a field, without spaces around it."""
        return self.typed.get(name, "").strip()

    def checked(self) -> tuple[ReferralData, tuple[Statement, ...]]:
        """Return the referral and what it says of answers; Invalid with every wrong field of both."""
        today = timezone.localdate()
        statements, errors = statements_of(self.typed, self.sheet.asked if self.sheet else (), today)
        try:
            data = parse_referral(self.form.raw(), today=today, allowed=self.allowed)
        except Invalid as invalid:
            raise Invalid([*invalid.errors, *errors]) from None
        if errors:
            raise Invalid(errors)
        return data, statements

    def after(self, refused: Refused) -> "ReferralPage":
        """Return the page as a refusal leaves it: asking why, or ready to go on top of what another window did."""
        typed = dict(self.typed)
        if isinstance(refused, Stale):
            typed["version"] = str(refused.extra.get("version", 0))
        if isinstance(refused, AlreadySent):
            typed |= {"token": token_urlsafe(16), "version": "0"}
        return replace(self, typed=typed, asks_why=self.asks_why or isinstance(refused, Incomplete))


def begun(request: ActorRequest) -> ReferralPage:
    """Return an empty form; a clinician who refers is the responsible one until they choose another."""
    typed = {"diagnosis": request.GET.get("diagnosis", "")}
    if request.actor.can(Permission.ATTEST):
        typed["responsible_clinician"] = request.user.email
    return _page(request, typed, drafts=True)


def drafted(request: ActorRequest, draft: ReferralDraft) -> ReferralPage:
    """Return the form as a draft of the person's own has it."""
    kept = {name: str(text) for name, text in draft.content.items() if name != "tab"}
    return _page(request, kept | {"version": str(draft.version)})


def typed_in(request: ActorRequest, *, is_sent: bool = False) -> ReferralPage:
    """Return the form as it was posted; `is_sent` holds it against its rules."""
    return _page(request, request.POST.dict(), posted=request.POST if is_sent else None)


def show_page(
    request: ActorRequest,
    page: ReferralPage,
    *,
    refused: Refused | None = None,
    other: Case | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the whole page; what is known of the patient stands there, so the reading is logged."""
    _log(request, page)
    context = _context(request, page) | {"refusal": refused, "other": other}
    return render(request, "cases/refer.html", context, status=status)


def show_parts(request: ActorRequest, page: ReferralPage) -> HttpResponse:
    """Show the panel, and beside it the questions and what is known of the patient when they are others than before."""
    signature = page.sheet.signature if page.sheet else ""
    before = request.POST.get("questions", "")
    fresh = {
        "fresh_questions": before != signature,
        "fresh_circumstances": before.split("/")[0] != signature.split("/")[0],
        "fresh_known": request.POST.get(KNOWN, "") != page.text(KNOWN),
    }
    if fresh["fresh_known"] or fresh["fresh_questions"]:
        _log(request, page)
    return render(request, "cases/_referral_parts.html", _context(request, page) | fresh)


def _page(
    request: ActorRequest, typed: dict[str, str], *, posted: QueryDict | None = None, drafts: bool = False
) -> ReferralPage:
    allowed = access_referring(request.actor, typed.get("unit", "") if request.method == "POST" else "")
    today = timezone.localdate()
    diagnoses = list(published_diagnoses())
    names = {row.slug: row.label() for row in diagnoses}
    chosen = typed.get("diagnosis", "")
    spec = current_spec(chosen) if chosen in names else None
    providers = sorted({with_parents(unit)[-1].pk for unit in allowed})
    known = known_of(request.actor, typed.get("personal_identity_number", ""), providers, today)
    left = _left(request.actor, typed, known) if posted is None else None
    typed = _window(_with_known(typed, known, left, is_sent=posted is not None))
    sheet = sheet_of(typed, spec, known, today)
    form = ReferralForm(posted, initial=typed)
    units = {above.pk for unit in allowed for above in with_parents(unit)}
    form.offer(clinicians_for(units, Permission.ATTEST, today), contact_nurses_for(units, today))
    form.offer_places(diagnoses, allowed)
    form.add_circumstances(spec)
    form.ask(sheet.asked if sheet else ())
    _mark(form, typed, known)
    if posted is not None:
        form.is_valid()
    return ReferralPage(
        allowed, typed, form, known, sheet, left, asks_why=bool(typed.get("incomplete_reason")),
        drafts=drafts_of(request.actor, names) if drafts else [],
    )  # fmt: skip


def _left(actor: Actor, typed: Mapping[str, str], known: Known | None) -> Known | None:
    """Return what the form was filled in with when its number has become another's: it was the wrong patient's."""
    before = typed.get(KNOWN, "")
    return known_again(actor, before) if before != (str(known.patient) if known else "") else None


def _with_known(typed: dict[str, str], known: Known | None, left: Known | None, *, is_sent: bool) -> dict[str, str]:
    """Return what is typed, and where nothing is what is known: once a patient, and never on the way out.

    What came from another patient, and stands as it came, leaves the form.
    """
    patient = str(known.patient) if known else ""
    if is_sent or typed.get(KNOWN, "") == patient:
        return typed | {KNOWN: patient}
    gone = left.about_patient.items() if left else ()
    kept = typed | {name: "" for name, text in gone if typed.get(name, "").strip() == text.strip()}
    brought = known.values.items() if known else ()
    return kept | {name: text for name, text in brought if not kept.get(name, "").strip()} | {KNOWN: patient}


def _window(typed: dict[str, str]) -> dict[str, str]:
    """Name the form and the window, unless they have their names."""
    return typed | {"token": typed.get("token") or token_urlsafe(16), "tab": typed.get("tab") or token_urlsafe(8)}


def _mark(form: ReferralForm, typed: Mapping[str, str], known: Known | None) -> None:
    """Say beside each field that stands as the earlier case has it where it comes from."""
    for name, text in known.values.items() if known else ():
        if typed.get(name, "").strip() == text.strip():
            form.fields[name].help_text = known.source if known else ""


def _log(request: ActorRequest, page: ReferralPage) -> None:
    shown = [known.patient for known in (page.known, page.left) if known]
    log_read(request.actor, patients=shown, what="cases:refer")


def _context(request: ActorRequest, page: ReferralPage) -> dict[str, Any]:
    return {"page": page, "form": page.form, "can_import": request.actor.can(Permission.PLAN_MEETING)}
