"""Discordant answers of the case on the screen: the marks that nobody has settled."""

from collections.abc import Iterable, Sequence

from cases.queries import Mark, marks_of
from cases.timeline import Entry, ShownMark, shown_mark
from mdk.models import AgendaItem, Meeting


def standing_marks(item: AgendaItem) -> Sequence[Mark]:
    """Return the marks of discordant answers of the item's case that nobody has settled; one query."""
    return marks_of([item.case_id], standing=True).get(item.case_id, ())


def shown_marks(marks: Iterable[Mark], entries: Iterable[Entry]) -> tuple[ShownMark, ...]:
    """Return the marks with their answers, which are among `entries`, in words."""
    by_id = {entry.result.pk: entry for entry in entries}
    return tuple(shown_mark(mark, by_id) for mark in marks)


def seen(marks: Iterable[Mark | ShownMark]) -> str:
    """Return what a page that follows the meeting says it has seen of them: their ids, `12.15`."""
    return ".".join(str(mark.mark.id if isinstance(mark, ShownMark) else mark.id) for mark in marks)


def seen_of(meeting: Meeting) -> str:
    """Return the same for the case that is on the screen now; one query, none before the first case."""
    item = meeting.current_item
    return seen(standing_marks(item)) if item else ""
