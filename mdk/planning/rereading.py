"""What a reading rests on, what is new since, and how long it takes to read that alone: values in, values out.

A reading rests on the question, the level and the answers of its discipline. What it rests on is kept as a plain
value (`Preparation.seen`):

    {"question": str, "level": str, "answers": {"<id>": {"requirement": str, "state": str, "on": "YYYY-MM-DD" | None,
     "elsewhere": bool, "is": str}}}

`is` stands for the content of the answer: another one after every change that a reader could see.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mdk.enums import ChangeKind

Seen = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """One thing that is new: an answer (`answer` is its id), the question or the level; as it was and as it is."""

    kind: ChangeKind
    answer: int | None = None
    before: Any = None
    after: Any = None


def news_between(seen: Seen, present: Seen) -> list[News]:
    """Return what is new in `present` for one who has read `seen`: question, level, then answers by id.

    An order is no news, and neither is one that was called off: only what can be read counts. An answer that is no
    longer there (taken back, moved to another case) is: the reading leans on it.
    """
    found = [
        News(kind, None, seen[name], present[name])
        for kind, name in ((ChangeKind.QUESTION, "question"), (ChangeKind.LEVEL, "level"))
        if seen[name] != present[name]
    ]
    old, new = seen["answers"], present["answers"]
    for key in sorted(old.keys() | new.keys(), key=int):
        if key not in old:
            found.append(News(ChangeKind.ANSWER_NEW, int(key), None, new[key]))
        elif key not in new:
            found.append(News(ChangeKind.ANSWER_GONE, int(key), old[key], None))
        elif old[key]["is"] != new[key]["is"]:
            found.append(News(ChangeKind.ANSWER_CHANGED, int(key), old[key], new[key]))
    return found


def second_minutes(full: int, seen: Seen, present: Seen, *, elsewhere: int) -> int:
    """Return the minutes of a second reading: the share of the answers that is new, and at most half of the first.

    `full` is what reading everything would take now. An answer made elsewhere weighs `elsewhere` times one of one's
    own, as in `full`. A new question, a new level or an answer that is gone asks for a new look at what is read
    already: half. At least one minute where the whole takes any. No source states these figures; they are local.
    """
    if full == 0:
        return 0
    half = -(-full // 2)
    found = news_between(seen, present)
    if any(one.kind in (ChangeKind.QUESTION, ChangeKind.LEVEL, ChangeKind.ANSWER_GONE) for one in found):
        return half
    weights = {key: elsewhere if answer["elsewhere"] else 1 for key, answer in present["answers"].items()}
    new = sum(weights[str(one.answer)] for one in found)
    return max(1, min(half, -(-full * new // max(1, sum(weights.values())))))
