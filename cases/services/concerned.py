"""Who is told of what happens in a case: its clinician, those who prepare it, and others who have taken part."""

from collections.abc import Iterable
from datetime import date

from accounts.models import User
from accounts.permissions import Permission
from accounts.queries import people_with
from cases.models import Case
from cases.panels import panel


def concerned_people(case: Case, on: date, *, also: Iterable[User] = ()) -> list[User]:
    """Return the responsible clinician, the readers of the coming meeting (panel `readers`) and those in `also`.

    Whoever may no longer see the case on the day is left out, and so are closed accounts: a notice never leads to
    a shut door.
    """
    readers: Iterable[User] = panel("readers", [case.pk]).get(case.pk, ())
    wanted = {person.pk for person in (case.responsible_clinician, *readers, *also)}
    units = case.units.values_list("pk", flat=True)
    return list(people_with(Permission.VIEW_CASE, units, on).filter(pk__in=wanted))
