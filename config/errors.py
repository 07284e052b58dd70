"""What is answered when Django itself says no: our pages for people, problem documents below /api/."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import csrf, defaults

from config.problems import problem_response


def _is_api(request: HttpRequest) -> bool:
    """Say whether a program asks, and not a person."""
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request makes no sense (a broken upload, too many fields)."""
    if _is_api(request):
        return problem_response(HTTPStatus.BAD_REQUEST, detail=_("The request could not be understood."))
    return defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: the person may not do this; the sentence of the refusal when it has one."""
    if _is_api(request):
        detail = str(exception) or _("Your role gives no right to this.")
        return problem_response(HTTPStatus.FORBIDDEN, detail=detail, code="not-allowed")
    return defaults.permission_denied(request, exception)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form is from an old session or from another site."""
    if _is_api(request):
        return problem_response(HTTPStatus.FORBIDDEN, detail=_("The CSRF token is missing or wrong."), code="csrf")
    return csrf.csrf_failure(request, reason)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing here, or nothing that the person may know of."""
    if _is_api(request):
        return problem_response(HTTPStatus.NOT_FOUND, detail=_("There is nothing here, or you have no access to it."))
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: a fault of ours; the page needs no database and says nothing of what it was."""
    if _is_api(request):
        detail = _("The fault is ours and has been noted.")
        return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, detail=detail)
    return defaults.server_error(request)
