"""The API's door to triage."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.access import access_case
from cases.api import answer_case, text_of
from cases.api_serializers import CaseSerializer, TriageSerializer
from cases.services.triage import triage_case


class TriageView(APIView):
    """How a referral is taken up, or why not yet."""

    @extend_schema(
        request=TriageSerializer,
        responses={200: CaseSerializer, 409: OpenApiResponse(description="Another has triaged or changed the case.")},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Triage the case and return it; 409, naming who, when another person has, or when `version` is an old one."""
        access_case(actor_of(request), pk, Permission.SET_LEVEL)
        version = text_of(request, "version")
        triage_case(
            pk, text_of(request, "answer"), reason=text_of(request, "reason"), by=actor_of(request).user,
            now=timezone.now(), version=_version(version),
        )  # fmt: skip
        return answer_case(request, pk)


def _version(text: str) -> int | None:
    """Return the version that was given; one that is no version is of no case."""
    return (whole_number(text) or 0) if text else None
