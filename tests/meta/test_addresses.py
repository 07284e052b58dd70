"""Every address of the house needs a login, but for those named here."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

PUBLIC = {
    "healthz",
    "readyz",
    "api-schema",
    "api-docs",
    "api-token",
    "accounts:login",
    "accounts:logout",
    "accounts:language",
    "accounts:theme",
    "accounts:about",
    "accounts:styleguide",  # samples alone; 404 outside development and the demo
}
"""Pages and calls that a visitor may reach. Reviewed by hand: add one only with a reason."""

BY_SECRET_ADDRESS = {"mdk:feed"}
"""Known by an unguessable token in the address instead of a session."""


def addresses(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every address with its full name."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            yield from addresses(entry, inner)
        else:
            yield f"{prefix}{entry.name}", entry


def is_open(callback: Any) -> bool:
    """Say whether a visitor gets further than the door: no login for a page, no permission for the API."""
    view_class = getattr(callback, "cls", None) or getattr(callback, "view_class", None)
    if view_class is not None and hasattr(view_class, "permission_classes"):
        names = {permission.__name__ for permission in view_class.permission_classes}
        return not names or names == {"AllowAny"}
    return getattr(callback, "login_required", True) is False


ALL = dict(addresses())


def test_every_address_has_a_name_of_its_own() -> None:
    names = [name for name, _entry in addresses()]
    assert [name for name in names if name.endswith("None")] == []
    assert sorted(names) == sorted(set(names))


def test_what_is_open_is_what_was_meant_to_be() -> None:
    opened = {name for name, entry in ALL.items() if is_open(entry.callback)}
    assert opened - BY_SECRET_ADDRESS == PUBLIC


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(set(ALL) - PUBLIC - BY_SECRET_ADDRESS))
def test_a_visitor_is_sent_to_the_login(client: Client, name: str) -> None:
    address = "/" + str(ALL_PATHS[name])
    answer = client.get(address)
    if address.startswith(("/api/", "/fhir/", "/hl7v2/")):
        assert answer.status_code in {401, 405}
    else:
        assert answer.status_code == 302
        assert answer["Location"].startswith("/login/")


def paths(resolver: URLResolver | None = None, prefix: str = "", names: str = "") -> Iterator[tuple[str, str]]:
    """Yield every name with an example of its address."""
    for entry in (resolver or get_resolver()).url_patterns:
        pattern = prefix + example(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from paths(
                entry,
                pattern if str(entry.pattern) != "^/" else prefix,
                f"{names}{entry.namespace}:" if entry.namespace else names,
            )
        else:
            yield f"{names}{entry.name}", pattern


def example(pattern: str) -> str:
    """Return the pattern with its parts filled in."""
    out, rest = "", pattern
    while "<" in rest:
        before, _sign, after = rest.partition("<")
        part, _sign, rest = after.partition(">")
        kind = part.partition(":")[0] if ":" in part else "str"
        out += before + {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000"}.get(kind, "x")
    return out + rest


ALL_PATHS = dict(paths())
