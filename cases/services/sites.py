"""What a site has decided for its cases: where its images are opened."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid
from accounts.models import Unit, User
from cases.models import ImageViewer
from cases.viewer import BadTemplate, check_template
from events.record import record

LONGEST = 500


@transaction.atomic
def set_viewer(unit_id: int, template: str, *, by: User, now: datetime) -> ImageViewer | None:
    """Set the address of a unit's image viewer, or take it away with an empty one. Who may: `manage_members`.

    Invalid says what is wrong with the address (`cases.viewer`). The same address again changes nothing. Leaves
    `site.viewer_set` or `site.viewer_removed`.
    """
    unit = Unit.objects.select_for_update().get(pk=unit_id)
    present = ImageViewer.objects.filter(unit=unit).first()
    template = template.strip()
    if template == (present.template if present else ""):
        return present
    if not template:
        ImageViewer.objects.filter(unit=unit).delete()
        record("site.viewer_removed", by=by, now=now, subject=unit, unit=unit.pk)
        return None
    try:
        check_template(template, settings.IMAGE_VIEWER_HOSTS, loopback=settings.DEMO)
    except BadTemplate as bad:
        raise Invalid([FieldError("template", "not-usable", str(bad))]) from None
    if len(template) > LONGEST:
        raise Invalid([FieldError("template", "too-long", _("At most %(limit)d characters.") % {"limit": LONGEST})])
    viewer, _is_new = ImageViewer.objects.update_or_create(
        unit=unit, defaults={"template": template, "set_by": by, "set_at": now}
    )
    record("site.viewer_set", by=by, now=now, subject=unit, unit=unit.pk)
    return viewer
