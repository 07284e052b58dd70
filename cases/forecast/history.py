"""The curves that the database holds, one query for any number of cases."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q

from cases.forecast.case import CaseForecast, Known, Stratum, Subject, forecast_of, strata_of
from cases.forecast.curves import Counts, Curve, leaning
from cases.forecast.prior import PRIOR
from cases.models import Case, Turnaround
from checklists.registry import specs_of

_Key = tuple[int, int | None, str, str, str, str]


class History:
    """The counts of some strata and of the coarser ones that they lean on.

    Requirement, source and unit lean on the requirement, that on the provider's answers of the kind, and those on the
    documented prior.
    """

    def __init__(
        self, rows: Iterable[tuple[int, int | None, str, str, str, str, Sequence[int], Sequence[int]]]
    ) -> None:
        self._counts: dict[_Key, Counts] = {
            (provider, unit, kind, requirement, source, stage): Counts(tuple(came), tuple(awaited))
            for provider, unit, kind, requirement, source, stage, came, awaited in rows
        }
        self._curves: dict[_Key, Curve] = {}

    def known(self, of: Stratum) -> Known:
        """Return the curve of a stratum, and how many answers to its requirement the provider has seen."""
        keys: list[_Key] = [
            (of.provider, None, of.kind, "", "", of.stage),
            (of.provider, None, of.kind, of.requirement, "", of.stage),
            (of.provider, of.unit, of.kind, of.requirement, of.source, of.stage),
        ]
        curve = PRIOR[of.kind, of.stage]
        for key in keys:
            curve = self._leaning(key, curve)
        own = self._counts.get(keys[1])
        return Known(curve, own.answers if own else 0)

    def _leaning(self, key: _Key, coarser: Curve) -> Curve:
        if key not in self._counts:
            return coarser
        if key not in self._curves:
            self._curves[key] = leaning(self._counts[key], coarser)
        return self._curves[key]


def history_for(strata: Iterable[Stratum]) -> History:
    """Return the history of these strata: one query, none when there are none."""
    wanted = set(strata)
    if not wanted:
        return History(())
    rows = Turnaround.objects.filter(
        Q(unit__isnull=True) | Q(unit__in={one.unit for one in wanted}),
        provider__in={one.provider for one in wanted},
        kind__in={one.kind for one in wanted},
        requirement__in={one.requirement for one in wanted} | {""},
        stage__in={one.stage for one in wanted},
    )
    columns = ("provider_id", "unit_id", "kind", "requirement", "source", "stage", "came", "awaited")
    return History(rows.values_list(*columns))


def forecasts(subjects: Sequence[Subject], *, now: datetime) -> dict[int, CaseForecast]:
    """Return the forecast of each case by its id: one query, and one for definitions that this process has not met."""
    history = history_for(stratum for subject in subjects for stratum in strata_of(subject))
    specs = specs_of(subject.definition for subject in subjects)
    return {subject.case: forecast_of(subject, specs[subject.definition], history.known, now) for subject in subjects}


def case_forecasts(cases: Iterable[Case], *, now: datetime) -> dict[int, CaseForecast]:
    """Return the forecast of each case, whose patient is loaded, by its id; one query."""
    return forecasts([subject_of(case) for case in cases], now=now)


def subject_of(case: Case) -> Subject:
    """Return what the forecast needs of `case`, whose patient is loaded."""
    return Subject(
        case=case.pk,
        provider=case.patient.provider_id,
        unit=case.unit_id,
        definition=case.definition_id,
        level=case.level,
        readiness=case.readiness,
    )
