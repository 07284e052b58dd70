"""The rules that decide where a report belongs: values in, a decision out."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from cases.enums import ResultState
from cases.identity import COORDINATION_NUMBER, PERSONAL_NUMBER
from cases.matching import CaseAsked, KnownAnswer, Match, Why, decide, may_be_one_examination, ranked, system_key
from cases.persons import Link, Number, number_of, numbers_of, ring_of, surviving
from cases.reports import ReportCode, ReportData, ReportedIdentity
from checklists.spec import AnswerCode, Requirement

LOINC = AnswerCode("LN", "24627-2")
CT_REPORT = ReportData("RIS|1", "s", ResultState.FINAL, kind="radiology", modality="CT")


def requirement(
    key: str, kind: str = "radiology", *, codes: tuple[AnswerCode, ...] = (), modality: str = ""
) -> Requirement:
    return Requirement(
        key=key, label_sv=f"{key} på svenska", label_en=f"{key} in English", kind=kind, phases=frozenset(),
        levels=frozenset(), severity="blocker", conditional=False, max_age_days={}, field="", source="local",
        phases_source="local", codes=codes, modalities=frozenset({modality} if modality else ()),
    )  # fmt: skip


CT = requirement("ct", modality="CT")
MR = requirement("mr", modality="MR")
PAD = requirement("pad", "pathology")


def case(pk: int, *asked: Requirement, person: str = "p", is_own: bool = True) -> CaseAsked:
    return CaseAsked(pk, person, is_own, asked)


def place(match: Match | None) -> tuple[int, str, Why] | None:
    return (match.case_id, match.requirement, match.why) if match else None


THORAX = replace(CT, key="thorax", label_sv="DT thorax-buk", label_en="CT thorax-abdomen")
HEAD = replace(CT, key="head", label_sv="DT hjärna tunna snitt", label_en="CT brain thin slices")


@pytest.mark.parametrize(
    ("title", "asked", "expected"),
    [
        ("DT buk", [THORAX], "thorax"),
        ("Datortomografi", [THORAX], "thorax"),
        ("DT hjärna", [THORAX], None),
        ("DT hjärna", [THORAX, HEAD], "head"),
        ("CT chest", [THORAX, HEAD], "thorax"),
        ("DT hals", [THORAX, HEAD], None),
        ("Datortomografi", [THORAX, HEAD], None),
    ],
)
def test_an_examination_of_another_part_of_the_body_answers_nothing(
    title: str, asked: list[Requirement], expected: str | None
) -> None:
    found = decide(replace(CT_REPORT, title=title), [case(1, *asked)])
    assert (found.requirement if found else None) == expected


@pytest.mark.parametrize(
    ("report", "cases", "expected"),
    [
        (CT_REPORT, [], None),
        (CT_REPORT, [case(1, CT, MR)], (1, "ct", Why.MODALITY)),
        (CT_REPORT, [case(1, MR)], None),
        (replace(CT_REPORT, modality=""), [case(1, CT)], None),
        (CT_REPORT, [case(1, CT), case(2, CT)], None),
        (CT_REPORT, [case(1, CT), case(2, MR)], (1, "ct", Why.MODALITY)),
        # One that declares the modality and a code that does not fit still counts: nobody knows which is meant.
        (replace(CT_REPORT, codes=(ReportCode("LN", "1-1"),)), [case(1, requirement("a", codes=(LOINC,), modality="CT"))], None),
        (replace(CT_REPORT, codes=(ReportCode("LN", "1-1"),)), [case(1, requirement("a", codes=(LOINC,), modality="CT"), CT)], None),
        (replace(CT_REPORT, codes=(ReportCode("L", "1"),)), [case(1, requirement("a", codes=(LOINC,), modality="CT"))],
         (1, "a", Why.MODALITY)),
        (replace(CT_REPORT, codes=(ReportCode("http://loinc.org", "24627-2"),)), [case(1, requirement("a", codes=(LOINC,)), CT)],
         (1, "a", Why.CODE)),
        (replace(CT_REPORT, codes=(ReportCode("", "24627-2"),)), [case(1, requirement("a", codes=(LOINC,)))], None),
        (replace(CT_REPORT, title="MR PÅ SVENSKA"), [case(1, CT, MR)], (1, "mr", Why.CODE)),
        (replace(CT_REPORT, title="mr in english"), [case(1, CT, MR)], (1, "mr", Why.CODE)),
        (replace(CT_REPORT, title="pad"), [case(1, PAD)], None),
        (replace(CT_REPORT, kind="pathology", modality=""), [case(1, CT, PAD)], (1, "pad", Why.PATHOLOGY)),
        (replace(CT_REPORT, kind="pathology", modality=""), [case(1, PAD), case(2, PAD)], None),
        (replace(CT_REPORT, kind="pathology", modality=""), [case(1, requirement("p", "pathology", codes=(LOINC,)))], None),
        (replace(CT_REPORT, kind="lab", modality=""), [case(1, requirement("psa", "lab"))], None),
        (CT_REPORT, [case(1, CT, person="p"), case(2, MR, person="q")], None),
        # A case of the report's own number comes before one of a number merged with it, be it the weaker match.
        (CT_REPORT, [case(1, CT, is_own=False), case(2, CT)], (2, "ct", Why.MODALITY)),
        (CT_REPORT, [case(1, CT, is_own=False), case(2, MR)], (1, "ct", Why.MODALITY)),
        (replace(CT_REPORT, title="mr"), [case(1, MR, is_own=False), case(2, CT)], (2, "ct", Why.MODALITY)),
        (CT_REPORT, [case(1, CT, is_own=False), case(2, CT), case(3, CT)], None),
    ],
)  # fmt: skip
def test_where_a_report_belongs(
    report: ReportData, cases: list[CaseAsked], expected: tuple[int, str, Why] | None
) -> None:
    assert place(decide(report, cases)) == expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([KnownAnswer(case(1, CT, MR), "radiology", "mr", is_order=True)], (1, "mr", Why.ACCESSION)),
        ([KnownAnswer(case(1, CT, MR), "radiology", "", is_order=True)], (1, "ct", Why.ACCESSION)),
        ([KnownAnswer(case(1, MR), "radiology", "", is_order=True)], (1, "", Why.ACCESSION)),
        ([KnownAnswer(case(1, CT, MR), "radiology", key, is_order=True) for key in ("ct", "mr")], (1, "ct", Why.ACCESSION)),
        ([KnownAnswer(case(n, MR), "radiology", "mr", is_order=True) for n in (1, 2)], None),
        ([KnownAnswer(case(1, MR), "radiology", "mr", is_order=False)], (1, "mr", Why.SAME_EXAMINATION)),
        ([KnownAnswer(case(n, MR), "radiology", "mr", is_order=False) for n in (1, 2)], None),
    ],
)  # fmt: skip
def test_what_the_accession_number_tells(known: list[KnownAnswer], expected: tuple[int, str, Why] | None) -> None:
    assert place(decide(CT_REPORT, [], known)) == expected


def test_what_the_report_says_goes_before_where_another_of_its_examination_went() -> None:
    known = [KnownAnswer(case(2, MR), "radiology", "mr", is_order=False)]
    assert place(decide(CT_REPORT, [case(1, CT)], known)) == (1, "ct", Why.MODALITY)


def test_all_that_is_thinkable_is_ranked() -> None:
    found = ranked(CT_REPORT, [case(1, MR, PAD), case(2, MR, CT, is_own=False)])
    assert [(one.case_id, one.requirement, one.why) for one in found] == [
        (2, "ct", Why.MODALITY), (1, "mr", Why.KIND), (2, "mr", Why.KIND),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["LN", "http://loinc.org", "http://loinc.org/", "urn:oid:2.16.840.1.113883.6.1", "loinc"]
)
def test_a_code_system_has_one_name(name: str) -> None:
    assert system_key(name) == "loinc"


def test_codes_of_a_system_that_both_use_tell_examinations_apart() -> None:
    a, b, other = ReportCode("L", "A"), ReportCode("L", "B"), ReportCode("M", "B")
    assert may_be_one_examination([a], [other])
    assert may_be_one_examination([a], [])
    assert may_be_one_examination([a, other], [b, other])
    assert not may_be_one_examination([a], [b])


# Numbers


@pytest.mark.parametrize(
    ("system", "value", "born_on", "expected"),
    [
        (PERSONAL_NUMBER, "19121212-1212", None, Number(PERSONAL_NUMBER, "191212121212")),
        ("", "191212121212", None, Number(PERSONAL_NUMBER, "191212121212")),
        (PERSONAL_NUMBER, "121212-1212", date(1912, 12, 12), Number(PERSONAL_NUMBER, "191212121212")),
        (PERSONAL_NUMBER, "121212-1212", None, Number(PERSONAL_NUMBER, "1212121212")),
        (PERSONAL_NUMBER, "19701063-2391", None, Number(COORDINATION_NUMBER, "197010632391")),
        (PERSONAL_NUMBER, "19121212-1213", None, Number(PERSONAL_NUMBER, "191212121213")),
        ("1.2.3", "ab 12", None, Number("1.2.3", "AB12")),
    ],
)
def test_a_number_is_stored_in_one_way(system: str, value: str, born_on: date | None, expected: Number) -> None:
    assert number_of(ReportedIdentity(system, value), born_on) == expected


def test_a_number_of_no_known_system_is_none() -> None:
    one, two = ReportedIdentity("", "4711"), ReportedIdentity("1.2.3", "4711")
    assert numbers_of([one, two, two, ReportedIdentity("1.2.3", " ")]) == (Number("1.2.3", "4711"),)


def test_a_patient_has_not_more_numbers_than_there_are_locks() -> None:
    many = [ReportedIdentity("1.2.3", str(value)) for value in range(1_000)]
    assert numbers_of(many) == tuple(Number("1.2.3", str(value)) for value in range(50))


def links(*pairs: str) -> dict[Number, Link]:
    """Return links between numbers of one letter, said in this order."""
    said = [
        Link(Number("1", old), Number("1", new), datetime(2026, 1, 1, at, tzinfo=UTC)) for at, (old, new) in enumerate(pairs)
    ]  # fmt: skip
    return {link.old: link for link in said}


@pytest.mark.parametrize(
    ("pairs", "number", "expected"),
    [((), "a", "a"), (("ab",), "a", "b"), (("ab",), "b", "b"), (("bc", "ab"), "a", "c"),
     (("ab", "ba"), "a", "a"), (("ab", "ba"), "b", "a"), (("ba", "ab"), "a", "b"),
     (("ab", "bc", "ca"), "b", "a"), (("bc", "ab", "ca", "da"), "d", "b")],
)  # fmt: skip
def test_the_surviving_number(pairs: tuple[str, ...], number: str, expected: str) -> None:
    """In a ring the oldest link is left out."""
    assert surviving(links(*pairs), Number("1", number)).value == expected


def test_the_ring_that_a_number_leads_into() -> None:
    said = links("ab", "ba", "ca")
    assert {link.old.value for link in ring_of(said, Number("1", "c"))} == {"a", "b"}
    assert ring_of(links("ab"), Number("1", "a")) == []
