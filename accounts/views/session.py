"""Coming in and going out."""

from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.backends import DEMO_PASSWORD
from accounts.forms import LoginForm
from accounts.models import User
from accounts.public import public
from accounts.queries import demo_people
from accounts.redirects import next_url
from accounts.views.preferences import remember_language


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login_page(request: HttpRequest) -> HttpResponse:
    """Show the login and let a person in; the answer to a wrong pair does not say which half was wrong."""
    target = next_url(request, reverse("accounts:home"))
    if request.user.is_authenticated:
        return HttpResponseRedirect(target)
    form = LoginForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        user = authenticate(request, **form.cleaned_data)
        if isinstance(user, User):
            login(request, user)
            return remember_language(HttpResponseRedirect(target), user.language)
        form.add_error(None, _("The e-mail and the password do not belong together. Check both and try again."))
    context: dict[str, Any] = {"form": form, "next": target}
    if settings.DEMO:
        context |= {"people": demo_people(timezone.localdate()), "demo_password": DEMO_PASSWORD}
    return render(request, "accounts/login.html", context, status=422 if form.errors else 200)


@public
@require_POST
def logout_page(request: HttpRequest) -> HttpResponse:
    """End the session and show the login."""
    logout(request)
    return redirect("accounts:login")
