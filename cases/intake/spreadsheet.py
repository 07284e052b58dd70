"""Referrals from a spreadsheet: each row its own transaction, each refusal with row, column and reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused
from accounts.models import Unit, User
from cases.enums import ReferralSource, ResultSource, ResultState
from cases.intake.columns import COLUMN_OF, Columns, find_columns
from cases.intake.table import Row, read_table
from cases.models import Case
from cases.queries import all_units, imported_case
from cases.services.referral import CaseOpenAlready, ReferralData, refer_case
from cases.services.referral_input import parse_referral
from cases.services.results import ResultData, register_result
from checklists.enums import Kind

ORDERED = frozenset({"beställd", "bestalld", "ordered"})


class RowState(StrEnum):
    """What became of a row."""

    ADDED = "added"
    CHANGED = "changed"
    KNOWN = "known"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was refused: the column by its name in the file (empty for the whole row) and the reason."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class RowReport:
    """What became of one row; `case` is its case, where there is one."""

    number: int
    reference: str
    state: RowState
    errors: tuple[RowError, ...] = ()
    case: int | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The answer to a file: its rows in order, and the columns that were not known."""

    rows: tuple[RowReport, ...]
    unknown_columns: tuple[str, ...]
    is_dry_run: bool

    def count(self, state: RowState) -> int:
        """Return how many rows ended in `state`."""
        return sum(row.state == state for row in self.rows)

    @property
    def refused(self) -> tuple[RowReport, ...]:
        """The rows that were refused."""
        return tuple(row for row in self.rows if row.state is RowState.REFUSED)


def import_referrals(
    content: bytes,
    *,
    by: User | None,
    now: datetime,
    allowed: Sequence[Unit] | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Register the referrals of a CSV or XLSX file and return what became of each row.

    `allowed` are the units that `by` may refer from (None: all, for the system). A good row becomes a case with
    its answers in one transaction; a refused row leaves nothing. A row that is known already (by its reference in
    the unit, or word for word) adds nothing; a changed answer of such a row changes the stored one. A dry run
    does all of it and takes it back. FileRefused when the file as a whole cannot be read.
    """
    table = read_table(content)
    columns = find_columns(table.header)
    intake = _Intake(columns, by, now, list(allowed if allowed is not None else all_units()))
    if not dry_run:
        rows = [intake.take(row) for row in table.rows]
    else:
        with transaction.atomic():
            rows = [intake.take(row) for row in table.rows]
            transaction.set_rollback(True)
    return ImportReport(tuple(rows), columns.unknown, dry_run)


class _Intake:
    """Takes the rows of one file in turn."""

    def __init__(self, columns: Columns, by: User | None, now: datetime, units: list[Unit]) -> None:
        self.columns, self.by, self.now, self.units = columns, by, now, units
        self.today = timezone.localdate(now)

    def take(self, row: Row) -> RowReport:
        reference = self.columns.reference(row)
        try:
            with transaction.atomic():
                case, state = self._register(row)
        except Refused as refused:
            return RowReport(row.number, reference, RowState.REFUSED, _errors(refused))
        return RowReport(row.number, reference, state, case=case.pk)

    def _register(self, row: Row) -> tuple[Case, RowState]:
        data, answers = self._parse(row)
        try:
            case, is_new = refer_case(data, by=self.by, now=self.now, source=ReferralSource.IMPORT)
        except CaseOpenAlready as refused:
            known = None if data.external_reference else imported_case(refused.extra["case"], data.clinical_question)
            if known is None:
                raise
            case, is_new = known, False
        changed = [self._answer(case, data, kind, answer) for kind, answer in answers.items()]
        if is_new:
            return case, RowState.ADDED
        return case, RowState.CHANGED if any(changed) else RowState.KNOWN

    def _parse(self, row: Row) -> tuple[ReferralData, dict[Kind, date | None]]:
        """Return the referral and its answers by kind (None: ordered); Invalid with every wrong column at once."""
        errors: list[FieldError] = []
        answers: dict[Kind, date | None] = {}
        for kind, text in self.columns.answers(row).items():
            try:
                answers[kind] = _answer_date(text, self.today)
            except _WrongDate as wrong:
                errors.append(FieldError(kind, wrong.code, str(wrong)))
        try:
            data = parse_referral(self.columns.fields(row), today=self.today, allowed=self.units)
        except Invalid as invalid:
            raise Invalid([*invalid.errors, *errors]) from None
        if errors:
            raise Invalid(errors)
        return data, answers

    def _answer(self, case: Case, data: ReferralData, kind: Kind, performed_on: date | None) -> bool:
        """Store one cell as an answer of the case; say whether that changed anything."""
        name = data.external_reference or f"case-{case.pk}"
        result = ResultData(
            kind=kind,
            state=ResultState.FINAL if performed_on else ResultState.ORDERED,
            performed_on=performed_on,
            source=ResultSource.IMPORT,
            external_id=f"{data.unit.pk}/{name}/{kind}"[:128],
        )
        stored, _is_new = register_result(case.pk, result, by=self.by, now=self.now)
        return stored.updated_at == self.now


class _WrongDate(ValueError):
    """A cell of an answer that is no date."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _answer_date(text: str, today: date) -> date | None:
    """Return the day of a final answer, or None for `beställd`."""
    if text.casefold() in ORDERED:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise _WrongDate(
            "not-a-date",
            _("“%(text)s” is not a date. Write the day of the final answer as YYYY-MM-DD, “beställd”, or nothing.")
            % {"text": text[:40]},
        )
    if day > today:
        raise _WrongDate("in-the-future", _("The date is in the future. Give the day on which it happened."))
    return day


def _errors(refused: Refused) -> tuple[RowError, ...]:
    if isinstance(refused, Invalid):
        return tuple(RowError(COLUMN_OF.get(error.field, error.field), error.message) for error in refused.errors)
    return (RowError(COLUMN_OF.get(refused.field, ""), refused.message),)
