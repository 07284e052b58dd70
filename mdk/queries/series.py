"""One series: its last change and its coming meetings."""

from events.models import Event
from mdk.models import Series


def last_change(series: Series) -> Event | None:
    """Return the event of the last change of the series itself, with who made it; one query."""
    rows = Event.objects.filter(kind__in=("series.created", "series.changed"), subject_id=series.pk)
    return rows.select_related("actor").order_by("-at", "-pk").first()
