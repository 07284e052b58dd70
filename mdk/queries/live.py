"""The meeting on screen as plain values: what the chair's page and those who follow it show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from cases.identity import birth_year, initials_of
from cases.images import Images
from cases.queries import Mark
from cases.timeline import Entry, ShownMark, entry_of
from checklists.enums import Discipline, Kind, LevelCode, Speciality
from checklists.registry import spec_of, specs_of
from checklists.spec import DefinitionSpec
from mdk.enums import ItemStatus, MeetingStatus
from mdk.models import AgendaItem, Attendance, Meeting, Outcome, Preparation
from mdk.queries.attendance import attendance_of
from mdk.queries.marks import seen, shown_marks, standing_marks
from mdk.queries.outcomes import outcome_facts
from mdk.queries.quorum import Quorum, quorum_of

_AHEAD = (ItemStatus.PLANNED, ItemStatus.DISCUSSING)


@dataclass(frozen=True, slots=True)
class Place:
    """One case on the running order: its number and what a line of the agenda shows."""

    item: AgendaItem
    number: int

    @property
    def is_protocol(self) -> bool:
        """Whether the case is listed and confirmed, not discussed."""
        return self.item.level == LevelCode.PROTOCOL

    @property
    def is_waiting(self) -> bool:
        """Whether the case is still to come."""
        return self.item.status == ItemStatus.PLANNED

    @property
    def initials(self) -> str:
        """Initials and birth year; empty for a protected identity, which no shared screen shows."""
        patient = self.item.case.patient
        return "" if patient.is_protected else initials_of(patient.name, patient.identity_value)


@dataclass(frozen=True, slots=True)
class Heading:
    """One filled heading of a structured answer."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Pane:
    """One kind of answers to the current case, with what the discipline has prepared to show."""

    kind: Kind
    answers: tuple[Entry, ...]
    preparation: Preparation | None = None
    headings: tuple[Heading, ...] = ()


@dataclass(frozen=True, slots=True)
class Seat:
    """A function at the table: who fills it, and whether a case on the agenda asks for it."""

    label: str
    people: tuple[str, ...]
    is_needed: bool
    is_present: bool


@dataclass(frozen=True, slots=True)
class Timing:
    """The clocks: `since` is when the current case would have begun had it run in one piece; budget in seconds."""

    since: datetime | None
    budget: int
    projected_end: datetime
    late_minutes: int
    is_today: bool

    @property
    def late_text(self) -> str:
        """The minutes ahead or behind with their sign."""
        return f"{'+' if self.late_minutes > 0 else '−'}{abs(self.late_minutes)}"


@dataclass(frozen=True, slots=True)
class Screen:
    """All that the screen shows of a meeting; `current` is None before the first and after the last case."""

    meeting: Meeting
    places: tuple[Place, ...]
    current: Place | None
    following: Place | None
    panes: tuple[Pane, ...]
    marks: tuple[ShownMark, ...]
    seats: tuple[Seat, ...]
    quorum: Quorum
    timing: Timing
    spec: DefinitionSpec | None
    outcome: Outcome | None
    age: int | None
    now: datetime

    @property
    def protocol(self) -> list[Place]:
        """The cases that are confirmed together."""
        return [place for place in self.places if place.is_protocol]

    @property
    def patients(self) -> list[int]:
        """The patients whom the screen shows."""
        return [place.item.case.patient_id for place in self.places]

    @property
    def protocol_left(self) -> int:
        """How many cases of the protocol list are not confirmed yet."""
        return sum(place.item.status in _AHEAD for place in self.protocol)

    @property
    def undecided(self) -> int:
        """How many cases beside the one on the screen would go on to the next conference were the meeting closed now."""
        return sum(
            place is not self.current
            and place.item.status in _AHEAD
            and not place.is_protocol
            and not _has_recommendation(place.item)
            for place in self.places
        )

    @property
    def said(self) -> list[tuple[str, str]]:
        """What the outcome holds beside the recommendation, in words."""
        return outcome_facts(self.spec, self.outcome) if self.spec else []

    @property
    def seen_marks(self) -> str:
        """What a page that follows says it has seen of the discordant answers."""
        return seen(self.marks)

    @property
    def left(self) -> int:
        """How many cases are neither done nor deferred."""
        return sum(place.item.status in _AHEAD for place in self.places)


def screen_of(meeting: Meeting, now: datetime) -> Screen:
    """Return what the screen shows: the agenda, the attendance and, for the current case, answers and preparations."""
    places = running_order(meeting)
    current = next((place for place in places if place.item.pk == meeting.current_item_id), None)
    attendances = attendance_of(meeting)
    items = [place.item for place in places]
    case = current.item.case if current else None
    marks = standing_marks(current.item) if current else ()
    panes = panes_of(current.item, marks) if current else ()
    return Screen(
        meeting=meeting,
        places=places,
        current=current,
        following=_following(places, current),
        panes=panes,
        marks=shown_marks(marks, (entry for pane in panes for entry in pane.answers)),
        seats=_seats(items, attendances),
        quorum=quorum_of(items, attendances),
        timing=_timing(meeting, places, current, now),
        spec=spec_of(case.definition_id) if case else None,
        outcome=outcome_of(current.item) if current else None,
        age=age_on(case.patient.identity_value, timezone.localdate(now)) if case else None,
        now=now,
    )


def running_order(meeting: Meeting) -> tuple[Place, ...]:
    """Return the firm cases of the agenda in order, with patient and outcome loaded; one query."""
    items = list(
        meeting.items.filter(position__isnull=False)
        .exclude(status=ItemStatus.PROVISIONAL)
        .select_related("case__patient", "case__diagnosis", "case__responsible_clinician", "case__contact_nurse",
                        "outcome__recorded_by")
        .order_by("position")
    )  # fmt: skip
    specs_of({item.case.definition_id for item in items})
    return tuple(Place(item, number) for number, item in enumerate(items, start=1))


def outcome_of(item: AgendaItem) -> Outcome | None:
    """Return the outcome of the item, with who wrote it; no query where `running_order` has loaded it."""
    if "outcome" in item._state.fields_cache:
        loaded: Outcome | None = item._state.fields_cache["outcome"]
        return loaded
    return Outcome.objects.filter(item=item).select_related("recorded_by").first()


def panes_of(item: AgendaItem, marks: Sequence[Mark], images: Images | None = None) -> tuple[Pane, ...]:
    """Return the case's answers by kind, newest first, with the preparations beside them; two queries.

    `images` says how the images of an answer are opened, where the page offers that.
    """
    spec = spec_of(item.case.definition_id)
    results = list(item.case.results.exclude(state="cancelled").order_by("-performed_on", "-pk"))
    prepared = {row.discipline: row for row in item.preparations.select_related("reader", "completed_by")}
    panes = []
    for kind in (Kind.RADIOLOGY, Kind.PATHOLOGY, Kind.LAB, Kind.CLINICAL):
        answers = tuple(entry_of(result, spec, marks, images) for result in results if result.kind == kind)
        preparation = prepared.get(kind)
        panes.append(
            Pane(
                kind=kind,
                answers=answers,
                preparation=preparation,
                headings=filled_headings(spec, preparation) if preparation else (),
            )
        )
    return tuple(panes)


def heading_fields(spec: DefinitionSpec, discipline: str) -> list[tuple[str, str]]:
    """Return (key, label) of the standard headings that the discipline fills in, in the definition's order.

    A set of headings belongs to the examination of its key; without such a requirement it is radiology's.
    """
    kinds = {requirement.key: requirement.kind for requirement in spec.requirements}
    found = []
    for examination in spec.answer_headings:
        if kinds.get(examination.key, Discipline.RADIOLOGY) == discipline:
            found += [(f"{examination.key}.{heading.key}", heading.label()) for heading in examination.headings]
    return found


def filled_headings(spec: DefinitionSpec, preparation: Preparation) -> tuple[Heading, ...]:
    """Return the headings that hold a text, in the definition's order."""
    texts = preparation.headings
    fields = heading_fields(spec, preparation.discipline)
    return tuple(Heading(label, texts[key]) for key, label in fields if texts.get(key))


def age_on(identity_value: str, day: date) -> int | None:
    """Return the age in years that a number of twelve digits tells (a coordination number adds 60 to the day)."""
    if not birth_year(identity_value) or not identity_value[:8].isdigit():
        return None
    year, month, born = int(identity_value[:4]), int(identity_value[4:6]), int(identity_value[6:8]) % 60
    return day.year - year - ((day.month, day.day) < (month, born))


def _has_recommendation(item: AgendaItem) -> bool:
    outcome = outcome_of(item)
    return outcome is not None and bool(outcome.recommendation.strip())


def _following(places: Sequence[Place], current: Place | None) -> Place | None:
    place = current.number if current else 0
    return next((p for p in places[place:] if p.is_waiting), None)


def _seats(items: Sequence[AgendaItem], attendances: Sequence[Attendance]) -> tuple[Seat, ...]:
    needed = {code for item in items for code in spec_of(item.case.definition_id).quorum_for(item.case.phase)}
    present: dict[str, list[str]] = {}
    for line in attendances:
        if line.is_present:
            present.setdefault(line.speciality, []).append(line.user.name if line.user else line.name)
    codes = sorted(needed | present.keys(), key=lambda code: (code not in needed, code))
    return tuple(
        Seat(str(Speciality(code).label), tuple(present.get(code, ())), code in needed, code in present)
        for code in codes
    )


def _timing(meeting: Meeting, places: Iterable[Place], current: Place | None, now: datetime) -> Timing:
    """The projected end: now, what is left of the current case, and the minutes of those to come."""
    since, budget, left = None, 0, timedelta()
    waiting = sum(place.item.minutes for place in places if place.is_waiting)
    if current and meeting.current_since and current.item.status == ItemStatus.DISCUSSING:
        since = meeting.current_since - timedelta(seconds=current.item.seconds_used)
        budget = current.item.minutes * 60
        spent = (meeting.break_since or now) - since
        left = max(timedelta(), timedelta(seconds=budget) - spent)
    begins = now if meeting.status == MeetingStatus.LIVE else max(now, meeting.starts_at)
    end = begins + left + timedelta(minutes=waiting)
    late = round((end - meeting.ends_at).total_seconds() / 60)
    is_today = timezone.localdate(now) == timezone.localdate(meeting.starts_at)
    return Timing(since, budget, end, late, is_today)
