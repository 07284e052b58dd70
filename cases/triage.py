"""The page of triage: one case after the other, and how far the person has come in this sitting."""

from collections.abc import Iterable, MutableMapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, Self

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.numbers import whole_number
from accounts.signs import KINDS
from cases.case_page import Mend, findings_of, rights_of
from cases.enums import ResultState, TriageAnswer
from cases.models import Case, Result
from cases.panels import NextMeeting, panel
from cases.privacy import IdentityGuard, Shown
from cases.queries import NOT_TRIAGED, case_details, to_triage
from cases.readiness.words import requirement_label
from cases.services.retriage import LEVEL_OF
from cases.services.triage import Before, Decided, national_note
from checklists.registry import spec_of
from checklists.spec import DefinitionSpec, LevelSuggestion

__all__ = ["NOT_TRIAGED", "Run", "TriageFilter", "TriagePage", "choices_of", "next_case", "triage_page"]

SESSION = "triage"
PAUSE = timedelta(minutes=30)
"""After so long without a decision a new sitting begins: the clock says how long the work took, not the lunch."""
UNDONE = 30
"""So many decisions back can be undone."""

_KEYS: Final = {
    TriageAnswer.DISCUSS: ("1", "d"),
    TriageAnswer.FOCUSED: ("2", "f"),
    TriageAnswer.PROTOCOL: ("3", "p"),
    TriageAnswer.NOT_READY: ("4", "n"),
    TriageAnswer.NATIONAL: ("5", "m"),
}


@dataclass(frozen=True, slots=True)
class TriageFilter:
    """Which cases the sitting is about, as it stands in the address."""

    diagnosis: str = ""
    unit: int = 0
    clinician: int = 0

    @classmethod
    def from_query(cls, query: QueryDict) -> Self:
        """Return the filter of an address; what is no number of a unit or person is passed over."""
        unit, clinician = (whole_number(query.get(name, "")) or 0 for name in ("unit", "clinician"))
        return cls(query.get("diagnosis", "").strip()[:80], unit, clinician)

    def cases(self, actor: Actor) -> QuerySet[Case]:
        """Return the cases that wait, in the order in which they come."""
        return to_triage(actor, **asdict(self))


@dataclass(slots=True)
class Run:
    """One sitting of one person: begun when, how many decided, which skipped, and what can be undone.

    It lives in the session, so that it holds without script: keys of cases and what was decided before, but no name,
    number or question.
    """

    wanted: dict[str, Any]
    begun: datetime
    last: datetime
    done: int = 0
    skipped: list[int] = field(default_factory=list)
    undo: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, session: MutableMapping[str, Any], wanted: TriageFilter, now: datetime) -> Self:
        """Return the sitting that goes on, or a new one after a pause or with another filter."""
        kept = session.get(SESSION) or {}
        last = parse_datetime(kept.get("last", ""))
        if kept.get("wanted") == asdict(wanted) and last and now - last < PAUSE:
            begun = parse_datetime(kept["begun"]) or now
            return cls(kept["wanted"], begun, last, kept["done"], kept["skipped"], kept["undo"])
        return cls(asdict(wanted), now, now)

    def keep(self, session: MutableMapping[str, Any], now: datetime) -> None:
        """Store the sitting."""
        self.last = now
        session[SESSION] = asdict(self) | {"begun": self.begun.isoformat(), "last": now.isoformat()}

    def skip(self, pk: int) -> None:
        """Put a case off to the end of the sitting."""
        self.skipped = [*(known for known in self.skipped if known != pk), pk]

    def note(self, decided: Decided) -> None:
        """Count a decision, and remember how to undo it; one that changed nothing (a second click) is neither."""
        if not decided.is_new:
            return
        self.done += 1
        entry = {"case": decided.case.pk, "version": decided.case.version, "before": decided.before.packed()}
        self.undo = [*self.undo, entry][-UNDONE:]

    def take_last(self) -> tuple[int, int, Before] | None:
        """Return case, version and what to put back for the last decision, and forget it; None when there is none."""
        if not self.undo:
            return None
        entry = self.undo.pop()
        return entry["case"], entry["version"], Before.unpacked(entry["before"])


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One answer of the case in short: what, when, how far, and whether it was made elsewhere."""

    label: str
    result: Result


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of triage as a button; `asks` is what must be said with it, "" where nothing needs to be."""

    answer: str
    label: str
    key: str
    letter: str
    asks: str
    is_suggested: bool


@dataclass(frozen=True, slots=True)
class TriagePage:
    """One case before the two who decide, and how many wait with it; days are counted from the suspicion."""

    case: Case
    spec: DefinitionSpec
    shown: Shown
    findings: tuple[Mend, ...]
    answers: tuple[tuple[str, tuple[AnswerLine, ...]], ...]
    suggestion: LevelSuggestion
    expected: tuple[date | None, ...]
    choices: tuple[Choice, ...]
    circumstances: tuple[tuple[str, str], ...]
    days: int
    allowed: int | None
    promised_day: int | None
    next_meeting: NextMeeting | None


def next_case(actor: Actor, wanted: TriageFilter, run: Run) -> tuple[int | None, int]:
    """Return the key of the case that comes next and how many wait; what was skipped comes when nothing else is left.

    One query for the number, one or two for the case.
    """
    waiting = wanted.cases(actor)
    count = waiting.count()
    pk = waiting.exclude(pk__in=run.skipped).values_list("pk", flat=True).first()
    if pk is None and count:
        left = set(waiting.filter(pk__in=run.skipped).values_list("pk", flat=True))
        run.skipped = [known for known in run.skipped if known in left]
        pk = run.skipped[0] if run.skipped else None
    return pk, count


def triage_page(case: Case, actor: Actor, today: date) -> TriagePage:
    """Return the page of `case`, to which `actor` was given access: its answers and units in four queries, its date in one or two."""
    case = case_details(case)
    spec = spec_of(case.definition_id)
    return TriagePage(
        case=case,
        spec=spec,
        shown=IdentityGuard(actor).of(case),
        findings=findings_of(case, spec, rights_of(case, actor)),
        answers=tuple(_by_kind(case.results.all(), spec)),
        suggestion=spec.suggest_level(case.phase, case.circumstances),
        expected=tuple(date.fromisoformat(day) if day else None for day in case.readiness.get("expected", ())),
        choices=tuple(_choice(answer, case, spec) for answer in TriageAnswer),
        circumstances=circumstances_of(case, spec),
        days=(today - case.suspected_on).days,
        allowed=spec.lead_time_days,
        promised_day=(case.promised_on - case.suspected_on).days if case.promised_on else None,
        next_meeting=panel("next_meeting", [case.pk]).get(case.pk),
    )


def choices_of(actor: Actor) -> dict[str, list[tuple[Any, str]]]:
    """Return the diagnoses, units and clinicians that the waiting cases have, (value, name), for the filters."""
    rows = set(
        to_triage(actor)
        .order_by()
        .values_list(
            "diagnosis__slug", "diagnosis__name_sv", "unit_id", "unit__name", "responsible_clinician_id",
            "responsible_clinician__name",
        )
    )  # fmt: skip

    def named(pairs: Iterable[tuple[Any, str]]) -> list[tuple[Any, str]]:
        return sorted(set(pairs), key=lambda pair: pair[1].casefold())

    return {
        "diagnoses": named((row[0], row[1]) for row in rows),
        "units": named((row[2], row[3]) for row in rows),
        "clinicians": named((row[4], row[5]) for row in rows),
    }


def _by_kind(results: Iterable[Result], spec: DefinitionSpec) -> Iterable[tuple[str, tuple[AnswerLine, ...]]]:
    found = list(results)
    for kind, label, _letter in KINDS:
        lines = tuple(
            AnswerLine(requirement_label(spec, result.requirement) if result.requirement else str(label), result)
            for result in found
            if result.kind == kind and result.state != ResultState.CANCELLED
        )
        if lines:
            yield str(label), lines


def _choice(answer: TriageAnswer, case: Case, spec: DefinitionSpec) -> Choice:
    key, letter = _KEYS[answer]
    return Choice(
        answer.value, str(answer.label), key, letter, _asks(answer, case, spec),
        is_suggested=LEVEL_OF.get(answer) == case.level_suggested,
    )  # fmt: skip


def _asks(answer: TriageAnswer, case: Case, spec: DefinitionSpec) -> str:
    """Return what must be said with the answer: why it is not the suggested level, what is awaited, or where."""
    if answer in LEVEL_OF:
        is_known = LEVEL_OF[answer] == case.level and case.level_reason
        is_needed = LEVEL_OF[answer] != case.level_suggested and not is_known
        return _("Why not the suggested level?") if is_needed else ""
    if answer is TriageAnswer.NOT_READY:
        return _("What is awaited?")
    return "" if national_note(spec) else _("Which conference?")


def circumstances_of(case: Case, spec: DefinitionSpec) -> tuple[tuple[str, str], ...]:
    """Return what the referral states that level rules ask for: what, and its answer; "–" where it says nothing."""
    given = case.circumstances or {}
    return tuple(
        (one.label(), next((choice.label() for choice in one.choices if choice.key == given.get(one.key)), "–"))
        for one in spec.circumstances
    )
