"""The only way to a unit or a membership that somebody wants to change."""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import Membership, Unit
from accounts.permissions import Permission
from accounts.queries import managed_units, units_below


def require(actor: Actor, permission: Permission) -> None:
    """Refuse (403) an actor who holds `permission` in no unit at all."""
    if not actor.can(permission):
        raise PermissionDenied(_("Your roles do not allow this."))


def access_unit(actor: Actor, pk: int, permission: Permission, on: date) -> Unit:
    """Return the unit when `actor` holds `permission` in it or above it.

    404 for a unit outside the actor's units and what lies below them, 403 for one inside.
    """
    unit = managed_units(actor, permission, on).filter(pk=pk).first()
    if unit is not None:
        return unit
    if pk in units_below(actor.unit_ids):
        raise PermissionDenied(_("Your roles do not allow this."))
    raise Http404


def access_membership(actor: Actor, pk: int, permission: Permission, on: date) -> Membership:
    """Return the membership when `actor` holds `permission` in its unit or above; 404 and 403 as for the unit."""
    membership = Membership.objects.select_related("user", "unit").filter(pk=pk).first()
    if membership is None:
        raise Http404
    access_unit(actor, membership.unit_id, permission, on)
    return membership
