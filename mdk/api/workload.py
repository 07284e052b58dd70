"""The API of what readers have to prepare, and of what rebookings cost."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import require
from accounts.actor import actor_of
from accounts.permissions import Permission
from mdk.api.parameters import FROM_TO, day_of, number_of
from mdk.api.serializers import RebookingShape, WorkloadShape
from mdk.models import Preparation, Rebooking
from mdk.queries.workload import rebookings_between, workload


class RebookingsView(ListAPIView[Rebooking]):
    """What was rebooked, why, and what it cost; no patient in it."""

    serializer_class = RebookingShape

    def get_queryset(self) -> QuerySet[Rebooking]:
        """Return the rebookings between `from` and `to`, newest first."""
        if getattr(self, "swagger_fake_view", False):
            return Rebooking.objects.none()
        actor = actor_of(self.request)
        require(actor, Permission.VIEW_MEETING)
        return rebookings_between(actor, day_of(self.request, "from"), day_of(self.request, "to"))

    @extend_schema(parameters=FROM_TO)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them."""
        return super().get(request, *args, **kwargs)


class WorkloadView(GenericAPIView[Preparation]):
    """Preparation per reader and ISO week."""

    serializer_class = WorkloadShape

    @extend_schema(
        operation_id="workload_list", parameters=[*FROM_TO, OpenApiParameter("unit", OpenApiTypes.INT)],
        responses=WorkloadShape(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """List the weeks of what is due between `from` and `to`; no patient in it."""
        actor = actor_of(request)
        require(actor, Permission.VIEW_WORKLOAD)
        rows = workload(actor, day_of(request, "from"), day_of(request, "to"), number_of(request, "unit"))
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(WorkloadShape(page, many=True).data)
