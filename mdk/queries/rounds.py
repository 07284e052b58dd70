"""The round at the cut-off as it is shown: who gets a firm place, who gets a new date, and why, in a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import signs
from cases.enums import CaseStatus, ReadinessState, TriageAnswer
from cases.identity import initials_of
from cases.models import Case
from cases.readiness.words import requirement_label
from checklists.enums import LevelCode
from checklists.registry import spec_of
from events.models import Event
from mdk.access import series_units
from mdk.enums import OPEN_ITEMS, PLANNABLE, ItemStatus, LateState
from mdk.models import AgendaItem, Meeting

NEAR: Final = timedelta(days=2)
"""So long before the cut-off the workbench shows the round (local)."""

_FULL = {
    "discussion": gettext_lazy("the minutes of discussion"),
    "radiology": gettext_lazy("the minutes of preparation in radiology"),
    "pathology": gettext_lazy("the minutes of preparation in pathology"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One case of a round. `code` says what becomes of it and why; everything else is for the sentence.

    Firm: ready, offered (moves forward), waiting (had no place). Moved: not-ready, no-room, not-chosen. Left: no-date,
    stays (keeps its place on the next meeting), waits (has no place). `to` and `starts_at` are of the new date, or of
    the one that it has; `urgent_on` is the day by which it should be discussed; `full` is what there is too little of.
    """

    case: int
    item: int | None
    code: str
    urgent_on: str = ""
    lacks: str = ""
    definition: int | None = None
    full: str = ""
    to: int | None = None
    starts_at: str = ""
    probability: float | None = None

    @property
    def why(self) -> str:
        """The reason in one sentence, in the reader's language."""
        words = {
            "by": _day(self.urgent_on),
            "lacks": self._lacks(),
            "full": str(_FULL.get(self.full, _FULL["discussion"])),
            "date": self.date,
        }
        return str(_SENTENCES[self.code]() % words)

    @property
    def date(self) -> str:
        """The date that it gets or keeps, `likely Thu 3 Dec, 84%`; empty without one."""
        return signs.likely(datetime.fromisoformat(self.starts_at), self.probability) if self.starts_at else ""

    def _lacks(self) -> str:
        if not self.lacks or self.definition is None:
            return _("something is missing")
        return _("%(what)s is missing") % {"what": requirement_label(spec_of(self.definition), self.lacks)}


_SENTENCES: Mapping[str, Any] = {
    "ready": lambda: _("Ready, and should be discussed by %(by)s."),
    "offered": lambda: _("Ready: a place is left over, so it moves forward from its date, %(date)s."),
    "waiting": lambda: _("Ready and without a date until now: a place is left over."),
    "not-ready": lambda: _("Not ready (%(lacks)s): new date %(date)s."),
    "no-room": lambda: _("Ready, but more urgent cases take %(full)s: new date %(date)s."),
    "not-chosen": lambda: _("Ready, but not chosen: new date %(date)s."),
    "no-date": lambda: _("No firm place, and no coming meeting is likely: it waits without a date."),
    "stays": lambda: _("Ready, but there is no room for it here: it keeps its date, %(date)s."),
    "waits": lambda: _("Ready, but there is no room for it here."),
}


@dataclass(frozen=True, slots=True)
class Round:
    """What a round gives, or gave: firm places in order of urgency, new dates, and what stays as it is.

    `by` and `at` say who confirmed it and when; empty while it is a proposal.
    """

    meeting: int
    firmed: tuple[Entry, ...] = ()
    moved: tuple[Entry, ...] = ()
    left: tuple[Entry, ...] = ()
    by: str = ""
    at: datetime | None = None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All of them."""
        return (*self.firmed, *self.moved, *self.left)

    def as_data(self) -> dict[str, Any]:
        """Return the round as the event keeps it: ids, codes and days."""
        return {name: [asdict(one) for one in getattr(self, name)] for name in ("firmed", "moved", "left")}


def round_held(meeting: Meeting) -> Round | None:
    """Return the round of a meeting as it was confirmed, or None before that; one query."""
    if meeting.firmed_at is None:
        return None
    event = (
        Event.objects.filter(meeting_id=meeting.pk, kind="meeting.firmed")
        .select_related("actor").order_by("-at", "-pk").first()
    )  # fmt: skip
    if event is None:
        return Round(meeting.pk, at=meeting.firmed_at)
    entries = {name: tuple(Entry(**one) for one in event.data[name]) for name in ("firmed", "moved", "left")}
    return Round(meeting.pk, **entries, by=event.actor.name if event.actor else "", at=event.at)


def is_round_near(meeting: Meeting, now: datetime) -> bool:
    """Whether the workbench shows the round: from a while before the cut-off until it is confirmed or the meeting begins."""
    is_planned = meeting.status in PLANNABLE and meeting.starts_at > now
    return is_planned and (meeting.firmed_at is not None or meeting.cutoff_at - NEAR <= now)


def next_in_series(meeting: Meeting) -> Meeting | None:
    """Return the next meeting of the same series that is still planned or published."""
    return (
        Meeting.objects.filter(series=meeting.series_id, starts_at__gt=meeting.starts_at, status__in=PLANNABLE)
        .order_by("starts_at", "pk").first()
    )  # fmt: skip


def provisional_cases(meeting: Meeting) -> list[int]:
    """Return the cases with a provisional place on the meeting, but for those that ask the chair for a late one."""
    items = AgendaItem.objects.filter(meeting=meeting, status=ItemStatus.PROVISIONAL).exclude(late=LateState.ASKED)
    return list(items.order_by("case_id").values_list("case_id", flat=True))


def ready_without_place(meeting: Meeting) -> list[int]:
    """Return the ready cases of the series without a place on any meeting, and those of the protocol list.

    What triage holds back (not ready yet, a national conference) is left out.
    """
    takes_part = Case.units.through.objects.filter(case_id=OuterRef("pk"), unit_id__in=series_units(meeting.series))
    placed = AgendaItem.objects.filter(case=OuterRef("pk"), status__in=OPEN_ITEMS)
    found = Case.objects.filter(
        ~Exists(placed), Exists(takes_part),
        Q(readiness_state=ReadinessState.READY) | Q(level=LevelCode.PROTOCOL),
        status=CaseStatus.REFERRED, diagnosis__in=meeting.series.diagnoses.order_by().values("pk"),
    ).exclude(triage__in=[TriageAnswer.NATIONAL, TriageAnswer.NOT_READY])  # fmt: skip
    return list(found.order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class RoundRow:
    """A case of a round as a page shows it beside its entry."""

    entry: Entry
    initials: str
    question: str
    level: str
    minutes: int
    patient: int


def round_rows(entries: Sequence[Entry]) -> list[RoundRow]:
    """Return the rows of some entries; one query. A protected identity has no initials."""
    cases = Case.objects.filter(pk__in=[entry.case for entry in entries]).select_related("patient").in_bulk()
    return [
        RoundRow(
            entry=entry,
            initials="" if case.patient.is_protected else initials_of(case.patient.name, case.patient.identity_value),
            question=case.clinical_question,
            level=case.level,
            minutes=spec_of(case.definition_id).level(case.level).minutes,
            patient=case.patient_id,
        )
        for entry in entries
        if (case := cases.get(entry.case))
    ]


def _day(text: str) -> str:
    return formats.date_format(date.fromisoformat(text), "D j b") if text else ""
