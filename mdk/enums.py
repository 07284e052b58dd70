"""The codes of meetings, agenda items, rebookings and preparation."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class MeetingStatus(models.TextChoices):
    """Where a meeting stands."""

    PLANNED = "planned", _("Planned")
    PUBLISHED = "published", _("Published")
    LIVE = "live", _("Under way")
    CLOSED = "closed", _("Closed")
    SIGNED = "signed", _("Signed")
    CANCELLED = "cancelled", _("Cancelled")


PLANNABLE = (MeetingStatus.PLANNED, MeetingStatus.PUBLISHED)
"""Meetings whose agenda can still be changed."""


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


NOT_BEGUN = (PreparationState.WAITING, PreparationState.TODO)
NOT_DONE = (*NOT_BEGUN, PreparationState.IN_PROGRESS)


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


class RedDay(models.TextChoices):
    """What becomes of a meeting that the rule puts on a public holiday."""

    SKIP = "skip", _("is left out")
    BEFORE = "before", _("is held on the working day before")
    AFTER = "after", _("is held on the working day after")


class Becomes(models.TextChoices):
    """What becomes of a meeting when its series is changed."""

    GONE = "gone", _("is cancelled")
    MOVED = "moved", _("moves to another day")
    HOURS = "hours", _("gets new hours")
    CAPACITY = "capacity", _("gets another capacity")
    CHAIR = "chair", _("gets another chair")
    KEPT = "kept", _("stays as it is")
    EXTRA = "extra", _("was added by hand and stays as it is")
    BACK = "back", _("is held again")
    NEW = "new", _("is new")


class OrderRule(models.TextChoices):
    """By what an agenda is put in order, strongest first as the series lists them (DESIGN.md, section 1)."""

    PROTOCOL_LAST = "protocol_last", _("the protocol list last")
    NOT_OPERATED_FIRST = "not_operated_first", _("not yet operated before operated")
    GUESTS_TOGETHER = "guests_together", _("guests together")
    READERS_TOGETHER = "readers_together", _("each reader's cases together")
    HARD_FIRST = "hard_first", _("hard cases early")


class AgendaSection(models.TextChoices):
    """The parts of an agenda as it is read; `discussed` where the series does not part by operation."""

    NOT_OPERATED = "not_operated", _("Not yet operated")
    OPERATED = "operated", _("Operated")
    DISCUSSED = "discussed", _("Discussion")
    PROTOCOL = "protocol", _("Protocol list")
    PROVISIONAL = "provisional", pgettext_lazy("cases", "Provisional")


class LateState(models.TextChoices):
    """An addition after the cut-off: asked of the chair, then answered."""

    ASKED = "asked", _("waits for the chair's yes")
    GRANTED = "granted", _("granted by the chair")
    REFUSED = "refused", _("refused by the chair")


class MoveReason(models.TextChoices):
    """Why a provisional date moved."""

    SOONER = "sooner", _("Answers came sooner than expected")
    LATER = "later", _("Answers are expected later")
    NOT_READY = "not_ready", _("Not ready at the cut-off")
    NO_ROOM = "no_room", _("No room at the cut-off")
    OFFERED = "offered", _("A place was left over")
    MEETING_CANCELLED = "meeting_cancelled", _("The meeting was cancelled")
    BY_HAND = "by_hand", _("Moved by hand")


class PlanState(models.TextChoices):
    """Where a proposed plan stands."""

    PROPOSED = "proposed", _("Proposed")
    ACCEPTED = "accepted", _("Accepted")
    PARTLY = "partly", _("Accepted in part")
    DISCARDED = "discarded", _("Discarded")


class ChangeKind(models.TextChoices):
    """What is new for one who has prepared a case already."""

    ANSWER_NEW = "answer_new", _("New answer")
    ANSWER_CHANGED = "answer_changed", _("Changed answer")
    ANSWER_GONE = "answer_gone", _("Answer taken back")
    QUESTION = "question", _("Changed question")
    LEVEL = "level", _("Changed level")
