"""What others do to a meeting while somebody works with it."""

from django.db.models import Exists, Max, OuterRef, Q

from accounts.models import User
from cases.models import Case
from events.models import Event
from events.queries import HistoryRow, sentence
from mdk.access import series_units
from mdk.models import Meeting


def last_event() -> int:
    """Return the number of the newest event of the house, 0 where there is none."""
    return Event.objects.aggregate(last=Max("pk"))["last"] or 0


def has_news(meeting: Meeting, *, version: int, seen: int) -> bool:
    """Say whether the meeting, or a case that it could take, has changed since its `version` and the event `seen`.

    The version tells of the agenda for certain; the events tell of answers, levels and places of cases. One query,
    none when the version has changed.
    """
    if meeting.version != version:
        return True
    diagnoses = meeting.series.diagnoses.order_by().values("pk")
    takes_part = Case.units.through.objects.filter(case_id=OuterRef("pk"), unit_id__in=series_units(meeting.series))
    cases = Case.objects.filter(Exists(takes_part), pk=OuterRef("case_id"), diagnosis__in=diagnoses)
    newer = Event.objects.filter(pk__gt=seen).order_by()
    return newer.filter(Q(meeting_id=meeting.pk) | Exists(cases)).exists()


def change_by_others(meeting_id: int, *, seen: int, person: User) -> HistoryRow | None:
    """Return the newest change of the meeting after the event `seen` that is not the person's own; one query."""
    newer = Event.objects.filter(meeting_id=meeting_id, pk__gt=seen).exclude(actor=person).select_related("actor")
    event = newer.order_by("-pk").first()
    if event is None:
        return None
    who = event.actor.name if event.actor else ""
    return HistoryRow(at=event.at, who=who, sentence=sentence(event), kind=event.kind)
