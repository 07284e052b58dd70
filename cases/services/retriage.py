"""What else happens to a case says something of its triage: a new question undoes it, another level changes it."""

from datetime import datetime
from typing import Final

from accounts.models import User
from cases.enums import TriageAnswer
from cases.models import Case
from checklists.enums import LevelCode

LEVEL_OF: Final = {
    TriageAnswer.DISCUSS: LevelCode.FULL,
    TriageAnswer.FOCUSED: LevelCode.FOCUSED,
    TriageAnswer.PROTOCOL: LevelCode.PROTOCOL,
}
"""The answers of triage that are a level."""

ASKED_ANEW: Final = frozenset({"phase", "clinical_question"})
"""Fields of a referral that make it another one: what was decided about the old one does not hold for it."""


def come_back(case: Case) -> None:
    """Let a locked case wait for triage again; the caller saves it."""
    case.triage = case.triage_note = ""
    case.triaged_by = case.triaged_at = None


def follow_level(case: Case, *, by: User, now: datetime) -> None:
    """Let the triage of a locked case say the level that a person has set since; the caller saves it.

    A case that waits (not ready yet, or for a national conference) goes on waiting, and one without triage waits for it.
    """
    answers = {level: answer for answer, level in LEVEL_OF.items()}
    if case.triage in LEVEL_OF and LEVEL_OF[TriageAnswer(case.triage)] != case.level:
        case.triage, case.triage_note = answers[LevelCode(case.level)], case.level_reason
        case.triaged_by, case.triaged_at = by, now
