"""Answers that do not fit together: marked by a member with a sentence, and settled with one."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused, sentence_errors
from accounts.models import User
from cases.enums import ResultState
from cases.models import Case, Discordance, Result
from cases.services.concerned import concerned_people
from cases.transitions import lock_case, lock_open_case
from events.record import record

SENTENCE = 500


class AlreadySettled(Refused):
    """Somebody else has settled it; the message names them."""

    code = "already-settled"


@transaction.atomic
def mark_discordance(
    case_id: int, results: Collection[int], sentence: str, *, by: User, now: datetime
) -> tuple[Discordance, bool]:
    """Mark answers of an open case (ids) as discordant, with a sentence; return the mark and whether it is new.

    One answer alone contradicts the clinical picture. Who may: `view_case`. The same mark by the same person
    again, while it stands, gives the one that is there. Invalid names the wrong fields. Leaves
    `case.discordance_marked`, which tells the responsible clinician and the readers.
    """
    case = lock_open_case(case_id)
    chosen = _chosen(case, results, sentence)
    for known in case.discordances.filter(marked_by=by, sentence=sentence.strip(), settled_at__isnull=True):
        if set(known.results.values_list("pk", flat=True)) == chosen:
            return known, False
    mark = Discordance.objects.create(case=case, sentence=sentence.strip(), marked_by=by, marked_at=now)
    mark.results.set(chosen)
    record("case.discordance_marked", by=by, now=now, subject=mark, case=case.pk, unit=case.unit_id,
           to=_concerned(mark, now))  # fmt: skip
    return mark, True


@transaction.atomic
def settle_discordance(case_id: int, mark_id: int, sentence: str, *, by: User, now: datetime) -> Discordance:
    """Settle a mark of the case with a sentence that says how. Who may: `view_case`.

    Settled by the same person before, it stays as they wrote it; by another, AlreadySettled names them. Leaves
    `case.discordance_settled`, which tells the responsible clinician, the readers and the one who marked it.
    """
    case = lock_case(case_id)
    mark = case.discordances.select_related("settled_by", "marked_by").get(pk=mark_id)
    if mark.settled_by:
        if mark.settled_by == by:
            return mark
        raise AlreadySettled(_("%(who)s has settled this already.") % {"who": mark.settled_by.name})
    if errors := sentence_errors("sentence", sentence, SENTENCE):
        raise Invalid(errors)
    mark.settled_sentence, mark.settled_by, mark.settled_at = sentence.strip(), by, now
    mark.save(update_fields=["settled_sentence", "settled_by", "settled_at"])
    record("case.discordance_settled", by=by, now=now, subject=mark, case=case.pk, unit=case.unit_id,
           to=_concerned(mark, now))  # fmt: skip
    return mark


def _chosen(case: Case, results: Collection[int], sentence: str) -> set[int]:
    """Return the ids of the answers, all of the case and none called off; Invalid otherwise."""
    errors = sentence_errors("sentence", sentence, SENTENCE)
    wanted = set(results)
    known = Result.objects.filter(case=case, pk__in=wanted).exclude(state=ResultState.CANCELLED)
    if not wanted:
        errors.append(FieldError("results", "required", _("Choose the answers that do not fit together.")))
    elif unknown := sorted(wanted - set(known.values_list("pk", flat=True))):
        listed = ", ".join(str(pk) for pk in unknown)
        errors.append(FieldError("results", "unknown", _("The case has no such answer: %(ids)s.") % {"ids": listed}))
    if errors:
        raise Invalid(errors)
    return wanted


def _concerned(mark: Discordance, now: datetime) -> list[User]:
    return concerned_people(mark.case, timezone.localdate(now), also=[mark.marked_by])
