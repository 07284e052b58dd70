"""A clinician's or contact nurse's own cases: what they must mend, what is coming, what was recommended."""

from dataclasses import dataclass
from datetime import date

from accounts.actor import Actor
from accounts.permissions import Role
from cases.case_page import Mend, findings_of
from cases.lists import CaseRow, case_rows
from cases.panels import Advice, panel
from cases.queries import lately_closed, own_cases
from checklists.registry import specs_of

LIMIT = 200


@dataclass(frozen=True, slots=True)
class Lacking:
    """A case and what is missing in it: the person's own to mend, and what waits for others."""

    row: CaseRow
    own: tuple[Mend, ...]
    others: tuple[Mend, ...]


@dataclass(frozen=True, slots=True)
class Recommended:
    """A case and what the conference recommended last."""

    row: CaseRow
    advice: Advice


@dataclass(frozen=True, slots=True)
class OwnWork:
    """The page of one's own cases."""

    lacking: tuple[Lacking, ...]
    coming: tuple[CaseRow, ...]
    waiting: tuple[CaseRow, ...]
    recommended: tuple[Recommended, ...]
    patients: tuple[int, ...]


def own_work(actor: Actor, today: date, *, since: date) -> OwnWork:
    """Return the actor's own cases in the order in which they need something; recommendations since `since`.

    A constant number of queries: the cases with their findings, the rows of open and of finished cases, and the
    panels of the floor above.
    """
    cases = {case.pk: case for case in own_cases(actor).select_related("responsible_clinician")[:LIMIT]}
    specs = specs_of(case.definition_id for case in cases.values())
    rows = case_rows(actor, own_cases(actor)[:LIMIT], today)
    findings = {pk: findings_of(case, specs[case.definition_id]) for pk, case in cases.items()}
    owners = {pk: [f["owner"] for f in case.readiness.get("findings", ())] for pk, case in cases.items()}
    lacking = [_lacking(row, findings.get(row.pk, ()), owners.get(row.pk, []), actor.role) for row in rows]
    coming = [row for row in rows if row.next_meeting]
    over = case_rows(actor, lately_closed(actor, since)[:LIMIT], today)
    advice = panel("outcomes", [row.pk for row in over])
    return OwnWork(
        lacking=tuple(sorted((one for one in lacking if one.own or one.others), key=lambda one: not one.own)),
        coming=tuple(sorted(coming, key=lambda row: row.next_meeting.starts_at)),  # type: ignore[union-attr]
        waiting=tuple(row for row in rows if row.readiness == "ready" and not row.next_meeting),
        recommended=tuple(Recommended(row, advice[row.pk][0]) for row in over if advice.get(row.pk)),
        patients=tuple({row.patient for row in (*rows, *over)}),
    )


def _lacking(row: CaseRow, findings: tuple[Mend, ...], owners: list[str], role: str) -> Lacking:
    """Divide the findings: the clinician's own are the person's to mend, for a nurse those of the nurse."""
    mine = {Role.CONTACT_NURSE} if role == Role.CONTACT_NURSE else {Role.CLINICIAN}
    pairs = list(zip(findings, owners, strict=True))
    return Lacking(
        row,
        own=tuple(finding for finding, owner in pairs if owner in mine),
        others=tuple(finding for finding, owner in pairs if owner not in mine),
    )
