"""The door for FHIR R4: reports in, an OperationOutcome out, whatever happens.

    POST /fhir/ or /fhir/DiagnosticReport   application/fhir+json (or application/json), UTF-8, at most 5 MB

201 when a report found its place on a case, 200 when it waits for a coordinator or said nothing new, 4xx with every
issue and its path; 503 where it could not be stored (send it again). A message is stored before it is answered; one
with a fault is kept with it, and nothing of it is applied. What claims to be no report at all is not kept.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Any

from django.core.exceptions import PermissionDenied
from django.db import Error as DatabaseFault
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, set_rollback

from accounts.actor import actor_of
from accounts.errors import Refused
from cases.access import access_sending
from cases.enums import Channel
from cases.intake.became import Became, what_became_of
from cases.intake.fhir import read_fhir
from cases.intake.fhir_json import MAX_BYTES, FhirFault, Issue
from cases.intake.inbox import Incoming, apply_message, receive

log = logging.getLogger(__name__)

UTF8 = ("", "utf-8", "utf8")
CODES: Mapping[int, str] = {
    400: "structure",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    409: "conflict",
    413: "too-long",
    415: "not-supported",
    422: "processing",
    429: "throttled",
}
"""HTTP status -> code of FHIR's issue-type, where no reader has named a closer one."""


class FhirParser(BaseParser):
    """The body as it came; what it says is the reader's to judge."""

    media_type = "application/fhir+json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, bytes]:
        """Return, under `raw`, at most one byte more than may be sent; 415 for a charset that FHIR's JSON cannot have."""
        named = (media_type or "").lower().partition("charset=")[2].partition(";")[0].strip().strip('"')
        if named not in UTF8:
            raise exceptions.UnsupportedMediaType(media_type or "")
        return {"raw": stream.read(MAX_BYTES + 1)}


class JsonParser(FhirParser):
    """The same under the plain name of JSON."""

    media_type = "application/json"


class FhirRenderer(JSONRenderer):
    """FHIR JSON."""

    media_type = "application/fhir+json"
    format = "fhir+json"
    charset = "utf-8"


class OneAnswer(BaseContentNegotiation):
    """FHIR JSON whatever the client says that it takes: a refusal of its refusal would help nobody."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser of the content type, None for another."""
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the one renderer."""
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


@extend_schema(exclude=True)
class FhirView(APIView):
    """Takes a DiagnosticReport, or a Bundle with some."""

    parser_classes = (FhirParser, JsonParser)
    renderer_classes = (FhirRenderer,)
    content_negotiation_class = OneAnswer

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        """Answer refusals as OperationOutcome too."""
        return outcome_handler

    def post(self, request: Request) -> Response:
        """Store the message, let it take effect, and say what became of it."""
        actor, now = actor_of(request), timezone.now()
        provider = access_sending(actor)
        body: Mapping[str, Any] = request.data if isinstance(request.data, Mapping) else {}
        raw: bytes = body.get("raw", b"")
        try:
            message = read_fhir(raw, now=now)
        except FhirFault as fault:
            if fault.kind:
                refused = Incoming(Channel.FHIR, raw, fault.kind, fault.control_id, str(fault))
                receive([refused], provider=provider, by=actor.user, now=now)
            raise
        incoming = Incoming(Channel.FHIR, raw, message.kind, message.control_id)
        [pk] = receive([incoming], provider=provider, by=actor.user, now=now)
        is_new = apply_message(pk, now=now)
        return answer(what_became_of(pk, is_new=is_new))


def answer(became: Became) -> Response:
    """Return the answer to a message that was taken."""
    issues = [Issue("informational", sentence, severity="information") for sentence in became.sentences()]
    return Response(outcome(issues), status=201 if became.placed else 200)


def outcome(issues: Sequence[Issue]) -> dict[str, Any]:
    """Return the OperationOutcome of R4 with these issues."""
    return {"resourceType": "OperationOutcome", "issue": [_issue(issue) for issue in issues]}


def _issue(issue: Issue) -> dict[str, Any]:
    document: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "details": {"text": issue.text}}
    if issue.expression:
        document["expression"] = [issue.expression]
    return document


def outcome_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer an exception of the door with an OperationOutcome; None for a fault of ours (a 500)."""
    if isinstance(exc, FhirFault):
        issues, status = list(exc.issues), exc.status
    elif isinstance(exc, Refused | exceptions.APIException | PermissionDenied | Http404):
        status = _status(exc)
        issues = [Issue(CODES.get(status, "processing"), _sentence(exc))]
    elif isinstance(exc, DatabaseFault):
        log.error("a FHIR message was not stored: %s", type(exc).__name__)
        issues, status = [Issue("transient", _("The message could not be stored. Send it again."))], 503
    else:
        return None
    set_rollback()
    challenge = getattr(exc, "auth_header", None)
    return Response(outcome(issues), status=status, headers={"WWW-Authenticate": challenge} if challenge else None)


def _status(exc: Exception) -> int:
    if isinstance(exc, Refused):
        return exc.status
    if isinstance(exc, exceptions.APIException):
        return int(exc.status_code)
    return 403 if isinstance(exc, PermissionDenied) else 404


def _sentence(exc: Exception) -> str:
    if isinstance(exc, exceptions.UnsupportedMediaType):
        return _("Send FHIR R4 as JSON: Content-Type application/fhir+json, in UTF-8.")
    if isinstance(exc, Refused):
        return exc.message
    return str(getattr(exc, "detail", "")) or str(exc) or _("Your role gives no right to this.")
