"""The only way to a notice."""

from django.http import Http404

from accounts.actor import Actor
from events.models import Notice
from events.queries import notices_of


def access_notice(actor: Actor, pk: int) -> Notice:
    """Return the person's own notice; 404 for anybody else's."""
    notice = notices_of(actor.user).filter(pk=pk).first()
    if notice is None:
        raise Http404
    return notice
