"""What is answered when Django itself says no: pages for people, problem documents below /api/."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.public import public
from config.problems import problem_response


def is_api(request: HttpRequest) -> bool:
    """Say whether a program asks, and not a person."""
    return request.path.startswith("/api/")


def _answer(request: HttpRequest, status: HTTPStatus, title: str, detail: str) -> HttpResponse:
    if is_api(request):
        return problem_response(status, title=title, detail=detail)
    return render(request, "error.html", {"status": int(status), "title": title, "detail": detail}, status=status)


@public
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request makes no sense (a wrong host, a broken upload)."""
    detail = _("The request could not be understood. Go back and try again.")
    return _answer(request, HTTPStatus.BAD_REQUEST, _("Wrong request"), detail)


@public
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: the person may not do this; the sentence of the refusal when it has one."""
    detail = str(exception) or _("Your role gives no right to this. Ask your administrator if you need it.")
    return _answer(request, HTTPStatus.FORBIDDEN, _("Not allowed"), detail)


@public
def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form is from an old session or another site."""
    detail = _("The page had been open for too long. Go back, reload it and send the form again.")
    return _answer(request, HTTPStatus.FORBIDDEN, _("The form was too old"), detail)


@public
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: nothing here, or nothing that the person may know of."""
    detail = _("There is nothing at this address, or you have no access to it.")
    return _answer(request, HTTPStatus.NOT_FOUND, _("Not found"), detail)


@public
def server_error(request: HttpRequest) -> HttpResponse:
    """500: a fault of ours; says nothing of what it was, and needs no database."""
    title, detail = _("Something went wrong"), _("The fault is ours and has been noted. Nothing was saved; try again.")
    if is_api(request):
        return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, title=title, detail=detail)
    return HttpResponse(
        f"<!doctype html><html lang='sv'><title>{title}</title><h1>{title}</h1><p>{detail}</p></html>", status=500
    )
