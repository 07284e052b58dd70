"""The app's place in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Users, units, memberships, permissions and the access log."""

    name = "accounts"
    verbose_name = _("Accounts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Declare where an administrator begins."""
        from accounts.home import register_home
        from accounts.permissions import Role

        register_home(Role.ADMIN, "accounts:units")
