"""One's own cases: what is owed, mended in the row, what is coming and what was recommended."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cases.models import Case, Result
from cases.services.clearance import attest_case
from mdk.services.live import close_meeting
from mdk.services.outcome import sign_meeting
from tests.cases.conftest import HTMX, Browser, readings
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

CT, MR, PAD = "ct_thorax_abdomen", "mri_pelvis_rectum", "histopathology"
ROW = re.compile(r'<li class="lacking__case"\s+id="own-(\d+)"')


def mend(case: Case, what: str, key: str = "", **values: str) -> dict[str, Any]:
    """Return a form as a row posts it."""
    case.refresh_from_db()
    return {"what": what, "key": key, "version": case.version} | values


def ordered(key: str) -> dict[str, str]:
    return {f"how__{key}": "ordered"}


def test_what_is_owed_stands_with_the_tool_that_mends_it(house: House, browser: Browser) -> None:
    case = make_case(house, contact_nurse=None, comorbidity="", performance_status=None, patient_wishes="")
    text = browser(house.clinician).get("/cases/mine/").content.decode()
    assert text.count(f'action="/cases/{case.pk}/mend/"') == 8
    for key in (CT, MR, PAD):
        assert f'name="how__{key}"' in text
    assert f'value="{house.nurse.email}"' in text
    assert "Intyga" in text or "Attest" in text
    assert '<span class="count">8</span>' in text
    assert readings("cases:mine") == [[case.patient_id]]


def test_what_is_mended_is_no_longer_asked_for(house: House, browser: Browser) -> None:
    ready_case(house)
    assert "/mend/" not in browser(house.clinician).get("/cases/mine/").content.decode()


def test_what_is_on_its_way_is_nobodys_debt_until_it_is_late(house: House, browser: Browser) -> None:
    case, today = make_case(house), timezone.localdate()
    add_result(case, requirement=CT, state="ordered", expected_on=today + timedelta(days=2))
    add_result(case, "pathology", requirement=PAD, state="ordered", expected_on=today - timedelta(days=2))
    text = browser(house.clinician).get("/cases/mine/").content.decode()
    assert f'name="how__{CT}"' not in text
    assert f'name="how__{PAD}"' in text


def test_the_most_urgent_stands_first(house: House, browser: Browser) -> None:
    today = timezone.localdate()
    calm = make_case(house, suspected_on=today - timedelta(days=1))
    late = make_case(house, suspected_on=today - timedelta(days=38))
    soon = make_case(house, suspected_on=today - timedelta(days=2))
    place(make_meeting(house), soon, by=house.coordinator, provisional=True)
    waits = make_case(house, suspected_on=today - timedelta(days=60))
    for kind, key in (("radiology", CT), ("pathology", PAD)):
        add_result(waits, kind, requirement=key, state="ordered")
    attest_case(waits.pk, by=house.clinician, now=timezone.now())
    text = browser(house.clinician).get("/cases/mine/").content.decode()
    order = [int(pk) for pk in ROW.findall(text)]
    assert order[-1] == waits.pk
    assert order.index(late.pk) < order.index(calm.pk)
    assert order.index(soon.pk) < order.index(calm.pk)


@pytest.mark.parametrize("plain", [False, True])
def test_three_things_are_mended_without_leaving_the_page(house: House, browser: Browser, plain: bool) -> None:
    case = make_case(house, comorbidity="")
    visitor = browser(house.clinician)
    headers = {} if plain else HTMX
    for what, key, values in (
        ("field", "comorbidity", {"value": "Diabetes."}),
        ("answer", CT, ordered(CT)),
        ("answer", MR, {f"how__{MR}": "not_applicable", f"reason__{MR}": "Koloncancer."}),
    ):
        answer = visitor.post(f"/cases/{case.pk}/mend/", mend(case, what, key, **values), **headers)
        if plain:
            assert (answer.status_code, answer["Location"]) == (302, f"/cases/mine/#own-{case.pk}")
        else:
            text = answer.content.decode()
            assert answer.status_code == 200
            assert "<html" not in text
            assert f'id="own-{case.pk}"' in text
            assert f'name="how__{key}"' not in text
            assert 'role="status"' in text
    case.refresh_from_db()
    assert (case.comorbidity, case.results.get().state, case.clearances.get().kind) == (
        "Diabetes.", "ordered", "not_applicable",
    )  # fmt: skip
    assert readings("cases:mend") == ([] if plain else [[case.patient_id]] * 3)


def test_what_was_just_done_can_be_undone_from_the_row(house: House, browser: Browser) -> None:
    case, visitor = make_case(house), browser(house.clinician)
    text = visitor.post(f"/cases/{case.pk}/mend/", mend(case, "answer", CT, **ordered(CT)), **HTMX).content.decode()
    result = Result.objects.get()
    assert 'name="what" value="take_back"' in text
    assert f'name="key" value="{result.pk}"' in text
    text = visitor.post(f"/cases/{case.pk}/mend/", mend(case, "take_back", str(result.pk)), **HTMX).content.decode()
    assert f'name="how__{CT}"' in text
    result.refresh_from_db()
    assert result.state == "cancelled"


@pytest.mark.parametrize("plain", [False, True])
def test_what_is_wrong_comes_back_as_typed(house: House, browser: Browser, plain: bool) -> None:
    case = make_case(house)
    typed = mend(case, "answer", CT, **{f"how__{CT}": "answered", f"on__{CT}": "2999-01-01", f"reason__{CT}": "Kvar."})
    answer = browser(house.clinician).post(f"/cases/{case.pk}/mend/", typed, **({} if plain else HTMX))
    text = " ".join(answer.content.decode().split())
    assert answer.status_code == 422
    assert ("<html" in text) == plain
    assert 'value="2999-01-01"' in text
    assert 'value="Kvar."' in text
    assert 'class="field__error" role="alert"' in text
    assert not Result.objects.exists()


@pytest.mark.parametrize("plain", [False, True])
def test_a_stale_row_is_refused_and_shows_what_was_typed(house: House, browser: Browser, plain: bool) -> None:
    case = make_case(house, comorbidity="", patient_wishes="")
    stale = mend(case, "field", "comorbidity", value="Astma.")
    visitor = browser(house.clinician)
    visitor.post(f"/cases/{case.pk}/mend/", mend(case, "field", "patient_wishes", value="Snabbt."))
    answer = visitor.post(f"/cases/{case.pk}/mend/", stale, **({} if plain else HTMX))
    assert answer.status_code == 409
    assert 'value="Astma."' in answer.content.decode()
    case.refresh_from_db()
    assert case.comorbidity == ""


def test_what_no_list_offers_is_refused_by_the_row(house: House, browser: Browser) -> None:
    case = make_case(house)
    answer = browser(house.clinician).post(f"/cases/{case.pk}/mend/", mend(case, "paint", "red"), **HTMX)
    assert answer.status_code == 422
    assert 'class="field__error" role="alert"' in answer.content.decode()


@pytest.mark.parametrize(
    ("person", "what", "key", "status"),
    [
        ("clinician", "attest", "", 302), ("coordinator", "attest", "", 403), ("nurse", "attest", "", 403),
        ("coordinator", "answer", CT, 302), ("radiologist", "answer", CT, 404), ("nurse", "answer", CT, 403),
        ("manager", "answer", CT, 403), ("admin", "answer", CT, 403), ("stranger", "answer", CT, 404),
        ("nurse", "field", "comorbidity", 302), ("chair", "field", "comorbidity", 302),
        ("stranger", "field", "comorbidity", 404), ("nurse", "ask_again", CT, 403), ("nurse", "take_back", "1", 403),
    ],
)  # fmt: skip
def test_each_role(house: House, browser: Browser, person: str, what: str, key: str, status: int) -> None:
    case = make_case(house, comorbidity="")
    before = Case.objects.values().get(pk=case.pk)
    typed = mend(case, what, key, value="Diabetes.", **ordered(CT))
    assert browser(getattr(house, person)).post(f"/cases/{case.pk}/mend/", typed).status_code == status
    if status != 302:
        assert Case.objects.values().get(pk=case.pk) == before
        assert not Result.objects.exists()


def test_other_methods_are_refused(house: House, browser: Browser) -> None:
    case = make_case(house)
    assert browser(house.clinician).get(f"/cases/{case.pk}/mend/").status_code == 405
    assert browser(house.clinician).post("/cases/mine/").status_code == 405
    assert browser(house.manager).get("/cases/mine/").status_code == 403


def test_coming_meetings_and_signed_recommendations(house: House, browser: Browser) -> None:
    waiting = ready_case(house)
    coming = make_meeting(house)
    place(coming, waiting, by=house.coordinator)
    meeting = live_meeting(house, cases=1)
    give_outcome(meeting.items.get(), by=house.chair, recommendation="Operation först.")
    visitor = browser(house.clinician)
    assert "Operation först." not in visitor.get("/cases/mine/").content.decode()
    close_meeting(meeting.pk, by=house.chair, now=timezone.now())
    sign_meeting(meeting.pk, by=house.chair, now=timezone.now())
    text = visitor.get("/cases/mine/").content.decode()
    assert "Operation först." in text
    assert f"/meetings/{coming.pk}/" in text


def test_another_clinicians_cases_are_not_mine(house: House, browser: Browser) -> None:
    case = make_case(house)
    assert case.clinical_question not in browser(house.coordinator).get("/cases/mine/").content.decode()
    assert case.clinical_question in browser(house.nurse).get("/cases/mine/").content.decode()


def test_one_and_three_rows_cost_the_same(house: House, browser: Browser, django_assert_num_queries: Any) -> None:
    visitor = browser(house.clinician)
    make_case(house, contact_nurse=None)
    visitor.get("/cases/mine/")
    with django_assert_num_queries(10):
        visitor.get("/cases/mine/")
    add_result(make_case(house))
    make_case(house, contact_nurse=None)
    with django_assert_num_queries(10):
        visitor.get("/cases/mine/")


def test_a_nurse_mends_what_a_nurse_may_and_is_sent_nowhere_else(house: House, browser: Browser) -> None:
    case = make_case(house, comorbidity="")
    text = browser(house.nurse).get("/cases/mine/").content.decode()
    assert text.count(f'action="/cases/{case.pk}/mend/"') == 1
    assert 'name="key" value="comorbidity"' in " ".join(text.split())
    assert "?open=result:" not in text
    assert "#attest" not in text
