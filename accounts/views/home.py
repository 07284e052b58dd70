"""The first page, and the page about the system."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.actor import ActorRequest
from accounts.home import home_of
from accounts.public import public


@require_safe
def home_page(request: ActorRequest) -> HttpResponse:
    """Lead to the active role's main job; a role without a page of its own sees its units and roles."""
    target = home_of(request.actor.role)
    if target is not None:
        return HttpResponseRedirect(target)
    return render(request, "accounts/home.html")


@public
@require_safe
def about_page(request: HttpRequest) -> HttpResponse:
    """Say what the system is for and what it is not (DESIGN.md, section 11)."""
    return render(request, "accounts/about.html")
