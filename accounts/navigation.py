"""The way round the house: what the menu holds for the role that the page is shown for."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.permissions import ROLES, Permission, Role


@dataclass(frozen=True, slots=True)
class Place:
    """One entry: shown to those of `roles` that hold one of `permissions`, and only where the URL name exists."""

    key: str
    view_name: str
    label: Promise | str
    permissions: frozenset[Permission]
    roles: frozenset[str] = frozenset(Role.values)


@dataclass(frozen=True, slots=True)
class NavItem:
    """An entry as the page shows it; `current` marks the page that stands in the window."""

    key: str
    label: str
    url: str
    current: bool


OWN_CASES = frozenset({Role.CLINICIAN.value, Role.CONTACT_NURSE.value})
TRIAGE = frozenset({Role.COORDINATOR.value, Role.CHAIR.value})
PREPARE = frozenset({Permission.PREPARE_RADIOLOGY, Permission.PREPARE_PATHOLOGY})
ROSTER = frozenset(Role.values) - {Role.ADMIN.value}

IN_BAR = 7
"""How many entries fit in the bar at a width of 1280 px, the one that leads to the others included."""

PLACES = (
    Place("mine", "cases:mine", _("My cases"), frozenset({Permission.VIEW_CASE}), OWN_CASES),
    Place("cases", "cases:list", _("Cases"), frozenset({Permission.VIEW_CASE})),
    Place("triage", "cases:triage", _("Triage"), frozenset({Permission.SET_LEVEL}), TRIAGE),
    Place("refer", "cases:refer", _("Refer a patient"), frozenset({Permission.REFER_CASE})),
    Place("to-place", "cases:to_place", _("To place"), frozenset({Permission.PLACE_REPORTS})),
    Place("meetings", "mdk:meetings", _("Meetings"), frozenset({Permission.VIEW_MEETING})),
    Place("queue", "mdk:queue", _("Prepare"), PREPARE),
    Place("workload", "mdk:workload", _("Workload"), frozenset({Permission.VIEW_WORKLOAD})),
    Place("roster", "mdk:roster", _("Roster"), frozenset({Permission.VIEW_WORKLOAD}), ROSTER),
    Place("statistics", "mdk:statistics", _("Statistics"), frozenset({Permission.VIEW_STATISTICS})),
    Place("series", "mdk:series", _("Series"), frozenset({Permission.MANAGE_SERIES})),
    Place("diagnoses", "checklists:diagnoses", _("Diagnoses"), frozenset({Permission.MANAGE_SERIES})),
    Place("units", "accounts:units", _("Units"), frozenset({Permission.MANAGE_MEMBERS})),
    Place("access-log", "accounts:access-log", _("Access log"), frozenset({Permission.VIEW_ACCESS_LOG})),
    Place("deliveries", "events:deliveries", _("Deliveries"), frozenset({Permission.MANAGE_MEMBERS})),
)


class Nav(list[NavItem]):
    """The menu: what stands in the bar, and what lies under "more" where the bar would be too long."""

    @property
    def shown(self) -> list[NavItem]:
        """The entries of the bar."""
        return self if len(self) <= IN_BAR else self[: IN_BAR - 1]

    @property
    def more(self) -> list[NavItem]:
        """The entries under "more"."""
        return self[len(self.shown) :]

    @property
    def is_in_more(self) -> bool:
        """Whether the page in the window is one of those under "more"."""
        return any(item.current for item in self.more)


def nav_for(request: HttpRequest, actor: Actor) -> Nav:
    """Return the menu of the actor's active role; no query.

    The current place is the one whose address the page's address begins with, the longest first, so that
    `/cases/12/` lies under Cases and `/cases/new/` under Refer a patient.
    """
    granted = ROLES.get(actor.role, frozenset())
    found: list[tuple[Place, str]] = []
    for place in PLACES:
        if actor.role not in place.roles or place.permissions.isdisjoint(granted):
            continue
        try:
            found.append((place, reverse(place.view_name)))
        except NoReverseMatch:
            continue
    under = [url for _place, url in found if request.path.startswith(url)]
    here = max(under, key=len, default="")
    return Nav(NavItem(place.key, str(place.label), url, url == here) for place, url in found)
