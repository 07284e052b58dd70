"""A clinician's or contact nurse's own cases: what they owe, what is coming, what was recommended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from cases.case_page import Mend, Rights, findings_of, rights_of
from cases.lists import CaseRow, case_rows
from cases.models import Case
from cases.panels import Advice, panel
from cases.queries import lately_closed, nurses_by_unit, own_cases, visible_cases
from cases.readiness.words import finding_message, requirement_label
from checklists.enums import CaseField, Severity
from checklists.registry import specs_of
from checklists.spec import DefinitionSpec

LIMIT = 200
RECENT = 30
MOST = 20
"""Cases of which the page says what is missing; the list of cases has the rest."""


@dataclass(frozen=True, slots=True)
class Debt:
    """One thing that the reader can mend in the row.

    `tool` is what mends it: `field` (then `key` is the field of the referral), `answer`, `condition` (an answer that
    may not apply; `key` is the requirement) or `attest`.
    """

    tool: str
    key: str
    severity: str
    label: str
    state: str
    message: str


@dataclass(frozen=True, slots=True)
class Lacking:
    """A case and what is missing in it: what the reader owes and can mend here, and all the rest.

    `due_on` is the day by which it matters: the cut-off of the coming conference, or the end of the pathway clock.
    """

    row: CaseRow
    version: int
    owed: tuple[Debt, ...]
    rest: tuple[Mend, ...]
    due_on: date | None
    nurses: tuple[User, ...] = ()


@dataclass(frozen=True, slots=True)
class Recommended:
    """A case and what the conference recommended last."""

    row: CaseRow
    advice: Advice


@dataclass(frozen=True, slots=True)
class OwnWork:
    """The page of one's own cases; `unseen` counts the cases that lack something and did not fit."""

    lacking: tuple[Lacking, ...]
    unseen: int
    coming: tuple[CaseRow, ...]
    waiting: tuple[CaseRow, ...]
    recommended: tuple[Recommended, ...]
    patients: tuple[int, ...]

    @property
    def debts(self) -> int:
        """How many things the reader owes, of all that is shown."""
        return sum(len(one.owed) for one in self.lacking)


def own_work(actor: Actor, today: date, *, since: date) -> OwnWork:
    """Return the actor's own cases, most urgent first; recommendations since `since`.

    A constant number of queries: the cases with their findings, the rows of open and of finished cases, the
    panels of the floor above, and the contact nurses where one is lacking.
    """
    found = _lackings(actor, own_cases(actor), today)
    lacking = sorted((one for one in found if one.owed or one.rest), key=_urgency)
    over = case_rows(actor, lately_closed(actor, since)[:RECENT], today)
    advice = panel("outcomes", [row.pk for row in over])
    rows = [one.row for one in found]
    coming = [row for row in rows if row.next_meeting]
    return OwnWork(
        lacking=tuple(lacking[:MOST]),
        unseen=len(lacking[MOST:]),
        coming=tuple(sorted(coming, key=lambda row: row.next_meeting.starts_at)),  # type: ignore[union-attr]
        waiting=tuple(row for row in rows if row.readiness == "ready" and not row.next_meeting),
        recommended=tuple(Recommended(row, advice[row.pk][0]) for row in over if advice.get(row.pk)),
        patients=tuple({row.patient for row in (*rows, *over)}),
    )


def own_row(actor: Actor, case_id: int, today: date) -> Lacking:
    """Return the row of one case to which the actor was given access, as it is now."""
    return _lackings(actor, visible_cases(actor).filter(pk=case_id), today)[0]


def _lackings(actor: Actor, cases: QuerySet[Case], today: date) -> list[Lacking]:
    loaded = {case.pk: case for case in cases.select_related("responsible_clinician").prefetch_related("units")[:LIMIT]}
    specs = specs_of(case.definition_id for case in loaded.values())
    rows = [row for row in case_rows(actor, cases[:LIMIT], today) if row.pk in loaded]
    lacking = [_lacking(row, loaded[row.pk], specs[loaded[row.pk].definition_id], actor, today) for row in rows]
    return list(_with_nurses(lacking, loaded, today))


def _lacking(row: CaseRow, case: Case, spec: DefinitionSpec, actor: Actor, today: date) -> Lacking:
    """Divide the findings: what the reader can mend here, and what waits for others."""
    rights = rights_of(case, actor)
    stored = case.readiness.get("findings", ())
    owed, rest = [], []
    for finding, mend in zip(stored, findings_of(case, spec, rights), strict=True):
        tool = _tool(finding, rights)
        if tool:
            owed.append(_debt(finding, tool, spec))
        else:
            rest.append(mend)
    return Lacking(row, case.version, tuple(owed), tuple(rest), _due(row, today))


def _tool(finding: Mapping[str, Any], rights: Rights) -> str:
    match finding["code"]:
        case "field-missing" if rights.edit:
            return "field"
        case "answer-missing" | "answer-stale" | "answer-late" if rights.result:
            return "answer"
        case "condition-open" if rights.result and rights.clear:
            return "condition"
        case "attestation-missing" if rights.attest:
            return "attest"
    return ""


def _debt(finding: Mapping[str, Any], tool: str, spec: DefinitionSpec) -> Debt:
    key = finding["requirement"]
    if tool == "field":
        key = spec.requirement(key).field
    return Debt(
        tool=tool,
        key=key,
        severity=finding["severity"],
        label=_("Attestation") if tool == "attest" else requirement_label(spec, finding["requirement"]),
        state=_state(finding),
        message=finding_message(finding, spec),
    )


def _state(finding: Mapping[str, Any]) -> str:
    """Say in a word or two how it stands."""
    match finding["code"]:
        case "answer-stale":
            return _("too old")
        case "answer-late":
            day = formats.date_format(date.fromisoformat(finding["expected_on"]), "j b")
            return _("was expected %(day)s") % {"day": day}
        case "condition-open":
            return _("does it apply?")
    return _("missing")


def _due(row: CaseRow, today: date) -> date | None:
    """The day by which it matters: the nearer of the coming cut-off and the end of the pathway clock."""
    days = []
    if row.next_meeting:
        at = row.next_meeting.cutoff_at or row.next_meeting.starts_at
        days.append(timezone.localdate(at))
    if row.allowed is not None:
        days.append(today + timedelta(days=row.allowed - row.days))
    return min(days, default=None)


def _with_nurses(lacking: Iterable[Lacking], cases: Mapping[int, Case], today: date) -> Iterable[Lacking]:
    """Offer the contact nurses of its units to each case that lacks one; one query for all, none without."""
    found = list(lacking)
    wanted = {
        one.row.pk: [unit.pk for unit in cases[one.row.pk].units.all()]
        for one in found
        if any(debt.key == CaseField.CONTACT_NURSE for debt in one.owed)
    }
    nurses = nurses_by_unit({unit for units in wanted.values() for unit in units}, today) if wanted else {}
    for one in found:
        offered = {nurse for unit in wanted.get(one.row.pk, ()) for nurse in nurses.get(unit, ())}
        yield replace(one, nurses=tuple(sorted(offered, key=lambda nurse: nurse.name)))


def _urgency(one: Lacking) -> tuple[bool, bool, date, int]:
    """Order by: something to do oneself, something that more than warns, the day it matters, days since suspicion."""
    only_warns = all(debt.severity == Severity.WARNING for debt in one.owed)
    return not one.owed, only_warns, one.due_on or date.max, -one.row.days
