"""What has changed on a published list: from version to version, and since the last one, in sentences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from cases.identity import initials_of
from cases.models import Case
from checklists.enums import LevelCode
from checklists.registry import spec_of
from mdk.enums import ItemStatus, MeetingStatus, RebookingReason
from mdk.models import AgendaItem, AgendaVersion, Meeting
from mdk.planning.lists import TAKEN_OFF, Difference, differences
from mdk.queries.agenda import AgendaRow
from mdk.queries.publishing import latest_versions, lines_of


@dataclass(frozen=True, slots=True)
class Change:
    """One change in words. `who` has initials and birth year, empty for a protected identity; `patient_id` is logged."""

    kind: str
    item: int
    case: int
    patient_id: int
    who: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Version:
    """A published list: its number, when, by whom, and what was changed to it from the one before."""

    number: int
    published_at: datetime
    by: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class ChangeLog:
    """The versions of a meeting's list, newest first, and what has changed since the newest."""

    versions: tuple[Version, ...] = ()
    pending: tuple[Change, ...] = ()

    @property
    def number(self) -> int:
        """The number of the newest list; 0 while none is published."""
        return self.versions[0].number if self.versions else 0

    @property
    def patients(self) -> set[int]:
        """The patients whom it shows."""
        every = [*self.pending, *(change for version in self.versions for change in version.changes)]
        return {change.patient_id for change in every}


def change_log(meeting: Meeting, rows: Iterable[AgendaRow]) -> ChangeLog:
    """Return the versions of the meeting's list and what has changed since; three queries, one without any version.

    `rows` is the agenda as it stands. Log the reading of the patients of the changes.
    """
    versions = list(AgendaVersion.objects.filter(meeting=meeting).select_related("published_by").order_by("number"))
    if not versions:
        return ChangeLog()
    steps = [differences(earlier.content, later.content) for earlier, later in pairwise(versions)]
    pending = _since(meeting, versions[-1], rows)
    words = _Words([*steps, pending])
    said = [(), *(words.of(step) for step in steps)]
    return ChangeLog(
        versions=tuple(
            Version(one.number, one.published_at, one.published_by.name, changes)
            for one, changes in reversed(list(zip(versions, said, strict=True)))
        ),
        pending=words.of(pending),
    )


def changes_of(
    meetings: Sequence[Meeting], rows: Mapping[int, Sequence[AgendaRow]]
) -> dict[int, tuple[int, tuple[Change, ...]]]:
    """Return for each meeting the number of its newest list (0 without one) and what has changed since.

    Three queries however many meetings there are.
    """
    latest = latest_versions([meeting.pk for meeting in meetings])
    pending = {
        meeting.pk: _since(meeting, latest[meeting.pk], rows[meeting.pk])
        for meeting in meetings
        if meeting.pk in latest
    }
    words = _Words(pending.values())
    return {
        meeting.pk: (latest[meeting.pk].number, words.of(pending[meeting.pk])) if meeting.pk in latest else (0, ())
        for meeting in meetings
    }


def _since(meeting: Meeting, version: AgendaVersion, rows: Iterable[AgendaRow]) -> list[Difference]:
    """Return what has changed since the version; nothing once the meeting has begun, when the room decides."""
    if meeting.status != MeetingStatus.PUBLISHED:
        return []
    firm = ((row.id, row.case_id, row.level, row.minutes) for row in rows if row.is_firm)
    return differences(version.content, lines_of(firm))


class _Words:
    """Puts differences into sentences, with what it takes from the database for all of them at once."""

    def __init__(self, steps: Iterable[Sequence[Difference]]) -> None:
        every = [one for step in steps for one in step]
        self._cases = _people({one.case for one in every})
        self._ends = _ends([one.before["item"] for one in every if one.kind == TAKEN_OFF and one.before])

    def of(self, step: Sequence[Difference]) -> tuple[Change, ...]:
        """Return the changes in words, in the same order."""
        return tuple(self._change(one) for one in step)

    def _change(self, one: Difference) -> Change:
        line = one.after or one.before or {}
        patient_id, who = self._cases[one.case]
        return Change(one.kind, line["item"], one.case, patient_id, who, self._sentence(one))

    def _sentence(self, one: Difference) -> str:
        before, after = one.before or {}, one.after or {}
        match one.kind:
            case "added":
                return _("added after publication")
            case "taken_off":
                why = self._ends.get(before["item"], "")
                return _("taken off: %(why)s") % {"why": why} if why else _("taken off")
            case "moved":
                places = {"before": before["position"], "after": after["position"]}
                return _("moved from place %(before)d to %(after)d") % places
            case "level":
                levels = {"before": _level(before["level"]), "after": _level(after["level"])}
                return _("level changed from %(before)s to %(after)s") % levels
        minutes = {"before": before["minutes"], "after": after["minutes"]}
        return _("%(after)d minutes instead of %(before)d") % minutes


def _level(code: str) -> str:
    return str(LevelCode(code).label).lower()


def _people(case_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Return the patient of each case and how a list names them; one query, none without cases."""
    wanted = set(case_ids)
    rows = Case.objects.filter(pk__in=wanted).values_list(
        "pk", "patient_id", "patient__name", "patient__identity_value", "patient__is_protected"
    )
    return {
        pk: (patient, "" if is_protected else initials_of(name, number))
        for pk, patient, name, number, is_protected in (rows if wanted else ())
    }


def _ends(item_ids: Sequence[int]) -> dict[int, str]:
    """Return why each place was given up: the missing answer, the coded reason or the words; one query, none without any."""
    items = AgendaItem.objects.filter(pk__in=item_ids).select_related("rebooked_as", "case")
    return {item.pk: _end(item) for item in (items if item_ids else ())}


def _end(item: AgendaItem) -> str:
    if item.status == ItemStatus.REMOVED:
        return item.removed_reason
    rebooking = getattr(item, "rebooked_as", None)
    if rebooking is None:
        return ""
    if rebooking.missing_requirement:
        return _("%(what)s missing") % {"what": _requirement(item, rebooking.missing_requirement)}
    return rebooking.note if rebooking.reason == RebookingReason.OTHER else str(rebooking.get_reason_display())


def _requirement(item: AgendaItem, key: str) -> str:
    asked: Any = spec_of(item.case.definition_id).requirement(key)
    return str(asked.label())
