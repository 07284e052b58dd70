"""Who may come in with a password."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

DEMO_PASSWORD = "demo"  # noqa: S105 (published: it opens nothing but a demo)


class PasswordBackend(ModelBackend):
    """E-mail and password; the demo's password is refused wherever this is not a demo."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> AbstractBaseUser | None:
        """Return the user of e-mail `username`, or None for any reason, which nobody is told."""
        if password == DEMO_PASSWORD and not settings.DEMO:
            return None
        return super().authenticate(request, username=username, password=password, **kwargs)
