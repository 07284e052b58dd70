"""Errors of the API as RFC 9457 problem documents."""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from accounts.errors import Invalid, Refused

CONTENT_TYPE = "application/problem+json"
logger = logging.getLogger(__name__)


def problem(status: int, *, title: str = "", detail: str = "", code: str = "", **more: Any) -> dict[str, Any]:
    """Return a problem document; `code` is our stable word for the kind, which `type` carries too."""
    document: dict[str, Any] = {
        "type": f"urn:mdk:problem:{code}" if code else "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }
    if code:
        document["code"] = code
    return document | more


def problem_response(status: int, *, title: str = "", detail: str = "", code: str = "") -> JsonResponse:
    """Return a problem document as a plain Django answer."""
    return JsonResponse(
        problem(status, title=title, detail=detail, code=code), status=int(status), content_type=CONTENT_TYPE
    )


def field_errors(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """Yield `{"field", "code", "message"}` of DRF's nested details; nested fields are joined by points."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            here = "" if name == "non_field_errors" else str(name)
            yield from field_errors(inner, ".".join(part for part in (field, here) if part))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            is_row = isinstance(inner, Mapping)
            if not is_row or inner:
                yield from field_errors(inner, f"{field}.{number}".lstrip(".") if is_row else field)
    else:
        yield {"field": field, "code": getattr(detail, "code", "invalid"), "message": str(detail)}


def _refused(error: Refused) -> dict[str, Any]:
    """Return the document of a refusal of ours."""
    more: dict[str, Any] = dict(error.extra)
    if isinstance(error, Invalid):
        more["errors"] = [{"field": e.field, "code": e.code, "message": e.message} for e in error.errors]
    elif error.field:
        more["errors"] = [{"field": error.field, "code": error.code, "message": error.message}]
    return more | problem(error.status, detail=error.message, code=error.code, **_kept(more))


def _kept(more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the additions of a document without those that would hide its own members."""
    return {key: value for key, value in more.items() if key not in {"type", "title", "status", "detail", "code"}}


def _of_drf(error: exceptions.APIException) -> dict[str, Any]:
    """Return the document of one of DRF's errors."""
    if isinstance(error, exceptions.ValidationError):
        errors = list(field_errors(error.detail))
        detail = " ".join(dict.fromkeys(entry["message"] for entry in errors))
        return problem(error.status_code, title=_("Invalid input"), detail=detail, code="invalid", errors=errors)
    code = error.default_code.replace("_", "-") if isinstance(error.default_code, str) else ""
    return problem(error.status_code, detail=str(error.detail), code=code)


def _headers(error: Exception) -> dict[str, str]:
    """Return the headers that DRF would set: the challenge of a 401 and the wait of a 429."""
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def problem_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception of an API view with a problem document; None for a fault of ours (a 500)."""
    document: dict[str, Any]
    if isinstance(exc, Refused):
        document = _refused(exc)
    elif isinstance(exc, Http404):
        document = problem(404, title=_("Not found"), detail=_("There is nothing here, or you have no access to it."))
    elif isinstance(exc, PermissionDenied):
        detail = str(exc) or _("Your role gives no right to this.")
        document = problem(403, title=_("Not allowed"), detail=detail, code="not-allowed")
    elif isinstance(exc, exceptions.APIException):
        document = _of_drf(exc)
    else:
        logger.error("API fault in %s", context.get("view").__class__.__name__)
        return None
    set_rollback()
    return Response(document, status=document["status"], headers=_headers(exc), content_type=CONTENT_TYPE)
