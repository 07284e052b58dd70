"""When a case is expected to be ready: from its stored readiness and the curves, without a query.

A planning aid about logistics: it says when answers use to come, and nothing of what they say.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import ceil, prod
from typing import Any

from django.utils import timezone

from cases.enums import AnswerState, ForecastStage
from cases.forecast.curves import Curve
from cases.forecast.prior import MENDING, THIN, TO_ORDER
from cases.forecast.worktime import begins, work_time
from cases.workdays import first_working_day, working_day_after
from checklists.enums import Severity
from checklists.spec import DefinitionSpec

ON_ITS_WAY = {
    AnswerState.ORDERED: ForecastStage.ORDERED,
    AnswerState.PRELIMINARY: ForecastStage.PRELIMINARY,
}

_A_YEAR = 250
_A_MOMENT = 1e-6


@dataclass(frozen=True, slots=True)
class Stratum:
    """Whose history a curve is to come from; without source or requirement all of them."""

    provider: int
    unit: int
    kind: str
    requirement: str
    source: str
    stage: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What the forecast needs of a case: whose it is, and its readiness as it is stored."""

    case: int
    provider: int
    unit: int
    definition: int
    level: str
    readiness: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """A curve, and how many of the hospital's own answers to the requirement it rests on."""

    curve: Curve
    answers: int


@dataclass(frozen=True, slots=True)
class Awaited:
    """One thing that the case waits for: an answer, or (without a requirement) what people have to mend.

    `started` is from where the curve counts and `now` the present, in working days; before `not_before` the
    discipline itself does not expect the answer. `answers` is None where no history is asked.
    """

    requirement: str
    kind: str
    state: str
    curve: Curve
    answers: int | None
    started: float
    now: float
    today: date
    not_before: float = 0.0

    def probability_by(self, moment: date | datetime) -> float:
        """Return the probability (0-1) that it is there at `moment`; a date means the end of that day."""
        then = work_time(moment)
        if then <= max(self.now, self.not_before):
            return 0.0
        return self.curve.by(then - self.started, max(0.0, self.now - self.started))

    @property
    def expected_days(self) -> tuple[date, date]:
        """The working days on which it comes in half of all cases, first and last: a quarter comes before, a quarter after."""
        first, last = (self._day_of(share) for share in (0.25, 0.75))
        return first, last

    def time_of(self, share: float) -> float:
        """Return when it is there with probability `share`, in working days; never before now."""
        time = self.started + self.curve.time_of(share, max(0.0, self.now - self.started))
        return max(time, self.now, self.not_before + _A_MOMENT)

    def _day_of(self, share: float) -> date:
        """Return the working day by whose end it is there with probability `share`; at most a year ahead."""
        ahead = min(self.time_of(share) - begins(self.today), _A_YEAR)
        return _working_day(self.today, max(0, ceil(ahead) - 1))


@dataclass(frozen=True, slots=True)
class CaseForecast:
    """When the case is expected to be ready: all that it waits for, each by itself (independently).

    `aging` holds the first day on which each final answer that is needed is too old; nobody has ordered it anew.
    """

    parts: tuple[Awaited, ...] = ()
    aging: tuple[tuple[str, date], ...] = ()

    def probability_by(self, moment: date | datetime, meeting_on: date | None = None) -> float:
        """Return the probability (0-1) that the case is ready at `moment` (a cut-off) and still is on the day `meeting_on`.

        0 where a final answer will be too old by then: without a new one the case is not ready.
        """
        if self.outdated_by(moment if meeting_on is None else meeting_on):
            return 0.0
        return prod((part.probability_by(moment) for part in self.parts), start=1.0)

    def for_meeting(self, starts_at: datetime, cutoff_at: datetime, now: datetime) -> float:
        """Return the probability that the case is ready in time for a meeting (`in_time`) and stays so until it."""
        return self.probability_by(in_time(starts_at, cutoff_at, now), timezone.localdate(starts_at))

    def outdated_by(self, moment: date | datetime) -> str:
        """Return the requirement whose final answer is too old at `moment`, or nothing."""
        day = timezone.localdate(moment) if isinstance(moment, datetime) else moment
        return next((requirement for requirement, until in self.aging if until <= day), "")

    @property
    def answers(self) -> int | None:
        """How many answers of its own history the least known part rests on; None where no history is asked."""
        return min((part.answers for part in self.parts if part.answers is not None), default=None)

    @property
    def is_thin(self) -> bool:
        """Whether some part rests on so few answers that the assumption weighs heavily."""
        return self.answers is not None and self.answers < THIN

    @property
    def last(self) -> Awaited | None:
        """The part that is expected last; None when the case waits for nothing."""
        return max(self.parts, key=lambda part: part.time_of(0.75), default=None)


def in_time(starts_at: datetime, cutoff_at: datetime, now: datetime) -> datetime:
    """Return until when a case must be ready for a meeting: its cut-off, and when that has passed its beginning."""
    return cutoff_at if now <= cutoff_at else starts_at


def strata_of(subject: Subject) -> Iterator[Stratum]:
    """Yield the strata whose curves the forecast of the case asks for."""
    for check in _outstanding(subject):
        yield _stratum(subject, check)


def forecast_of(
    subject: Subject, spec: DefinitionSpec, known: Callable[[Stratum], Known], now: datetime
) -> CaseForecast:
    """Return the forecast of a case at `now`: pure, given the curves.

    An answer that is missing or too old is counted as if it were ordered `TO_ORDER` working days from now; what people
    mend is one part, since the clinician who attests settles the conditions in the same sitting.
    """
    today, at = timezone.localdate(now), work_time(now)
    parts = [_awaited(check, known(_stratum(subject, check)), at, today) for check in _outstanding(subject)]
    if any(_stops(finding) and not finding["code"].startswith("answer-") for finding in _findings(subject)):
        parts.append(Awaited("", "clinical", "", MENDING, None, at, at, today))
    return CaseForecast(tuple(parts), tuple(_aging(subject, spec)))


def _findings(subject: Subject) -> list[Mapping[str, Any]]:
    return list(subject.readiness.get("findings", ()))


def _stops(finding: Mapping[str, Any]) -> bool:
    return bool(finding["severity"] != Severity.WARNING)


def _outstanding(subject: Subject) -> list[Mapping[str, Any]]:
    """Return the stored checks of the answers that the case waits for; those that only warn are left out."""
    waits = {f["requirement"] for f in _findings(subject) if _stops(f) and f["code"].startswith("answer-")}
    return [check for check in subject.readiness.get("checks", ()) if check["requirement"] in waits]


def _stratum(subject: Subject, check: Mapping[str, Any]) -> Stratum:
    stage = ON_ITS_WAY.get(check["state"])
    return Stratum(
        provider=subject.provider,
        unit=subject.unit,
        kind=check["kind"],
        requirement=check["requirement"],
        source=check.get("source", "") if stage else "",
        stage=stage or ForecastStage.ORDERED,
    )


def _awaited(check: Mapping[str, Any], known: Known, at: float, today: date) -> Awaited:
    is_on_its_way = check["state"] in ON_ITS_WAY
    since = _day(check.get("since"))
    expected = _day(check.get("expected_on"))
    return Awaited(
        requirement=check["requirement"],
        kind=check["kind"],
        state=check["state"],
        curve=known.curve,
        answers=known.answers,
        started=(min(begins(since), at) if since else at) if is_on_its_way else at + TO_ORDER,
        now=at,
        today=today,
        not_before=begins(expected) if expected and is_on_its_way else 0.0,
    )


def _aging(subject: Subject, spec: DefinitionSpec) -> Iterator[tuple[str, date]]:
    requirements = {requirement.key: requirement for requirement in spec.requirements}
    for check in subject.readiness.get("checks", ()):
        requirement = requirements.get(check["requirement"])
        performed_on = _day(check["performed_on"])
        if check["state"] != AnswerState.FINAL or not performed_on or not requirement or not requirement.is_blocking:
            continue
        if (allowed := requirement.max_age_days.get(subject.level)) is not None:
            yield requirement.key, performed_on + timedelta(days=allowed + 1)


@lru_cache(maxsize=1024)
def _working_day(today: date, ahead: int) -> date:
    return working_day_after(first_working_day(today), ahead)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
