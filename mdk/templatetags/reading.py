"""What the readers' pages write in their own way."""

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def hours(minutes: int) -> str:
    """Return minutes as a reader counts a week: `3 h 40`, `4 h`, `45 min`."""
    whole, rest = divmod(minutes, 60)
    if not whole:
        return _("%(n)d min") % {"n": rest}
    return _("%(hours)d h %(minutes)02d") % {"hours": whole, "minutes": rest} if rest else _("%(n)d h") % {"n": whole}
