"""An outcome in words: the same on the screen, in the protocol and in its file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _

from checklists.enums import Intent, ItemKind
from checklists.spec import ChecklistItem, DefinitionSpec, OutcomeField
from mdk.models import Outcome


@dataclass(frozen=True, slots=True)
class Answered:
    """One line of a checklist or of the outcome: what, and the answer in words; empty where nobody answered."""

    label: str
    text: str


def outcome_facts(spec: DefinitionSpec, outcome: Outcome | None) -> list[tuple[str, str]]:
    """Return (word, answer) of what the outcome holds beside the recommendation; nothing for what is empty."""
    if outcome is None:
        return []
    due = formats.date_format(outcome.due_on, "SHORT_DATE_FORMAT") if outcome.due_on else ""
    rows = [
        (_("Intent"), intent_label(spec, outcome.intent)),
        (_("cTNM"), outcome.ctnm),
        (_("pTNM"), outcome.ptnm),
        (_("Study"), outcome.study),
        *((line.label, line.text) for line in answered(spec.extra_outcome_fields, outcome.fields)),
        (_("Next step"), outcome.next_step),
        (_("Responsible, due"), ", ".join(part for part in (outcome.responsible, due) if part)),
        (_("Answers"), _("discordant") if outcome.is_discordant else ""),
        (_("Deviation"), outcome.deviation_reason),
    ]
    return [row for row in rows if row[1]]


def intent_label(spec: DefinitionSpec, code: str) -> str:
    """Return the intent in the definition's own words where it has some."""
    choices = [choice for field in spec.outcome_fields if field.key == "intent" for choice in field.choices]
    known = {choice.key: choice.label() for choice in choices}
    if code in known:
        return known[code]
    return str(Intent(code).label) if code else ""


def answered(declared: Sequence[ChecklistItem | OutcomeField], answers: dict[str, object]) -> list[Answered]:
    """Return the declared entries with their answers in words, in the definition's order."""
    return [Answered(entry.label(), _text(entry, answers.get(entry.key))) for entry in declared]


def _text(declared: ChecklistItem | OutcomeField, answer: object) -> str:
    if answer in (None, "", False):
        return ""
    if declared.kind == ItemKind.BOOL:
        return _("Yes")
    if declared.kind == ItemKind.CHOICE:
        return next((choice.label() for choice in declared.choices if choice.key == answer), str(answer))
    if declared.kind == ItemKind.DATE:
        return formats.date_format(date.fromisoformat(str(answer)), "SHORT_DATE_FORMAT")
    return str(answer)
