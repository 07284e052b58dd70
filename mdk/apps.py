"""The app of meetings and all that happens around them."""

from django.apps import AppConfig


class MdkConfig(AppConfig):
    """Declares the events of this floor, its home pages and what it shows on the pages of cases."""

    name = "mdk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register with the floors below."""
        from accounts.home import register_home
        from accounts.permissions import Role
        from cases.holding import register_places
        from mdk.case_panels import register_case_panels
        from mdk.event_types import register_event_types
        from mdk.services import endings

        register_event_types()
        register_case_panels()
        register_places(endings)
        for role in (Role.COORDINATOR, Role.CHAIR, Role.MANAGER):
            register_home(role, "mdk:meetings")
        for role in (Role.RADIOLOGIST, Role.PATHOLOGIST):
            register_home(role, "mdk:queue")
