"""The API's doors to people, units and the access log."""

from typing import Any

from django.contrib.auth import authenticate
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from accounts.access import require
from accounts.access_log import log_read
from accounts.actor import Actor, actor_of
from accounts.errors import FieldError, Invalid, Refused
from accounts.lockout import client_address
from accounts.models import AccessLog, Membership, Unit, User
from accounts.numbers import whole_number
from accounts.permissions import Permission
from accounts.queries import readings, units_by_name
from accounts.services import create_token


class WrongCredentials(Refused):
    """The e-mail and the password do not belong together; which of them is wrong is not told."""

    status = 401
    code = "wrong-credentials"


class TokenThrottle(AnonRateThrottle):
    """Tries of passwords through the API, from one address; the lock per e-mail comes on top of it."""

    scope = "token"
    rate = "60/min"

    def get_ident(self, request: Request) -> str:
        """Return the address that the server states, and not one that the caller may write in a header."""
        return client_address(request._request) or "unknown"


class CredentialsSerializer(serializers.Serializer[Any]):
    """E-mail and password."""

    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(trim_whitespace=False, max_length=128)


class TokenSerializer(serializers.Serializer[Any]):
    """The token, shown this once."""

    token = serializers.CharField()


class UnitNameSerializer(serializers.ModelSerializer[Unit]):
    """A unit by id and name."""

    class Meta:
        model = Unit
        fields = ("id", "name")


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """One role in one unit, with its period."""

    unit = UnitNameSerializer()
    role_label = serializers.CharField(source="get_role_display")

    class Meta:
        model = Membership
        fields = ("id", "unit", "role", "role_label", "starts_on", "ends_on")


class MeSerializer(serializers.Serializer[Actor]):
    """The caller: account, memberships of today and the roles that they give."""

    id = serializers.IntegerField(source="user.pk")
    email = serializers.EmailField(source="user.email")
    name = serializers.CharField(source="user.name")
    hsa_id = serializers.CharField(source="user.hsa_id", allow_null=True)
    speciality = serializers.CharField(source="user.speciality")
    memberships = MembershipSerializer(many=True)
    roles = serializers.SerializerMethodField()

    def get_roles(self, actor: Actor) -> list[str]:
        """Return the role codes, each once."""
        return sorted({membership.role for membership in actor.memberships})


class UnitSerializer(serializers.ModelSerializer[Unit]):
    """A unit, and the caller's own roles in it."""

    roles = serializers.SerializerMethodField()

    class Meta:
        model = Unit
        fields = ("id", "name", "kind", "parent", "hsa_id", "roles")

    def get_roles(self, unit: Unit) -> list[str]:
        """Return the caller's role codes in the unit; no query."""
        actor: Actor = self.context["actor"]
        return sorted({m.role for m in actor.memberships if m.unit_id == unit.pk})


class AccessLogSerializer(serializers.ModelSerializer[AccessLog]):
    """One reading: who, when, in which unit and role, what, and why."""

    user = serializers.SerializerMethodField()
    unit = UnitNameSerializer(allow_null=True)
    patient = serializers.SerializerMethodField()

    class Meta:
        model = AccessLog
        fields = ("id", "at", "user", "unit", "role", "what", "action", "reason", "patient")

    def get_user(self, row: AccessLog) -> dict[str, Any]:
        """Return the reader by id, name and e-mail."""
        return {"id": row.user_id, "name": row.user.name, "email": row.user.email}

    def get_patient(self, row: AccessLog) -> int | None:
        """Return the patient that was asked about, else the row's only one; the others of a list are not told."""
        asked: int | None = self.context["patient"]
        return asked or (row.patient_ids[0] if len(row.patient_ids) == 1 else None)


class TokenView(APIView):
    """A bearer token for an e-mail and a password."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (TokenThrottle,)

    @extend_schema(request=CredentialsSerializer, responses=TokenSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Return a token that lives ninety days; 401 for a wrong pair, 429 after too many."""
        given = CredentialsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        email, password = given.validated_data["email"].lower(), given.validated_data["password"]
        user = authenticate(request._request, email=email, password=password)
        if not isinstance(user, User):
            message = _("The e-mail and the password do not belong together. Check both and try again.")
            raise WrongCredentials(message)
        return Response({"token": create_token(user=user, now=timezone.now())})


class MeView(APIView):
    """The caller."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Return the account, today's memberships and the roles that they give."""
        return Response(MeSerializer(actor_of(request)).data)


class UnitsView(ListAPIView[Unit]):
    """Every unit, by name, with the caller's own roles in it."""

    serializer_class = UnitSerializer

    def get_queryset(self) -> QuerySet[Unit]:
        """Return all units: the names of clinics are no secret, and a referral may go to any of them."""
        return units_by_name()

    def get_serializer_context(self) -> dict[str, Any]:
        """Hand the caller to the serializer."""
        return {**super().get_serializer_context(), "actor": getattr(self.request, "actor", None)}


@extend_schema(parameters=[OpenApiParameter("patient", OpenApiTypes.INT)])
class AccessLogView(ListAPIView[AccessLog]):
    """Who has read which patient, newest first, in the units that the caller answers for."""

    serializer_class = AccessLogSerializer

    def get_queryset(self) -> QuerySet[AccessLog]:
        """Return the readings, of `?patient=` when it is given, and log this look; 403 without the right."""
        if getattr(self, "swagger_fake_view", False):
            return AccessLog.objects.none()
        actor = actor_of(self.request)
        require(actor, Permission.VIEW_ACCESS_LOG)
        patient = self.patient()
        log_read(
            actor,
            patients=[patient] if patient else [],
            what="api-access-log",
            action=AccessLog.Action.LOG,
            reason=self.request.query_params.get("reason", ""),
            permission=Permission.VIEW_ACCESS_LOG,
            always=True,
        )
        return readings(actor, patient=patient)

    def patient(self) -> int | None:
        """Return the patient id of the address, None without one; `Invalid` when it is no number."""
        raw = self.request.query_params.get("patient", "")
        patient = whole_number(raw)
        if raw and patient is None:
            raise Invalid([FieldError("patient", "invalid", _("Say which patient, by id: ?patient=12."))])
        return patient

    def get_serializer_context(self) -> dict[str, Any]:
        """Hand the patient to the serializer."""
        fake = getattr(self, "swagger_fake_view", False)
        return {**super().get_serializer_context(), "patient": None if fake else self.patient()}
