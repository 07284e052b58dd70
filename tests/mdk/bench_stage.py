"""A workbench with something on it: three items, three candidates, and a page open before it."""

from typing import Any

from accounts.models import User
from mdk.models import AgendaItem, Meeting
from tests.domain_factories import House, make_case, make_series, place, ready_case
from tests.mdk.planning import HTMX, page


class Stage:
    """A planned meeting with three items and the one after it; two ready cases and one that is not ready wait."""

    def __init__(self, house: House) -> None:
        self.house = house
        series = make_series(house)
        self.meeting, self.later = series.meetings.order_by("starts_at")[:2]
        self.items = [place(self.meeting, ready_case(house), by=house.coordinator) for _ in range(3)]
        self.ready = [ready_case(house), ready_case(house)]
        self.unready = make_case(house)
        self.client = page(house.coordinator)

    @property
    def url(self) -> str:
        return f"/meetings/{self.meeting.pk}/"

    def order(self) -> list[int]:
        """Return the agenda's items in order."""
        on_it = AgendaItem.objects.filter(meeting=self.meeting, position__isnull=False)
        return list(on_it.order_by("position").values_list("pk", flat=True))

    def version(self) -> int:
        return Meeting.objects.get(pk=self.meeting.pk).version

    def post(self, where: str, by: User | None = None, **data: Any) -> Any:
        """Post as htmx does, to an address below the meeting's, or to an absolute one."""
        client = page(by) if by else self.client
        return client.post(where if where.startswith("/") else f"{self.url}{where}", data, **HTMX)

    def undo(self) -> Any:
        return self.post("undo/")


def pks(rows: list[Any]) -> list[int]:
    """Return the keys of the rows."""
    return [row.pk for row in rows]
