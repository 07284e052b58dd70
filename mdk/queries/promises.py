"""Promised dates and whether they are expected to be kept."""

from collections.abc import Collection
from datetime import date, datetime

from django.utils import timezone

from events.models import Event

KINDS = ("promise.at_risk", "promise.safe")


def is_endangered(promised_on: date, starts_at: datetime | None) -> bool:
    """Whether the promised date is not kept by a meeting at `starts_at`; None: no meeting is likely."""
    return starts_at is None or timezone.localdate(starts_at) > promised_on


def warned(case_ids: Collection[int]) -> dict[int, str]:
    """Return, by case, the promised date (ISO) that it was last warned of, and empty where it was safe after that.

    One query; cases that were never warned of are left out.
    """
    rows = Event.objects.filter(case_id__in=case_ids, kind__in=KINDS).order_by("case_id", "-at", "-pk")
    last = rows.distinct("case_id").values_list("case_id", "kind", "data__promised_on")
    return {case: promised if kind == "promise.at_risk" else "" for case, kind, promised in last if case}
