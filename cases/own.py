"""A clinician's or contact nurse's own cases: what they must mend, what is coming, what was recommended."""

from dataclasses import dataclass
from datetime import date

from accounts.actor import Actor
from accounts.permissions import Role
from cases.case_page import Mend, findings_of, rights_of
from cases.lists import CaseRow, case_rows
from cases.models import Case
from cases.panels import Advice, panel
from cases.queries import lately_closed, own_cases
from checklists.enums import Severity
from checklists.registry import specs_of
from checklists.spec import DefinitionSpec

LIMIT = 200
RECENT = 30
MOST = 20
"""Cases of which the page says what is missing; the list of cases has the rest."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """A case and what is missing in it: what stops it and is the person's own to mend, and all the rest."""

    row: CaseRow
    own: tuple[Mend, ...]
    rest: tuple[Mend, ...]


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


def own_work(actor: Actor, today: date, *, since: date) -> OwnWork:
    """Return the actor's own cases in the order in which they need something; recommendations since `since`.

    A constant number of queries: the cases with their findings, the rows of open and of finished cases, and the
    panels of the floor above.
    """
    cases = {
        case.pk: case
        for case in own_cases(actor).select_related("responsible_clinician").prefetch_related("units")[:LIMIT]
    }
    specs = specs_of(case.definition_id for case in cases.values())
    rows = case_rows(actor, own_cases(actor)[:LIMIT], today)
    lacking = sorted(
        (_lacking(row, cases[row.pk], specs[cases[row.pk].definition_id], actor) for row in rows if row.pk in cases),
        key=_urgency,
    )
    lacking = [one for one in lacking if one.own or one.rest]
    coming = [row for row in rows if row.next_meeting]
    over = case_rows(actor, lately_closed(actor, since)[:RECENT], today)
    advice = panel("outcomes", [row.pk for row in over])
    return OwnWork(
        lacking=tuple(lacking[:MOST]),
        unseen=len(lacking[MOST:]),
        coming=tuple(sorted(coming, key=lambda row: row.next_meeting.starts_at)),  # type: ignore[union-attr]
        waiting=tuple(row for row in rows if row.readiness == "ready" and not row.next_meeting),
        recommended=tuple(Recommended(row, advice[row.pk][0]) for row in over if advice.get(row.pk)),
        patients=tuple({row.patient for row in (*rows, *over)}),
    )


def _lacking(row: CaseRow, case: Case, spec: DefinitionSpec, actor: Actor) -> Lacking:
    """Divide the findings: what more than warns and belongs to the person's role stands first."""
    mine = Role.CONTACT_NURSE if actor.role == Role.CONTACT_NURSE else Role.CLINICIAN
    owners = [finding["owner"] for finding in case.readiness.get("findings", ())]
    pairs = list(zip(findings_of(case, spec, rights_of(case, actor)), owners, strict=True))
    own = tuple(mend for mend, owner in pairs if owner == mine and mend.severity != Severity.WARNING)
    return Lacking(row, own, tuple(mend for mend, _owner in pairs if mend not in own))


def _urgency(one: Lacking) -> tuple[bool, float, int]:
    """Order by: something to do oneself, then the nearest conference, then longest since suspicion."""
    meeting = one.row.next_meeting
    return not one.own, meeting.starts_at.timestamp() if meeting else float("inf"), -one.row.days
