"""What becomes of the minutes that readers have spent: each has one fate at a time, however often a case is moved.

A reading belongs to the case and follows it from place to place (`mdk.services.carrying`). So its minutes are *used*
when the case is discussed with that discipline prepared, *kept* while the case waits or has another place, and *lost*
when the case ends without having been discussed, or is discussed without the discipline.
"""

from typing import Final

from django.db.models import Case, CharField, Exists, F, OuterRef, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from cases.enums import CaseStatus
from mdk.enums import ItemStatus
from mdk.models import Preparation

OPEN: Final = "open"
USED: Final = "used"
KEPT: Final = "kept"
LOST: Final = "lost"

SPENT: Final = Coalesce(F("minutes"), 0) + F("earlier_minutes")
"""Minutes of a preparation's own readings, those from before it was opened again included; none that it carries over."""

GIVEN_UP: Final = (ItemStatus.REBOOKED, ItemStatus.REMOVED, ItemStatus.DEFERRED)
"""Items that a preparation goes on from, when the case does."""

_BEFORE_DISCUSSION = (CaseStatus.DRAFT, CaseStatus.REFERRED, CaseStatus.SCHEDULED)


def with_fate(preparations: QuerySet[Preparation]) -> QuerySet[Preparation]:
    """Annotate each preparation with `spent` (its own minutes) and `fate`: open, used, kept or lost.

    `open` belongs to a place that is firm now. What is kept or used and stands on a place that was given up
    (`GIVEN_UP`) was carried over.
    """
    shown = Preparation.objects.filter(
        item__case=OuterRef("item__case"), discipline=OuterRef("discipline"), item__status=ItemStatus.DONE
    )
    fate = Case(
        When(item__status__in=[ItemStatus.PLANNED, ItemStatus.DISCUSSING], then=Value(OPEN)),
        When(Exists(shown), then=Value(USED)),
        When(item__case__status__in=_BEFORE_DISCUSSION, then=Value(KEPT)),
        default=Value(LOST),
        output_field=CharField(),
    )
    return preparations.annotate(spent=SPENT, fate=fate)


def spent_on(case_id: int) -> dict[str, int]:
    """Return the minutes that each discipline has spent on a case that is not discussed yet, each once; one query."""
    rows = Preparation.objects.filter(item__case=case_id).values("discipline").annotate(total=Sum(SPENT))
    return dict(rows.order_by().values_list("discipline", "total"))
