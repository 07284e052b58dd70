"""How far a report has come: OBR-25, the OBX-11 of its results, and what is no status."""

from itertools import product

import pytest

from cases.enums import ResultState
from cases.intake.hl7v2_tables import state_of
from tests.cases.intake.hl7_messages import OBR, OBX, changed, fault, oru, report

F, P, C = ResultState.FINAL, ResultState.PRELIMINARY, ResultState.CANCELLED
O = ResultState.ORDERED  # noqa: E741


@pytest.mark.parametrize(
    ("status", "state", "rank"),
    [
        ("F", F, "final"), ("f", F, "final"), ("C", F, "corrected"), ("P", P, "preliminary"), ("R", P, "preliminary"),
        ("A", P, "preliminary"), ("M", P, "preliminary"), ("I", O, "ordered"), ("S", O, "ordered"), ("O", O, "ordered"),
        ("N", O, "ordered"), ("X", C, "cancelled"), ("W", C, "wrong"), ("D", C, "wrong"),
    ],
)  # fmt: skip
def test_the_status_of_a_report(status: str, state: ResultState, rank: str) -> None:
    assert state_of(status, []) == (state, rank)
    read = report(request=changed(OBR, 25, status), results=())
    assert (read.state, read.is_corrected) == (state, rank == "corrected")


@pytest.mark.parametrize("status", ["Y", "Z", "?", "Q", "FF", "final", "0"])
def test_what_is_no_status_is_refused_by_its_place(status: str) -> None:
    assert fault(oru(request=changed(OBR, 25, status))) == ("AE", 103, "OBR^1^25")


@pytest.mark.parametrize(
    ("results", "state", "rank"),
    [
        ("", O, "ordered"), ("F", F, "final"), ("FF", F, "final"), ("FC", F, "corrected"), ("U", F, "final"),
        ("FP", P, "preliminary"), ("P", P, "preliminary"), ("I", P, "preliminary"), ("X", C, "cancelled"),
        ("D", C, "wrong"), ("W", C, "wrong"), ("FX", P, "preliminary"),
        *((junk, P, "preliminary") for junk in "YZNO?B"), *(("F" + junk, P, "preliminary") for junk in "YZNO?B"),
    ],
)  # fmt: skip
def test_the_status_of_the_results_counts_where_the_report_gives_none(
    results: str, state: ResultState, rank: str
) -> None:
    lines = tuple(changed(OBX, 11, code) for code in results)
    read = report(request=changed(OBR, 25, ""), results=lines)
    assert (read.state, read.stamp.split("|")[1]) == (
        state,
        str(("ordered", "preliminary", "final", "corrected", "cancelled", "wrong").index(rank)),
    )


def test_a_result_without_a_status_makes_nothing_final() -> None:
    assert report(request=changed(OBR, 25, ""), results=(changed(OBX, 11, ""),)).state == P


@pytest.mark.parametrize(
    ("code", "state"), [("P", P), ("I", P), ("S", P), ("R", P), ("Y", F), ("X", C), ("W", C), ("D", C)]
)
def test_a_final_report_whose_result_says_otherwise(code: str, state: ResultState) -> None:
    assert report(results=(changed(OBX, 11, code),)).state == state


def test_nothing_but_final_and_corrected_makes_a_final_answer() -> None:
    codes = ["", *"ABCDFIMNOPRSUVWXYZ?"]
    for status, first, second in product(codes, codes, codes):
        found = state_of(status, [first, second])
        if found and found[0] == ResultState.FINAL:
            assert status in ("F", "C", "")
            assert status or {first, second} <= {"F", "C", "U"}
