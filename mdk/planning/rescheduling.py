"""What becomes of the meetings that stand when a series gets another rule."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from mdk.planning.calendar import MeetingDay


@dataclass(frozen=True, slots=True)
class Rescheduled:
    """What becomes of each standing meeting, by its id, and on which days new ones come.

    `stays` and `moves` give the day that a meeting then has, `extra` are those that never came of the rule, and are
    left as they are. Each id is in one of the four.
    """

    stays: Mapping[int, MeetingDay]
    moves: Mapping[int, MeetingDay]
    goes: tuple[int, ...]
    extra: tuple[int, ...]
    new: tuple[MeetingDay, ...]


def reschedule(
    before: Collection[date],
    after: Sequence[MeetingDay],
    standing: Mapping[int, date],
    taken: Collection[date],
    waiting: Collection[date] = (),
) -> Rescheduled:
    """Pair the standing meetings with the days of the new rule.

    `before` are the days of the old rule, `after` those of the new one, `standing` the day of each meeting that may
    still change, at most one on a day of the old rule, `taken` the days that other meetings have, `waiting` those of
    cancelled ones that are held again: such a day is new, and none moves to it. A meeting stays on
    a day that both rules have. One whose day is gone moves to a new day of the same ISO week, in order, so that its
    agenda goes along; without such a day it goes.
    """
    days = {day.on: day for day in after}
    ours = {pk: on for pk, on in standing.items() if on in before}
    extra = tuple(pk for pk in standing if pk not in ours)
    stays = {pk: days[on] for pk, on in ours.items() if on in days}
    held = {*taken, *(standing[pk] for pk in extra), *(day.on for day in stays.values())}
    free = [day for day in sorted(after, key=lambda day: day.on) if day.on not in held]
    homeless = sorted((pk for pk in ours if pk not in stays), key=lambda pk: ours[pk])
    targets = [day for day in free if day.on not in waiting]
    by_week = {week: list(same) for week, same in groupby(targets, key=lambda day: _week(day.on))}
    moves = {}
    for pk in homeless:
        if in_week := by_week.get(_week(ours[pk])):
            moves[pk] = in_week.pop(0)
    chosen = {day.on for day in moves.values()}
    goes = tuple(pk for pk in homeless if pk not in moves)
    return Rescheduled(stays, moves, goes, extra, tuple(day for day in free if day.on not in chosen))


def _week(day: date) -> tuple[int, int]:
    year, week, _weekday = day.isocalendar()
    return year, week
