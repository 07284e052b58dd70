"""The rare exception from the rule that every page needs a login."""

from django.contrib.auth.decorators import login_not_required as public

__all__ = ["public"]
