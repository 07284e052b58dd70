"""The tables of HL7 v2 by which a report is understood: how far it has come, and which section of diagnostics it is from."""

from collections.abc import Collection
from typing import Final

from cases.enums import ResultState
from cases.intake.services_0074 import SECTIONS, modality_of
from checklists.enums import Kind, Modality

ORDERED: Final = (ResultState.ORDERED, "ordered")
PRELIMINARY: Final = (ResultState.PRELIMINARY, "preliminary")
FINAL: Final = (ResultState.FINAL, "final")
CORRECTED: Final = (ResultState.FINAL, "corrected")
CANCELLED: Final = (ResultState.CANCELLED, "cancelled")
WRONG: Final = (ResultState.CANCELLED, "wrong")

REPORT_STATUS: Final = {
    "O": ORDERED,  # order received, no specimen yet
    "I": ORDERED,  # specimen received, not processed
    "S": ORDERED,  # scheduled, not done
    "N": ORDERED,  # done, results pending (from 2.7)
    "A": PRELIMINARY,  # some results
    "P": PRELIMINARY,  # preliminary
    "R": PRELIMINARY,  # stored, not verified
    "M": PRELIMINARY,  # corrected, not final (from 2.7)
    "F": FINAL,
    "C": CORRECTED,
    "X": CANCELLED,  # no results, order cancelled
    "W": WRONG,  # not of the table, but sent: the answer was of another patient or examination
    "D": WRONG,  # not of the table, but sent: deleted
}
"""OBR-25 (table 0123). Y and Z answer a query that we never asked: refused like any unknown code."""

FINAL_RESULTS: Final = frozenset("FCU")
"""OBX-11 (table 0085) of a result that is final: U is one that was sent as preliminary and needs no change."""
UNFINISHED_RESULTS: Final = frozenset("PRSIA")
"""OBX-11 of a result that is still to come or to be verified."""
WITHDRAWN_RESULTS: Final = frozenset("XDW")
"""OBX-11 of a result that cannot be had (X), is deleted (D) or was wrong (W)."""

LOCAL_SECTIONS: Final = {
    "IMG": (Kind.RADIOLOGY, ""),
    "CUS": (Kind.RADIOLOGY, Modality.US),
    "CTH": (Kind.RADIOLOGY, Modality.XA),
    "MRI": (Kind.RADIOLOGY, Modality.MR),
    "PET": (Kind.RADIOLOGY, Modality.PT),
    "PAD": (Kind.PATHOLOGY, ""),
    "AP": (Kind.PATHOLOGY, ""),
    "CYT": (Kind.PATHOLOGY, ""),
}
"""Words that stand in OBR-24 beside those of table 0074."""


def section_of(code: str) -> tuple[str, str]:
    """Return kind and modality from OBR-24, each "" where it says nothing.

    Table 0074 first, so that SR is serology; then the terms of DICOM, so that PT is PET and not physiotherapy.
    """
    kind, modality = {**LOCAL_SECTIONS, **SECTIONS}.get(code.upper(), ("", modality_of([code.upper()])))
    return str(kind or (Kind.RADIOLOGY if modality and modality != Modality.ES else "")), str(modality)


def state_of(report: str, results: Collection[str]) -> tuple[ResultState, str] | None:
    """Return state and rank (`cases.reports.RANKS`) from OBR-25 and every OBX-11; None for an OBR-25 that is no status.

    The one that has come less far wins: a final report with a result that is still preliminary is preliminary.
    Where OBR-25 is empty, every result must be final, and a code that is none makes nothing final.
    """
    results = [code.upper() for code in results]
    state = REPORT_STATUS.get(report.upper()) if report else None
    if report and state not in (FINAL, CORRECTED):
        return state
    if results and WITHDRAWN_RESULTS.issuperset(results):
        return CANCELLED if "X" in results else WRONG
    if state is None:
        return _from_results(results)
    if not UNFINISHED_RESULTS.isdisjoint(results):
        return PRELIMINARY
    return CORRECTED if "C" in results else state


def _from_results(results: Collection[str]) -> tuple[ResultState, str]:
    """Return state and rank of a report that says nothing of itself."""
    if not results:
        return ORDERED
    if FINAL_RESULTS.issuperset(results):
        return CORRECTED if "C" in results else FINAL
    return PRELIMINARY
