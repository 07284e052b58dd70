"""Who acts, in which language, and what a visitor without a session meets."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware as Base
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget

from accounts.actor import SESSION_KEY, actor_for
from accounts.errors import Refused

Answer = Callable[[HttpRequest], HttpResponse]


class LanguageMiddleware:
    """The language that the person chose (a cookie), Swedish for everybody else.

    The browser's own list of languages is not asked: the house speaks Swedish until somebody says otherwise.
    A program that calls the API says so in `Accept-Language`.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the chosen language."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        if request.path.startswith(("/api/", "/fhir", "/hl7v2")):
            language = translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Cookie", "Accept-Language"))
        return response


class StorableTextMiddleware:
    """Refuses an address or a form with a NUL character, which no database text can hold: 400."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; the request is looked at in `process_view`, when its form has been read."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        """Raise BadRequest, which becomes the page or the problem document of a 400."""
        if any(
            "\0" in text for given in (request.GET, request.POST) for _name, texts in given.lists() for text in texts
        ):
            raise BadRequest("NUL character")


class ActorMiddleware:
    """Sets `request.actor`: the logged-in person with today's memberships (one query), None for a visitor.

    The active membership is the one that the session remembers, as long as it is in force. What a person who is
    logged in is answered is kept by no cache: most of it shows patients.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with `request.actor` set."""
        actor = None
        if request.user.is_authenticated:
            actor = actor_for(request.user, timezone.localdate(), request.session.get(SESSION_KEY))
        request.actor = actor  # type: ignore[attr-defined]
        response = self.get_response(request)
        if getattr(request, "actor", None) is not None:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class LoginRequiredMiddleware(Base):
    """Every page needs a session, but for those marked `@public`.

    A page's part that htmx asks for after the session has ended is answered with a redirect of the whole
    page to the login, which leads back to the page that stood in the window.
    """

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponse:
        """Answer a visitor: a redirect to the login, of the whole page when htmx asked."""
        if request.headers.get("HX-Request") == "true":
            current = urlsplit(request.headers.get("HX-Current-URL", ""))
            back = current.path + (f"?{current.query}" if current.query else "")
            return HttpResponseClientRedirect(redirect_to_login(back or "/", str(settings.LOGIN_URL)).url)
        return super().handle_no_permission(request, view_func)


class RefusalMiddleware:
    """A refusal that a view let through becomes a page with the sentence and the right status.

    For htmx it becomes a message in the page that stands in the window, whatever part was asked for.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; refusals are met in `process_exception`."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer `Refused` with its status; every other exception goes on."""
        if not isinstance(exception, Refused):
            return None
        if request.headers.get("HX-Request") == "true":
            messages.error(request, exception.message)
            part = render(request, "components/messages.html", status=exception.status)
            return reswap(retarget(part, "#messages"), "outerHTML")
        context = {"refusal": exception, "back": _referring_path(request)}
        return render(request, "accounts/refused.html", context, status=exception.status)


def _referring_path(request: HttpRequest) -> str:
    """Return the path of the page that the form stood on, when it is one of this house; else home."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.path if came_from.netloc == request.get_host() and came_from.path else "/"
