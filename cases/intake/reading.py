"""The dispatch table of standards: from the bytes of a message to what it says, without the database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cases.enums import Channel, ResultSource
from cases.reports import PatientMerge, PatientUpdate, ReportData


@dataclass(frozen=True, slots=True)
class Effects:
    """What a message says, in the order in which it is applied: names, merged numbers, reports."""

    source: ResultSource
    updates: tuple[PatientUpdate, ...] = ()
    merges: tuple[PatientMerge, ...] = ()
    reports: tuple[ReportData, ...] = ()


def read_effects(channel: Channel, raw: bytes) -> Effects:
    """Return what the stored message says; raises the fault of its reader (the door has read it before)."""
    return READERS[channel](raw)


def _read_hl7v2(raw: bytes) -> Effects:
    from cases.intake.hl7v2 import read_hl7

    message = read_hl7(raw)
    return Effects(ResultSource.HL7V2, tuple(message.updates), tuple(message.merges), tuple(message.reports))


def _read_fhir(raw: bytes) -> Effects:
    from cases.intake.fhir import read_fhir

    return Effects(ResultSource.FHIR, reports=tuple(read_fhir(raw).reports))


READERS: Mapping[Channel, Callable[[bytes], Effects]] = {Channel.HL7V2: _read_hl7v2, Channel.FHIR: _read_fhir}
