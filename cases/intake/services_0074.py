"""What the codes of a diagnostic service say: the kind of answer and, where they tell, the modality.

HL7 table 0074 (diagnostic service section) is used by HL7 v2 (OBR-24) and FHIR (DiagnosticReport.category); DICOM
terms (PS3.3, C.7.3.1.1.1) stand in OBR-24 of some senders and in ImagingStudy. A code that says nothing about what
a conference asks for (therapies, physician, other) is left out.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from checklists.enums import Kind, Modality

SECTIONS: Final[Mapping[str, tuple[Kind, str]]] = {
    "RAD": (Kind.RADIOLOGY, ""),
    "RX": (Kind.RADIOLOGY, Modality.DX),
    "XRC": (Kind.RADIOLOGY, Modality.DX),
    "CT": (Kind.RADIOLOGY, Modality.CT),
    "NMR": (Kind.RADIOLOGY, Modality.MR),
    "NMS": (Kind.RADIOLOGY, Modality.NM),
    "RUS": (Kind.RADIOLOGY, Modality.US),
    "OUS": (Kind.RADIOLOGY, Modality.US),
    "VUS": (Kind.RADIOLOGY, Modality.US),
    "PAT": (Kind.PATHOLOGY, ""),
    "SP": (Kind.PATHOLOGY, ""),
    "CP": (Kind.PATHOLOGY, ""),
    "LAB": (Kind.LAB, ""),
    "BG": (Kind.LAB, ""),
    "BLB": (Kind.LAB, ""),
    "CG": (Kind.LAB, ""),
    "CH": (Kind.LAB, ""),
    "GE": (Kind.LAB, ""),
    "HM": (Kind.LAB, ""),
    "IMM": (Kind.LAB, ""),
    "MB": (Kind.LAB, ""),
    "MCB": (Kind.LAB, ""),
    "MYC": (Kind.LAB, ""),
    "OSL": (Kind.LAB, ""),
    "PAR": (Kind.LAB, ""),
    "SR": (Kind.LAB, ""),
    "TX": (Kind.LAB, ""),
    "URN": (Kind.LAB, ""),
    "VR": (Kind.LAB, ""),
}
"""Table 0074: code -> (kind, modality or "")."""

_SAME_MODALITY: Final[Mapping[str, Modality]] = {
    "CR": Modality.DX,
    "DR": Modality.DX,
    "RF": Modality.DX,
    "RG": Modality.DX,
    "XR": Modality.DX,
    "IVUS": Modality.US,
    "MA": Modality.MR,
    "ST": Modality.NM,
}


def modality_of(codes: Iterable[str]) -> str:
    """Return the `Modality` that DICOM terms come to, or "" where they name none or several.

    PET is given together with the CT or MR that it is read on, so PT among others is PT.
    """
    found = {_SAME_MODALITY.get(code) or code for code in codes}
    known = {str(code) for code in found if code in Modality.values}
    if Modality.PT in known:
        return Modality.PT.value
    return known.pop() if len(known) == 1 else ""
