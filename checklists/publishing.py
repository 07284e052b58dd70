"""The services of the editor: begin a draft, change it, throw it away, publish it, choose a version.

A published version is never changed. Everything here locks the diagnosis first, then its draft, so that two
administrators at once are told of each other. Who may: `manage_definitions`; the views see to it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused, Stale
from accounts.models import User
from checklists.entries import with_entry, without_entry
from checklists.faults import fault_sentence
from checklists.loader import digest_of
from checklists.models import Definition, DefinitionDraft, Diagnosis
from checklists.parsing import parse
from checklists.reading import DefinitionError, Problem
from checklists.registry import spec_of
from checklists.spec import DefinitionSpec
from checklists.versions import next_own
from events.record import record


class DraftExists(Refused):
    """Somebody has begun a draft of this diagnosis already; the message names them."""

    code = "draft-exists"


class DraftGone(Refused):
    """The draft has been published or thrown away meanwhile; the message says by whom."""

    code = "draft-gone"


class NothingChanged(Refused):
    """The draft says just what is published."""

    code = "nothing-changed"


class NotOffered(Refused):
    """The version cannot be chosen: only the newest shipped one is, when another is in force."""

    code = "not-offered"


@transaction.atomic
def start_draft(definition_id: int, *, by: User, now: datetime) -> DefinitionDraft:
    """Copy a published version, of any age, into the draft of its diagnosis. Leaves `definition.draft_started`.

    Repeated by the same person from the same version it gives the draft that there is; DraftExists otherwise.
    """
    base = Definition.objects.get(pk=definition_id)
    diagnosis = _locked(base.diagnosis_id)
    if found := draft_of(diagnosis.pk):
        if (found.created_by_id, found.based_on_id) == (by.pk, base.pk):
            return found
        raise DraftExists(
            _("%(who)s began a draft %(at)s, from version %(version)s. Publish it or throw it away first.")
            % {"who": found.created_by.name, "at": _time(found.created_at), "version": found.based_on.version}
        )
    draft = DefinitionDraft.objects.create(
        diagnosis=diagnosis, based_on=base, content=base.content, created_by=by, created_at=now, updated_by=by,
        updated_at=now,
    )  # fmt: skip
    record("definition.draft_started", by=by, now=now, subject=diagnosis, data={"from": base.version})
    return draft


@transaction.atomic
def set_entry(
    diagnosis_id: int, part: str, place: str, entry: Mapping[str, Any], *, edition: int, by: User, now: datetime
) -> str:
    """Set an entry of the draft, or add one (`place` = `NEW`), and return its place (see `checklists.entries`).

    The parser of the files checks the whole: Invalid names each fault by the field of the entry (`max_age_days.full`,
    say; "" for one elsewhere). Stale unless `edition` is the draft's, naming who changed it; DraftGone without a
    draft; NoEntry for a place that there is not.
    """
    draft = _locked_draft(diagnosis_id, edition)
    content, place, path = with_entry(draft.content, part, place, entry)
    _check(content, draft, path)
    _save(draft, content, by, now)
    return place


@transaction.atomic
def remove_entry(diagnosis_id: int, part: str, place: str, *, edition: int, by: User, now: datetime) -> None:
    """Take an entry out of the draft. Refuses as `set_entry` does."""
    draft = _locked_draft(diagnosis_id, edition)
    content = without_entry(draft.content, part, place)
    _check(content, draft, "")
    _save(draft, content, by, now)


@transaction.atomic
def discard_draft(diagnosis_id: int, *, edition: int, by: User, now: datetime) -> None:
    """Throw the draft away; without one nothing happens. Stale when somebody has changed it since `edition`.

    Leaves `definition.draft_discarded`.
    """
    diagnosis = _locked(diagnosis_id)
    draft = draft_of(diagnosis_id)
    if draft is None:
        return
    _refuse_stale(draft, edition)
    draft.delete()
    record("definition.draft_discarded", by=by, now=now, subject=diagnosis, data={"from": draft.based_on.version})


@transaction.atomic
def publish_draft(diagnosis_id: int, *, edition: int, by: User, now: datetime) -> Definition:
    """Publish the draft as the next version: new cases begin with it at once, open cases stay on theirs.

    Leaves `definition.published`. A second call by the same person gives what they published; DraftGone tells
    another who did. Stale when the draft is not what `edition` showed; NothingChanged when it says what is in force.
    """
    diagnosis = _locked(diagnosis_id)
    draft = draft_of(diagnosis_id)
    if draft is None:
        current = diagnosis.current
        if current is not None and current.published_by_id == by.pk:
            return current
        raise _gone(diagnosis)
    _refuse_stale(draft, edition)
    spec, in_force = spec_of_draft(draft), diagnosis.current or draft.based_on
    if _says(spec) == _says(spec_of(in_force.pk)):
        raise NothingChanged(_("The draft says what version %(version)s says already.") % {"version": in_force.version})
    taken = Definition.objects.filter(diagnosis=diagnosis).values_list("version", flat=True)
    content = draft.content | {"version": next_own(draft.based_on.version, in_force.version, taken)}
    definition = Definition.objects.create(
        diagnosis=diagnosis, version=content["version"], content=content, digest=digest_of(content), published_at=now,
        published_by=by, based_on=draft.based_on,
    )  # fmt: skip
    put_in_force(diagnosis, definition, spec)
    draft.delete()
    record(
        "definition.published", by=by, now=now, subject=diagnosis,
        data={"version": definition.version, "from": draft.based_on.version, "before": in_force.version},
    )  # fmt: skip
    return definition


@transaction.atomic
def choose_version(definition_id: int, *, by: User, now: datetime) -> Diagnosis:
    """Let new cases begin with the newest shipped version in place of the hospital's own. Leaves `definition.chosen`.

    A repeated call changes nothing; NotOffered for any other version (one goes back to those by a draft).
    """
    definition = Definition.objects.get(pk=definition_id)
    diagnosis = _locked(definition.diagnosis_id)
    if diagnosis.current_id == definition.pk:
        return diagnosis
    newest = newest_shipped(diagnosis.pk)
    if newest is None or newest.pk != definition.pk:
        raise NotOffered(
            _("Only the newest shipped version can be chosen. Begin a draft from this one to go back to it.")
        )
    before = diagnosis.current.version if diagnosis.current else ""
    put_in_force(diagnosis, definition, spec_of(definition.pk))
    record(
        "definition.chosen", by=by, now=now, subject=diagnosis, data={"version": definition.version, "before": before}
    )
    return diagnosis


def put_in_force(diagnosis: Diagnosis, definition: Definition, spec: DefinitionSpec) -> None:
    """Make `definition` the one that new cases begin with; the caller has locked the diagnosis."""
    diagnosis.name_sv, diagnosis.name_en, diagnosis.icd10 = spec.name_sv, spec.name_en, list(spec.icd10)
    diagnosis.current = definition
    diagnosis.save(update_fields=["name_sv", "name_en", "icd10", "current"])


def spec_of_draft(draft: DefinitionDraft) -> DefinitionSpec:
    """Return what the draft says. DefinitionError when today's parser refuses it."""
    return parse(draft.content, draft.diagnosis.slug)


def draft_of(diagnosis_id: int) -> DefinitionDraft | None:
    """Return the draft of a diagnosis with its people, or None."""
    rows = DefinitionDraft.objects.select_related("diagnosis", "based_on", "created_by", "updated_by")
    return rows.filter(diagnosis_id=diagnosis_id).first()


def present_draft(diagnosis: Diagnosis) -> DefinitionDraft:
    """Return the draft of a diagnosis; DraftGone, saying who published it, without one."""
    if draft := draft_of(diagnosis.pk):
        return draft
    raise _gone(diagnosis)


def newest_shipped(diagnosis_id: int) -> Definition | None:
    """Return the shipped version that was published last, or None."""
    return Definition.objects.filter(diagnosis_id=diagnosis_id, published_by=None).order_by("-pk").first()


def _locked(diagnosis_id: int) -> Diagnosis:
    """The diagnosis, locked. What is in force is read after the lock: a join would show what was before the wait."""
    return Diagnosis.objects.select_for_update().get(pk=diagnosis_id)


def _locked_draft(diagnosis_id: int, edition: int) -> DefinitionDraft:
    diagnosis = _locked(diagnosis_id)
    draft = draft_of(diagnosis_id)
    if draft is None:
        raise _gone(diagnosis)
    _refuse_stale(draft, edition)
    return draft


def _refuse_stale(draft: DefinitionDraft, edition: int) -> None:
    if draft.edition != edition:
        raise Stale(
            _("%(who)s changed the draft %(at)s. Look at it as it is now, and make your change again.")
            % {"who": draft.updated_by.name, "at": _time(draft.updated_at)},
            extra={"edition": draft.edition, "changed_by": draft.updated_by.name},
        )


def _gone(diagnosis: Diagnosis) -> DraftGone:
    current = diagnosis.current
    if current is not None and current.published_by is not None:
        return DraftGone(
            _("There is no draft any more. %(who)s published version %(version)s %(at)s.")
            % {"who": current.published_by.name, "version": current.version, "at": _time(current.published_at)}
        )
    return DraftGone(_("There is no draft of this diagnosis. Begin one from one of its versions."))


def _check(content: Mapping[str, Any], draft: DefinitionDraft, path: str) -> None:
    """Refuse what the parser of the files refuses; faults of the entry at `path` are named by its field."""
    try:
        parse(content, draft.diagnosis.slug)
    except DefinitionError as error:
        raise Invalid([_field_error(problem, path) for problem in error.problems]) from error


def _field_error(problem: Problem, path: str) -> FieldError:
    inside = path and problem.key.startswith(f"{path}.")
    field = problem.key.removeprefix(f"{path}.") if inside or not path else ""
    return FieldError(field, problem.code or "fault", fault_sentence(problem))


def _save(draft: DefinitionDraft, content: dict[str, Any], by: User, now: datetime) -> None:
    """Keep the changed content; saving what stands there already is no change."""
    if content == draft.content:
        return
    draft.content, draft.updated_by, draft.updated_at = content, by, now
    draft.edition += 1
    draft.save(update_fields=["content", "updated_by", "updated_at", "edition"])


def _says(spec: DefinitionSpec) -> DefinitionSpec:
    """The definition without what tells its versions apart."""
    return replace(spec, version="", sources={})


def _time(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
