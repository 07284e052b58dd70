"""The API's doors to a person's own notices."""

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actor import actor_of
from events.access import access_notice
from events.models import Notice
from events.queries import notice_link, notice_text, notices_of
from events.services import read_notice


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """A notice: its kind, its sentence in the caller's language, and the page that it opens."""

    kind = serializers.CharField(source="event.kind")
    text = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Notice
        fields = ("id", "kind", "text", "url", "created_at", "read_at")

    def get_text(self, notice: Notice) -> str:
        """Return the sentence."""
        return notice_text(notice)

    def get_url(self, notice: Notice) -> str:
        """Return the page's path; empty when the notice opens none."""
        return notice_link(notice)


class NoticesView(ListAPIView[Notice]):
    """The caller's own notices, newest first."""

    serializer_class = NoticeSerializer

    def get_queryset(self) -> QuerySet[Notice]:
        """Return the caller's notices with their events."""
        if getattr(self, "swagger_fake_view", False):
            return Notice.objects.none()
        return notices_of(actor_of(self.request).user)


class ReadNoticeView(APIView):
    """Marks one of the caller's notices as read."""

    @extend_schema(request=None, responses=NoticeSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Mark it; 404 for another person's; a second time changes nothing."""
        actor = actor_of(request)
        notice = read_notice(by=actor.user, notice=access_notice(actor, pk), now=timezone.now())
        return Response(NoticeSerializer(notice).data)
