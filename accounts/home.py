"""Which page is home for which role; the floors above register theirs when Django is ready."""

from django.urls import NoReverseMatch, reverse

_HOMES: dict[str, str] = {}


def register_home(role: str, view_name: str) -> None:
    """Let `view_name` (a URL name without arguments) be the first page of people in `role`; once a role."""
    if _HOMES.get(role, view_name) != view_name:
        raise ValueError(f"the home of {role!r} is registered twice: {_HOMES[role]!r} and {view_name!r}")
    _HOMES[role] = view_name


def home_of(role: str) -> str | None:
    """Return the address of the role's first page; None when no floor has one."""
    name = _HOMES.get(role)
    if name is None:
        return None
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
