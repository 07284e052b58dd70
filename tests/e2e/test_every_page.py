"""Every page that a GET opens, with something on it, in light and dark: axe, console, language, one heading."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts.actor import actor_for
from accounts.models import Unit, User
from cases.models import Case
from cases.services.discordance import mark_discordance
from cases.services.thread import write_message
from checklists.publishing import publish_draft, set_entry, start_draft
from config.seeding.people import Staff
from mdk.models import Meeting, Preparation, ProposedPlan
from mdk.services.live import close_meeting
from mdk.services.plans import Options, propose_plan
from mdk.services.publishing import publish_meeting
from tests.domain_factories import (
    House,
    add_result,
    give_outcome,
    live_meeting,
    make_case,
    make_meeting,
    place,
    ready_case,
)
from tests.e2e.conftest import ComeIn, house_of
from tests.factories import login

pytestmark = pytest.mark.browser

FLOORS = ("accounts", "events", "checklists", "cases", "mdk")
ELSEWHERE = {
    "accounts:home": "leads on to the role's first page",
    "accounts:login": "each browser test begins there",
    "cases:export": "a file",
    "cases:image": "leads on to another system's image viewer",
    "mdk:agenda_pdf": "a file",
    "mdk:agenda_xlsx": "a file",
    "mdk:feed": "a file",
    "mdk:protocol_pdf": "a file",
    "mdk:watch": "a part of the workbench, when something is new there",
}


@dataclass(frozen=True)
class Scene:
    """What the addresses are filled in with."""

    unit: Unit
    case: Case
    planned: Meeting
    live: Meeting
    closed: Meeting
    preparation: Preparation
    plan: ProposedPlan

    def visits(self) -> dict[str, tuple[str, list[Any]]]:
        """Return who opens which page with which parts of the address."""
        return {
            "accounts:about": ("kssk1", []),
            "accounts:styleguide": ("admin", []),
            "accounts:units": ("admin", []),
            "accounts:unit": ("admin", [self.unit.pk]),
            "accounts:access-log": ("admin", []),
            "events:notices": ("lakare1", []),
            "events:deliveries": ("admin", []),
            "checklists:diagnoses": ("koordinator", []),
            "checklists:diagnosis": ("koordinator", ["colorectal"]),
            "checklists:versions": ("admin", ["colorectal"]),
            "checklists:version": ("admin", ["colorectal", self.case.definition_id]),
            "checklists:draft": ("admin", ["colorectal"]),
            "checklists:draft_difference": ("admin", ["colorectal"]),
            "cases:definitions": ("koordinator", []),
            "cases:list": ("koordinator", []),
            "cases:mine": ("lakare1", []),
            "cases:refer": ("koordinator", []),
            "cases:triage": ("koordinator", []),
            "cases:import": ("koordinator", []),
            "cases:to_place": ("koordinator", []),
            "cases:case": ("lakare1", [self.case.pk]),
            "cases:edit": ("lakare1", [self.case.pk]),
            "cases:viewers": ("admin", []),
            "mdk:meetings": ("koordinator", []),
            "mdk:series": ("koordinator", []),
            "mdk:series_new": ("koordinator", []),
            "mdk:series_one": ("koordinator", [self.planned.series_id]),
            "mdk:series_edit": ("koordinator", [self.planned.series_id]),
            "mdk:calendar": ("kssk1", []),
            "mdk:meeting": ("koordinator", [self.planned.pk]),
            "mdk:propose": ("koordinator", [self.planned.pk]),
            "mdk:plan": ("koordinator", [self.plan.pk]),
            "mdk:round": ("koordinator", [self.planned.pk]),
            "mdk:choices": ("lakare1", []),
            "mdk:roster": ("koordinator", []),
            "mdk:workload": ("chef", []),
            "mdk:queue": ("radiolog1", []),
            "mdk:preparations": ("koordinator", [self.planned.pk]),
            "mdk:preparation": ("radiolog1", [self.preparation.pk]),
            "mdk:live": ("ordforande", [self.live.pk]),
            "mdk:follow": ("kssk1", [self.live.pk]),
            "mdk:attendance": ("ordforande", [self.live.pk]),
            "mdk:protocol": ("ordforande", [self.closed.pk]),
        }


@pytest.fixture
def scene(staff: Staff) -> Scene:
    house: House = house_of(staff)
    case = make_case(house)
    answers = [add_result(case, "radiology").pk, add_result(case, "lab", text="CEA: 4,1 µg/L (<5,0)").pk]
    mark_discordance(case.pk, answers, "Det ena talar emot det andra.", by=house.nurse, now=timezone.now())
    write_message(case.pk, "Stämmer det här?", by=house.nurse, now=timezone.now())
    planned = make_meeting(house)
    place(planned, ready_case(house), by=house.coordinator)
    publish_meeting(planned.pk, by=house.coordinator, now=timezone.now())
    closed = live_meeting(house, 1)
    give_outcome(closed.items.get(), by=house.chair)
    close_meeting(closed.pk, by=house.chair, now=timezone.now())
    preparation = Preparation.objects.get(item__meeting=planned, discipline="radiology")
    new_version_and_a_draft(case, by=house.admin)
    ready_case(house)
    actor = actor_for(house.coordinator, timezone.localdate())
    plan = propose_plan(planned, Options(), actor=actor, now=timezone.now())
    return Scene(house.clinic, case, planned, live_meeting(house, 2), closed, preparation, plan)


def new_version_and_a_draft(case: Case, *, by: User) -> None:
    """Publish a version beside the one that the case follows, and begin a draft with a change in it."""
    now, diagnosis, base = timezone.now(), case.diagnosis_id, case.definition_id
    entry = {"minutes": 7, "prep_minutes": {"radiology": 9}, "minutes_source": "local"}
    start_draft(base, by=by, now=now)
    set_entry(diagnosis, "levels", "full", entry, edition=1, by=by, now=now)
    newer = publish_draft(diagnosis, edition=2, by=by, now=now)
    start_draft(newer.pk, by=by, now=now)
    set_entry(diagnosis, "levels", "full", entry | {"minutes": 8}, edition=1, by=by, now=now)


def names() -> dict[str, str]:
    """Return the names of the pages' addresses, each with a sample of the parts that it takes."""
    found = {}
    for resolver in get_resolver().url_patterns:
        if getattr(resolver, "namespace", None) in FLOORS:
            found |= {f"{resolver.namespace}:{entry.name}": str(entry.pattern) for entry in resolver.url_patterns}
    return found


def test_no_page_is_left_out(client: Client, staff: Staff, scene: Scene) -> None:
    login(client, staff["admin"])
    known = set(scene.visits()) | set(ELSEWHERE)
    unknown = []
    for name, pattern in names().items():
        parts = ["colorectal" if "slug" in part else 1 for part in pattern.split("<")[1:]]
        if name not in known and client.get(reverse(name, args=parts)).status_code != 405:
            unknown.append(name)
    assert unknown == [], "name who opens these pages in Scene.visits"
    assert known <= set(names())


def test_every_page_can_be_used_by_everybody(come_in: ComeIn, scene: Scene) -> None:
    people: dict[str, Any] = {}
    for name, (key, parts) in scene.visits().items():
        person = people.get(key) or people.setdefault(key, come_in(key))
        person.go(reverse(name, args=parts))
        person.look(dark=True)
    member = come_in("patolog1")
    member.go(reverse("mdk:meeting", args=[scene.planned.pk]))
    member.look(dark=True)
