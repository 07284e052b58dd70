"""The agenda as files, through the API."""

from collections.abc import Iterable

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.files import PDF, XLSX
from accounts.permissions import Permission
from mdk.access import access_meeting
from mdk.print.agenda import agenda_pdf
from mdk.print.spreadsheet import agenda_xlsx


class AnyAccept(DefaultContentNegotiation):
    """Answers with the file whatever the caller's Accept header says; errors are problem documents all the same."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        """Choose the first renderer: a file is a plain answer, and an error is JSON."""
        first = next(iter(renderers))
        return first, first.media_type or ""


class AgendaPdfView(APIView):
    """The agenda as PDF."""

    content_negotiation_class = AnyAccept

    @extend_schema(responses={(200, PDF): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Return the agenda for printing; protected identities are hidden in it."""
        actor = actor_of(request)
        return agenda_pdf(actor, access_meeting(actor, pk, Permission.VIEW_CASE), what="api-agenda-pdf")


class AgendaXlsxView(APIView):
    """The agenda as a spreadsheet."""

    content_negotiation_class = AnyAccept

    @extend_schema(responses={(200, XLSX): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Return the agenda as XLSX; no cell of it can run as a formula."""
        actor = actor_of(request)
        return agenda_xlsx(actor, access_meeting(actor, pk, Permission.VIEW_CASE), what="api-agenda-xlsx")
