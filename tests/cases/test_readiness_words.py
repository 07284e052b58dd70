"""Every finding has its sentence in both languages: what is lacking, and what mends it."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from cases.readiness.words import finding_message, requirement_label
from checklists.loader import FOLDER, load_folder

SPEC = next(loaded.spec for loaded in load_folder(FOLDER) if loaded.spec.slug == "colorectal")
RULES = Path(__file__).parents[2] / "cases" / "readiness" / "rules.py"
CODES = sorted(set(re.findall(r'"((?:answer|condition|field|attestation)-[a-z]+)"', RULES.read_text())))


def finding(code: str, **fields: str | None) -> dict[str, str | None]:
    blank: dict[str, str | None] = {"code": code, "requirement": "ct_thorax_abdomen", "expected_on": None}
    return blank | ({"expected_on": "2026-11-20"} if code == "answer-late" else {}) | fields


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_a_sentence_in_both_languages(code: str) -> None:
    said = set()
    for language in ("sv", "en"):
        with translation.override(language):
            said.add(finding_message(finding(code), SPEC))
    assert all(sentence.endswith(".") for sentence in said)
    if code != "attestation-missing":
        assert any("DT thorax-buk" in sentence for sentence in said)
        assert any("CT thorax-abdomen" in sentence for sentence in said)


def test_all_codes_of_the_rules_were_found() -> None:
    assert len(CODES) == 8


def test_an_expected_day_is_said_in_the_readers_way() -> None:
    for language, day in (("sv", "tis 1 dec"), ("en", "Tue 1 dec")):
        with translation.override(language):
            for code in ("answer-ordered", "answer-late"):
                assert day in finding_message(finding(code, expected_on="2026-12-01"), SPEC)


def test_a_code_without_a_sentence_is_a_fault_and_not_a_blank() -> None:
    with pytest.raises(ValueError, match="no-such"):
        finding_message(finding("no-such"), SPEC)


def test_a_requirement_that_is_gone_is_named_by_its_key() -> None:
    assert requirement_label(SPEC, "long_gone") == "long_gone"
