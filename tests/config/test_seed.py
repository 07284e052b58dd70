"""Seeding: the demo once and whole, any number of cases the same each time, in bulk as by the services."""

from collections import Counter
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from cases.identity import parse_identity
from cases.models import Case, InboundMessage, Patient, Report, Result, Turnaround
from cases.readiness.store import readiness_of
from checklists.models import Diagnosis
from checklists.queries import current_specs
from config.seeding.bulk import Bulk
from config.seeding.cases import at, carry_out
from config.seeding.conferences import demo_series
from config.seeding.demo import seed_demo
from config.seeding.many import seed_cases
from config.seeding.people import NoDemoHere, demo_staff
from config.seeding.plans import STAGES, CasePlan, identity_of, plan_case
from events.models import Delivery, Event, Notice
from mdk.models import AgendaItem, AgendaVersion, Meeting, Outcome, OverloadWarning, Preparation, Rebooking, Series
from mdk.queries.quorum import quorum_of
from tests.domain_factories import make_diagnosis

pytestmark = pytest.mark.django_db
NOW = timezone.make_aware(timezone.datetime(2026, 11, 20, 10))
SLUGS = (
    "colorectal", "breast", "prostate", "bladder-upper-urinary-tract", "kidney", "lung", "corpus-uteri", "ovary",
    "cervix", "melanoma",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _demo_mode(settings: object) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    for slug in SLUGS:
        make_diagnosis(slug)


def everything_holds(today: date) -> None:
    """Hold what the services guarantee for every case there is."""
    for case in Case.objects.filter(status__in=["referred", "scheduled"]):
        computed = readiness_of(case, today)
        assert (case.readiness, case.readiness_state, case.readiness_changes_on) == (
            computed.summary(), computed.state, computed.changes_on,
        )  # fmt: skip
        assert case.units.filter(pk=case.unit_id).exists()
        assert case.referrals.count() == 1
    assert set(Event.objects.values_list("case_id", flat=True)) >= set(Case.objects.values_list("pk", flat=True))
    scheduled = set(Case.objects.filter(status="scheduled").values_list("pk", flat=True))
    assert scheduled == set(AgendaItem.objects.filter(status="planned").values_list("case", flat=True))
    for patient in Patient.objects.all():
        assert parse_identity(str(patient.identity), today) == patient.identity


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 12, 23)])
def test_the_demo_shows_something_on_every_page(day: date) -> None:
    now = at(day, 9)
    assert seed_demo(now) > 60
    everything_holds(day)
    signed = Meeting.objects.filter(status="signed").latest("starts_at")
    assert timezone.localdate(signed.starts_at) == day - timedelta(days=1)
    assert quorum_of(
        list(signed.items.filter(status="done").select_related("case")), list(signed.attendances.all())
    ).met
    assert Outcome.objects.filter(item__meeting=signed, signed_at__isnull=False).count() == 7
    assert Rebooking.objects.get(from_item__meeting=signed).reason == "no_time"
    coming = Meeting.objects.filter(starts_at__gt=now, items__isnull=False).distinct()
    assert coming.values("series").distinct().count() >= 6
    published = coming.filter(status="published").order_by("starts_at").first()
    assert published is not None
    assert (timezone.localdate(published.starts_at) - day).days <= 5
    states = set(Preparation.objects.filter(item__meeting__status="published").values_list("discipline", "state"))
    assert states >= {(d, s) for d in ("radiology", "pathology") for s in ("todo", "done")}
    assert ("radiology", "returned") in states
    lakare = User.objects.get(email="lakare1@demo.example")
    assert Case.objects.filter(responsible_clinician=lakare, readiness_state="not_ready").count() >= 5
    assert Notice.objects.filter(person=lakare, read_at__isnull=True).exists()
    assert not Delivery.objects.filter(state="pending").exists()
    assert set(InboundMessage.objects.values_list("state", flat=True)) == {"applied"}
    assert sorted(Report.objects.values_list("state", flat=True)) == ["placed"] * 3 + ["waiting"] * 2
    again = AgendaVersion.objects.get(number=2).meeting
    assert Rebooking.objects.get(from_item__meeting=again).reason == "patient_ill"
    (asked,) = AgendaItem.objects.filter(late="asked", status="provisional")
    assert asked.meeting.cutoff_at < now < asked.meeting.starts_at
    assert AgendaItem.objects.filter(status="provisional", added_by=None, probability__gt=0.5).count() > 3
    assert OverloadWarning.objects.exists()
    assert not Delivery.objects.filter(state=Delivery.State.PENDING).exists()
    assert sum(sum(row.came) for row in Turnaround.objects.filter(kind="pathology", requirement="")) > 50


def test_the_demo_is_made_once() -> None:
    seed_demo(NOW)
    counts = [model.objects.count() for model in (Case, Event, Meeting, User)]
    assert seed_demo(NOW) == 0
    assert [model.objects.count() for model in (Case, Event, Meeting, User)] == counts


def test_the_demo_people_of_the_contract_and_nowhere_but_in_demo_mode(settings: object) -> None:
    settings.DEMO = False  # type: ignore[attr-defined]
    with pytest.raises(NoDemoHere):
        demo_staff()
    assert not User.objects.exists()
    settings.DEMO = True  # type: ignore[attr-defined]
    staff = demo_staff()
    assert {user.email.removesuffix("@demo.example") for user in staff.people.values()} == {
        "koordinator", "ordforande", "radiolog1", "radiolog2", "patolog1", "lakare1", "kssk1", "chef", "admin",
        "frammande",
    }  # fmt: skip
    assert all(user.check_password("demo") for user in staff.people.values())
    foreign = staff["frammande"].memberships.get()
    assert (foreign.role, foreign.unit.name) == ("coordinator", "Grannsjukhuset")


def test_no_seeded_patient_is_one_of_the_samples() -> None:
    for number in range(1, 400):
        for seed in (1, 7, 42):
            assert identity_of(number, seed).value[8:11] in {str(serial) for serial in range(986, 1000)}


def test_half_a_million_numbers_of_one_seed_are_all_different() -> None:
    numbers = {identity_of(number, 3).value for number in range(1, 500_001, 10)}
    assert len(numbers) == 50_000


def plans(count: int, seed: int = 5) -> list[CasePlan]:
    specs = {spec.slug: spec for spec in current_specs()}
    return [plan_case(number, seed=seed, specs=specs) for number in range(1, count + 1)]


def test_a_plan_depends_on_number_and_seed_alone() -> None:
    assert plans(20) == plans(20)
    assert plans(20) != plans(20, seed=6)
    assert plans(40)[:20] == plans(20)
    assert {plan.stage for plan in plans(60)} == set(STAGES)


def stored(case: Case) -> dict[str, object]:
    """Return what a case holds, without its key, with its patient, results, referral, units and events."""
    fields = {
        f.attname: getattr(case, f.attname) for f in Case._meta.concrete_fields if f.name not in ("id", "patient")
    }
    patient = case.patient
    names = [f.attname for f in Result._meta.concrete_fields if f.name not in ("id", "case")]
    return fields | {
        "person": (patient.identity, patient.name, patient.sort_key, patient.created_at),
        "results": sorted(map(str, case.results.order_by().values_list(*names))),
        "referral": case.referrals.values("source", "received_at", "received_by", "unit", "content").get(),
        "units": sorted(case.units.values_list("pk", flat=True)),
        "events": sorted(
            Event.objects.filter(case_id=case.pk).values_list("kind", "at", "actor", "unit", "subject_type")
        ),
    }  # fmt: skip


def test_bulk_stores_what_the_services_store() -> None:
    today = date(2026, 11, 20)
    staff, specs = demo_staff(), {spec.slug: spec for spec in current_specs()}
    diagnoses = {row.slug: row for row in Diagnosis.objects.all()}
    wanted = [plan for plan in plans(40) if plan.stage in ("intake", "workup", "ready")]
    by_services = []
    for plan in wanted:
        case, _new = carry_out(plan, staff, diagnoses, today)
        by_services.append(stored(case))
        Case.objects.filter(pk=case.pk).update(external_reference="", status="withdrawn", withdrawn_reason="-")
        Patient.objects.filter(pk=case.patient_id).update(identity_value=f"X{case.patient_id}")
    bulk = Bulk(staff=staff, diagnoses=diagnoses, specs=specs, series={}, today=today)
    made, _to_book = bulk.write(wanted)
    in_bulk = [stored(case) for case in Case.objects.exclude(status="withdrawn").order_by("pk")]
    assert made == len(wanted) > 15
    for one, other in zip(in_bulk, by_services, strict=True):
        assert one == other


@pytest.mark.parametrize("is_bulk", [True, False])
def test_many_cases_of_all_stages_once(monkeypatch: pytest.MonkeyPatch, is_bulk: bool) -> None:
    if is_bulk:
        monkeypatch.setattr("config.seeding.many.BULK_FROM", 1)
    made = seed_cases(60, seed=9, now=NOW)
    assert made >= 58
    everything_holds(timezone.localdate(NOW))
    statuses = Counter(Case.objects.values_list("status", flat=True))
    assert statuses["closed"] > 3
    assert statuses["scheduled"] > 3
    assert statuses["referred"] > 20
    for case in Case.objects.filter(status="closed"):
        item = case.agenda_items.get()
        assert (item.status, item.meeting.status) == ("done", "signed")
        assert item.outcome.signed_at is not None
        (listed,) = item.meeting.versions.all()
        assert case.pk in {line["case"] for line in listed.content}
        kinds = set(Event.objects.filter(case_id=case.pk).values_list("kind", flat=True))
        assert kinds >= {"case.referred", "item.booked", "case.discussed", "outcome.signed", "case.closed"}
        assert item.meeting.starts_at < NOW
    assert seed_cases(60, seed=9, now=NOW) == 0


def test_a_later_seed_passes_over_a_patient_with_the_same_case_open() -> None:
    demo_series(demo_staff(), {row.slug: row for row in Diagnosis.objects.all()}, date(2026, 11, 20), NOW)
    seed_cases(5, seed=9, stage="intake", now=NOW)
    Case.objects.update(external_reference="")
    assert seed_cases(5, seed=9, stage="intake", now=NOW) == 0
    assert Series.objects.count() == 6


@pytest.mark.parametrize("stage", STAGES)
def test_the_command_brings_every_case_to_the_stage(stage: str) -> None:
    out = StringIO()
    call_command("seed", cases=6, seed=4, stage=stage, stdout=out)
    assert "6 cases made" in out.getvalue()
    states = Counter(Case.objects.values_list("status", "readiness_state"))
    if stage == "closed":
        assert {status for status, _state in states} == {"closed"}
    elif stage == "meeting":
        assert {status for status, _state in states} <= {"scheduled", "referred"}
        assert {state for _status, state in states} == {"ready"}
    elif stage == "ready":
        assert states == {("referred", "ready"): 6}
    else:
        assert {status for status, _state in states} == {"referred"}


@pytest.mark.parametrize("options", [{}, {"cases": -1}, {"cases": 500_001}])
def test_the_command_says_what_it_wants(options: dict[str, int]) -> None:
    with pytest.raises(CommandError):
        call_command("seed", **options)
