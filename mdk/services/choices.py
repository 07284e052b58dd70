"""What a person chose for their own planning."""

from accounts.models import User
from mdk.models import PlanningChoice
from mdk.services.moves import TOLD_FROM_DAYS


def choice_of(person: User) -> int:
    """Return by how many days a provisional date must move before the person is told."""
    found = PlanningChoice.objects.filter(person=person).values_list("move_days", flat=True).first()
    return TOLD_FROM_DAYS if found is None else found


def choose_days(days: int, *, by: User) -> PlanningChoice:
    """Keep the person's own choice of days."""
    choice, _new = PlanningChoice.objects.update_or_create(person=by, defaults={"move_days": days})
    return choice
