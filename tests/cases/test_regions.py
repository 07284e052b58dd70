"""Names of examinations as they are written, and whether one looks where it was asked to."""

import pytest

from cases.regions import is_elsewhere, parts_named

ASKED = ("DT thorax-buk", "CT thorax-abdomen")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("DT thorax-buk", {"thorax", "abdomen"}),
        ("CT CHEST W CONTRAST", {"thorax"}),
        ("DT hjärna tunna snitt", {"head"}),
        ("MR bäcken (rektum)", {"pelvis"}),
        ("DT_HALS", {"neck"}),
        ("DT armbåge", {"limbs"}),
        ("Ultraljud bröst", {"breast"}),
        ("DT bröstkorg", {"thorax"}),
        ("Bildgranskning", set()),
        ("PET-DT", set()),
        ("", set()),
    ],
)
def test_the_parts_that_a_name_speaks_of(name: str, parts: set[str]) -> None:
    assert parts_named(name) == parts


@pytest.mark.parametrize("name", ["DT hjärna", "CT knee", "DT HALS"])
def test_another_part_of_the_body_is_told(name: str) -> None:
    assert is_elsewhere(name, *ASKED)


@pytest.mark.parametrize("name", ["DT buk", "CT chest", "DT hals-thorax-buk", "Datortomografi", "Undersökning 12"])
def test_what_overlaps_or_says_nothing_is_not_held_against_it(name: str) -> None:
    assert not is_elsewhere(name, *ASKED)
    assert not is_elsewhere(name, "DT utan och med kontrast")
