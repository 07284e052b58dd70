"""What preparations are expected to take, as readers' own minutes have taught."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.enums import ResultState
from cases.models import Result
from mdk.models import Pace, Preparation
from mdk.planning.pace import MOST_EXAMINATIONS, NOTHING, Estimate, Evidence, learnt

_Key = tuple[int | None, str, int, str, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """One preparation to estimate: `minutes` are the definition's, `examinations` the answers of the discipline."""

    discipline: str
    diagnosis_id: int
    phase: str
    examinations: int
    minutes: int
    reader_id: int | None = None

    @property
    def key(self) -> _Key:
        """What the paces of all readers are counted under."""
        return (None, self.discipline, self.diagnosis_id, self.phase, min(self.examinations, MOST_EXAMINATIONS))


def estimate_minutes(
    *, discipline: str, diagnosis_id: int, phase: str, examinations: int, minutes: int, reader_id: int | None = None
) -> tuple[int, bool]:
    """Return the minutes that a first reading is expected to take, and whether earlier readings speak in it.

    `minutes` are the definition's for the level (with the factor of what was made elsewhere). One query.
    """
    asked = Asked(discipline, diagnosis_id, phase, examinations, minutes, reader_id)
    estimate = estimates([asked])[0]
    return estimate.minutes, estimate.is_learnt


def estimates(asked: Sequence[Asked]) -> list[Estimate]:
    """Return the estimate of each preparation, in the same order; one query, however many they are."""
    paces = _paces(asked)
    return [learnt(one.minutes, paces.get(one.key, NOTHING), _own(one, paces)) for one in asked]


def examinations_of(case_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    """Return how many answers each case has (or awaits) by kind, those that were called off left out; one query."""
    results = Result.objects.filter(case_id__in=set(case_ids)).exclude(state=ResultState.CANCELLED).order_by()
    counted = results.values("case_id", "kind").annotate(count=Count("pk"))
    return defaultdict(int, {(row["case_id"], row["kind"]): row["count"] for row in counted})


def basis(estimate: Estimate) -> str:
    """Return on what the estimate rests, in words: "lärt av 34 förberedelser (egna: 12)"."""
    if not estimate.is_learnt:
        return _("from the definition")
    learnt_from = ngettext(
        "learnt from %(count)d preparation", "learnt from %(count)d preparations", estimate.readings
    ) % {"count": estimate.readings}
    if not estimate.own:
        return learnt_from
    return _("%(learnt)s (own: %(count)d)") % {"learnt": learnt_from, "count": estimate.own}


def estimate_words(preparation: Preparation) -> str:
    """Return the minutes of a preparation and on what they rest: "9 min, lärt av 34 förberedelser". Two queries.

    The readings are those that are counted now; a second reading rests on what is new in it.
    """
    case = preparation.item.case
    if preparation.carried_over_from_id or preparation.reopened_at:
        rests_on = _("for what is new")
    elif not preparation.is_learnt:
        rests_on = basis(Estimate(preparation.estimate_minutes))
    else:
        examinations = examinations_of([case.pk])[case.pk, preparation.discipline]
        asked = Asked(
            preparation.discipline, case.diagnosis_id, case.phase, examinations, preparation.estimate_minutes,
            preparation.reader_id,
        )  # fmt: skip
        rests_on = basis(estimates([asked])[0])
    return _("%(minutes)d min, %(basis)s") % {"minutes": preparation.estimate_minutes, "basis": rests_on}


def _paces(asked: Sequence[Asked]) -> Mapping[_Key, Evidence]:
    """Return what is counted for all readers, and for those who are asked about."""
    rows = Pace.objects.filter(
        Q(reader=None) | Q(reader__in={one.reader_id for one in asked if one.reader_id}),
        diagnosis_id__in={one.diagnosis_id for one in asked},
        discipline__in={one.discipline for one in asked},
    )
    names = ("reader_id", "discipline", "diagnosis_id", "phase", "examinations", "readings", "minutes", "estimated")
    return {(*row[:5],): Evidence(*row[5:]) for row in rows.values_list(*names)}


def _own(asked: Asked, paces: Mapping[_Key, Evidence]) -> Evidence:
    return paces.get((asked.reader_id, *asked.key[1:]), NOTHING) if asked.reader_id else NOTHING
