"""What became of a message, in words for the program that sent it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.enums import MessageState, ReportState
from cases.models import InboundMessage, Report


@dataclass(frozen=True, slots=True)
class Became:
    """What became of one message: how many reports found a place, and how many wait for a coordinator."""

    placed: int = 0
    waiting: int = 0
    is_later: bool = False

    def sentences(self) -> list[str]:
        """Say it to the sender; one sentence at least."""
        said = []
        if self.placed:
            said.append(
                ngettext("%(n)d report found its place.", "%(n)d reports found their place.", self.placed)
                % {"n": self.placed}
            )
        if self.waiting:
            said.append(
                ngettext(
                    "%(n)d report is kept and waits for a coordinator to place it.",
                    "%(n)d reports are kept and wait for a coordinator to place them.",
                    self.waiting,
                )
                % {"n": self.waiting}
            )
        if self.is_later:
            said.append(_("The message is stored and takes effect shortly."))
        return said or [_("The message says nothing that was not known already.")]


def what_became_of(message_id: int, *, is_new: bool) -> Became:
    """Return what became of a message; `is_new` says that it took effect just now. One query."""
    message = InboundMessage.objects.filter(pk=message_id).values_list("state", flat=True).get()
    if message == MessageState.WAITING:
        return Became(is_later=True)
    if not is_new:
        return Became()
    states = list(Report.objects.filter(message_id=message_id).values_list("state", flat=True))
    return Became(states.count(ReportState.PLACED), states.count(ReportState.WAITING))
