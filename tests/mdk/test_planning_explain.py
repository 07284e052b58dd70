"""One sentence for each place and each refusal, with the reason that binds."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from mdk.planning.demand import Candidate, Problem, ReaderLimit, Slot
from mdk.planning.explain import Clock, Why, bound_in_words, placed_in_words, refused_in_words, why_not, why_placed
from mdk.planning.rooms import placed

MONDAY = date(2026, 11, 23)
FIRST, SECOND = (
    Slot(meeting=number, on=MONDAY + timedelta(days=days), week=MONDAY + timedelta(days=days), minutes=10)
    for number, days in ((1, 0), (2, 7))
)


def case(number: int = 1, **fields: Any) -> Candidate:
    given = {"is_ready": True, "minutes": 6, "since": MONDAY, "chances": {1: 1.0, 2: 1.0}} | fields
    return Candidate(number, 1, **given)


def reason(one: Candidate, places: dict[int, int], *, others: tuple[Candidate, ...] = (), **fields: Any) -> Why:
    """Return why the case has the place that it has in `places`, or none."""
    given: dict[str, Any] = {"slots": (FIRST, SECOND), "candidates": (one, *others), "likely": 0.85} | fields
    problem = Problem(**given)
    rooms = placed(problem, places)
    if one.case in places:
        return why_placed(problem, rooms, one, problem.by_meeting[places[one.case]])
    return why_not(problem, rooms, one)


def test_why_a_place() -> None:
    other, waiting = case(2), case(is_ready=False, chances={1: 0.3, 2: 0.9})
    assert reason(case(), {1: 1}) == Why("first")
    assert reason(case(), {1: 2, 2: 1}, others=(other,)) == Why("room", of="minutes", count=1)
    assert reason(case(), {1: 2}) == Why("later")
    assert reason(case(barred={1: ("pathologist",)}), {1: 2}) == Why("present", of="pathologist")
    assert reason(case(prep={"radiology": 3}), {1: 2}, readers={(1, "radiology", 1): ()}) == Why("read", of="radiology")
    assert reason(waiting, {1: 2}) == Why("first", chance=0.9)
    assert reason(replace(waiting, held=2), {1: 2}) == Why("kept", chance=0.9)
    assert reason(replace(case(), held=2), {1: 2}) == Why("later")


def test_why_none() -> None:
    prep = case(prep={"radiology": 9})
    limited = tuple(replace(slot, prep={"radiology": 5}) for slot in (FIRST, SECOND))
    summed = tuple(replace(slot, prep_total=5) for slot in (FIRST, SECOND))
    weeks = {
        "readers": {(m, "radiology", 1): (7,) for m in (1, 2)},
        "limits": {(7, s.week): ReaderLimit(5, 0) for s in (FIRST, SECOND)},
    }
    assert reason(case(minutes=11), {}) == Why("minutes", count=2)
    assert reason(prep, {}, slots=limited) == Why("prep", of="radiology", count=2)
    assert reason(prep, {}, slots=summed) == Why("prep-total", count=2)
    assert reason(prep, {}, **weeks) == Why("week", of="radiology", count=2)
    assert reason(prep, {}, readers={(m, "radiology", 1): () for m in (1, 2)}) == Why("unread", of="radiology", count=2)
    assert reason(case(barred={1: ("oncologist",), 2: ("oncologist",)}), {}) == Why("quorum", of="oncologist", count=2)
    assert reason(case(chances={}), {}) == Why("no-meeting")
    assert reason(case(chances={1: 0.0, 2: 0.0}), {}) == Why("outdated")
    unlikely = case(is_ready=False, chances={1: 0.3, 2: 0.62})
    assert reason(unlikely, {}) == Why("unlikely", count=2, chance=0.62, meeting=2)
    assert reason(case(), {}) == Why("stays")


@pytest.mark.parametrize("language", ["sv", "en"])
def test_each_reason_is_one_sentence_and_survives_being_kept(language: str) -> None:
    with translation.override(language):
        for code, of in (("first", ""), ("present", "pathologist"), ("read", "radiology"), ("room", "week radiology"),
                         ("room", "prep pathology"), ("room", "minutes"), ("later", ""), ("kept", "")):  # fmt: skip
            for chance in (None, 0.84):
                why = Why(code, of=of, count=2, chance=chance)
                said = placed_in_words(Why(**why.kept()), "PAD", Clock(21, 39, 3))
                assert said.endswith(".")
                assert "21" in said
                assert "39" in said
                assert ("84" in said) is (chance is not None)
        for code, of in (("minutes", ""), ("prep", "radiology"), ("prep-total", ""), ("week", "pathology"),
                         ("no-meeting", ""), ("unlikely", ""), ("outdated", ""), ("quorum", "oncologist"),
                         ("unread", "radiology"), ("stays", ""), ("national", ""), ("not-triaged", "")):  # fmt: skip
            why = Why(code, of=of, count=1, chance=0.62, meeting=7)
            said = refused_in_words(Why(**why.kept()), "PAD", lambda meeting: f"day {meeting}")
            assert said.endswith(".")
            assert "%" not in said.replace("62 %", "").replace("62%", "")


def test_the_bound_in_words() -> None:
    with translation.override("en"):
        assert bound_in_words(0.0, is_proven=True) == "Proven: no plan within these limits is better."
        assert bound_in_words(0.004, is_proven=True).startswith("Proven within 2 %")
        assert "6.1 %" in bound_in_words(0.061, is_proven=False)
