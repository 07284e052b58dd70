"""The events of definitions: how each reads in a history. They are about a diagnosis, never about a patient."""

from django.utils.translation import gettext as _

from events.registry import EventType, register


def register_event_types() -> None:
    """Declare every event kind of this floor; called once, when Django is ready."""
    register(
        EventType("definition.draft_started", label=lambda: _("Draft of a definition begun")),
        EventType("definition.draft_discarded", label=lambda: _("Draft of a definition thrown away")),
        EventType("definition.published", label=lambda: _("Definition published")),
        EventType("definition.chosen", label=lambda: _("Shipped definition chosen")),
    )
