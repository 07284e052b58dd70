"""What was recorded at meetings: who was there, and what was recommended."""

from collections.abc import Collection

from mdk.models import Attendance, Outcome


def functions_present(meeting_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Return the functions that are present at each meeting, by its id; one query."""
    found: dict[int, set[str]] = {}
    lines = Attendance.objects.filter(meeting_id__in=meeting_ids, is_present=True)
    for meeting_id, speciality in lines.values_list("meeting_id", "speciality"):
        found.setdefault(meeting_id, set()).add(speciality)
    return {meeting_id: frozenset(codes) for meeting_id, codes in found.items()}


def outcomes_of(meeting_ids: Collection[int]) -> dict[int, Outcome]:
    """Return the outcomes of the meetings by item id, with who recorded and who signed; one query."""
    rows = Outcome.objects.filter(item__meeting_id__in=meeting_ids).select_related("recorded_by", "signed_by")
    return {row.item_id: row for row in rows}
