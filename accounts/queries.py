"""Reading units and people."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db.models import Count, Prefetch, Q, QuerySet

from accounts.access_log import known_as
from accounts.actor import Actor
from accounts.models import AccessLog, Membership, Unit, User
from accounts.permissions import Permission, roles_with


def units_above(unit_ids: Iterable[int]) -> frozenset[int]:
    """Return the units and every unit that they lie below; one query."""
    parents = dict(Unit.objects.values_list("pk", "parent_id"))
    above: set[int] = set()
    for unit_id in unit_ids:
        current: int | None = unit_id
        while current is not None and current not in above:
            above.add(current)
            current = parents.get(current)
    return frozenset(above)


def units_below(unit_ids: Iterable[int]) -> frozenset[int]:
    """Return the units and every unit below them; one query."""
    children: dict[int | None, list[int]] = defaultdict(list)
    for pk, parent_id in Unit.objects.values_list("pk", "parent_id"):
        children[parent_id].append(pk)
    below: set[int] = set()
    todo = list(unit_ids)
    while todo:
        current = todo.pop()
        if current not in below:
            below.add(current)
            todo.extend(children[current])
    return frozenset(below)


def _in_force(on: date, prefix: str = "") -> Q:
    ends = Q(**{f"{prefix}ends_on__isnull": True}) | Q(**{f"{prefix}ends_on__gte": on})
    return ends & Q(**{f"{prefix}starts_on__lte": on})


def managed_units(actor: Actor, permission: Permission, on: date) -> QuerySet[Unit]:
    """Return the units in which `actor` holds `permission`, and those below, with their members counted."""
    ids = units_below(actor.units_for(permission))
    members = Count("memberships__user", filter=_in_force(on, "memberships__"), distinct=True)
    return Unit.objects.filter(pk__in=ids).select_related("parent").annotate(members=members).order_by("name")


def members_of(unit: Unit) -> QuerySet[Membership]:
    """Return the memberships of a unit, those in force and to come first, users loaded."""
    return (
        Membership.objects.filter(unit=unit)
        .select_related("user", "unit")
        .order_by("ends_on", "user__name", "role", "pk")
    )


def user_by_email(email: str) -> User | None:
    """Return the user with this e-mail address, whatever its case."""
    return User.objects.filter(email=email.strip().lower()).first()


def people_with(permission: Permission, unit_ids: Iterable[int], on: date) -> QuerySet[User]:
    """Return the active people who hold `permission` in one of `unit_ids` on a day, by name."""
    held = Membership.objects.filter(_in_force(on), unit_id__in=list(unit_ids), role__in=roles_with(permission))
    return User.objects.filter(is_active=True, pk__in=held.values("user_id")).order_by("name", "pk")


def people_in_role(role: str, unit_ids: Iterable[int], on: date) -> QuerySet[User]:
    """Return the active people who have the role in one of `unit_ids` on a day, by name."""
    held = Membership.objects.filter(_in_force(on), unit_id__in=list(unit_ids), role=role)
    return User.objects.filter(is_active=True, pk__in=held.values("user_id")).order_by("name", "pk")


def people_by_unit(role: str, unit_ids: Iterable[int], on: date) -> dict[int, list[User]]:
    """Return the active people who have the role in each of `unit_ids` on a day, by name; one query."""
    held = Membership.objects.filter(_in_force(on), unit_id__in=list(unit_ids), role=role, user__is_active=True)
    found: defaultdict[int, list[User]] = defaultdict(list)
    for membership in held.select_related("user").order_by("user__name", "user_id"):
        found[membership.unit_id].append(membership.user)
    return found


def readings(actor: Actor, *, patient: int | None = None, user: User | None = None) -> QuerySet[AccessLog]:
    """Return the log rows of one patient or one reader in the units that `actor` answers for, newest first.

    Of a patient whose number was merged with another's the rows of both are given.
    """
    rows = AccessLog.objects.filter(unit_id__in=units_below(actor.units_for(Permission.VIEW_ACCESS_LOG)))
    if patient is not None:
        rows = rows.filter(patient_ids__overlap=sorted(known_as(patient)))
    if user is not None:
        rows = rows.filter(user=user)
    return rows.select_related("user", "unit").order_by("-at", "-pk")


def demo_people(on: date) -> QuerySet[User]:
    """Return the people of the demo with their memberships of the day, in the order of making; two queries."""
    people = User.objects.filter(email__endswith="@demo.example", is_active=True).order_by("pk")
    held = Membership.objects.filter(_in_force(on)).select_related("unit")
    return people.prefetch_related(Prefetch("memberships", held))


def units_by_name() -> QuerySet[Unit]:
    """Return every unit, by name."""
    return Unit.objects.order_by("name", "pk")


def unit_by_name(name: str) -> Unit | None:
    """Return the unit with exactly this name."""
    return Unit.objects.filter(name=name.strip()).first()
