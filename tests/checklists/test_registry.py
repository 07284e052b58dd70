"""From a text to a diagnosis, and from an id to its spec."""

import pytest
from pytest_django import DjangoAssertNumQueries

from checklists import registry
from checklists.models import Definition, Diagnosis
from checklists.registry import AmbiguousDiagnosis, UnknownDiagnosis, find_diagnosis, spec_of, specs_of

pytestmark = pytest.mark.usefixtures("published")


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("colorectal", "colorectal"),
        ("Tjock- och ändtarmscancer", "colorectal"),
        ("TJOCK- OCH ÄNDTARMSCANCER", "colorectal"),
        ("  Hudmelanom ", "melanoma"),
        ("lung cancer", "lung"),
        ("Cancer utan känd primärtumör", "cup"),
        ("C18", "colorectal"),
        ("C18.7", "colorectal"),
        ("c187", "colorectal"),
        ("C07", "head-neck"),
        ("C14.8", "head-neck"),
        ("C77.0", "head-neck"),
        ("C24.1", "pancreas-periampullary"),
        ("C23", "biliary"),
        ("D45", "mpn"),
        ("D05.1", "breast"),
        ("C82.5", "lymphoma-cll"),
        ("C83", "lymphoma-cll"),
        ("C90.2", "myeloma"),
        ("C48.0", "testis"),
        ("C48.1", "ovary"),
    ],
)
def test_found_by_slug_name_or_code(text: str, slug: str) -> None:
    assert find_diagnosis(text).slug == slug


@pytest.mark.parametrize(
    "text", ["", "blindtarm", "C19", "C82.6", "C77.1", "C24", "C48", "C68", "C1", "C18-C20", "D47.2", "C18.7x9"]
)
def test_unknown(text: str) -> None:
    with pytest.raises(UnknownDiagnosis) as refused:
        find_diagnosis(text)
    assert (refused.value.code, refused.value.field, refused.value.status) == ("unknown-diagnosis", "diagnosis", 400)
    assert text in refused.value.message
    assert "C18.7" in refused.value.message


def test_a_code_in_two_pathways_names_both() -> None:
    with pytest.raises(AmbiguousDiagnosis) as refused:
        find_diagnosis("C68.0")
    assert "Peniscancer" in refused.value.message
    assert "Urinblåse- och urinvägscancer" in refused.value.message
    assert set(refused.value.extra["diagnoses"]) == {"penis", "bladder-upper-urinary-tract"}


def test_one_query_to_find(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        find_diagnosis("C18.7")


def test_specs_are_kept_in_the_process(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(registry, "_specs", {})
    ids = list(Definition.objects.values_list("pk", flat=True))
    with django_assert_num_queries(1):
        assert len(specs_of(ids)) == 30
    with django_assert_num_queries(0):
        assert spec_of(ids[0]) is specs_of(ids)[ids[0]]


def test_no_such_definition() -> None:
    with pytest.raises(Definition.DoesNotExist):
        spec_of(0)


def test_swedish_order() -> None:
    names = [row.name_sv for row in Diagnosis.objects.all()]
    assert names[0] == "Akuta leukemier (AML och ALL)"
    assert names[-1] == "Äggstockscancer"
