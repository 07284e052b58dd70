"""A proposed plan as people read it: who goes where and why, by meeting, and what became of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import F, QuerySet
from django.utils import formats, timezone

from accounts.signs import percent
from cases.identity import initials_of
from cases.models import Case
from cases.readiness.words import requirement_label
from checklists.enums import Discipline
from checklists.registry import specs_of
from mdk.enums import PlanState
from mdk.models import Meeting, ProposedPlan
from mdk.planning.explain import Clock, Why, bound_in_words, placed_in_words, refused_in_words


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One case of a plan: where it goes (`meeting` None: nowhere), why, and what became of it once accepted.

    `answer` is None until the plan was accepted for the case, then `firm`, `provisional` or `refused`; `answer_why`
    says what no longer held. `came_from` is when the meeting is on which it holds a provisional place, if another.
    """

    case: int
    patient_id: int
    initials: str
    is_protected: bool
    question: str
    phase: str
    level: str
    minutes: int
    meeting: int | None
    is_firm: bool
    chance: str
    why: str
    days: int
    allowed: int | None
    promised_day: int | None
    came_from: datetime | None
    is_kept: bool
    item: int | None
    answer: str | None
    answer_why: str


@dataclass(frozen=True, slots=True)
class PlannedMeeting:
    """One meeting of a plan with its minutes before and after, and who comes to it.

    `prep` has the minutes of preparation that the plan adds, by the name of the discipline.
    """

    id: int
    name: str
    starts_at: datetime
    status: str
    before: int
    after: int
    capacity: int
    prep: Mapping[str, int]
    rows: tuple[PlanRow, ...]


@dataclass(frozen=True)
class PlanShown:
    """A plan in words."""

    plan: ProposedPlan
    meetings: tuple[PlannedMeeting, ...]
    refused: tuple[PlanRow, ...]

    @property
    def content(self) -> Mapping[str, Any]:
        """The figures of the plan: objective, bound, gap, seconds, and the sums before and after."""
        content: Mapping[str, Any] = self.plan.content
        return content

    @cached_property
    def placed(self) -> tuple[PlanRow, ...]:
        """Everyone who has a place in the plan, by meeting."""
        return tuple(row for meeting in self.meetings for row in meeting.rows)

    @property
    def left(self) -> int:
        """How many places wait for an answer, or were refused when they were given."""
        return sum(row.item is None for row in self.placed)

    @property
    def is_open(self) -> bool:
        """Whether the plan can be accepted, whole or for what is left of it."""
        return self.plan.state in (PlanState.PROPOSED, PlanState.PARTLY) or (
            self.plan.state == PlanState.ACCEPTED and self.left > 0
        )

    @property
    def bound(self) -> str:
        """How good the plan is proven to be, in words."""
        return bound_in_words(self.content["gap"], is_proven=self.content["proven"])

    @property
    def patients(self) -> set[int]:
        """Whose patients are shown."""
        return {row.patient_id for row in (*self.placed, *self.refused)}


_CASE = ("id", "patient_id", "definition_id", "clinical_question", "phase", "suspected_on", "promised_on")
_PATIENT = {
    "name": F("patient__name"),
    "number": F("patient__identity_value"),
    "is_protected": F("patient__is_protected"),
}


def plan_shown(plan: ProposedPlan) -> PlanShown:
    """Return the plan in the language of the reader; two queries, and one for definitions that are new here."""
    content = plan.content
    entries = [*content["placed"], *content["not_placed"]]
    cases = {row["id"]: row for row in _cases(entry["case"] for entry in entries)}
    words = _Words(plan, cases, entries)
    rows: defaultdict[int, list[PlanRow]] = defaultdict(list)
    for entry in content["placed"]:
        rows[entry["meeting"]].append(words.row(entry))
    return PlanShown(
        plan,
        tuple(words.meeting(load, rows[load["meeting"]]) for load in content["meetings"]),
        tuple(words.row(entry) for entry in content["not_placed"]),
    )


def _cases(ids: Iterable[int]) -> list[dict[str, Any]]:
    return [dict(row) for row in Case.objects.filter(pk__in=set(ids)).order_by().values(*_CASE, **_PATIENT)]


class _Words:
    """Rows of a plan put into words; holds what they refer to."""

    def __init__(
        self, plan: ProposedPlan, cases: Mapping[int, dict[str, Any]], entries: Sequence[Mapping[str, Any]]
    ) -> None:
        self.answers, self.cases = plan.content["answers"], cases
        self.today = timezone.localdate(plan.made_at)
        named = {entry["held"] for entry in entries if entry["held"]} | {
            one["meeting"] for one in plan.content["meetings"]
        }
        self.meetings = Meeting.objects.select_related("series").in_bulk(named)
        self.specs = specs_of({row["definition_id"] for row in cases.values()})

    def meeting(self, load: Mapping[str, Any], rows: Sequence[PlanRow]) -> PlannedMeeting:
        """Return a meeting with its rows."""
        meeting = self.meetings[load["meeting"]]
        return PlannedMeeting(
            meeting.pk, meeting.series.name, meeting.starts_at, meeting.status, load["before"], load["after"],
            load["capacity"], {str(Discipline(name).label): added for name, added in sorted(load["prep"].items())}, tuple(rows),
        )  # fmt: skip

    def row(self, entry: Mapping[str, Any]) -> PlanRow:
        """Return one case of the plan."""
        case, why, target = self.cases[entry["case"]], Why(**entry["why"]), entry.get("meeting")
        spec = self.specs[case["definition_id"]]
        awaited = requirement_label(spec, entry["awaited"]) if entry["awaited"] else ""
        held = self.meetings.get(entry["held"])
        answer = self.answers.get(str(entry["case"]))
        on = timezone.localdate(self.meetings[target].starts_at) if target else self.today
        return PlanRow(
            case=entry["case"],
            patient_id=case["patient_id"],
            initials="" if case["is_protected"] else initials_of(case["name"], case["number"]),
            is_protected=case["is_protected"],
            question=case["clinical_question"],
            phase=case["phase"],
            level=entry.get("level", ""),
            minutes=entry.get("minutes", 0),
            meeting=target,
            is_firm=entry.get("firm", False),
            chance=percent(why.chance) if target else "",
            why=placed_in_words(why, awaited, _clock(case, spec.lead_time_days, on))
            if target
            else refused_in_words(why, awaited, self._day),
            days=(on - case["suspected_on"]).days,
            allowed=spec.lead_time_days,
            promised_day=(case["promised_on"] - case["suspected_on"]).days if case["promised_on"] else None,
            came_from=held.starts_at if held and held.pk != target else None,
            is_kept=bool(target) and entry["held"] == target,
            item=answer.get("item") if answer else None,
            answer=_answer(answer),
            answer_why=answer["why"] if answer else "",
        )

    def _day(self, meeting: int) -> str:
        return formats.date_format(timezone.localtime(self.meetings[meeting].starts_at), "D j b")


def _clock(case: Mapping[str, Any], allowed: int | None, on: date) -> Clock:
    promised = case["promised_on"]
    return Clock((on - case["suspected_on"]).days, allowed, (on - promised).days if promised else None)


def _answer(answer: Mapping[str, Any] | None) -> str | None:
    if answer is None:
        return None
    if "item" not in answer:
        return "refused"
    return "firm" if answer["firm"] else "provisional"


def plans_of(meeting: Meeting, limit: int = 5) -> QuerySet[ProposedPlan]:
    """Return the newest plans that were made from the meeting, who made and answered them loaded."""
    return ProposedPlan.objects.filter(meeting=meeting).select_related("made_by", "answered_by")[:limit]
