"""The way to the diagnoses for those who change them: no right gives 403, an unknown one 404."""

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.access import require
from accounts.actor import Actor
from accounts.permissions import Permission
from checklists.models import Definition, Diagnosis


def access_diagnosis(actor: Actor, slug: str) -> Diagnosis:
    """Return the diagnosis, with the version in force, for one who may change definitions.

    PermissionDenied for all others, whatever the slug; Http404 for a diagnosis that is not published.
    """
    require(actor, Permission.MANAGE_DEFINITIONS)
    row = Diagnosis.objects.filter(slug=slug, current__isnull=False).select_related("current__published_by").first()
    if row is None:
        raise Http404(_("There is no such diagnosis."))
    return row


def access_version(diagnosis: Diagnosis, pk: int) -> Definition:
    """Return a version of a diagnosis that the actor was given; Http404 when the diagnosis has no such version."""
    row = Definition.objects.filter(pk=pk, diagnosis=diagnosis).select_related("published_by", "based_on").first()
    if row is None:
        raise Http404(_("There is no such version."))
    return row
