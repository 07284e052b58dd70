"""What is new for a reader who has prepared a case already: which answers, which question, which level."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from json import dumps
from typing import Any

from django.utils.translation import gettext as _

from cases.enums import ResultState
from cases.models import Result
from cases.readiness.words import requirement_label
from checklists.enums import Discipline, LevelCode
from checklists.registry import spec_of, specs_of
from mdk.enums import ChangeKind
from mdk.models import Preparation
from mdk.planning.rereading import News, news_between

READABLE = (ResultState.PRELIMINARY, ResultState.FINAL)
Answers = Mapping[tuple[int, str], Sequence[Result]]
"""Answers by case and kind."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is new since the reading: `label` names it, `before` and `after` are words for people.

    `on` is the day of the examination and `at` when the answer came or changed here; both None for question and level.
    """

    kind: ChangeKind
    label: str
    before: str = ""
    after: str = ""
    on: date | None = None
    at: datetime | None = None
    answer: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A preparation as far as news are asked for: `seen` is what its last reading rests on, `read_at` when that was."""

    id: int
    case_id: int
    definition_id: int
    discipline: str
    level: str
    question: str
    seen: Mapping[str, Any]
    read_at: datetime | None


def changes_since(preparation: Preparation) -> list[Change]:
    """Return what is new since the reading that the preparation holds or carries over; one query.

    Nothing for one that was never begun: all of it is new to its reader.
    """
    return changes_of([preparation])[preparation.pk]


def changes_of(preparations: Iterable[Preparation]) -> dict[int, list[Change]]:
    """Return what is new for each preparation, by id; one query when item, case and carried reading are loaded."""
    return changes_by_id([reading_of(one) for one in preparations])


def changes_by_id(readings: Sequence[Reading], answers: Answers | None = None) -> dict[int, list[Change]]:
    """Return what is new for each reading, by id, oldest answer first; one query, none where `answers` are given."""
    if answers is None:
        answers = answers_by_case({one.case_id for one in readings}, {one.discipline for one in readings})
    specs_of({one.definition_id for one in readings})
    return {one.id: _changes(one, answers.get((one.case_id, one.discipline), [])) for one in readings}


def reading_of(preparation: Preparation) -> Reading:
    """Return a preparation as a reading; no query when item, case and carried reading are loaded."""
    item, earlier = preparation.item, preparation.carried_over_from
    return Reading(
        id=preparation.pk,
        case_id=item.case_id,
        definition_id=item.case.definition_id,
        discipline=preparation.discipline,
        level=item.level,
        question=item.case.clinical_question,
        seen=preparation.seen,
        read_at=preparation.completed_at or (earlier.completed_at if earlier else None),
    )


def answers_by_case(case_ids: Iterable[int], kinds: Iterable[str]) -> Answers:
    """Return the answers by (case, kind), those that are only awaited included, oldest first; one query."""
    found: defaultdict[tuple[int, str], list[Result]] = defaultdict(list)
    rows = Result.objects.filter(case_id__in=set(case_ids), kind__in=set(kinds)).exclude(state=ResultState.CANCELLED)
    for result in rows.order_by("performed_on", "pk"):
        found[result.case_id, result.kind].append(result)
    return found


def snapshot_of(preparation: Preparation) -> dict[str, Any]:
    """Return what a reading of the preparation at this moment rests on (`mdk.planning.rereading`); one query."""
    item, kind = preparation.item, preparation.discipline
    answers = answers_by_case([item.case_id], [kind]).get((item.case_id, kind), [])
    return snapshot(item.case.clinical_question, item.level, answers)


def snapshot(question: str, level: str, answers: Iterable[Result]) -> dict[str, Any]:
    """Return question, level and the answers that can be read as the value that is kept in `Preparation.seen`."""
    return {
        "question": question,
        "level": level,
        "answers": {
            str(result.pk): {
                "requirement": result.requirement,
                "state": result.state,
                "on": result.performed_on.isoformat() if result.performed_on else None,
                "elsewhere": result.is_external,
                "is": _content(result),
            }
            for result in answers
            if result.state in READABLE
        },
    }


def basis(
    seen: Mapping[str, Any], read_at: datetime | None, present: Mapping[str, Any], answers: Iterable[Result]
) -> Mapping[str, Any]:
    """Return what a reading rests on: as it was kept, or for one from before that was done, as far as `read_at` tells.

    What came or changed after `read_at` is then new; question and level count as they are in `present`.
    """
    if seen:
        return seen
    later = {str(answer.pk) for answer in answers if read_at and answer.updated_at > read_at}
    return {**present, "answers": {key: one for key, one in present["answers"].items() if key not in later}}


def edition_of(preparation: Preparation) -> str:
    """Return a short sign for what there is to read at this moment: another one as soon as something is new."""
    return sign_of(snapshot_of(preparation))


def _content(result: Result) -> str:
    return sign_of([result.state, str(result.performed_on), result.text, result.structured, result.is_external])


def sign_of(value: Any) -> str:
    """Return a short sign for a value of JSON types: the same for the same value."""
    return blake2b(dumps(value, sort_keys=True).encode(), digest_size=8).hexdigest()


def _changes(reading: Reading, answers: Sequence[Result]) -> list[Change]:
    by_id = {result.pk: result for result in answers}
    present = snapshot(reading.question, reading.level, answers)
    found = news_between(basis(reading.seen, reading.read_at, present, answers), present)
    order = {pk: place for place, pk in enumerate(by_id)}
    found.sort(key=lambda one: order.get(one.answer or 0, -1))
    return [_change(reading, one, by_id) for one in found]


def _change(reading: Reading, news: News, by_id: Mapping[int, Result]) -> Change:
    if news.kind == ChangeKind.QUESTION:
        return Change(news.kind, _("Clinical question"), news.before, news.after)
    if news.kind == ChangeKind.LEVEL:
        before, after = (str(LevelCode(code).label) for code in (news.before, news.after))
        return Change(news.kind, _("Level"), before, after)
    return _answer(reading, news, by_id)


def _answer(reading: Reading, news: News, by_id: Mapping[int, Result]) -> Change:
    """Put a new, changed or missing answer into words: how far it had come, and how far it has."""
    result = by_id.get(news.answer or 0)
    known = news.after or news.before
    key = known["requirement"]
    label = requirement_label(spec_of(reading.definition_id), key) if key else Discipline(reading.discipline).label
    before, after = (str(ResultState(one["state"]).label) if one else "" for one in (news.before, news.after))
    day = result.performed_on if result else date.fromisoformat(known["on"]) if known["on"] else None
    changed = result.updated_at if result else None
    return Change(news.kind, str(label), before, after, on=day, at=changed, answer=news.answer)
