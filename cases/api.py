"""The API's doors to cases: the same access and services as the pages."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import require
from accounts.access_log import log_read
from accounts.actor import actor_of
from accounts.errors import FieldError, Invalid, type_errors
from accounts.models import AccessLog
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.access import access_case, access_referring
from cases.api_documents import case_documents, clearance_document, readiness_document, result_document
from cases.api_serializers import (
    CaseChangeSerializer,
    CaseSerializer,
    ClearanceInputSerializer,
    ClearanceSerializer,
    EndingSerializer,
    LevelSerializer,
    ReferralSerializer,
    ResultInputSerializer,
    ResultSerializer,
)
from cases.enums import CaseEnding, CaseStatus, ClearanceKind, ReadinessState, ReferralSource, TriageAnswer
from cases.models import Case
from cases.queries import NOT_TRIAGED, case_list
from cases.services.clearance import attest_case, clear_requirement
from cases.services.editing import edit_case, set_level, stale_case, withdraw_case
from cases.services.referral_input import parse_changes, parse_referral
from cases.services.result_input import parse_result
from cases.services.results import register_result
from cases.services.sending import send_referral
from checklists.enums import LevelCode
from checklists.registry import spec_of

KEY_LENGTH = 200
FILTERS = ("diagnosis", "readiness", "status", "level", "triage")
FIXED = ("personal_identity_number", "name", "diagnosis", "unit", "external_reference", "level", "status")


def body_of(request: Request) -> Mapping[str, Any]:
    """Return the JSON object of the request; Invalid for anything else."""
    if not isinstance(request.data, Mapping):
        raise Invalid([FieldError("", "not-an-object", _("Send a JSON object."))])
    return request.data


def text_of(request: Request, name: str) -> str:
    """Return a text of the body, empty when it is not there; Invalid for a list or an object."""
    body = body_of(request)
    if errors := type_errors(body, (name,)):
        raise Invalid(errors)
    value = body.get(name)
    return "" if value is None else str(value)


def fixed_errors(request: Request, case: Case) -> list[FieldError]:
    """Return which fields of the body would change what a PATCH leaves as it is; a repeated value is no change."""
    document = case_documents([case], actor_of(request), timezone.localdate())[0]
    message = _("This cannot be changed here.")
    return [
        FieldError(name, "read-only", message)
        for name in FIXED
        if name in body_of(request) and body_of(request)[name] not in (document[name], None)
    ]


def answer_case(request: Request, pk: int, status: int = 200) -> Response:
    """Answer with the case as it is now, and log the reading."""
    actor = actor_of(request)
    case = access_case(actor, pk)
    log_read(actor, patients=[case.patient_id], what="api:cases", action=AccessLog.Action.API)
    return Response(case_documents([case], actor, timezone.localdate())[0], status=status)


def readiness_now(pk: int, request: Request) -> dict[str, Any]:
    """Return the readiness of a case after a change, and log the reading."""
    actor = actor_of(request)
    case = access_case(actor, pk)
    log_read(actor, patients=[case.patient_id], what="api:cases", action=AccessLog.Action.API)
    return readiness_document(case, spec_of(case.definition_id))


class CasesView(GenericAPIView[Case]):
    """The cases that the caller may see, and the door for new referrals."""

    serializer_class = CaseSerializer

    def get_queryset(self) -> QuerySet[Case]:
        """Return the filtered cases, longest since suspicion first; Invalid for a filter that no case can have."""
        if getattr(self, "swagger_fake_view", False):
            return Case.objects.none()
        actor = actor_of(self.request)
        require(actor, Permission.VIEW_CASE)
        query = self.request.query_params
        wanted = {name: query.get(name, "").strip() for name in FILTERS}
        known = {
            "readiness": ReadinessState.values,
            "status": [*CaseStatus.values, "open"],
            "level": LevelCode.values,
            "triage": [*TriageAnswer.values, NOT_TRIAGED],
        }
        errors = [
            FieldError(name, "unknown", _("Use one of: %(known)s.") % {"known": ", ".join(values)})
            for name, values in known.items()
            if wanted[name] and wanted[name] not in values
        ]
        if errors:
            raise Invalid(errors)
        return case_list(actor, **wanted, text=query.get("q", "")).select_related(
            "patient", "diagnosis", "unit", "responsible_clinician", "contact_nurse"
        )

    @extend_schema(
        responses=CaseSerializer(many=True),
        parameters=[
            OpenApiParameter("diagnosis", description="slug"),
            OpenApiParameter("readiness", enum=ReadinessState.values),
            OpenApiParameter("status", enum=[*CaseStatus.values, "open"]),
            OpenApiParameter("level", enum=LevelCode.values),
            OpenApiParameter("triage", enum=[*TriageAnswer.values, NOT_TRIAGED]),
            OpenApiParameter("q", description="name, number, question or reference"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Return a page of cases; the reading of every patient on it is logged."""
        actor = actor_of(request)
        page = self.paginate_queryset(self.get_queryset()) or []
        log_read(actor, patients=[case.patient_id for case in page], what="api:cases", action=AccessLog.Action.API)
        return self.get_paginated_response(case_documents(page, actor, timezone.localdate()))

    @extend_schema(
        request=ReferralSerializer,
        responses={
            201: CaseSerializer,
            200: OpenApiResponse(CaseSerializer, description="The case with the same reference, which was there."),
        },
        parameters=[OpenApiParameter("Idempotency-Key", location=OpenApiParameter.HEADER)],
    )
    def post(self, request: Request) -> Response:
        """Register a referral; 201 with the case, also when the same `Idempotency-Key` comes again."""
        allowed = access_referring(actor_of(request), text_of(request, "unit"))
        data = parse_referral(body_of(request), today=timezone.localdate(), allowed=allowed)
        key = request.headers.get("Idempotency-Key", "").strip()[:KEY_LENGTH]
        case, is_new = send_referral(
            data, incomplete_reason=text_of(request, "incomplete_reason"), asks_why=False, idempotency_key=key,
            by=actor_of(request).user, now=timezone.now(), source=ReferralSource.API,
        )  # fmt: skip
        return answer_case(request, case.pk, status=201 if is_new or key else 200)


class CaseView(APIView):
    """One case."""

    @extend_schema(responses=CaseSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Return the case."""
        return answer_case(request, pk)

    @extend_schema(request=CaseChangeSerializer, responses=CaseSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change the named fields; 409, naming who changed the case, without its present version."""
        case = access_case(actor_of(request), pk, Permission.EDIT_CASE)
        version = whole_number(str(body_of(request).get("version", "")))
        if version is None:
            raise stale_case(case)
        if errors := fixed_errors(request, case):
            raise Invalid(errors)
        changes = parse_changes(body_of(request), case=case, today=timezone.localdate())
        edit_case(pk, changes, version=version, by=actor_of(request).user, now=timezone.now())
        return answer_case(request, pk)


class ResultsView(APIView):
    """Answers of a case."""

    @extend_schema(
        request=ResultInputSerializer,
        responses={201: ResultSerializer, 200: OpenApiResponse(ResultSerializer, description="A stored one changed.")},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Register an answer: 201; the same `source` and `external_id` again changes the stored one: 200."""
        access_case(actor_of(request), pk, Permission.ADD_RESULT)
        data = parse_result(body_of(request))
        result, is_new = register_result(pk, data, by=actor_of(request).user, now=timezone.now())
        document = result_document(result) | {"readiness": readiness_now(pk, request)}
        return Response(document, status=201 if is_new else 200)


class LevelView(APIView):
    """The level of a case."""

    @extend_schema(request=LevelSerializer, responses=CaseSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Set the level and return the case."""
        access_case(actor_of(request), pk, Permission.SET_LEVEL)
        level, reason = text_of(request, "level"), text_of(request, "reason")
        set_level(pk, level, reason=reason, by=actor_of(request).user, now=timezone.now())
        return answer_case(request, pk)


class _ClearView(APIView):
    """Sets a requirement aside, in the way of the subclass."""

    kind: ClearanceKind

    def post(self, request: Request, pk: int) -> Response:
        """Set it aside: 201 with who, when and why."""
        access_case(actor_of(request), pk, Permission.WAIVE)
        clearance = clear_requirement(
            pk, text_of(request, "requirement"), kind=self.kind, reason=text_of(request, "reason"),
            by=actor_of(request).user, now=timezone.now(),
        )  # fmt: skip
        return Response(clearance_document(clearance) | {"readiness": readiness_now(pk, request)}, status=201)


@extend_schema(request=ClearanceInputSerializer, responses={201: ClearanceSerializer})
class WaiversView(_ClearView):
    """Requirements that somebody waives."""

    kind = ClearanceKind.WAIVED


@extend_schema(request=ClearanceInputSerializer, responses={201: ClearanceSerializer})
class NotApplicableView(_ClearView):
    """Requirements that do not apply to the patient."""

    kind = ClearanceKind.NOT_APPLICABLE


class AttestView(APIView):
    """The responsible clinician's word."""

    @extend_schema(request=None, responses=CaseSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Record that nothing is missing and return the case; 403 for anybody else."""
        access_case(actor_of(request), pk, Permission.ATTEST)
        attest_case(pk, by=actor_of(request).user, now=timezone.now())
        return answer_case(request, pk)


class WithdrawView(APIView):
    """The end of a case that no conference shall take up."""

    @extend_schema(request=EndingSerializer, responses=CaseSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """End the case as `ending` says and return it; a place on an agenda is given up with it."""
        access_case(actor_of(request), pk, Permission.EDIT_CASE)
        reason, ending = text_of(request, "reason"), text_of(request, "ending") or CaseEnding.WITHDRAWN
        withdraw_case(pk, reason=reason, ending=ending, by=actor_of(request).user, now=timezone.now())
        return answer_case(request, pk)
