"""Every event kind that the code records is declared, reads in both languages and links somewhere."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from cases.transitions import MOVES as CASE_MOVES
from events.models import Event
from events.registry import registered
from mdk.services.preparation_moves import MOVES as PREPARATION_MOVES
from mdk.transitions import MOVES as MEETING_MOVES

ROOT = Path(__file__).parents[2]
RECORDED = re.compile(r"""record\(\s*(?:"([a-z_.]+)"(?:\s+if [^,]+? else\s+"([a-z_.]+)")?)""")


def recorded_kinds() -> set[str]:
    """Return the kinds written in the code of the floors, and those of the tables of moves."""
    code = "\n".join(
        p.read_text() for floor in ("accounts", "cases", "mdk", "checklists") for p in (ROOT / floor).rglob("*.py")
    )
    kinds = {kind for pair in RECORDED.findall(code) for kind in pair if kind}
    for moves in (CASE_MOVES, MEETING_MOVES, PREPARATION_MOVES):
        kinds |= {move.event for move in moves.values()}  # type: ignore[attr-defined]
    return kinds


def test_what_is_recorded_is_declared_and_what_is_declared_is_recorded() -> None:
    assert recorded_kinds() == set(registered())


@pytest.mark.parametrize("kind", sorted(registered()))
def test_a_kind_reads_in_words_without_a_blank(kind: str) -> None:
    declared = registered()[kind]
    for language in ("sv", "en"):
        with translation.override(language):
            assert declared.label().strip()
            if declared.notice:
                sentence = declared.notice(
                    {
                        "count": 2,
                        "reason": "no_time",
                        "to_meeting": 1,
                        "discipline": "radiology",
                        "minutes": 240,
                        "from": "2026-11-23",
                        "first": "2026-11-23",
                        "last": "2026-11-24",
                        "week": 48,
                        "over": 20,
                        "from_on": "2026-11-23",
                        "to_on": "2026-11-30",
                        "move": "later",
                        "promised_on": "2026-11-23",
                        "expected_on": "2026-11-30",
                    }
                )
                assert sentence.endswith(".")
                assert declared.link is not None


@pytest.mark.parametrize("kind", sorted(kind for kind, declared in registered().items() if declared.link))
def test_a_notice_opens_an_address_of_the_house(kind: str) -> None:
    link = registered()[kind].link
    assert link is not None
    event = Event(kind=kind, subject_id=3, case_id=1, meeting_id=2)
    assert link(event).startswith("/")
