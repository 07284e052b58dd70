"""The API of series."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from mdk.access import access_series
from mdk.api.parameters import checked
from mdk.api.series_shapes import EffectShape, SeriesChangeInput, SeriesChangeShape, SeriesInput, SeriesShape
from mdk.models import Series
from mdk.queries.meetings import planning_units, series_choices, series_list
from mdk.services.series import SeriesData, create_series
from mdk.services.series_changes import NotConfirmed, change_series
from mdk.services.series_data import data_of

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
        """Make a series and its meetings of the coming half-year."""
        actor = actor_of(request)
        require(actor, Permission.MANAGE_SERIES)
        data = SeriesData(**_values(actor, checked(SeriesInput, request)))
        series = create_series(data, by=actor.user, now=timezone.now())
        return Response(SeriesShape(series).data, status=201)


class OneSeriesView(GenericAPIView[Series]):
    """One series, and its change."""

    serializer_class = SeriesShape

    @extend_schema(operation_id="series_one")
    def get(self, request: Request, pk: int) -> Response:
        """Show the series."""
        return Response(SeriesShape(access_series(actor_of(request), pk)).data)

    @extend_schema(request=SeriesChangeInput, responses=SeriesChangeShape)
    def patch(self, request: Request, pk: int) -> Response:
        """Change the series and its coming meetings, or with `dry_run` show what would become of each.

        409 `stale` names who changed it since `version`; 409 `not-confirmed` when meetings change and `confirmation`
        does not stand for exactly what becomes of them now.
        """
        actor = actor_of(request)
        series = access_series(actor, pk, Permission.MANAGE_SERIES)
        given = checked(SeriesChangeInput, request)
        if "version" not in given:
            raise Invalid([FieldError("version", "required", _("Give the version that you read."))])
        version, confirmed = given.pop("version"), given.pop("confirmation", "")
        is_dry = given.pop("dry_run", False)
        data = replace(data_of(series), **_values(actor, given, series))
        try:
            change = change_series(
                pk, data, version=version, confirmed=confirmed, dry_run=is_dry, by=actor.user, now=timezone.now()
            )
        except NotConfirmed as refusal:
            refusal.extra["meetings"] = EffectShape(refusal.change.effects, many=True).data
            raise
        confirmation = change.token if is_dry else ""
        answer = {"series": access_series(actor, pk), "meetings": change.effects, "confirmation": confirmation}
        return Response(SeriesChangeShape(answer).data)


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


def _values(actor: Actor, given: Mapping[str, Any], series: Series | None = None) -> dict[str, Any]:
    """Return the given fields as the service takes them; Invalid with every wrong one, NotAllowed for a unit of others."""
    find, values = _Finder(), dict(given)
    if "unit" in given:
        values["unit"] = find.unit("unit", given["unit"])
    if "chair" in given:
        values["chair"] = find.person("chair", given["chair"])
    if "diagnoses" in given:
        values["diagnoses"] = _found([find.diagnosis(text) for text in given["diagnoses"]])
    if "participating_units" in given:
        units = [find.unit("participating_units", text) for text in given["participating_units"]]
        values["participating_units"] = _found(units)
    if "readers" in given:
        values["readers"] = _found([find.person("readers", email) for email in given["readers"]])
    if find.errors:
        raise Invalid(find.errors)
    if "unit" in values and not planning_units(actor).filter(pk=values["unit"].pk).exists():
        raise NotAllowed(_("Your role does not give you the right to make a series for this unit."), field="unit")
    if errors := _role_errors(actor, values, series):
        raise Invalid(errors)
    return values


def _role_errors(actor: Actor, values: Mapping[str, Any], series: Series | None) -> list[FieldError]:
    """Return what is wrong with the people named: only those whom the form of a series offers may chair or read."""
    choices = series_choices(actor, series)
    chair, readers = values.get("chair"), values.get("readers", [])
    found = []
    if chair and not choices["chair"].filter(pk=chair.pk).exists():
        found.append(FieldError("chair", "unknown", _("Nobody with this e-mail may chair the meeting.")))
    known = set(choices["readers"].values_list("pk", flat=True)) if readers else set()
    if others := [reader.email for reader in readers if reader.pk not in known]:
        message = _("These are not readers here: %(emails)s.") % {"emails": ", ".join(others)}
        found.append(FieldError("readers", "unknown", message))
    return found


def _found(values: Sequence[_T | None]) -> list[_T]:
    return [value for value in values if value is not None]
