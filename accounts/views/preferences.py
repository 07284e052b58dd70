"""How a person wants the house: role, language and theme."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actor import SESSION_KEY, ActorRequest
from accounts.context_processors import THEMES
from accounts.numbers import whole_number
from accounts.public import public
from accounts.redirects import next_url
from accounts.services import choose_language, switch_role

YEAR = 365 * 24 * 60 * 60


def remember(response: HttpResponse, name: str, value: str) -> HttpResponse:
    """Set a year-long cookie for a choice; scripts may read it, other sites get none."""
    response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    return response


def remember_language(response: HttpResponse, language: str) -> HttpResponse:
    """Set the language cookie, when the person has chosen a language."""
    return remember(response, settings.LANGUAGE_COOKIE_NAME, language) if language else response


def back(request: HttpRequest) -> HttpResponseRedirect:
    """Return to the page that the choice was made on, else home."""
    return HttpResponseRedirect(next_url(request, reverse("accounts:home")))


@require_POST
def switch_role_page(request: ActorRequest) -> HttpResponse:
    """Make another of the person's memberships the active one and show its home."""
    wanted = whole_number(request.POST.get("membership", ""))
    chosen = switch_role(actor=request.actor, membership_id=wanted or 0)
    request.session[SESSION_KEY] = chosen.pk
    return HttpResponseRedirect(reverse("accounts:home"))


@public
@require_POST
def language_page(request: HttpRequest) -> HttpResponse:
    """Keep the language in a cookie, and on the account of whoever is logged in."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest(_("Choose one of the languages in the list."))
    actor = getattr(request, "actor", None)
    if actor is not None:
        choose_language(user=actor.user, language=language)
    return remember_language(back(request), language)


@public
@require_POST
def theme_page(request: HttpRequest) -> HttpResponse:
    """Keep the theme in a cookie."""
    theme = request.POST.get("theme", "")
    if theme not in THEMES:
        return HttpResponseBadRequest(_("Choose light, dark or automatic."))
    return remember(back(request), "theme", theme)
