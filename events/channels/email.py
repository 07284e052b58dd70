"""The e-mail: how many notices, the day, and a link. Never a name, a number or clinical text."""

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from events.models import Event
from events.registry import registered


def send(person: User, events: Sequence[Event]) -> None:
    """Send one mail to `person` about `events`, in their language (Swedish, when they have not chosen).

    OSError (which covers smtplib's errors) when the mail server does not take it.
    """
    with translation.override(person.language or settings.LANGUAGE_CODE):
        message = EmailMessage(subject=subject(len(events)), body=body(events), to=[person.email])
        message.extra_headers["Auto-Submitted"] = "auto-generated"
        message.send(fail_silently=False)


def subject(count: int) -> str:
    """Return the subject: the number of notices."""
    return ngettext("MDK: %(count)d notice", "MDK: %(count)d notices", count) % {"count": count}


def body(events: Sequence[Event]) -> str:
    """Return the text: the number of notices, what the declared kinds say of a count, the day and the link.

    The only thing of an event that reaches the text is the whole number in its `data["count"]`.
    """
    count = len(events)
    day = formats.date_format(timezone.localtime(max(event.at for event in events)), "DATE_FORMAT")
    lines = [ngettext("You have %(count)d new notice.", "You have %(count)d new notices.", count) % {"count": count}]
    lines += _counted(events)
    lines += ["", _("Date: %(day)s") % {"day": day}, _("Log in to read: %(url)s") % {"url": link()}]
    lines += ["", _("This message carries no patient data. It cannot be answered.")]
    return "\n".join(lines) + "\n"


def link() -> str:
    """Return the address of the notices, with the house's own name."""
    return f"{settings.BASE_URL.rstrip('/')}{reverse('events:notices')}"


def _counted(events: Sequence[Event]) -> list[str]:
    known = registered()
    lines: list[str] = []
    for event in events:
        declared = known.get(event.kind)
        count = event.data.get("count")
        if declared is not None and declared.mail is not None and type(count) is int:
            lines.append(declared.mail(count))
    return lines
