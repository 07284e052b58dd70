"""What a floor above adds to the lists and pages of cases, without being imported from here.

A panel is a function from case ids to what it knows of each: the floor above registers its own when Django is
ready, and the pages and the API of cases read them all at once, so that a list costs one query a panel.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone

Panel = Callable[[Sequence[int]], Mapping[int, Any]]


@dataclass(frozen=True, slots=True)
class NextMeeting:
    """The open place of a case: which meeting, when, firm or provisional.

    `probability` is the share (0-1) by which the case is expected to be ready in time; None without a forecast.
    In time means by the cut-off; once that has passed, by the beginning. `moves` counts the moves of its provisional
    dates, `rebookings` those of firm places: beside one another, never instead. `can_be_firm` says of a provisional
    place that the case is ready for a firm one.
    """

    meeting: int
    name: str
    starts_at: datetime
    firm: bool
    url: str
    position: int | None = None
    probability: float | None = None
    cutoff_at: datetime | None = None
    moves: int = 0
    rebookings: int = 0
    can_be_firm: bool = False


@dataclass(frozen=True, slots=True)
class Advice:
    """What a conference recommended, as signed: the decision is taken later, with the patient."""

    name: str
    starts_at: datetime
    recommendation: str
    signed_at: datetime
    url: str
    intent: str = ""
    next_step: str = ""
    responsible: str = ""
    due_on: date | None = None
    addenda: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A place that the case has or had on an agenda, and how it ended; `sent_back` says what its readers lack.

    `rebooking` is which rebooking of the case ended it, from 1; 0 where none did.
    """

    name: str
    starts_at: datetime
    status: str
    url: str
    note: str = field(default="")
    sent_back: tuple[str, ...] = ()
    rebooking: int = 0


@dataclass(frozen=True, slots=True)
class DateMove:
    """A provisional date that moved: from when to when (None: the first date, or no date), why, and who moved it.

    `by` is empty for the system, which follows the forecast.
    """

    at: datetime
    from_starts_at: datetime | None
    to_starts_at: datetime | None
    reason: str
    probability: float | None
    by: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A coming meeting that could take the case, and what going there means.

    `probability` (0-1) is that of being ready by the cut-off; `day` counts from the well-founded suspicion to the
    meeting; `days_left` (to the end of the lead time) and `promised_left` may be negative. `is_likely` marks the first
    that is likely enough, `is_held` the one where the case has a place already, provisional or firm. Those who hold
    `plan_meeting` in one of `units` may book, at `book_url`.
    """

    meeting: int
    name: str
    starts_at: datetime
    cutoff_at: datetime
    url: str
    book_url: str
    units: frozenset[int]
    probability: float
    free_minutes: int
    day: int
    days_left: int | None
    promised_left: int | None
    is_likely: bool = False
    is_held: bool = False

    @property
    def days_over(self) -> int:
        """By how many days the lead time would be exceeded; 0 within it."""
        return max(0, -(self.days_left or 0))


_PANELS: dict[str, Panel] = {}


def is_promise_at_risk(promised_on: date | None, meeting: NextMeeting | None, warned: str) -> bool:
    """Whether the promised date is in danger: its conference lies after it, or it was `warned` of (its date, ISO)."""
    if promised_on is None:
        return False
    is_after = meeting is not None and timezone.localdate(meeting.starts_at) > promised_on
    return is_after or (warned == promised_on.isoformat() and meeting is None)


def register_panel(name: str, function: Panel) -> None:
    """Let `function` answer for the panel `name` (next_meeting, proposals, outcomes, agenda_history ...); once a name."""
    if _PANELS.get(name, function) is not function:
        raise ValueError(f"the panel {name!r} is registered twice")
    _PANELS[name] = function


def panel(name: str, case_ids: Sequence[int]) -> Mapping[int, Any]:
    """Return what the panel knows of the cases, by id; nothing where no floor has registered it."""
    function = _PANELS.get(name)
    return function(case_ids) if function and case_ids else {}
