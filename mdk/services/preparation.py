"""Preparation by radiologists and pathologists: claimed by one, done once, carried over."""

from collections.abc import Callable, Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Stale
from accounts.models import User
from mdk.enums import MeetingStatus, PreparationState
from mdk.models import Preparation
from mdk.queries.readings import sign_of, snapshot_of
from mdk.services.preparation_moves import Answers, move_each, only

_S = PreparationState


def claim(pk: int, *, by: User, now: datetime) -> Preparation:
    """Take the preparation. Who may: readers of the discipline. PreparationRefused names who holds it.

    One that was given out to another may be taken until it is begun.
    """
    return only(claim_each([pk], by=by, now=now)[pk])


def claim_each(pks: Collection[int], *, by: User, now: datetime) -> Answers:
    """Take several at once: each answers for itself, with the preparation or with why it was refused."""
    return move_each(pks, "claim", by=by, now=now, change=lambda p: _hold(p, by, now))


def accept(pk: int, *, by: User, now: datetime) -> Preparation:
    """Say that the discipline takes the case and its question; who prepares it may be settled later.

    PreparationRefused names who holds it, or who has accepted it.
    """
    return _apply(pk, "accept", by=by, now=now, change=lambda p: _accept(p, by, now))


def release(pk: int, *, by: User, now: datetime) -> Preparation:
    """Give the preparation back to the queue, where it waits for the agenda if that is not published yet.

    Only its reader may.
    """

    def let_go(preparation: Preparation) -> None:
        preparation.reader = preparation.claimed_at = preparation.started_at = None
        preparation.assigned_by = preparation.assigned_at = None
        preparation.state = _unbegun(preparation)

    return _apply(pk, "release", by=by, now=now, change=let_go)


def hand_over(pk: int, *, reader: User, by: User, now: datetime, gives_out: bool = False) -> Preparation:
    """Give the preparation to another reader, who is told.

    Who may: its reader; anyone of the discipline while nobody holds it; another reader of the meeting while its
    own is away today. With `gives_out` (for those who manage the roster) also one that was given out and is not begun.
    """
    return only(hand_over_each([pk], reader=reader, by=by, now=now, gives_out=gives_out)[pk])


def hand_over_each(
    pks: Collection[int], *, reader: User, by: User, now: datetime, gives_out: bool = False
) -> Answers:  # fmt: skip
    """Give several to one reader, who is told once; each answers for itself."""

    def give(preparation: Preparation) -> None:
        if preparation.reader_id != reader.pk and preparation.state == _S.IN_PROGRESS:
            preparation.state, preparation.state_changed_at = _S.TODO, now
            preparation.started_at = None
        _hold(preparation, reader, now)
        if gives_out:
            preparation.assigned_by, preparation.assigned_at = by, now

    return move_each(pks, "hand_over", by=by, now=now, change=give, to=[reader], gives_out=gives_out)


def start(pk: int, *, by: User, now: datetime) -> Preparation:
    """Begin the preparation; one that nobody holds, or that was given out to another, is claimed with it.

    One that was sent back is so taken up again; the reason stays to be read.
    """

    def begin(preparation: Preparation) -> None:
        preparation.seen = preparation.seen or snapshot_of(preparation)
        _hold(preparation, by, now)
        _accept(preparation, by, now)
        preparation.returned_by = preparation.returned_at = None
        preparation.started_at = now

    return _apply(pk, "start", by=by, now=now, change=begin)


def leave(pk: int, *, by: User, now: datetime) -> Preparation:
    """Put a preparation that was begun aside for later; its reader keeps it, and what is written stays.

    The clock that the minutes are proposed from begins anew next time. One that is not begun is left as it is.
    """

    def pause(preparation: Preparation) -> None:
        preparation.started_at = None

    return _apply(pk, "leave", by=by, now=now, change=pause)


def complete(
    pk: int,
    *,
    minutes: int | None,
    findings: str,
    headings: dict[str, str] | None = None,
    edition: str = "",
    by: User,
    now: datetime,
) -> Preparation:
    """Finish the preparation with the findings to demonstrate and the minutes it took (0-600).

    What there was to read is kept, so that something new is seen as such. `edition` is the sign of what the reader had
    before them (`mdk.queries.readings.edition_of`): Stale when something came after that, and nothing is saved.
    A second completion by its reader corrects the first. Invalid names the wrong field.
    """
    errors = []
    if minutes is None or not 0 <= minutes <= 600:
        errors.append(FieldError("minutes", "out-of-range", _("Give the minutes it took, from 0 to 600.")))
    if not findings.strip() and not any((headings or {}).values()):
        errors.append(FieldError("findings", "required", _("Write what you will demonstrate.")))
    if errors:
        raise Invalid(errors)

    def finish(preparation: Preparation) -> None:
        preparation.seen = snapshot_of(preparation)
        if edition and edition != sign_of(preparation.seen):
            raise _new_meanwhile()
        _hold(preparation, by, now)
        _accept(preparation, by, now)
        preparation.findings, preparation.headings, preparation.minutes = findings.strip(), headings or {}, minutes
        preparation.completed_by, preparation.completed_at = by, now
        preparation.returned_by = preparation.returned_at = None

    return _apply(pk, "complete", by=by, now=now, change=finish)


@transaction.atomic
def write_findings(pk: int, *, findings: str, headings: dict[str, str], by: User, now: datetime) -> Preparation:
    """Keep what is being written, whole or half. Who writes begins the preparation, as by `start`."""
    preparation = start(pk, by=by, now=now)
    preparation.findings, preparation.headings = findings, headings
    preparation.save(update_fields=["findings", "headings"])
    return preparation


def send_back(pk: int, *, reason: str, by: User, now: datetime) -> Preparation:
    """Send the preparation back with a reason, which reaches the responsible clinician as a notice."""
    if not reason.strip():
        raise Invalid([FieldError("reason", "required", _("Say what is missing, so that it can be mended."))])

    def give_back(preparation: Preparation) -> None:
        preparation.return_reason = reason.strip()[:500]
        preparation.returned_by, preparation.returned_at = by, now
        preparation.accepted_by = preparation.accepted_at = None

    return _apply(pk, "return", by=by, now=now, change=give_back, tell_clinician=True)


def _new_meanwhile() -> Stale:
    return Stale(_("Something new came while you prepared. Look at it below; what you have written is kept."))


def _hold(preparation: Preparation, reader: User, now: datetime) -> None:
    """Let the reader hold it by an act of theirs: no longer only given out to them."""
    if preparation.reader_id != reader.pk:
        preparation.reader, preparation.claimed_at = reader, now
    preparation.assigned_by = preparation.assigned_at = None


def _accept(preparation: Preparation, by: User, now: datetime) -> None:
    if preparation.accepted_by_id is None:
        preparation.accepted_by, preparation.accepted_at = by, now


def _unbegun(preparation: Preparation) -> PreparationState:
    return _S.WAITING if preparation.item.meeting.status == MeetingStatus.PLANNED else _S.TODO


def _apply(
    pk: int,
    action: str,
    *,
    by: User,
    now: datetime,
    change: Callable[[Preparation], None],
    tell_clinician: bool = False,
) -> Preparation:
    """Make the move of one, or raise why it was refused."""
    return only(move_each([pk], action, by=by, now=now, change=change, tell_clinician=tell_clinician)[pk])
