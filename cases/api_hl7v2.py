"""The door for HL7 v2 over HTTP: one message in, one acknowledgement out.

    POST /hl7v2/   x-application/hl7-v2+er7 (or text/plain, application/hl7-v2), at most 5 MB

The answer's body is an ACK and says in MSA-1 what came of the message; the status is 200 for every ACK, as HL7 over
HTTP has it: engines read the ACK, and take other codes for a broken line. 413 and 415 carry an `AR` too, 503 an `AE`
(not stored: send it again). Who is not logged in or has no right gets a problem document.
"""

import logging
from collections.abc import Iterable
from typing import Final

from django.db import Error as DatabaseFault
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.actor import actor_of
from cases.access import access_sending
from cases.intake.acknowledge import acknowledge, judge, not_stored
from cases.intake.er7 import LIMIT, Header, Hl7Fault, read_header
from cases.intake.inbox import apply_message, receive

log = logging.getLogger(__name__)

CONTENT_TYPE: Final = "x-application/hl7-v2+er7"
OTHER: Final = ("json", "xml", "html", "pdf")
"""How content types end that hold no ER7; every other one is read, since senders call it many things."""
CHARSETS: Final = {"latin-1": "iso-8859-1"}


class OneAnswer(BaseContentNegotiation):
    """An ACK whatever the client says that it takes; problem documents for who may not send."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return none: the body is read as it came."""
        return None

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer of problem documents."""
        first = next(iter(renderers))
        return first, str(first.media_type)


@extend_schema(exclude=True)
class Hl7View(APIView):
    """Takes one ORU^R01, ADT^A08 or ADT^A40."""

    content_negotiation_class = OneAnswer

    def post(self, request: Request) -> HttpResponse:
        """Store the message, let it take effect, and acknowledge it."""
        actor, now = actor_of(request), timezone.now()
        provider = access_sending(actor)
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        if kind.startswith("multipart/") or kind.endswith(OTHER):
            return answer(read_header(b""), wrong_type(), status=415)
        raw: bytes = request._request.read(LIMIT + 1)
        judged = judge(raw)
        if not judged.is_kept:
            return answer(judged.header, judged.fault, status=413 if len(raw) > LIMIT else 200)
        try:
            [pk] = receive([judged.incoming], provider=provider, by=actor.user, now=now)
        except DatabaseFault as error:
            log.error("an HL7 message was not stored: %s", type(error).__name__)
            return answer(judged.header, not_stored(), status=503)
        if judged.fault is None:
            apply_message(pk, now=now)
        return answer(judged.header, judged.fault)


def answer(header: Header, fault: Hl7Fault | None, *, status: int = 200) -> HttpResponse:
    """Return the acknowledgement of a message, in its characters."""
    return HttpResponse(
        acknowledge(header, fault=fault),
        status=status,
        content_type=f"{CONTENT_TYPE}; charset={CHARSETS.get(header.codec, header.codec)}",
    )


def wrong_type() -> Hl7Fault:
    """Return the fault of a body that can be no message."""
    return Hl7Fault("AR", 207, "MSH^1", _("Send HL7 v2 as ER7: Content-Type %(type)s.") % {"type": CONTENT_TYPE})
