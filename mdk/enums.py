"""The codes of meetings, agenda items, rebookings and preparation."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MeetingStatus(models.TextChoices):
    """Where a meeting stands."""

    PLANNED = "planned", _("Planned")
    PUBLISHED = "published", _("Published")
    LIVE = "live", _("Under way")
    CLOSED = "closed", _("Closed")
    SIGNED = "signed", _("Signed")
    CANCELLED = "cancelled", _("Cancelled")


class ItemStatus(models.TextChoices):
    """Where an agenda item stands; `planned` is firm (DESIGN.md, section 8)."""

    PROVISIONAL = "provisional", _("Provisional")
    PLANNED = "planned", _("Planned")
    DISCUSSING = "discussing", _("Under discussion")
    DONE = "done", _("Done")
    DEFERRED = "deferred", _("Deferred")
    REBOOKED = "rebooked", _("Rebooked")
    REMOVED = "removed", _("Taken off")


OPEN_ITEMS = (ItemStatus.PROVISIONAL, ItemStatus.PLANNED, ItemStatus.DISCUSSING)
FIRM_ITEMS = (ItemStatus.PLANNED, ItemStatus.DISCUSSING, ItemStatus.DONE, ItemStatus.DEFERRED)


class PreparationState(models.TextChoices):
    """Where one discipline's preparation of an item stands."""

    WAITING = "waiting", _("Waiting")
    TODO = "todo", _("To prepare")
    IN_PROGRESS = "in_progress", _("In progress")
    DONE = "done", _("Prepared")
    RETURNED = "returned", _("Sent back")


class RebookingReason(models.TextChoices):
    """Why a case went to another meeting. The first four say what was missing."""

    RADIOLOGY_MISSING = "radiology_missing", _("Radiology answer missing")
    PATHOLOGY_MISSING = "pathology_missing", _("Pathology answer missing")
    LAB_MISSING = "lab_missing", _("Laboratory answer missing")
    CLINICAL_MISSING = "clinical_missing", _("Clinical information missing")
    WRONG_LISTING = "wrong_listing", _("Listed on the wrong conference")
    NO_TIME = "no_time", _("Time ran out")
    PARTICIPANT_MISSING = "participant_missing", _("A needed participant was missing")
    PATIENT_ILL = "patient_ill", _("The patient is ill")
    PATIENT_WISH = "patient_wish", _("The patient's wish")
    NEW_QUESTION = "new_question", _("A new question arose")
    MEETING_CANCELLED = "meeting_cancelled", _("The meeting was cancelled")
    OTHER = "other", _("Other, see the note")


MISSING_KIND = {
    RebookingReason.RADIOLOGY_MISSING: "radiology",
    RebookingReason.PATHOLOGY_MISSING: "pathology",
    RebookingReason.LAB_MISSING: "lab",
    RebookingReason.CLINICAL_MISSING: "clinical",
}
