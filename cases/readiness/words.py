"""Findings in words, in the reader's language; stored summaries hold codes only."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from checklists.spec import DefinitionSpec


def requirement_label(spec: DefinitionSpec, key: str) -> str:
    """Return the label of the requirement `key` in the active language; the key itself when it is gone."""
    for requirement in spec.requirements:
        if requirement.key == key:
            return requirement.label()
    return key


def finding_message(finding: Mapping[str, Any], spec: DefinitionSpec) -> str:
    """Return the sentence of a stored finding: what is lacking and what mends it."""
    what = requirement_label(spec, finding["requirement"])
    match finding["code"]:
        case "answer-missing":
            return _("%(what)s is missing. Order it, or enter the answer.") % {"what": what}
        case "answer-ordered" if finding["expected_on"]:
            day = formats.date_format(date.fromisoformat(finding["expected_on"]), "D j b")
            return _("%(what)s is ordered and expected %(day)s.") % {"what": what, "day": day}
        case "answer-ordered":
            return _("%(what)s is ordered; no expected date is given.") % {"what": what}
        case "answer-late":
            day = formats.date_format(date.fromisoformat(finding["expected_on"]), "D j b")
            return _("%(what)s was expected %(day)s and has not come. Ask for it.") % {"what": what, "day": day}
        case "answer-preliminary":
            return _("%(what)s: the answer is preliminary. The final answer is awaited.") % {"what": what}
        case "answer-stale":
            return _("%(what)s is too old. Decide whether it must be done again.") % {"what": what}
        case "condition-open":
            return _("%(what)s: enter the answer, or say that it does not apply to this patient.") % {"what": what}
        case "field-missing":
            return _("%(what)s is not filled in on the referral.") % {"what": what}
        case "attestation-missing":
            return _("The responsible clinician has not yet attested that nothing is missing.")
    raise ValueError(f"finding code {finding['code']!r} has no sentence")
