"""The acting person: who, in which units, in which role at this moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_htmx.middleware import HtmxDetails

from accounts.models import Membership, Unit, User
from accounts.permissions import ROLES, Permission

SESSION_KEY = "membership"
"""Where the session keeps the id of the membership that the person chose."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A logged-in person with today's memberships; `active` is the one that the pages are shown for.

    Rights come from all current memberships: the role switch changes what a person sees first, not what
    they may do. The reading log carries the membership that gave the right.
    """

    user: User
    memberships: tuple[Membership, ...]
    active: Membership | None

    @property
    def role(self) -> str:
        """The code of the active role, or the empty string for a person without a membership."""
        return self.active.role if self.active else ""

    @property
    def role_label(self) -> str:
        """The active role in the language of the page."""
        return str(self.active.get_role_display()) if self.active else ""

    @property
    def unit(self) -> Unit | None:
        """The unit of the active membership."""
        return self.active.unit if self.active else None

    @property
    def unit_ids(self) -> frozenset[int]:
        """The units that the person is a member of today."""
        return frozenset(membership.unit_id for membership in self.memberships)

    def units_for(self, permission: Permission) -> frozenset[int]:
        """Return the units in which some role of the person holds `permission`."""
        return frozenset(m.unit_id for m in self.memberships if permission in ROLES[m.role])

    def can(self, permission: Permission, unit_ids: Iterable[int] | None = None) -> bool:
        """Say whether the person holds `permission` in one of `unit_ids` (anywhere, when not given)."""
        held = self.units_for(permission)
        return bool(held) if unit_ids is None else not held.isdisjoint(unit_ids)

    def basis(self, permission: Permission, unit_ids: Iterable[int] | None = None) -> Membership | None:
        """Return the membership that gives `permission`: the active one when it does, else the first that does."""
        wanted = None if unit_ids is None else frozenset(unit_ids)
        ordered: Sequence[Membership] = sorted(self.memberships, key=lambda m: m != self.active)
        for membership in ordered:
            if permission in ROLES[membership.role] and (wanted is None or membership.unit_id in wanted):
                return membership
        return None


def current_memberships(user: User, on: date) -> tuple[Membership, ...]:
    """Return the memberships of `user` that are in force on `on`, units loaded; one query."""
    rows = Membership.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), user=user, starts_on__lte=on)
    return tuple(rows.select_related("unit").order_by("unit__name", "role", "pk"))


def actor_for(user: User, on: date, active_id: int | None = None) -> Actor:
    """Return the actor of `user` on the day `on`; `active_id` is the chosen membership, if it still holds."""
    memberships = current_memberships(user, on)
    chosen = next((m for m in memberships if m.pk == active_id), None)
    return Actor(user=user, memberships=memberships, active=chosen or next(iter(memberships), None))


class ActorRequest(HttpRequest):
    """The request that every view behind the login gets: the type to write in a view's signature."""

    actor: Actor
    htmx: HtmxDetails
    user: User


def actor_of(request: object) -> Actor:
    """Return who acts in `request`, a page's or the API's; PermissionDenied (403) for a visitor."""
    actor = getattr(request, "actor", None)
    if not isinstance(actor, Actor):
        raise PermissionDenied(_("Log in first."))
    return actor
