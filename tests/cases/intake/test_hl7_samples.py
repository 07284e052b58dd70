"""Messages that nobody in this project wrote: each has its acknowledgement, and what is taken says what it should."""

from pathlib import Path

import pytest

from cases.intake.acknowledge import judge
from cases.intake.hl7v2 import read_hl7
from cases.reports import ReportedIdentity

FOLDER = Path(__file__).parents[2] / "messages" / "hl7v2"
NIST = "2.16.840.1.113883.19.3.2.1"
TAKEN = ("AA", 0, "")
OTHER_TYPE = ("AR", 200, "MSH^1^9")
EXPECTED = {
    "invalid_misc_bad-phone-example": OTHER_TYPE,
    "valid_athena-health_oru-example": TAKEN,
    "valid_catalyze-io_orm-example": OTHER_TYPE,
    "valid_cerner_cerner_bordetella": TAKEN,
    "valid_cerner_cerner_en": TAKEN,
    "valid_cerner_cerner_lead": TAKEN,
    "valid_cerner_cerner_sequential": TAKEN,
    "valid_corepoint-health_siu-example": OTHER_TYPE,
    "valid_health-standards_bar-example": OTHER_TYPE,
    "valid_healthcare-it-systems_adt-example": ("AR", 201, "MSH^1^9^1^2"),
    "valid_mieweb_dft-example": ("AR", 200, "MSH^2"),
    "valid_mirthproject_mfn-example": OTHER_TYPE,
    **{f"valid_nist_ORU_R01_2.5.1_SampleTestCase{number}": TAKEN for number in range(1, 7)},
    "valid_realm_realm-animal-rabies": TAKEN,
    "valid_realm_realm-campylobacter-jejuni": TAKEN,
    "valid_realm_realm-cj": TAKEN,
    "valid_realm_realm-cj-badloinc": TAKEN,
    "valid_realm_realm-cj-joeslab": TAKEN,
    "valid_realm_realm-hepatitis-c-virus": TAKEN,
    "valid_remote-operations_mdm-example": OTHER_TYPE,
}
FILES = sorted(FOLDER.glob("*.hl7"))


def test_every_sample_has_its_answer_in_the_table() -> None:
    assert sorted(file.stem for file in FILES) == sorted(EXPECTED)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_acknowledgement_of_a_sample(file: Path) -> None:
    judged = judge(file.read_bytes())
    found = judged.fault
    assert ((found.ack, found.code, found.location) if found else TAKEN) == EXPECTED[file.stem]
    segments = judged.answer().decode("latin-1").rstrip("\r").split("\r")
    assert segments[1].split("|")[1:3] == [EXPECTED[file.stem][0], judged.incoming.control_id]
    assert judged.incoming.control_id


def read(name: str) -> list[tuple[str, str, bool, str]]:
    """Return state, title, whether it is corrected, and text of the reports of a sample."""
    reports = read_hl7((FOLDER / f"{name}.hl7").read_bytes()).reports
    return [(one.state.value, one.title, one.is_corrected, one.text) for one in reports]


def test_what_samples_say() -> None:
    assert read("valid_athena-health_oru-example") == [("final", "AMYLASE", True, "")]
    assert read("valid_cerner_cerner_lead") == [("final", "Lead Level", False, "Lead Level: 50 ug/dL H")]
    assert read("valid_nist_ORU_R01_2.5.1_SampleTestCase3")[0][:3] == ("final", "Lead BldC-mCnc", True)
    assert [one[0] for one in read("valid_realm_realm-cj-joeslab")] == ["preliminary", "final"]


def test_a_final_report_with_a_preliminary_result_is_not_final() -> None:
    assert read("valid_realm_realm-cj")[0][0] == "preliminary"


def test_the_numbers_of_the_patients() -> None:
    (report,) = read_hl7((FOLDER / "valid_nist_ORU_R01_2.5.1_SampleTestCase1.hl7").read_bytes()).reports
    assert report.identities == (ReportedIdentity(NIST, "9817566735"),)
    assert report.name == "Philip Johnson"
    (cerner,) = read_hl7((FOLDER / "valid_cerner_cerner_lead.hl7").read_bytes()).reports
    assert cerner.identities[0] == ReportedIdentity("", "9339683996")
