"""Which coming meetings could take a case, how likely it is ready for each, and what waiting does to its clocks."""

from collections.abc import Mapping, Sequence
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
from mdk.enums import FIRM_ITEMS, OPEN_ITEMS, PLANNABLE
from mdk.models import AgendaItem, Meeting, Series
from mdk.planning.likely import LIKELY, Option, first_option
from mdk.planning.urgency import urgency
from mdk.queries.coming import Coming, coming_meetings, count_held, minutes_before
from mdk.queries.waiting import waiting_cases

__all__ = ["LIKELY", "first_likely", "proposals_by_case", "proposals_for"]

SHOWN: Final = 4
"""Next meetings that are shown in any case."""

LOOKED_AT: Final = 40
"""Meetings among which the first that holds is looked for."""


def first_likely(case: Case, *, now: datetime, after: Meeting | None = None) -> Meeting | None:
    """Return the meeting at which the case is expected: the first, after `after` if given, that is likely and has room.

    The rule is that of the provisional dates (`mdk.planning.likely`): firm places and the more urgent provisional ones
    go before. None where no meeting is likely. Ten queries, whatever the number of meetings.
    """
    waiting = next((one for batch in waiting_cases(now, [case.pk]) for one in batch), None)
    if waiting is None:
        return None
    fitting = [meeting for meeting in coming_meetings(now) if meeting.takes(waiting) and _is_after(meeting, after)]
    count_held(fitting, but=case.pk)
    option = first_option([meeting.option(waiting, now) for meeting in fitting], waiting.minutes)
    return Meeting.objects.select_related("series").get(pk=option.meeting) if option else None


def _is_after(meeting: Coming, after: Meeting | None) -> bool:
    return after is None or (meeting.starts_at > after.starts_at and meeting.id != after.pk)


def proposals_by_case(case_ids: Sequence[int]) -> dict[int, tuple[Proposal, ...]]:
    """Return the coming meetings that could take each case, soonest first; made for the page of one case."""
    now = timezone.now()
    cases = Case.objects.filter(pk__in=case_ids).select_related("patient").prefetch_related("units")
    return {case.pk: proposals_for(case, now) for case in cases}


def proposals_for(case: Case, now: datetime) -> tuple[Proposal, ...]:
    """Return the next meetings of the series that take the case's diagnosis and unit and whose cut-off lies ahead.

    The first that is likely enough and has room, behind firm places and the more urgent provisional ones, and whose
    round has not been held, is marked and shown also where it lies beyond the next ones; the protocol list asks for no
    readiness. Six queries, and one for a definition not yet met.
    """
    forecast = case_forecasts([case], now=now)[case.pk]
    held = AgendaItem.objects.filter(case=case, status__in=OPEN_ITEMS).values_list("meeting_id", flat=True).first()
    meetings = list(_coming(case, now)[:LOOKED_AT])
    proposals = [_proposal(case, meeting, forecast, held) for meeting in meetings]
    spec = spec_of(case.definition_id)
    minutes = spec.level(case.level).minutes
    key = urgency(case.suspected_on, spec.lead_time_days, case.promised_on, case.pk)
    before = minutes_before([meeting.pk for meeting in meetings], key)
    likely = first_option(
        [
            Option(meeting.pk, 1.0, meeting.capacity_minutes, 0 if meeting.pk == held else _taken(meeting, before),
                   is_open=meeting.firmed_at is None)
            for meeting, proposal in zip(meetings, proposals, strict=True)
            if proposal.probability >= LIKELY or case.level == LevelCode.PROTOCOL
        ],
        minutes,
    )  # fmt: skip
    proposals = [replace(one, is_likely=likely is not None and one.meeting == likely.meeting) for one in proposals]
    return tuple(one for place, one in enumerate(proposals) if place < SHOWN or one.is_likely or one.is_held)


def _taken(meeting: Meeting, before: Mapping[int, float]) -> float:
    return meeting.planned + before.get(meeting.pk, 0)  # type: ignore[attr-defined,no-any-return]


def _coming(case: Case, now: datetime) -> QuerySet[Meeting]:
    units = [unit.pk for unit in case.units.all()]
    planned = Coalesce(Sum("items__minutes", filter=Q(items__status__in=FIRM_ITEMS)), 0)
    invited = Series.participating_units.through.objects.filter(unit__in=units)
    return (
        Meeting.objects.filter(
            Q(series__unit__in=units_below(units)) | Q(series__in=invited.values("series_id")),
            series__diagnoses=case.diagnosis_id,
            series__is_active=True,
            status__in=PLANNABLE,
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
