"""The import of a spreadsheet by a coordinator: first what it would do, then doing it."""

from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actor import ActorRequest
from accounts.errors import Refused
from cases.access import access_importing
from cases.forms import ImportForm
from cases.intake.columns import ANSWERS, FIELDS, REQUIRED
from cases.intake.report import state_words, summary
from cases.intake.spreadsheet import ImportReport, import_referrals
from cases.intake.table import MAX_BYTES, FileRefused

KEPT_SECONDS = 15 * 60
"""How long a checked file waits in the cache, under its owner's key, for the word to register it."""


@require_http_methods(["GET", "HEAD", "POST"])
def import_page(request: ActorRequest) -> HttpResponse:
    """Show the form; a file is reported on without registering anything; `confirm` registers the file of that report."""
    allowed = access_importing(request.actor)
    if request.method != "POST":
        return _show(request, ImportForm())
    token = request.POST.get("confirm", "")
    form = ImportForm(None if token else request.POST, None if token else request.FILES)
    try:
        content = _kept(request, token) if token else _uploaded(form)
        if content is None:
            return _show(request, form, status=422)
        report = import_referrals(content, by=request.user, now=timezone.now(), allowed=allowed, dry_run=not token)
    except Refused as refused:
        return _show(request, ImportForm(), status=422, refusal=refused)
    return _show(request, ImportForm(), report=report, token="" if token else _keep(request, content))


def _uploaded(form: ImportForm) -> bytes | None:
    """Return the file of a valid form; FileRefused when it is too large to be read at all."""
    if not form.is_valid():
        return None
    file = form.cleaned_data["file"]
    if file.size > MAX_BYTES:
        raise FileRefused(
            _("The file is larger than %(limit)d MB. Divide it into smaller files.") % {"limit": MAX_BYTES // 2**20}
        )
    content: bytes = file.read()
    return content


def _key(request: ActorRequest, token: str) -> str:
    return f"import:{request.user.pk}:{token}"


def _keep(request: ActorRequest, content: bytes) -> str:
    token = get_random_string(32)
    cache.set(_key(request, token), content, KEPT_SECONDS)
    return token


def _kept(request: ActorRequest, token: str) -> bytes:
    """Return the checked file, once; FileRefused when it has waited for too long."""
    content: bytes | None = cache.get(_key(request, token))
    cache.delete(_key(request, token))
    if content is None:
        raise FileRefused(_("The checked file is no longer here. Choose it again."))
    return content


def _show(
    request: ActorRequest,
    form: ImportForm,
    *,
    status: int = 200,
    report: ImportReport | None = None,
    token: str = "",
    refusal: Refused | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "report": report,
        "rows": [(row, state_words(report, row)) for row in report.rows] if report else [],
        "summary": summary(report) if report else "",
        "token": token,
        "refusal": refusal,
        "columns": [(name, name in REQUIRED) for name in (*FIELDS, *ANSWERS)],
    }
    return render(request, "cases/import.html", context, status=status)
