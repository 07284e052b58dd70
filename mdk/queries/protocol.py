"""The protocol as plain values: the same for page, PDF and archive."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils import formats
from django.utils.translation import gettext as _

from cases.privacy import Shown, masked
from checklists.enums import Speciality
from checklists.registry import spec_of, specs_of
from checklists.spec import ChecklistItem, DefinitionSpec
from mdk.enums import ItemStatus, RebookingReason
from mdk.models import Addendum, AgendaItem, Attendance, Meeting, Outcome
from mdk.queries.attendance import attendance_of
from mdk.queries.outcomes import Answered, answered, outcome_facts
from mdk.queries.quorum import Quorum, quorum_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One case of the protocol. Exactly one of `outcome`, `deferred` and `moved` says how it ended."""

    number: int
    item: AgendaItem
    shown: Shown
    outcome: Outcome | None
    facts: tuple[tuple[str, str], ...]
    checklist: tuple[Answered, ...]
    deferred: str
    moved: str
    addenda: tuple[Addendum, ...]

    @property
    def ticked(self) -> list[str]:
        """The checklist's answered entries; one that is only ticked stands by itself."""
        yes = _("Yes")
        return [line.label if line.text == yes else f"{line.label}: {line.text}" for line in self.checklist]

    @property
    def minutes_used(self) -> int:
        """The minutes that the case was on the screen, rounded up."""
        return -(-self.item.seconds_used // 60)


@dataclass(frozen=True, slots=True)
class Protocol:
    """All that the protocol of a meeting says."""

    meeting: Meeting
    entries: tuple[Entry, ...]
    attendances: tuple[Attendance, ...]
    quorum: Quorum

    @property
    def lines(self) -> list[tuple[str, str, bool]]:
        """Who was present: name, function in words, and whether by video."""
        return [
            (line.user.name if line.user else line.name, str(Speciality(line.speciality).label), line.is_remote)
            for line in self.attendances
            if line.is_present
        ]

    @property
    def missing(self) -> list[str]:
        """The functions that the quorum lacked, in words."""
        return [str(Speciality(code).label) for code in self.quorum.missing]

    @property
    def patients(self) -> list[int]:
        """The patients whom the protocol names."""
        return [entry.item.case.patient_id for entry in self.entries]

    @property
    def is_signed(self) -> bool:
        """Whether the protocol is signed."""
        return self.meeting.signed_at is not None


def protocol_of(meeting: Meeting) -> Protocol:
    """Return the protocol of a meeting that has begun; protected identities are masked. Four queries at most."""
    at_meeting = Q(position__isnull=False) & ~Q(status=ItemStatus.PROVISIONAL)
    if meeting.started_at:
        at_meeting |= Q(status__in=[ItemStatus.REBOOKED, ItemStatus.REMOVED], status_changed_at__gte=meeting.started_at)
    items = list(
        meeting.items.filter(at_meeting)
        .select_related("case__patient", "case__diagnosis", "case__responsible_clinician", "outcome__recorded_by",
                        "rebooked_as__to_item__meeting__series")
        .order_by("position", "pk")
    )  # fmt: skip
    specs_of({item.case.definition_id for item in items})
    attendances = attendance_of(meeting)
    addenda = _addenda(items)
    entries = tuple(_entry(number, item, addenda.get(item.pk, ())) for number, item in enumerate(items, start=1))
    return Protocol(meeting, entries, tuple(attendances), quorum_of(items, attendances))


def _addenda(items: Sequence[AgendaItem]) -> dict[int, tuple[Addendum, ...]]:
    found: dict[int, tuple[Addendum, ...]] = {}
    rows = Addendum.objects.filter(outcome__item__in=items).select_related("added_by", "outcome")
    for addendum in rows:
        key = addendum.outcome.item_id
        found[key] = (*found.get(key, ()), addendum)
    return found


def _entry(number: int, item: AgendaItem, addenda: tuple[Addendum, ...]) -> Entry:
    patient, spec = item.case.patient, spec_of(item.case.definition_id)
    outcome = getattr(item, "outcome", None)
    checklist = answered(_checklist(spec, item.level), outcome.checklist if outcome else {})
    return Entry(
        number=number,
        item=item,
        shown=masked() if patient.is_protected else Shown(patient.name, str(patient.identity)),
        outcome=outcome,
        facts=tuple(outcome_facts(spec, outcome)),
        checklist=tuple(line for line in checklist if line.text),
        deferred=str(RebookingReason(item.defer_reason).label) if item.status == ItemStatus.DEFERRED else "",
        moved=_moved(item),
        addenda=addenda,
    )


def _checklist(spec: DefinitionSpec, level: str) -> list[ChecklistItem]:
    """The entries of the item's level, then those of the others: a lifted item may have answers to both."""
    entries = {entry.key: entry for entry in spec.checklist_for(level)}
    for other in spec.levels:
        entries |= {entry.key: entry for entry in spec.checklist_for(other.code) if entry.key not in entries}
    return list(entries.values())


def _moved(item: AgendaItem) -> str:
    if item.status == ItemStatus.REMOVED:
        return item.removed_reason or str(ItemStatus.REMOVED.label)
    if item.status != ItemStatus.REBOOKED:
        return ""
    rebooking = item.rebooked_as
    reason = str(RebookingReason(rebooking.reason).label)
    if rebooking.to_item is None:
        return reason
    meeting = rebooking.to_item.meeting
    day = formats.date_format(meeting.starts_at, "SHORT_DATE_FORMAT")
    return _("%(reason)s; moved to %(series)s %(day)s") % {
        "reason": reason, "series": meeting.series.name, "day": day,
    }  # fmt: skip
