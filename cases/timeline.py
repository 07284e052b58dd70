"""The answers of a case side by side on one axis of time, with what contradicts what."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.signs import KINDS
from cases.enums import ResultState
from cases.images import Images
from cases.models import Case, Referral, Result
from cases.panels import Place
from cases.queries import Mark
from cases.viewer import Opening
from checklists.registry import spec_of
from checklists.spec import DefinitionSpec

_MEASURED = re.compile(
    r"(?P<name>[^:]{1,60}): (?P<value>[<>≤≥]?\s?-?\d[\d .,]*)(?P<unit> [^()]{1,30}?)?(?P<span> \([^()]{1,40}\))?"
    r"(?P<flag> (?:[HLA]|HH|LL|AA))?"
)
MEETING_SEEN = ("done", "deferred", "discussing")


@dataclass(frozen=True, slots=True)
class Value:
    """One measured value of a laboratory answer; `flag` is its own, as the laboratory set it (H, L, ...)."""

    name: str
    text: str
    unit: str
    span: str
    flag: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer on the axis. `headings` are (heading, text) of a structured answer, `values` measured ones."""

    result: Result
    label: str
    headings: tuple[tuple[str, str], ...]
    values: tuple[Value, ...]
    images: Opening | None
    marks: tuple[Mark, ...]

    @property
    def is_discordant(self) -> bool:
        """Whether an unsettled mark holds the answer."""
        return any(mark.settled_at is None for mark in self.marks)

    @property
    def can_be_marked(self) -> bool:
        """Whether there is anything that could contradict another answer."""
        return self.result.state in (ResultState.PRELIMINARY, ResultState.FINAL)

    @property
    def words(self) -> str:
        """The answer in a few words: kind, what and when."""
        return answer_words(self.result, self.label)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something beside the answers that the axis shows: the referral, a conference."""

    sentence: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One day of the axis: the answers in columns (radiology, pathology, laboratory, clinical), and what happened.

    `day` is None for what has no day yet. `marks` are those that stand between the answers up to here.
    """

    day: date | None
    columns: tuple[tuple[Entry, ...], ...]
    happenings: tuple[Happening, ...]
    marks: tuple["ShownMark", ...]
    is_ahead: bool


@dataclass(frozen=True, slots=True)
class ShownMark:
    """A mark with the answers that it is about, in words."""

    mark: Mark
    answers: tuple[str, ...]

    @property
    def is_standing(self) -> bool:
        """Whether nobody has settled it."""
        return self.mark.settled_at is None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The axis, oldest first; what is awaited stands after today."""

    moments: tuple[Moment, ...]
    today: date

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All answers in the order of the axis."""
        return tuple(entry for moment in self.moments for column in moment.columns for entry in column)

    @property
    def choices(self) -> list[tuple[int, str]]:
        """The answers that can be marked as discordant, (id, words)."""
        return [(entry.result.pk, entry.words) for entry in self.entries if entry.can_be_marked]

    @property
    def standing(self) -> tuple["ShownMark", ...]:
        """The marks that nobody has settled."""
        return tuple(shown for moment in self.moments for shown in moment.marks if shown.mark.settled_at is None)


def timeline_of(
    case: Case,
    spec: DefinitionSpec,
    results: Sequence[Result],
    *,
    marks: Sequence[Mark],
    referrals: Iterable[Referral],
    places: Iterable[Place],
    today: date,
) -> Timeline:
    """Return the axis of the case: one query for its image viewer and two more where there is one."""
    images = Images(case, today)
    entries = {result.pk: entry_of(result, spec, marks, images) for result in results}
    days: dict[date | None, list[Result]] = defaultdict(list)
    for result in results:
        days[_day_of(result)].append(result)
    happenings = _happenings(case, referrals, places)
    last = {mark.id: _last_day(mark, results) for mark in marks}
    order = sorted({*days, *happenings, *last.values()}, key=lambda day: (day is None, day or today))
    return Timeline(
        moments=tuple(
            Moment(
                day=day,
                columns=tuple(
                    tuple(entries[result.pk] for result in days.get(day, ()) if result.kind == kind)
                    for kind, _label, _letter in KINDS
                ),
                happenings=tuple(happenings.get(day, ())),
                marks=tuple(shown_mark(mark, entries) for mark in marks if last[mark.id] == day),
                is_ahead=day is None or day > today,
            )
            for day in order
        ),
        today=today,
    )


def entry_of(result: Result, spec: DefinitionSpec, marks: Iterable[Mark], images: Images | None) -> Entry:
    """Return one answer as the axis and the readers' pages show it."""
    return Entry(
        result=result,
        label=answer_label(result, spec),
        headings=headings_of(result, spec),
        values=values_of(result),
        images=images.of(result) if images else None,
        marks=tuple(mark for mark in marks if result.pk in mark.answers),
    )


def answer_label(result: Result, spec: DefinitionSpec) -> str:
    """Return what the answer is called: its requirement, or its kind where it names none."""
    found = next((item.label() for item in spec.requirements if item.key == result.requirement), "")
    return found or str(result.get_kind_display())


def answer_words(result: Result, label: str) -> str:
    """Return `Radiologi: DT thorax-buk 12 nov`; the kind alone where the answer names nothing else."""
    kind = str(result.get_kind_display())
    what = kind if label == kind else f"{kind}: {label}"
    day = result.performed_on or result.expected_on
    return f"{what} {formats.date_format(day, 'j b')}" if day else what


def answer_choices(case: Case) -> list[tuple[int, str]]:
    """Return the answers of the case that can be marked as discordant, (id, words); one query."""
    spec = spec_of(case.definition_id)
    answered = case.results.filter(state__in=[ResultState.PRELIMINARY, ResultState.FINAL])
    return [(result.pk, answer_words(result, answer_label(result, spec))) for result in answered]


def headings_of(result: Result, spec: DefinitionSpec) -> tuple[tuple[str, str], ...]:
    """Return (heading, text) of a structured answer in the definition's order; what it no longer knows comes last."""
    examination = spec.headings_for(result.requirement)
    labels = {heading.key: heading.label() for heading in examination.headings} if examination else {}
    texts: Mapping[str, str] = result.structured
    known = [(label, texts[key]) for key, label in labels.items() if texts.get(key)]
    return (*known, *((key, text) for key, text in texts.items() if key not in labels and text))


def values_of(result: Result) -> tuple[Value, ...]:
    """Return the measured values of a laboratory answer when every line is one (`Krea: 78 µmol/L (60-105) H`)."""
    lines = [line.strip() for line in result.text.splitlines() if line.strip()] if result.kind == "lab" else []
    found = [_MEASURED.fullmatch(line) for line in lines]
    if not found or not all(found):
        return ()
    return tuple(
        Value(
            name=match["name"],
            text=match["value"].strip(),
            unit=(match["unit"] or "").strip(),
            span=(match["span"] or "").strip(" ()"),
            flag=(match["flag"] or "").strip(),
        )
        for match in found
        if match
    )


def _day_of(result: Result) -> date | None:
    """Return where the answer stands: when it was made, is expected or was called off; None for an order without a day."""
    if result.state == ResultState.ORDERED:
        return result.expected_on
    return result.performed_on or result.ordered_on or timezone.localdate(result.created_at)


def _last_day(mark: Mark, results: Sequence[Result]) -> date | None:
    """Return the day of the newest answer that the mark is about; one without a day is the newest."""
    days = [_day_of(result) for result in results if result.pk in mark.answers]
    return None if not days or None in days else max(day for day in days if day)


def shown_mark(mark: Mark, entries: Mapping[int, Entry]) -> ShownMark:
    """Return the mark with its answers in words; `entries` by id."""
    return ShownMark(mark, tuple(entries[pk].words for pk in mark.answers if pk in entries))


def _happenings(
    case: Case, referrals: Iterable[Referral], places: Iterable[Place]
) -> dict[date | None, list[Happening]]:
    found: dict[date | None, list[Happening]] = defaultdict(list)
    found[case.suspected_on].append(Happening(_("Well-founded suspicion")))
    for referral in referrals:
        found[timezone.localdate(referral.received_at)].append(Happening(_("Referral")))
    for place in places:
        if place.status in MEETING_SEEN:
            found[timezone.localdate(place.starts_at)].append(Happening(place.name, place.url))
    return found
