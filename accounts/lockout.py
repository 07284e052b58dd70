"""What somebody meets who has tried too many passwords (`AXES_LOCKOUT_CALLABLE`)."""

from ipaddress import ip_address
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any]) -> HttpResponse:
    """Answer 429: the login page with the sentence, or a problem document for the API."""
    message = _("Too many attempts with this e-mail. Wait fifteen minutes and try again, or ask your administrator.")
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": _("Locked"), "status": 429, "code": "locked", "detail": message}
        return JsonResponse(problem, status=429, content_type="application/problem+json")
    return render(request, "accounts/locked.html", {"message": message}, status=429)


def client_address(request: HttpRequest) -> str | None:
    """Return the caller's address, as the server or its proxy states it; None for what is no address."""
    try:
        return str(ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None
