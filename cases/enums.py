"""The codes of cases, results and readiness. Kinds, phases and levels belong to the definitions below."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CaseStatus(models.TextChoices):
    """Where a case stands; readiness is not a status, it is computed."""

    DRAFT = "draft", _("Draft")
    REFERRED = "referred", _("Referred")
    SCHEDULED = "scheduled", _("Scheduled")
    DISCUSSED = "discussed", _("Discussed")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class CaseEnding(models.TextChoices):
    """How a case ended that no conference will take up: an ending of its own, never a rebooking."""

    WITHDRAWN = "withdrawn", _("Withdrawn")
    DECEASED = "deceased", _("The patient has died")
    TREATED_ELSEWHERE = "treated_elsewhere", _("Treated elsewhere")


OPEN_STATUSES = (CaseStatus.DRAFT, CaseStatus.REFERRED, CaseStatus.SCHEDULED, CaseStatus.DISCUSSED)


class ResultState(models.TextChoices):
    """How far one answer has come."""

    ORDERED = "ordered", _("Ordered")
    PRELIMINARY = "preliminary", _("Preliminary")
    FINAL = "final", _("Final")
    CANCELLED = "cancelled", _("Called off")


class ResultSource(models.TextChoices):
    """By which door an answer came in."""

    MANUAL = "manual", _("By hand")
    IMPORT = "import", _("File import")
    HL7V2 = "hl7v2", _("HL7 v2")
    FHIR = "fhir", _("FHIR")


class ReferralSource(models.TextChoices):
    """By which door a referral came in."""

    FORM = "form", _("Form")
    API = "api", _("API")
    IMPORT = "import", _("File import")


class AnswerState(models.TextChoices):
    """What the case has for one requirement, and summed up for one kind (DESIGN.md, section 5)."""

    MISSING = "missing", _("missing")
    ORDERED = "ordered", _("ordered")
    PRELIMINARY = "preliminary", _("preliminary answer")
    STALE = "stale", _("too old")
    FINAL = "final", _("final answer")
    NOT_APPLICABLE = "not_applicable", _("not applicable")
    WAIVED = "waived", _("waived")


class ReadinessState(models.TextChoices):
    """The sum of the findings of a case."""

    READY = "ready", _("Ready")
    NEEDS_APPROVAL = "needs_approval", _("Needs approval")
    NOT_READY = "not_ready", _("Not ready")


class ClearanceKind(models.TextChoices):
    """Why a requirement is set aside for a case: it does not apply to it, or somebody waives it."""

    WAIVED = "waived", _("Waived")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")


class TriageAnswer(models.TextChoices):
    """What coordinator and clinician decided about a referral: how it is taken up, or why not yet."""

    DISCUSS = "discuss", _("Full discussion")
    FOCUSED = "focused", _("Focused question")
    PROTOCOL = "protocol", _("Protocol list")
    NOT_READY = "not_ready", _("Not ready yet")
    NATIONAL = "national", _("National conference")


class Stated(models.TextChoices):
    """What a referral says of an answer that will be asked for."""

    ANSWERED = "answered", _("There is an answer")
    ORDERED = "ordered", _("Ordered")
    NOT_APPLICABLE = "not_applicable", _("Does not apply")


class Channel(models.TextChoices):
    """By which standard a message came in."""

    HL7V2 = "hl7v2", _("HL7 v2")
    FHIR = "fhir", _("FHIR")


class MessageState(models.TextChoices):
    """How far a message of another system has come."""

    WAITING = "waiting", _("Waiting to take effect")
    APPLIED = "applied", _("In effect")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


class ReportState(models.TextChoices):
    """Whether a report of another system has found its place."""

    WAITING = "waiting", _("To place")
    PLACED = "placed", _("Placed")
    SET_ASIDE = "set_aside", _("Set aside")
    ANSWERED = "answered", _("Order, answered")


class ForecastStage(models.TextChoices):
    """From where on the time to a final answer is counted."""

    ORDERED = "ordered", _("From the order")
    PRELIMINARY = "preliminary", _("From the preliminary answer")
