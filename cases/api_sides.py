"""The API's doors to what is said about a case: discordant answers, and the thread between clinician and readers."""

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access_log import log_read
from accounts.actor import actor_of
from accounts.errors import FieldError, Invalid
from accounts.models import AccessLog
from accounts.numbers import whole_number
from cases.access import access_case, access_mark
from cases.api import body_of, text_of
from cases.api_documents import discordance_document, message_document
from cases.api_serializers import (
    DiscordanceInputSerializer,
    DiscordanceSerializer,
    MessageInputSerializer,
    MessageSerializer,
    SettleSerializer,
)
from cases.models import Case
from cases.queries import marks_of, thread_of
from cases.services.discordance import mark_discordance, settle_discordance
from cases.services.thread import write_message

_THERE = "What the same person said before with the same words."


def _case(request: Request, pk: int) -> Case:
    """Return the case to one who may read it, and log the reading."""
    case = access_case(actor_of(request), pk)
    log_read(actor_of(request), patients=[case.patient_id], what="api:cases", action=AccessLog.Action.API)
    return case


def _answer_mark(case: Case, mark_id: int, status: int = 200) -> Response:
    mark = next(mark for mark in marks_of([case.pk])[case.pk] if mark.id == mark_id)
    return Response(discordance_document(mark), status=status)


class DiscordancesView(APIView):
    """Marks of answers that do not fit together."""

    @extend_schema(
        request=DiscordanceInputSerializer,
        responses={201: DiscordanceSerializer, 200: OpenApiResponse(DiscordanceSerializer, description=_THERE)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Mark answers of the case as discordant, with a sentence; its clinician and readers are told."""
        case = _case(request, pk)
        sentence = text_of(request, "sentence")
        mark, is_new = mark_discordance(
            pk, _ids(request), sentence, by=actor_of(request).user, now=timezone.now()
        )  # fmt: skip
        return _answer_mark(case, mark.pk, 201 if is_new else 200)


class SettleView(APIView):
    """The end of a mark."""

    @extend_schema(request=SettleSerializer, responses=DiscordanceSerializer)
    def post(self, request: Request, pk: int, mark: int) -> Response:
        """Settle the mark with a sentence; 409 already-settled names another who did."""
        case = _case(request, pk)
        access_mark(case, mark)
        sentence = text_of(request, "sentence")
        settle_discordance(pk, mark, sentence, by=actor_of(request).user, now=timezone.now())
        return _answer_mark(case, mark)


class MessagesView(APIView):
    """The thread of a case."""

    @extend_schema(responses=MessageSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """Return all of it, newest last."""
        return Response([message_document(message) for message in thread_of(_case(request, pk))])

    @extend_schema(
        request=MessageInputSerializer,
        responses={201: MessageSerializer, 200: OpenApiResponse(MessageSerializer, description=_THERE)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Write a message; those who take part are told that there is one."""
        _case(request, pk)
        message, is_new = write_message(
            pk, text_of(request, "text"), by=actor_of(request).user, now=timezone.now()
        )  # fmt: skip
        return Response(message_document(message), status=201 if is_new else 200)


def _ids(request: Request) -> list[int]:
    """Return the ids of the body's `results`; Invalid when that is no list of whole numbers."""
    given = body_of(request).get("results", [])
    wrong = not isinstance(given, list) or any(
        isinstance(one, bool) or not isinstance(one, int | str) or whole_number(str(one)) is None for one in given
    )
    if wrong:
        raise Invalid([FieldError("results", "not-ids", _("Send a list of the ids of answers."))])
    return [int(one) for one in given]
