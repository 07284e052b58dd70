"""What the demo's laboratory and radiology systems send: answers that find their case, and some that nobody can place."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone

from cases.enums import CaseStatus, Channel, ResultState
from cases.identity import Identity
from cases.intake.inbox import Incoming, apply_message, receive
from cases.models import Case, Result
from checklists.enums import Kind
from checklists.registry import spec_of
from config.seeding.people import Staff
from config.seeding.plans import identity_of


def send_messages(staff: Staff, *, seed: int, now: datetime) -> None:
    """Let five messages come in and take effect: two answers, a correction, and two reports for a person to place."""
    texts = [message.encode() for message in _messages(seed, now)]
    incoming = [Incoming(Channel.HL7V2, text, "ORU^R01", f"DEMO{place}") for place, text in enumerate(texts, start=1)]
    for pk in receive(incoming, provider=staff.hospital, by=None, now=now):
        apply_message(pk, now=now)


def _messages(seed: int, now: datetime) -> Iterator[str]:
    awaited = Result.objects.filter(state=ResultState.ORDERED, kind=Kind.PATHOLOGY, case__status=CaseStatus.REFERRED)
    status = iter("FP")
    for order in awaited.select_related("case__patient").order_by("pk")[:2]:
        yield _oru(
            order.case, "SP", "PAD^Histopatologi^L", next(status), "Körtelcancer, medelhögt differentierad.", now
        )
    answered = Result.objects.filter(
        state=ResultState.FINAL, kind=Kind.PATHOLOGY, case__status=CaseStatus.SCHEDULED, case__diagnosis__slug="breast"
    )
    if answer := answered.select_related("case__patient").order_by("pk").first():
        title = spec_of(answer.case.definition_id).requirement(answer.requirement).label_sv
        text = "Rättat svar: HER2 omtolkat till 1+ efter ny färgning."
        yield _oru(answer.case, "SP", f"PAD^{title}^L", "C", text, now)
    waiting = Case.objects.filter(status=CaseStatus.REFERRED, diagnosis__slug="colorectal").select_related("patient")
    if case := waiting.order_by("pk").first():
        yield _oru(
            case, "RUS", "ULLEV^Ultraljud lever^L", "F", "Två förändringar i segment 6, talar för hemangiom.", now
        )
    yield _report(identity_of(90_001, seed), "Svensson^Bo", "CT", "DTTX^DT thorax^L", "F", "Inga metastaser.", now)


def _oru(case: Case, service: str, code: str, status: str, text: str, now: datetime) -> str:
    given, _space, family = case.patient.name.rpartition(" ")
    return _report(case.patient.identity, f"{family}^{given}", service, code, status, text, now)


def _report(identity: Identity, name: str, service: str, code: str, status: str, text: str, now: datetime) -> str:
    at = timezone.localtime(now - timedelta(hours=2)).strftime("%Y%m%d%H%M%S")
    number = f"{identity.value[-8:]}-{service}"
    return "\r".join(
        (
            rf"MSH|^~\&|DEMORIS|Demosjukhuset|MDK|Demosjukhuset|{at}||ORU^R01^ORU_R01|{number}|P|2.5.1||||||UNICODE UTF-8",
            f"PID|1||{identity.value}^^^&{identity.system}&ISO^NNSWE||{name}",
            f"OBR|1||{number}^DEMORIS|{code}|||{at}|||||||||||||||{at}||{service}|{status}",
            f"OBX|1|TX|SVAR^Utlåtande^L||{text}||||||{status}",
            "",
        )
    )
