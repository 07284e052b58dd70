"""The API of what readers have to prepare."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import require
from accounts.actor import actor_of
from accounts.permissions import Permission
from mdk.api.parameters import FROM_TO, day_of, number_of
from mdk.api.serializers import WorkloadShape
from mdk.models import Preparation
from mdk.queries.workload import workload


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
