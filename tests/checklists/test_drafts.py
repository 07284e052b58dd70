"""Drafts of definitions: begun, changed, refused, published once, thrown away."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.errors import Invalid, Stale
from accounts.models import User
from accounts.permissions import Role
from checklists.difference import Way, difference
from checklists.entries import NEW, NoEntry, entry_at
from checklists.models import Definition, DefinitionDraft, Diagnosis
from checklists.publishing import (
    DraftExists,
    DraftGone,
    NothingChanged,
    NotOffered,
    choose_version,
    discard_draft,
    draft_of,
    publish_draft,
    remove_entry,
    set_entry,
    spec_of_draft,
    start_draft,
)
from checklists.registry import spec_of
from checklists.services import load_definitions
from checklists.versions import next_own
from events.models import Event
from tests.checklists.conftest import Folder
from tests.factories import make_user

pytestmark = pytest.mark.django_db

NEW_REQUIREMENT = {
    "label_sv": "DT thorax",
    "label_en": "CT thorax",
    "kind": "radiology",
    "phases": ["pre_treatment"],
    "levels": ["full", "focused", "protocol"],
    "severity": "blocker",
    "max_age_days": {"full": 60, "focused": 60, "protocol": 90},
    "modalities": ["CT"],
    "codes": [{"system": "1.2.3", "code": "82101"}],
    "source": "Lokal rutin 2026",
    "phases_source": "local",
}


class Desk:
    """One diagnosis with a draft, and the person who works on it."""

    def __init__(self, diagnosis: Diagnosis, by: User) -> None:
        self.diagnosis, self.by, self.now = diagnosis, by, timezone.now()

    @property
    def draft(self) -> DefinitionDraft:
        return DefinitionDraft.objects.get(diagnosis=self.diagnosis)

    @property
    def current(self) -> Definition:
        current = Diagnosis.objects.select_related("current").get(pk=self.diagnosis.pk).current
        assert current is not None
        return current

    def start(self, version: Definition | None = None, by: User | None = None) -> DefinitionDraft:
        return start_draft((version or self.current).pk, by=by or self.by, now=self.now)

    def set(self, part: str, place: str, by: User | None = None, edition: int = 0, **values: Any) -> str:
        return set_entry(
            self.diagnosis.pk, part, place, values, edition=edition or self.draft.edition, by=by or self.by, now=self.now
        )  # fmt: skip

    def change(self, part: str, place: str, **values: Any) -> str:
        return self.set(part, place, **(entry_at(self.draft.content, part, place) | values))

    def publish(self, by: User | None = None, edition: int = 0) -> Definition:
        return publish_draft(self.diagnosis.pk, edition=edition or self.draft.edition, by=by or self.by, now=self.now)

    def publish_minutes(self, minutes: int) -> Definition:
        self.start()
        self.change("levels", "full", minutes=minutes)
        return self.publish()


@pytest.fixture
def ada() -> User:
    return make_user(role=Role.ADMIN, name="Ada Admin")


@pytest.fixture
def bo() -> User:
    return make_user(role=Role.ADMIN, name="Bo Admin")


@pytest.fixture
def desk(folder: Folder, ada: User) -> Desk:
    load_definitions(now=timezone.now(), folder=folder.path)
    return Desk(Diagnosis.objects.get(), ada)


def test_a_draft_says_what_it_was_made_from(desk: Desk) -> None:
    draft = desk.start()
    assert difference(spec_of(desk.current.pk), spec_of_draft(draft)) == ()
    assert Event.objects.get().kind == "definition.draft_started"


def test_one_draft_a_diagnosis(desk: Desk, bo: User) -> None:
    first = desk.start()
    assert desk.start().pk == first.pk
    with pytest.raises(DraftExists, match="Ada Admin"):
        desk.start(by=bo)


def test_story_of_a_version(desk: Desk) -> None:
    before = desk.current
    desk.start()
    key = desk.set("requirements", NEW, **NEW_REQUIREMENT)
    desk.change("levels", "full", minutes=8, prep_minutes={"radiology": 12})
    desk.change("quorum", "follow_up", roles=["surgeon", "urologist"])
    desk.change("lead_times", "0", days=20, source="local")
    desk.change("lead_times_version", "all", version="2026-11-01")
    desk.change("default_levels", "all", follow_up="protocol")
    desk.set("checklist-short", NEW, label_sv="Rökstopp", label_en="Smoking", kind="bool", source="local")
    remove_entry(
        desk.diagnosis.pk, "requirements", "current_pathology", edition=desk.draft.edition, by=desk.by, now=desk.now
    )
    new = desk.publish()

    spec = spec_of(new.pk)
    assert (new.version, new.based_on, new.published_by) == ("1.1.1", before, desk.by)
    assert desk.current == new
    assert not DefinitionDraft.objects.exists()
    assert (key, spec.requirement("ct_thorax").modalities) == ("ct_thorax", {"CT"})
    assert spec.requirement("ct_thorax").source == "Lokal rutin 2026"
    assert (spec.level("full").minutes, spec.level("full").prep_minutes) == (8, {"radiology": 12})
    assert spec.quorum_for("follow_up") == ("surgeon", "urologist")
    assert spec.quorum_for("recurrence") == spec_of(before.pk).quorum_for("recurrence")
    assert (spec.lead_times[0].days, spec.lead_times_version) == (20, "2026-11-01")
    assert spec.default_levels["follow_up"] == "protocol"
    assert spec.checklists["short"][-1].key == "smoking"
    ways = {
        (part.part, change.label, change.way)
        for part in difference(spec_of(before.pk), spec)
        for change in part.changes
    }
    assert {
        ("requirements", "DT thorax", Way.ADDED),
        ("requirements", "Aktuell patologi tillgänglig", Way.REMOVED),
        ("levels", "Fullständig", Way.CHANGED),
        ("quorum", "Uppföljning", Way.CHANGED),
    } <= ways
    event = Event.objects.get(kind="definition.published")
    assert event.data == {"version": "1.1.1", "from": "1.1", "before": "1.1"}
    assert spec_of(before.pk).level("full").minutes == 6


@pytest.mark.parametrize(
    ("part", "place", "values", "field"),
    [
        ("requirements", NEW, {"label_sv": ""}, "label_sv"),
        ("requirements", NEW, {"phases": []}, "phases"),
        ("requirements", NEW, {"levels": []}, "levels"),
        ("requirements", NEW, {"kind": "magic"}, "kind"),
        ("requirements", NEW, {"severity": "needs_approval"}, "severity"),
        ("requirements", NEW, {"max_age_days": {"full": 0}}, "max_age_days.full"),
        ("requirements", NEW, {"codes": [{"system": "", "code": "7"}]}, "codes[0].system"),
        ("requirements", NEW, {"field": "comorbidity"}, "field"),
        ("requirements", NEW, {"modalities": ["XX"]}, "modalities[0]"),
        ("requirements", NEW, {"source": ""}, "source"),
        ("levels", "full", {"minutes": -1}, "minutes"),
        ("lead_times", "0", {"days": 0}, "days"),
        ("lead_times", "0", {"source": ""}, "source"),
        ("quorum", "follow_up", {"roles": []}, "roles"),
        ("checklist-short", NEW, {"kind": "choice"}, "choices"),
        ("default_levels", "all", {"follow_up": "none"}, "follow_up"),
    ],
)
def test_the_parser_of_the_files_refuses_by_the_field(
    desk: Desk, part: str, place: str, values: Any, field: str
) -> None:
    desk.start()
    whole = NEW_REQUIREMENT if part == "requirements" else {"label_sv": "A", "label_en": "A", "source": "local"}
    if place != NEW:
        whole = entry_at(desk.draft.content, part, place)
    with pytest.raises(Invalid) as refused:
        desk.set(part, place, **(whole | values))
    assert {error.field.removeprefix("default_levels.") for error in refused.value.errors} == {field}
    assert not any(error.message.startswith(part) for error in refused.value.errors), "in words, not by path"
    assert (desk.draft.edition, desk.draft.content) == (1, desk.current.content)


def test_a_place_that_there_is_not(desk: Desk) -> None:
    desk.start()
    for part, place in (("requirements", "gone"), ("levels", "huge"), ("wishes", "0"), ("lead_times", "99")):
        with pytest.raises(NoEntry):
            desk.set(part, place, label_sv="A")
    with pytest.raises(NoEntry):
        remove_entry(desk.diagnosis.pk, "levels", "full", edition=1, by=desk.by, now=desk.now)


def test_two_people_never_overwrite_each_other_unseen(desk: Desk, bo: User) -> None:
    desk.start()
    desk.set("lead_times_version", "all", by=bo, version="2026")
    with pytest.raises(Stale, match="Bo Admin"):
        desk.set("lead_times_version", "all", edition=1, version="2025")
    with pytest.raises(Stale, match="Bo Admin"):
        desk.publish(edition=1)
    with pytest.raises(Stale):
        discard_draft(desk.diagnosis.pk, edition=1, by=desk.by, now=desk.now)
    assert desk.draft.content["lead_times_version"] == "2026"


def test_saving_what_stands_there_is_no_change(desk: Desk) -> None:
    desk.start()
    desk.change("levels", "full")
    assert desk.draft.edition == 1


def test_publishing_twice(desk: Desk, bo: User) -> None:
    new = desk.publish_minutes(7)
    assert publish_draft(desk.diagnosis.pk, edition=2, by=desk.by, now=desk.now) == new
    with pytest.raises(DraftGone, match=r"Ada Admin published version 1\.1\.1|Ada Admin publicerade"):
        publish_draft(desk.diagnosis.pk, edition=2, by=bo, now=desk.now)
    assert Definition.objects.count() == 2


def test_nothing_changed_is_nothing_to_publish(desk: Desk) -> None:
    desk.start()
    desk.change("levels", "full", minutes=9)
    desk.change("levels", "full", minutes=6)
    with pytest.raises(NothingChanged):
        desk.publish()


def test_going_back_is_a_new_version_of_the_old_text(desk: Desk) -> None:
    shipped = desk.current
    desk.publish_minutes(7)
    desk.start(shipped)
    back = desk.publish()
    assert (back.version, back.based_on) == ("1.1.2", shipped)
    assert spec_of(back.pk).level("full").minutes == 6


def test_a_draft_thrown_away(desk: Desk) -> None:
    desk.start()
    discard_draft(desk.diagnosis.pk, edition=1, by=desk.by, now=desk.now)
    discard_draft(desk.diagnosis.pk, edition=1, by=desk.by, now=desk.now)
    assert draft_of(desk.diagnosis.pk) is None
    assert list(Event.objects.values_list("kind", flat=True)) == [
        "definition.draft_started",
        "definition.draft_discarded",
    ]
    with pytest.raises(DraftGone):
        desk.set("levels", "full", edition=1)


def _ship_next(folder: Folder) -> None:
    folder.edit(lambda data: data.update(version=data["version"] + 1, name_en=data["name_en"] + "!"))
    folder.lock()


def test_a_newer_shipped_version_waits_for_an_administrator(desk: Desk, folder: Folder) -> None:
    own = desk.publish_minutes(7)
    assert load_definitions(now=desk.now, folder=folder.path).held == ()
    _ship_next(folder)
    report = load_definitions(now=desk.now, folder=folder.path)
    assert (report.published, report.held) == (("penis 1.2",), ("penis 1.2, 1.1.1 in force",))
    assert desk.current == own
    assert Diagnosis.objects.get().name_en == "Penile cancer"

    shipped = Definition.objects.get(version="1.2")
    assert choose_version(shipped.pk, by=desk.by, now=desk.now).current == shipped
    choose_version(shipped.pk, by=desk.by, now=desk.now)
    assert Event.objects.filter(kind="definition.chosen").count() == 1
    assert Diagnosis.objects.get().name_en == "Penile cancer!"
    for other in (own, Definition.objects.get(version="1.1")):
        with pytest.raises(NotOffered):
            choose_version(other.pk, by=desk.by, now=desk.now)
    _ship_next(folder)
    load_definitions(now=desk.now + timedelta(days=1), folder=folder.path)
    assert desk.current.version == "1.3", "a shipped version follows a shipped one by itself"


@pytest.mark.parametrize(
    ("base", "current", "taken", "expected"),
    [
        ("1.1", "1.1", ["1.1"], "1.1.1"),
        ("1.1.1", "1.1.1", ["1.1", "1.1.1"], "1.1.2"),
        ("1.1", "1.1.9", ["1.1", "1.1.9"], "1.1.10"),
        ("1.2", "1.1.3", ["1.1", "1.1.3", "1.2"], "1.2.1"),
        ("1.1", "1.2.1", ["1.1", "1.2", "1.2.1", "1.1.8"], "1.2.2"),
        ("1.9", "1.10", ["1.9", "1.10"], "1.10.1"),
    ],
)
def test_numbers_rise(base: str, current: str, taken: list[str], expected: str) -> None:
    assert next_own(base, current, taken) == expected
