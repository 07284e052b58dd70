"""Reading diagnoses together with their current definitions."""

from django.db.models import QuerySet
from django.http import Http404

from checklists.models import Diagnosis
from checklists.registry import spec_of, specs_of
from checklists.spec import DefinitionSpec


def published_diagnoses() -> QuerySet[Diagnosis]:
    """Return the diagnoses that have a published definition, in Swedish order. Open to every member."""
    return Diagnosis.objects.filter(current__isnull=False).order_by("sort_key", "pk")


def current_specs() -> list[DefinitionSpec]:
    """Return the current definition of every diagnosis, in Swedish order; two queries at most."""
    ids = [pk for pk in published_diagnoses().values_list("current_id", flat=True) if pk is not None]
    specs = specs_of(ids)
    return [specs[pk] for pk in ids]


def current_spec(slug: str) -> DefinitionSpec:
    """Return the current definition of one diagnosis; 404 when there is none."""
    pk = published_diagnoses().filter(slug=slug).values_list("current_id", flat=True).first()
    if pk is None:
        raise Http404
    return spec_of(pk)
