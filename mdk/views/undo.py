"""The last step of the coordinator, kept in the session as what takes it back."""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import ActorRequest
from accounts.errors import Refused
from mdk.models import Meeting
from mdk.services.undoing import Step, undo_step

STEP = "last_step"
"""Where the session keeps it: one step, of one meeting, at the version that the step left behind."""


def keep_step(request: ActorRequest, meeting: Meeting, step: Step | None, *, seen: int) -> None:
    """Keep what takes the step back; without one (a step that cannot be undone) the step before is forgotten."""
    request.session.pop(STEP, None)
    if step:
        request.session[STEP] = {
            "meeting": meeting.pk,
            "version": meeting.version,
            "seen": seen,
            "kind": step.kind,
            "data": step.data,
        }


def can_undo(request: ActorRequest, meeting: Meeting) -> bool:
    """Say whether the person's last step was in this meeting, and nobody has changed it since."""
    kept = request.session.get(STEP) or {}
    return (kept.get("meeting"), kept.get("version")) == (meeting.pk, meeting.version)


def take_back(request: ActorRequest, meeting: Meeting) -> None:
    """Take the person's last step back, unless it was in another meeting or somebody has changed this one since."""
    kept = request.session.get(STEP) or {}
    if kept.get("meeting") != meeting.pk:
        raise Refused(_("There is no step of yours to undo in this meeting."), code="nothing-to-undo")
    step = Step(kept["kind"], kept["data"])
    undo_step(meeting.pk, step, version=kept["version"], seen=kept["seen"], by=request.user, now=timezone.now())
