"""Drafts of referrals: kept as they are typed, for the one who types, until the referral is sent or thrown away.

A form carries a `token`, which the server gave it: it names the draft and, when the referral is sent, the case. So
the same form makes one draft and one case, however often and however late its requests arrive. `tab` names one page
in one window: only another page's save can be overwritten unseen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused, Stale
from accounts.models import User
from cases.models import IdempotencyKey, ReferralDraft

KEPT = timedelta(days=30)
"""A draft that nobody has touched for so long is removed (local): it holds a patient's data."""
MOST_CHARACTERS = 100_000
TOKEN_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Seen:
    """Which form it is, in which window, and the version of the draft that stands there (0: never saved)."""

    token: str
    tab: str = ""
    version: int = 0


class AlreadySent(Refused):
    """The referral of this form has been sent; `extra` says which case came of it."""

    code = "already-sent"


def sending_key(token: str) -> str:
    """Return the idempotency key under which the form with this token is sent."""
    return f"form:{token}"


@transaction.atomic
def save_draft(content: Mapping[str, str], *, seen: Seen, by: User, now: datetime) -> ReferralDraft:
    """Keep what `by` has typed, by field name.

    AlreadySent once the form's referral is sent; Stale when another window has changed the draft since, or thrown
    it away; Invalid when there is nothing to keep, or more text than a referral can hold. The same save again changes nothing.
    """
    if not seen.token or len(seen.token) > TOKEN_LENGTH or sum(map(len, content.values())) > MOST_CHARACTERS:
        raise Invalid([FieldError("history", "too-long", _("There is more text than a referral can hold."))])
    if not any(content.values()):
        raise Invalid([FieldError("clinical_question", "required", _("There is nothing to keep yet."))])
    hold_form(by)
    if sent := sent_as(seen.token, by=by):
        raise AlreadySent(_("This referral has been sent already."), extra={"case": sent})
    draft = _draft(seen, by)
    kept = dict(content) | {"token": seen.token, "tab": seen.tab}
    if draft is None:
        if seen.version:
            raise Stale(_("The draft has been thrown away in another window. Copy your text and begin anew."))
        return _begin(kept, by, now)
    _refuse_when_changed(draft, seen)
    if draft.content != kept:
        draft.content, draft.updated_at, draft.version = kept, now, draft.version + 1
        draft.save(update_fields=["content", "updated_at", "version"])
    return draft


def discard_draft(draft_id: int, *, by: User) -> None:
    """Throw the person's own draft away; a second time changes nothing."""
    ReferralDraft.objects.filter(pk=draft_id, written_by=by).delete()


def hold_form(by: User) -> None:
    """Make what a person does with their forms wait for one another: a lock on their row, which no reference waits for."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)


def sent_as(token: str, *, by: User) -> int | None:
    """Return the case that came of the form with this token, if it has been sent."""
    return IdempotencyKey.objects.filter(user=by, key=sending_key(token)).values_list("case_id", flat=True).first()


def consume_draft(seen: Seen, *, by: User) -> None:
    """Remove the draft of a referral that is sent; call it in the same transaction.

    Stale when another window has changed the draft since: its text would be lost unseen.
    """
    if draft := _draft(seen, by):
        _refuse_when_changed(draft, seen)
        draft.delete()


def remove_old_drafts(now: datetime) -> int:
    """Remove the drafts that nobody has touched for thirty days; return how many. Safe to run twice."""
    removed, _by_model = ReferralDraft.objects.filter(updated_at__lt=now - KEPT).delete()
    return removed


def _begin(kept: dict[str, str], by: User, now: datetime) -> ReferralDraft:
    return ReferralDraft.objects.create(written_by=by, content=kept, created_at=now, updated_at=now)


def _draft(seen: Seen, by: User) -> ReferralDraft | None:
    return ReferralDraft.objects.filter(written_by=by, content__token=seen.token).first()


def _refuse_when_changed(draft: ReferralDraft, seen: Seen) -> None:
    """Refuse what does not know the draft's text; the window that wrote it last may have missed the answer."""
    if draft.version == seen.version or (seen.tab and draft.content.get("tab") == seen.tab):
        return
    at = timezone.localtime(draft.updated_at).strftime("%H:%M")
    raise Stale(
        _("You changed this draft in another window at %(at)s. Copy your text and load the page again.") % {"at": at},
        field="version",
        extra={"version": draft.version},
    )
