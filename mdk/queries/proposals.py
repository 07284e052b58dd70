"""Which coming meetings could take a case, how likely it is ready for each, and what waiting does to its clocks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from accounts.queries import units_below
from cases.forecast import CaseForecast, case_forecasts
from cases.models import Case
from cases.panels import Proposal
from checklists.enums import LevelCode
from checklists.registry import spec_of
from mdk.access import series_units
from mdk.enums import FIRM_ITEMS, OPEN_ITEMS, MeetingStatus
from mdk.models import AgendaItem, Meeting, Series

LIKELY: Final = 0.85
"""From this probability on a meeting is proposed (DESIGN.md, section 8)."""

SHOWN: Final = 4
"""Next meetings that are shown in any case."""

LOOKED_AT: Final = 40
"""Meetings among which the first that holds is looked for."""


def proposals_by_case(case_ids: Sequence[int]) -> dict[int, tuple[Proposal, ...]]:
    """Return the coming meetings that could take each case, soonest first; made for the page of one case."""
    now = timezone.now()
    cases = Case.objects.filter(pk__in=case_ids).select_related("patient").prefetch_related("units")
    return {case.pk: proposals_for(case, now) for case in cases}


def proposals_for(case: Case, now: datetime) -> tuple[Proposal, ...]:
    """Return the next meetings of the series that take the case's diagnosis and unit and whose cut-off lies ahead.

    The first that is likely enough and has room is marked, and shown also where it lies beyond the next ones; the
    protocol list asks for no readiness. Five queries, and one for a definition not yet met.
    """
    forecast = case_forecasts([case], now=now)[case.pk]
    held = AgendaItem.objects.filter(case=case, status__in=OPEN_ITEMS).values_list("meeting_id", flat=True).first()
    proposals = [_proposal(case, meeting, forecast, held) for meeting in _coming(case, now)[:LOOKED_AT]]
    minutes = spec_of(case.definition_id).level(case.level).minutes
    for place, proposal in enumerate(proposals):
        is_enough = proposal.probability >= LIKELY or case.level == LevelCode.PROTOCOL
        if is_enough and (proposal.free_minutes >= minutes or proposal.is_held):
            proposals[place] = replace(proposal, is_likely=True)
            break
    return tuple(one for place, one in enumerate(proposals) if place < SHOWN or one.is_likely or one.is_held)


def _coming(case: Case, now: datetime) -> QuerySet[Meeting]:
    units = [unit.pk for unit in case.units.all()]
    planned = Coalesce(Sum("items__minutes", filter=Q(items__status__in=FIRM_ITEMS)), 0)
    invited = Series.participating_units.through.objects.filter(unit__in=units)
    return (
        Meeting.objects.filter(
            Q(series__unit__in=units_below(units)) | Q(series__in=invited.values("series_id")),
            series__diagnoses=case.diagnosis_id,
            series__is_active=True,
            status__in=[MeetingStatus.PLANNED, MeetingStatus.PUBLISHED],
            cutoff_at__gt=now,
        )
        .select_related("series__unit__parent__parent")
        .prefetch_related("series__participating_units")
        .annotate(planned=planned)
        .order_by("starts_at", "pk")
    )


def _proposal(case: Case, meeting: Meeting, forecast: CaseForecast, held: int | None) -> Proposal:
    on = timezone.localdate(meeting.starts_at)
    allowed = spec_of(case.definition_id).lead_time_days
    day = (on - case.suspected_on).days
    return Proposal(
        meeting=meeting.pk,
        name=meeting.series.name,
        starts_at=meeting.starts_at,
        cutoff_at=meeting.cutoff_at,
        url=reverse("mdk:meeting", args=[meeting.pk]),
        book_url=reverse("mdk:place", args=[case.pk]),
        units=series_units(meeting.series),
        probability=forecast.probability_by(meeting.cutoff_at, on),
        free_minutes=meeting.capacity_minutes - meeting.planned,  # type: ignore[attr-defined]
        day=day,
        days_left=allowed - day if allowed is not None else None,
        promised_left=(case.promised_on - on).days if case.promised_on else None,
        is_held=meeting.pk == held,
    )
