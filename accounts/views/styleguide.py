"""The component page: every part of the interface in every state, for those who build pages."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.public import public
from accounts.views.styleguide_samples import samples

PAGES = {
    "": "accounts/styleguide.html",
    "workbench": "accounts/styleguide/workbench.html",
    "case": "accounts/styleguide/case.html",
    "screen": "accounts/styleguide/screen.html",
    "plain": "accounts/styleguide/plain.html",
}
"""`?page=` -> template: the parts, and the layouts that need a page of their own."""


@public
@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the component page; it exists in development and in the demo only."""
    template = PAGES.get(request.GET.get("page", ""))
    if template is None or not (settings.DEBUG or settings.DEMO):
        raise Http404
    return render(request, template, samples())
