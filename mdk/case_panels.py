"""What meetings add to the lists and pages of cases (`cases.panels`): the next place, recommendations, places so far."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from cases.forecast import CaseForecast, Subject, forecasts
from cases.panels import Advice, NextMeeting, Place, register_panel
from checklists.enums import Discipline
from mdk.enums import OPEN_ITEMS, ItemStatus, PreparationState
from mdk.models import AgendaItem, Outcome, Preparation
from mdk.queries.proposals import proposals_by_case


def next_meeting_by_case(case_ids: Sequence[int]) -> dict[int, NextMeeting]:
    """Return the open place of each case that has one, with the forecast for it; two queries."""
    now = timezone.now()
    rows = list(AgendaItem.objects.filter(case_id__in=case_ids, status__in=OPEN_ITEMS).values(*_PLACE))
    found = forecasts([_subject(row) for row in rows], now=now)
    return {row["case_id"]: _next_meeting(row, found[row["case_id"]], now) for row in rows}


_PLACE = (
    "case_id", "meeting_id", "meeting__series__name", "meeting__starts_at", "meeting__cutoff_at", "status", "position",
    "level", "case__patient__provider_id", "case__unit_id", "case__definition_id", "case__readiness",
)  # fmt: skip


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
    return NextMeeting(
        meeting=row["meeting_id"],
        name=row["meeting__series__name"],
        starts_at=starts_at,
        firm=row["status"] != ItemStatus.PROVISIONAL,
        url=reverse("mdk:meeting", args=[row["meeting_id"]]),
        position=row["position"],
        probability=forecast.for_meeting(starts_at, cutoff_at, now),
        cutoff_at=cutoff_at,
    )


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
    """Return every place that each case has or had on an agenda, oldest first; one query."""
    rows = (
        AgendaItem.objects.filter(case_id__in=case_ids)
        .select_related("meeting__series", "rebooked_as")
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


def _note(item: AgendaItem) -> str:
    """Return why the item ended as it did, in words; nothing for one that was discussed."""
    if item.status == ItemStatus.REBOOKED:
        rebooking = getattr(item, "rebooked_as", None)
        return str(rebooking.get_reason_display()) if rebooking else ""
    if item.status == ItemStatus.DEFERRED:
        return str(item.get_defer_reason_display())
    if item.status == ItemStatus.REMOVED:
        return item.removed_reason
    return _("Late addition") if item.is_late else ""
