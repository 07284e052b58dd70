"""The house's addresses, and one that answers with the stored text of a page's part: a swap with no server behind it."""

import os
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import urlpatterns as house

PART = "MDK_BENCH_PART"
"""Names the file with the text."""


def bare_part(request: HttpRequest) -> HttpResponse:
    """Answer with the text, as it was stored."""
    return HttpResponse(Path(os.environ[PART]).read_bytes())


urlpatterns = [path("bare-part/", bare_part), *house]
