"""What clinician and readers say to each other about a case."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid
from accounts.models import User
from cases.models import Message
from cases.services.concerned import concerned_people
from cases.transitions import lock_case
from events.record import record

LONGEST = 4000
TWICE = timedelta(minutes=1)
"""The same words by the same person within this time, with nothing said in between, are one message."""


@transaction.atomic
def write_message(case_id: int, text: str, *, by: User, now: datetime) -> tuple[Message, bool]:
    """Add `text` to the thread of the case; return the message and whether it is new. Who may: `view_case`.

    A second click within a minute adds nothing. A case that is over still takes messages: what came of it is
    asked then. Invalid without a text. Leaves `case.message`, which tells the responsible clinician, the readers
    and all who have written before; neither notice nor mail carries the text.
    """
    text = text.strip()
    if not text:
        raise Invalid([FieldError("text", "required", _("Write the message."))])
    if len(text) > LONGEST:
        raise Invalid([FieldError("text", "too-long", _("At most %(limit)d characters.") % {"limit": LONGEST})])
    case = lock_case(case_id)
    last = case.messages.order_by("written_at", "pk").last()
    if last and (last.written_by_id, last.text) == (by.pk, text) and now - last.written_at < TWICE:
        return last, False
    message = Message.objects.create(case=case, text=text, written_by=by, written_at=now)
    writers = User.objects.filter(pk__in=case.messages.values("written_by"))
    people = concerned_people(case, timezone.localdate(now), also=writers)
    record("case.message", by=by, now=now, subject=message, case=case.pk, unit=case.unit_id, to=people)
    return message, True
