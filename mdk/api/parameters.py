"""What the views of this floor's API read from a request."""

from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from accounts.errors import FieldError, Invalid
from accounts.numbers import whole_number

FROM_TO = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="The first day, included."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="The last day, included."),
]


def checked(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the checked input of the request; 400 with the wrong fields otherwise."""
    given = serializer(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def day_of(request: Request, name: str) -> date | None:
    """Return the day of a query parameter (a time counts as its day), None when it is not given; 400 for no day.

    The last day that there is has no midnight after it, so the day before stands for it.
    """
    text = request.query_params.get(name, "")
    if not text:
        return None
    try:
        return min(date.fromisoformat(text[:10]), date.max - timedelta(days=1))
    except ValueError:
        raise Invalid([FieldError(name, "invalid", _("Write the day as YYYY-MM-DD."))]) from None


def number_of(request: Request, name: str) -> int | None:
    """Return the id of a query parameter, None when it is not given; 400 for no number."""
    text = request.query_params.get(name, "")
    if not text:
        return None
    if (number := whole_number(text)) is None:
        raise Invalid([FieldError(name, "invalid", _("Write the id as a whole number."))])
    return number
