"""What the editor shows: every part of the draft with its entries as rows, one or more of them open as a form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from checklists.described import Described, DescribedPart, describe
from checklists.difference import Way, difference
from checklists.entries import NEW, NoEntry, entry_at, grows, parts_of, sources_of
from checklists.form_fields import EntryForm
from checklists.forms import form_for
from checklists.models import DefinitionDraft, Diagnosis
from checklists.publishing import spec_of_draft
from checklists.registry import spec_of
from checklists.spec import DefinitionSpec

WITH_NAMES = ("levels", "default_levels", "lead_times_version")
"""Parts whose facts say nothing without their names."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The entry that stands open: where, its form, and the refusal of a stale one."""

    part: str = ""
    place: str = ""
    form: EntryForm | None = None
    stale: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry: what it says in short, and whether it differs from what is published."""

    part: str
    place: str
    label: str
    facts: tuple[str, ...]
    all_facts: Mapping[str, str]
    way: str
    opened: Opened | None

    @property
    def anchor(self) -> str:
        """The id of the row in the page."""
        return anchor_of(self.part, self.place)


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the definition; `new` is the row of an entry that is being added."""

    part: str
    title: str
    rows: tuple[Row, ...]
    removed: tuple[str, ...]
    can_grow: bool
    new: Row


@dataclass(frozen=True, slots=True)
class DraftPage:
    """The whole editor. `changes` counts the entries that differ from the version in force."""

    diagnosis: Diagnosis
    draft: DefinitionDraft
    sections: tuple[Section, ...]
    changes: int
    sources: Sequence[str] = field(default_factory=tuple)


def anchor_of(part: str, place: str) -> str:
    """Return the id of a row."""
    return f"entry-{part}-{place}"


def form_at(draft: DefinitionDraft, part: str, place: str, data: Any = None) -> EntryForm:
    """Return the form of an entry of the draft, or of a new one. Http404 for a place that there is not."""
    if part not in parts_of(draft.content) or (place == NEW and not grows(part)):
        raise Http404(_("The definition has no such entry."))
    try:
        entry = None if place == NEW else entry_at(draft.content, part, place)
    except NoEntry as error:
        raise Http404(_("The definition has no such entry.")) from error
    return form_for(part, entry, spec_of_draft(draft), data, auto_id=f"{part}-{place}-%s")


def draft_page(diagnosis: Diagnosis, draft: DefinitionDraft, opened: Opened) -> DraftPage:
    """Return the editor with the entry of `opened` open."""
    spec = spec_of_draft(draft)
    changed = difference(spec_of(diagnosis.current_id or draft.based_on_id), spec)
    ways = {(part.part, change.place): change.way for part in changed for change in part.changes if change.place}
    gone = {part.part: tuple(change.label for change in part.changes if change.way is Way.REMOVED) for part in changed}
    told = {part.code: part for part in describe(spec)}
    return DraftPage(
        diagnosis=diagnosis,
        draft=draft,
        sections=tuple(
            _section(told[part], ways, gone.get(part, ()), opened) for part in parts_of(draft.content) if _asked(part, spec)
        ),
        changes=sum(len(part.changes) for part in changed),
        sources=sources_of(draft.content),
    )  # fmt: skip


def _asked(part: str, spec: DefinitionSpec) -> bool:
    """Rules of level speak of circumstances: a definition that declares none has nothing to ask."""
    return part != "level_rules" or bool(spec.level_rules or spec.circumstances)


def _section(
    told: DescribedPart, ways: Mapping[tuple[str, str], Way], gone: tuple[str, ...], opened: Opened
) -> Section:
    def open_at(place: str) -> Opened | None:
        return opened if (opened.part, opened.place) == (told.code, place) else None

    rows = tuple(
        Row(
            part=told.code,
            place=entry.place,
            label=entry.label,
            facts=_in_short(told.code, entry),
            all_facts=entry.facts,
            way=ways.get((told.code, entry.place), ""),
            opened=open_at(entry.place),
        )
        for entry in told.entries.values()
    )
    new = Row(told.code, NEW, "", (), {}, "", open_at(NEW))
    return Section(told.code, told.title, rows, gone, grows(told.code), new)


def _in_short(part: str, entry: Described) -> tuple[str, ...]:
    """The facts of an entry in a line: without its names, and what is not so left out."""
    names = (_("Name in Swedish"), _("Name in English"), _("Reason in Swedish"), _("Reason in English"), _("Checklist"))
    sources = (_("Source"), _("Source of the phases"), _("Source of the minutes"))
    found = []
    told = _("Source of the minutes") if part == "levels" else _("Source")
    for label, fact in entry.facts.items():
        if label in names or not fact or fact in (_("no"), _("well-founded suspicion")):
            continue
        if label in sources:
            if fact == _("local") and label == told:
                found.append(fact)
            continue
        if fact == _("yes"):
            found.append(label)
        elif part in WITH_NAMES:
            found.append(f"{label}: {fact}")
        else:
            found.append(fact)
    return tuple(found)
