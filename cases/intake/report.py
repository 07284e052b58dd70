"""The report of an import in words, in the reader's language; no name and no number of a patient."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cases.intake.spreadsheet import ImportReport, RowReport, RowState

STATES = {
    RowState.ADDED: gettext_lazy("registered"),
    RowState.CHANGED: gettext_lazy("known, answers brought up to date"),
    RowState.KNOWN: gettext_lazy("known, nothing to add"),
    RowState.REFUSED: gettext_lazy("refused"),
}
IN_A_DRY_RUN = {
    RowState.ADDED: gettext_lazy("will be registered"),
    RowState.CHANGED: gettext_lazy("known, answers will be brought up to date"),
    RowState.KNOWN: gettext_lazy("known, nothing to add"),
    RowState.REFUSED: gettext_lazy("will be refused"),
}


def state_words(report: ImportReport, row: RowReport) -> str:
    """Return what became of a row, or will become of it."""
    return str((IN_A_DRY_RUN if report.is_dry_run else STATES)[row.state])


def summary(report: ImportReport) -> str:
    """Return the sums of the report as one sentence."""
    counted = ngettext("%(rows)d row", "%(rows)d rows", len(report.rows)) % {"rows": len(report.rows)}
    sums = {state.value: report.count(state) for state in RowState}
    if report.is_dry_run:
        return _(
            "%(counted)s: %(added)d to register, %(changed)d to change, %(known)d known, %(refused)d to refuse."
        ) % {
            "counted": counted,
            **sums,
        }
    return _("%(counted)s: %(added)d registered, %(changed)d changed, %(known)d known, %(refused)d refused.") % {
        "counted": counted,
        **sums,
    }


def report_lines(report: ImportReport) -> Iterator[str]:
    """Yield the report as lines of text: unknown columns, each row, each reason, and the sums."""
    if report.is_dry_run:
        yield _("Dry run: nothing is registered.")
    for name in report.unknown_columns:
        yield _("The column %(name)s is not known and was passed over.") % {"name": name}
    for row in report.rows:
        head = _("Row %(number)d %(reference)s: %(state)s") % {
            "number": row.number,
            "reference": row.reference or "–",
            "state": state_words(report, row),
        }
        yield head
        for error in row.errors:
            yield f"  {error.column}: {error.reason}" if error.column else f"  {error.reason}"
    yield summary(report)
