"""The forecast in words, for one reader: what is awaited when, how likely it is in time, and how sure that is."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.forecast.case import Awaited, CaseForecast, in_time
from cases.forecast.history import case_forecasts
from cases.forecast.prior import THIN
from cases.models import Case
from cases.panels import NextMeeting, Proposal
from cases.readiness.words import requirement_label
from checklists.spec import DefinitionSpec

_NEAR = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class PartShown:
    """One thing that the case waits for: its name, the days on which it is expected, how likely in time, and on what it rests.

    `requirement` is empty for what people mend.
    """

    requirement: str
    label: str
    days: str
    probability: float | None
    basis: str
    is_thin: bool


@dataclass(frozen=True, slots=True)
class ForecastShown:
    """The forecast of a case for one meeting; without a meeting only the days. `outdated` is what is too old by then."""

    probability: float | None
    meeting: NextMeeting | Proposal | None
    moment: datetime | None
    parts: tuple[PartShown, ...]
    outdated: str


def forecast_shown(
    case: Case, spec: DefinitionSpec, meeting: NextMeeting | Proposal | None, now: datetime
) -> ForecastShown | None:
    """Return the forecast of an open case for `meeting`, in words; None when it waits for nothing. One query."""
    forecast = case_forecasts([case], now=now)[case.pk]
    moment = in_time(meeting.starts_at, meeting.cutoff_at or meeting.starts_at, now) if meeting else None
    outdated = forecast.outdated_by(meeting.starts_at) if meeting else ""
    if not forecast.parts and not outdated:
        return None
    return ForecastShown(
        probability=forecast.probability_by(moment, timezone.localdate(meeting.starts_at))
        if meeting and moment
        else None,
        meeting=meeting,
        moment=moment,
        parts=tuple(_part(part, spec, moment) for part in forecast.parts),
        outdated=requirement_label(spec, outdated) if outdated else "",
    )


def days_in_words(part: Awaited) -> str:
    """Return the days on which half of such answers come, `Tue–Thu`; with their dates when they lie further ahead."""
    first, last = part.expected_days
    if first == last:
        return _day(first, part.today)
    if last - part.today <= _NEAR:
        return f"{_day(first, part.today)}–{_day(last, part.today)}"
    is_one_month = (first.year, first.month) == (last.year, last.month)
    return f"{formats.date_format(first, 'D j' if is_one_month else 'D j b')} – {formats.date_format(last, 'D j b')}"


def basis_in_words(answers: int | None) -> str:
    """Return on how many of the hospital's own answers a part rests, and whether they are few."""
    if answers is None:
        return _("assumed: what people mend by themselves")
    if answers == 0:
        return _("assumed: no answers of our own to count yet")
    if answers < THIN:
        return ngettext("thin basis: %(n)d earlier answer", "thin basis: %(n)d earlier answers", answers) % {
            "n": answers
        }
    return ngettext("rests on %(n)d earlier answer", "rests on %(n)d earlier answers", answers) % {"n": answers}


def expected_in_words(forecast: CaseForecast, spec: DefinitionSpec) -> str:
    """Return what comes last and when, `PAD expected Tue–Thu`; empty when no answer is awaited."""
    part = forecast.last
    if part is None or not part.requirement:
        return ""
    return _("%(what)s expected %(days)s") % {"what": _label(part, spec), "days": days_in_words(part)}


def _part(part: Awaited, spec: DefinitionSpec, moment: datetime | None) -> PartShown:
    return PartShown(
        requirement=part.requirement,
        label=_label(part, spec),
        days=days_in_words(part),
        probability=part.probability_by(moment) if moment else None,
        basis=basis_in_words(part.answers),
        is_thin=part.answers is not None and part.answers < THIN,
    )


def _label(part: Awaited, spec: DefinitionSpec) -> str:
    return requirement_label(spec, part.requirement) if part.requirement else _("What people mend")


def _day(day: date, today: date) -> str:
    return formats.date_format(day, "D" if day - today <= _NEAR else "D j b")
