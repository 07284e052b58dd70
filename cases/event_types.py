"""The events of cases: how each reads in the history, in a notice, and where its link goes."""

from django.urls import reverse
from django.utils.translation import gettext as _

from events.models import Event
from events.registry import EventType, register


def _case_link(event: Event) -> str:
    return reverse("cases:case", args=[event.case_id])


def _to_place_link(event: Event) -> str:
    return reverse("cases:to_place")


def _of_other_systems() -> tuple[EventType, ...]:
    """Return the kinds that the messages of other systems leave."""
    return (
        EventType("report.placed", label=lambda: _("Report placed by hand")),
        EventType("report.set_aside", label=lambda: _("Report set aside")),
        EventType(
            "report.left",
            label=lambda: _("Report taken out of the case"),
            notice=lambda data: _(
                "A final answer left a case that you take part in: what came later says that it belongs elsewhere."
            ),
            link=_case_link,
        ),
        EventType(
            "patient.merged",
            label=lambda: _("Moved to the patient's other number (merged by the record system)"),
            notice=lambda data: _("The patient of one of your cases was merged with another number."),
            link=_case_link,
        ),
        EventType(
            "patient.merge_clash",
            label=lambda: _("Two open cases of one patient after a merge"),
            notice=lambda data: _(
                "After a merge a patient has two open cases for the same diagnosis and phase. Withdraw one of them."
            ),
            link=_case_link,
        ),
        EventType(
            "message.failed",
            label=lambda: _("Message could not be applied"),
            notice=lambda data: _(
                "A message of another system could not be applied. Look at it among reports to place."
            ),
            link=_to_place_link,
        ),
        EventType("message.retried", label=lambda: _("Message tried again")),
    )


def register_event_types() -> None:
    """Declare every event kind of this floor; called once, when Django is ready."""
    register(
        EventType(
            "case.referred",
            label=lambda: _("Referral registered"),
            notice=lambda data: _("A referral was registered with you as responsible clinician."),
            link=_case_link,
        ),
        EventType(
            "case.referral_added",
            label=lambda: _("Further referral added"),
            notice=lambda data: _("A further referral was added to one of your cases."),
            link=_case_link,
        ),
        EventType(
            "case.sent_incomplete",
            label=lambda: _("Sent although something is missing"),
            notice=lambda data: _("A referral of yours was sent although something is missing."),
            link=_case_link,
        ),
        EventType("case.scheduled", label=lambda: _("Booked on a meeting")),
        EventType("case.unscheduled", label=lambda: _("Taken off the agenda")),
        EventType("case.discussed", label=lambda: _("Discussed")),
        EventType("case.closed", label=lambda: _("Closed with the signed protocol")),
        EventType("case.withdrawn", label=lambda: _("Withdrawn")),
        EventType("case.edited", label=lambda: _("Referral changed")),
        EventType("case.level_set", label=lambda: _("Level set")),
        EventType(
            "case.triaged",
            label=lambda: _("Triaged"),
            notice=lambda data: _(
                "At triage one of your cases was found not ready yet; the case says what is awaited."
            ),
            link=_case_link,
        ),
        EventType("case.triage_undone", label=lambda: _("Triage undone")),
        EventType("case.attested", label=lambda: _("Attested: nothing is missing")),
        EventType(
            "case.requirement_cleared",
            label=lambda: _("Requirement set aside"),
            notice=lambda data: _("A requirement was set aside in one of your cases."),
            link=_case_link,
        ),
        EventType("case.clearance_revoked", label=lambda: _("Requirement asked for again")),
        EventType(
            "case.definition_moved",
            label=lambda: _("Moved to another version of the definition"),
            notice=lambda data: _("More is asked for in one of your cases now: your attestation was taken back."),
            link=_case_link,
        ),
        EventType("result.registered", label=lambda: _("Answer registered")),
        EventType("result.changed", label=lambda: _("Answer changed")),
        EventType(
            "result.corrected",
            label=lambda: _("Final answer corrected by its sender"),
            notice=lambda data: _("A final answer of a case that you take part in was corrected. Read it again."),
            link=_case_link,
        ),
        EventType(
            "result.taken_back",
            label=lambda: _("Final answer taken back by its sender"),
            notice=lambda data: _("A final answer of a case that you take part in was taken back by its sender."),
            link=_case_link,
        ),
        *_of_other_systems(),
        EventType(
            "case.discordance_marked",
            label=lambda: _("Answers marked as discordant"),
            notice=lambda data: _("Answers of a case that you take part in were marked as discordant."),
            link=_case_link,
        ),
        EventType(
            "case.discordance_settled",
            label=lambda: _("Discordant answers settled"),
            notice=lambda data: _("Discordant answers of a case that you take part in were settled."),
            link=_case_link,
        ),
        EventType(
            "case.message",
            label=lambda: _("Message written"),
            notice=lambda data: _("There is a new message about a case that you take part in."),
            link=lambda event: f"{_case_link(event)}#thread",
        ),
        EventType("site.viewer_set", label=lambda: _("Image viewer set")),
        EventType("site.viewer_removed", label=lambda: _("Image viewer taken away")),
    )
