"""What is new since a reading, and how many minutes that takes: the pure rule."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdk.enums import ChangeKind
from mdk.planning.rereading import news_between, second_minutes


def answer(content: str = "a", *, elsewhere: bool = False) -> dict[str, Any]:
    return {"requirement": "mr", "state": "final", "on": None, "elsewhere": elsewhere, "is": content}


def seen(question: str = "?", level: str = "full", **answers: dict[str, Any]) -> dict[str, Any]:
    return {"question": question, "level": level, "answers": {key[1:]: one for key, one in answers.items()}}


OLD = seen(_1=answer(), _2=answer(), _3=answer())


@pytest.mark.parametrize(
    ("present", "kinds"),
    [
        (OLD, []),
        (seen("!", _1=answer(), _2=answer(), _3=answer()), [ChangeKind.QUESTION]),
        (seen("?", "focused", _1=answer(), _2=answer(), _3=answer()), [ChangeKind.LEVEL]),
        (seen(_1=answer(), _2=answer("b"), _3=answer()), [ChangeKind.ANSWER_CHANGED]),
        (seen(_1=answer(), _2=answer(), _3=answer(), _11=answer()), [ChangeKind.ANSWER_NEW]),
        (seen(_1=answer(), _3=answer()), [ChangeKind.ANSWER_GONE]),
        (seen("!", _2=answer("b"), _3=answer()), [ChangeKind.QUESTION, ChangeKind.ANSWER_GONE, ChangeKind.ANSWER_CHANGED]),
    ],
)  # fmt: skip
def test_what_is_new(present: dict[str, Any], kinds: list[ChangeKind]) -> None:
    assert [one.kind for one in news_between(OLD, present)] == kinds


@pytest.mark.parametrize(
    ("full", "present", "minutes"),
    [
        (12, seen(_1=answer(), _2=answer(), _3=answer(), _4=answer()), 3),
        (12, seen(_1=answer(), _2=answer("b"), _3=answer()), 4),
        (12, seen(_1=answer("b"), _2=answer("b"), _3=answer("b")), 6),
        (12, seen(_1=answer(), _2=answer(), _3=answer(), _4=answer(elsewhere=True)), 5),
        (11, seen("!", _1=answer(), _2=answer(), _3=answer()), 6),
        (12, seen(_1=answer(), _3=answer()), 6),
        (1, seen("!"), 1),
        (0, seen("!"), 0),
    ],
)
def test_the_minutes_of_a_second_reading(full: int, present: dict[str, Any], minutes: int) -> None:
    assert second_minutes(full, OLD, present, elsewhere=2) == minutes


contents = st.dictionaries(
    st.integers(1, 6).map(str), st.builds(answer, st.sampled_from("abc"), elsewhere=st.booleans()), max_size=6
)
snapshots = st.builds(
    lambda question, level, answers: {"question": question, "level": level, "answers": answers},
    st.sampled_from("?!"), st.sampled_from(["full", "focused"]), contents,
)  # fmt: skip


@given(snapshots, snapshots, st.integers(0, 600))
def test_it_is_never_longer_than_half_the_first(old: dict[str, Any], new: dict[str, Any], full: int) -> None:
    minutes = second_minutes(full, old, new, elsewhere=2)
    assert min(full, 1) <= minutes <= -(-full // 2)


@given(snapshots, snapshots)
def test_nothing_is_new_just_when_nothing_differs_that_can_be_seen(old: dict[str, Any], new: dict[str, Any]) -> None:
    def shown(one: dict[str, Any]) -> Any:
        return one["question"], one["level"], {key: value["is"] for key, value in one["answers"].items()}

    assert (news_between(old, new) == []) == (shown(old) == shown(new))
