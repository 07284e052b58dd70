"""What meetings add to the lists and pages of cases (`cases.panels`): the next place, recommendations, places so far."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from cases.enums import ReadinessState
from cases.forecast import CaseForecast, Subject, forecasts
from cases.panels import Advice, DateMove, NextMeeting, Place, register_panel
from cases.readiness.words import requirement_label
from checklists.enums import Discipline
from checklists.registry import spec_of
from mdk.enums import OPEN_ITEMS, ItemStatus, PreparationState
from mdk.models import AgendaItem, Outcome, Preparation, ProvisionalMove, Rebooking
from mdk.queries.promises import warned
from mdk.queries.proposals import proposals_by_case


def next_meeting_by_case(case_ids: Sequence[int]) -> dict[int, NextMeeting]:
    """Return the open place of each case that has one, with the forecast for it; two queries."""
    now = timezone.now()
    items = AgendaItem.objects.filter(case_id__in=case_ids, status__in=OPEN_ITEMS)
    rows = list(items.annotate(moves=_MOVES, rebookings=_REBOOKINGS).values(*_PLACE, "moves", "rebookings"))
    found = forecasts([_subject(row) for row in rows], now=now)
    return {row["case_id"]: _next_meeting(row, found[row["case_id"]], now) for row in rows}


_PLACE = (
    "case_id", "meeting_id", "meeting__series__name", "meeting__starts_at", "meeting__cutoff_at", "status", "position",
    "level", "case__patient__provider_id", "case__unit_id", "case__definition_id", "case__readiness",
    "case__readiness_state",
)  # fmt: skip


def _counted(rows: QuerySet[Any]) -> Coalesce:
    """Return the number of `rows` of the outer item's case, as a correlated subquery."""
    counts = rows.filter(case=OuterRef("case")).order_by().values("case").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counts, output_field=IntegerField()), 0)


_MOVES = _counted(ProvisionalMove.objects.filter(from_meeting__isnull=False))
_REBOOKINGS = _counted(Rebooking.objects.all())


def _subject(row: Mapping[str, Any]) -> Subject:
    return Subject(
        case=row["case_id"],
        provider=row["case__patient__provider_id"],
        unit=row["case__unit_id"],
        definition=row["case__definition_id"],
        level=row["level"],
        readiness=row["case__readiness"],
    )


def _next_meeting(row: Mapping[str, Any], forecast: CaseForecast, now: datetime) -> NextMeeting:
    starts_at, cutoff_at = row["meeting__starts_at"], row["meeting__cutoff_at"]
    is_provisional = row["status"] == ItemStatus.PROVISIONAL
    return NextMeeting(
        meeting=row["meeting_id"],
        name=row["meeting__series__name"],
        starts_at=starts_at,
        firm=not is_provisional,
        url=reverse("mdk:meeting", args=[row["meeting_id"]]),
        position=row["position"],
        probability=forecast.for_meeting(starts_at, cutoff_at, now),
        cutoff_at=cutoff_at,
        moves=row["moves"],
        rebookings=row["rebookings"],
        can_be_firm=is_provisional and row["case__readiness_state"] == ReadinessState.READY,
    )


def date_moves_by_case(case_ids: Sequence[int]) -> dict[int, list[DateMove]]:
    """Return the provisional dates that each case has had, oldest first; one query."""
    rows = ProvisionalMove.objects.filter(case__in=case_ids).select_related("from_meeting", "to_meeting", "moved_by")
    found: defaultdict[int, list[DateMove]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(
            DateMove(
                at=row.moved_at,
                from_starts_at=row.from_meeting.starts_at if row.from_meeting else None,
                to_starts_at=row.to_meeting.starts_at if row.to_meeting else None,
                reason=str(row.get_reason_display()) if row.from_meeting else "",
                probability=row.probability_after,
                by=row.moved_by.name if row.moved_by else "",
            )
        )
    return dict(found)


def promises_by_case(case_ids: Sequence[int]) -> dict[int, str]:
    """Return the promised date (ISO) of each case that is in danger, as it was last warned of; one query."""
    return {case: promised for case, promised in warned(case_ids).items() if promised}


def outcomes_by_case(case_ids: Sequence[int]) -> dict[int, list[Advice]]:
    """Return the signed recommendations of each case, newest first; two queries, the second for addenda."""
    rows = (
        Outcome.objects.filter(item__case_id__in=case_ids, signed_at__isnull=False)
        .select_related("item__meeting__series")
        .prefetch_related("addenda")
        .order_by("-item__meeting__starts_at", "-pk")
    )
    found: defaultdict[int, list[Advice]] = defaultdict(list)
    for row in rows:
        if row.signed_at is None:
            continue
        meeting = row.item.meeting
        found[row.item.case_id].append(
            Advice(
                name=meeting.series.name,
                starts_at=meeting.starts_at,
                recommendation=row.recommendation,
                signed_at=row.signed_at,
                url=reverse("mdk:meeting", args=[meeting.pk]),
                intent=str(row.get_intent_display()) if row.intent else "",
                next_step=row.next_step,
                responsible=row.responsible,
                due_on=row.due_on,
                addenda=tuple(addendum.text for addendum in row.addenda.all()),
            )
        )
    return dict(found)


def agenda_history_by_case(case_ids: Sequence[int]) -> dict[int, list[Place]]:
    """Return every place that each case has or had on an agenda, oldest first, but for provisional ones that moved; one query.

    Those are the moves of its dates (`date_moves_by_case`).
    """
    moved = ProvisionalMove.objects.filter(
        case=OuterRef("case"), from_meeting=OuterRef("meeting"), moved_at=OuterRef("status_changed_at")
    )
    rows = (
        AgendaItem.objects.filter(~Exists(moved), case_id__in=case_ids)
        .select_related("meeting__series", "rebooked_as__rebooked_by", "case")
        .annotate(
            returned=ArrayAgg(
                JSONObject(
                    discipline="preparations__discipline",
                    who="preparations__returned_by__name",
                    reason="preparations__return_reason",
                ),
                filter=Q(preparations__state=PreparationState.RETURNED, status__in=OPEN_ITEMS),
            )
        )
        .order_by("added_at", "pk")
    )
    found: defaultdict[int, list[Place]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(
            Place(
                name=row.meeting.series.name,
                starts_at=row.meeting.starts_at,
                status=row.status,
                url=reverse("mdk:meeting", args=[row.meeting_id]),
                note=_note(row),
                rebooking=row.rebooked_as.number if row.status == ItemStatus.REBOOKED else 0,
                sent_back=tuple(_sent_back(returned) for returned in row.returned or ()),
            )
        )
    return dict(found)


def readers_by_case(case_ids: Sequence[int]) -> dict[int, list[User]]:
    """Return who has prepared each case, or holds or has begun its preparation for a coming meeting; two queries."""
    rows = Preparation.objects.filter(item__case_id__in=case_ids).filter(
        Q(completed_by__isnull=False) | Q(reader__isnull=False, item__status__in=OPEN_ITEMS)
    )
    found: defaultdict[int, set[int]] = defaultdict(set)
    for case_id, completed_by, reader in rows.values_list("item__case_id", "completed_by", "reader"):
        found[case_id] |= {person for person in (completed_by, reader) if person}
    people = User.objects.in_bulk({person for some in found.values() for person in some})
    return {case_id: [people[pk] for pk in sorted(some)] for case_id, some in found.items()}


def register_case_panels() -> None:
    """Fill the panels of the floor below; called once, when Django is ready."""
    register_panel("next_meeting", next_meeting_by_case)
    register_panel("proposals", proposals_by_case)
    register_panel("date_moves", date_moves_by_case)
    register_panel("promises", promises_by_case)
    register_panel("readers", readers_by_case)
    register_panel("outcomes", outcomes_by_case)
    register_panel("agenda_history", agenda_history_by_case)


def _sent_back(returned: Mapping[str, str]) -> str:
    """Return in a sentence what a reader lacks for the preparation."""
    return _("Sent back by %(who)s, %(discipline)s: %(reason)s") % {
        "who": returned["who"],
        "discipline": Discipline(returned["discipline"]).label.lower(),
        "reason": returned["reason"],
    }


def rebooking_words(rebooking: Rebooking, definition_id: int) -> str:
    """Return why a place was given up, whose answer was missing, by whom, and what preparation went along, in words."""
    parts = [str(rebooking.get_reason_display())]
    if rebooking.missing_requirement:
        parts[0] += f": {requirement_label(spec_of(definition_id), rebooking.missing_requirement)}"
    if rebooking.missing_owner:
        parts[0] += f" ({rebooking.get_missing_owner_display().lower()})"
    if rebooking.is_foreseeable:
        parts.append(_("missing already when the place was made firm"))
    if rebooking.rebooked_by is None:
        parts.append(_("moved by the system at the cut-off"))
    if rebooking.prep_minutes_carried:
        parts.append(_("%(minutes)d min of preparation went along") % {"minutes": rebooking.prep_minutes_carried})
    if rebooking.prep_minutes_lost:
        parts.append(_("%(minutes)d min of preparation lost") % {"minutes": rebooking.prep_minutes_lost})
    return " · ".join(parts)


def _note(item: AgendaItem) -> str:
    """Return why the item ended as it did, in words; nothing for one that was discussed."""
    if item.status == ItemStatus.REBOOKED:
        rebooking = getattr(item, "rebooked_as", None)
        return rebooking_words(rebooking, item.case.definition_id) if rebooking else ""
    if item.status == ItemStatus.DEFERRED:
        return str(item.get_defer_reason_display())
    if item.status == ItemStatus.REMOVED:
        return item.removed_reason
    return _("Late addition") if item.is_late else ""
