"""The app of patients and cases."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Declares the events of this floor and the home page of those whose cases they are."""

    name = "cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register with the floors below."""
        from accounts.access_log import register_case_lookup, register_patient_lookup
        from accounts.home import register_home
        from accounts.permissions import Role
        from cases.about import cases_in_words
        from cases.event_types import register_event_types
        from cases.queries import patient_of, patients_merged_with
        from cases.services.definitions import USAGE
        from checklists.usage import register_usage
        from events.about import register_about

        register_case_lookup(patient_of)
        register_patient_lookup(patients_merged_with)
        register_event_types()
        register_about(cases_in_words)
        register_usage(USAGE)
        for role in (Role.CLINICIAN, Role.CONTACT_NURSE):
            register_home(role, "cases:mine")
