"""The same external id for answers of two cases at once: the second caller is told in a sentence."""

import pytest
from django.utils import timezone

from cases.enums import ResultSource, ResultState
from cases.models import Case, Result
from cases.services.results import ResultData, ResultElsewhere, register_result
from tests.concurrency.conftest import at_once, meeting_at
from tests.domain_factories import House, make_case

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
LAB = ResultData(
    kind="lab",
    state=ResultState.FINAL,
    performed_on=timezone.localdate(NOW),
    source=ResultSource.HL7V2,
    external_id="LAB^1",
)


def test_an_external_id_for_two_cases_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = make_case(house), make_case(house)
    with meeting_at(monkeypatch, "cases.services.results.note_days"):
        answers = at_once(*(lambda case=case: register_result(case.pk, LAB, by=None, now=NOW) for case in (one, other)))
    refused = [answer for answer in answers if isinstance(answer, ResultElsewhere)]
    assert len(refused) == 1, answers
    assert "LAB^1" in refused[0].message
    assert Result.objects.filter(external_id="LAB^1").count() == 1
    assert Case.objects.filter(results__external_id="LAB^1").get() in (one, other)
