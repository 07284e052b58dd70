"""The API of series."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import require
from accounts.actor import Actor, actor_of
from accounts.errors import FieldError, Invalid, NotAllowed, Refused
from accounts.models import Unit, User
from accounts.permissions import Permission
from accounts.queries import units_by_name, user_by_email
from checklists.models import Diagnosis
from checklists.registry import find_diagnosis
from mdk.api.parameters import checked
from mdk.api.serializers import SeriesInput, SeriesShape
from mdk.models import Series
from mdk.queries.meetings import planning_units, series_list
from mdk.services.series import SeriesData, create_series

_T = TypeVar("_T")


class SeriesView(GenericAPIView[Series]):
    """The series that the caller takes part in."""

    serializer_class = SeriesShape

    @extend_schema(operation_id="series_list")
    def get(self, request: Request) -> Response:
        """List the series, by name."""
        page = self.paginate_queryset(series_list(actor_of(request)).prefetch_related("participating_units", "readers"))
        return self.get_paginated_response(SeriesShape(page, many=True).data)

    @extend_schema(request=SeriesInput, responses={201: SeriesShape})
    def post(self, request: Request) -> Response:
        """Make a series and its meetings of the coming twelve weeks."""
        actor = actor_of(request)
        require(actor, Permission.MANAGE_SERIES)
        data = _series_data(actor, checked(SeriesInput, request))
        series = create_series(data, by=actor.user, now=timezone.now())
        return Response(SeriesShape(series).data, status=201)


class _Finder:
    """Finds what names and addresses in the input stand for, and collects what it does not find."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []
        self._units = list(units_by_name())

    def unit(self, field: str, text: str) -> Unit | None:
        """Return the unit with this name or id."""
        found = next(
            (u for u in self._units if text.strip().casefold() == u.name.casefold() or text == str(u.pk)), None
        )
        if found is None:
            self._miss(field, _("There is no unit “%(text)s”. Write its name or its id.") % {"text": text})
        return found

    def person(self, field: str, email: str) -> User | None:
        """Return the person with this e-mail address."""
        found = user_by_email(email) if email else None
        if email and found is None:
            self._miss(field, _("Nobody here has the e-mail %(email)s.") % {"email": email})
        return found

    def diagnosis(self, text: str) -> Diagnosis | None:
        """Return the diagnosis with this slug, name or ICD-10 code."""
        try:
            return find_diagnosis(text)
        except Refused as refusal:
            self._miss("diagnoses", refusal.message)
            return None

    def _miss(self, field: str, message: str) -> None:
        self.errors.append(FieldError(field, "unknown", message))


def _series_data(actor: Actor, given: Mapping[str, Any]) -> SeriesData:
    """Return the checked series; Invalid with every wrong field, NotAllowed for a unit of others."""
    find = _Finder()
    unit = find.unit("unit", given["unit"])
    chair = find.person("chair", given["chair"])
    diagnoses = [find.diagnosis(text) for text in given["diagnoses"]]
    units = [find.unit("participating_units", text) for text in given["participating_units"]]
    readers = [find.person("readers", email) for email in given["readers"]]
    if find.errors or unit is None:
        raise Invalid(find.errors)
    if not planning_units(actor).filter(pk=unit.pk).exists():
        raise NotAllowed(_("Your role does not give you the right to make a series for this unit."), field="unit")
    plain = ("name", "rrule", "starts_on", "starts_time", "minutes", "capacity_minutes", "cutoff_time", "cutoff_days",
             "prep_capacity_minutes", "video_url")  # fmt: skip
    return SeriesData(
        unit=unit,
        chair=chair,
        diagnoses=_found(diagnoses),
        participating_units=_found(units),
        readers=_found(readers),
        **{name: given[name] for name in plain},
    )


def _found(values: Sequence[_T | None]) -> list[_T]:
    return [value for value in values if value is not None]
