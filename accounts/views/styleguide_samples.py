"""Made-up content of the component page: every state once, the longest texts, the empty ones. Nobody real is meant."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import signs
from accounts.permissions import Role

LONG_QUESTION = (
    "Rektumcancer 7 cm från anus med hotad mesorektal fascia, misstänkta laterala körtlar och två oklara leverförändringar "
    "i segment 6 och 7: neoadjuvant strålbehandling och kemoterapi före kirurgi, eller lever först, och är patienten med "
    "WHO 2 och nedsatt njurfunktion aktuell för studien?"
)
LONG_NAME = "Anna-Karin Margareta Wachtmeister-Söderström af Klercker"
NOON = datetime(2026, 11, 26, 7, 41, tzinfo=UTC)


class SampleForm(forms.Form):
    """One field of each kind."""

    question = forms.CharField(
        label=_("Clinical question"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The most important first. One sentence that the meeting can answer."),
        error_messages={"required": _("Write what the meeting shall answer.")},
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    suspected_on = forms.DateField(
        label=_("Day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Fill in the first day.")},
    )
    minutes = forms.IntegerField(label=_("Minutes"), min_value=1, max_value=60, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    sign = forms.ChoiceField(
        label=_("Severity"),
        choices=[(code, word) for code, (_tone, _shape, word) in signs.SEVERITIES.items()],
        widget=forms.RadioSelect,
    )
    kinds = forms.MultipleChoiceField(
        label=_("Answers"),
        choices=[(code, word) for code, word, _letter in signs.KINDS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    attested = forms.BooleanField(label=_("Nothing that the decision needs is missing"), required=False)
    locked = forms.CharField(label=_("Unit"), initial="Kirurgkliniken", disabled=True, required=False)


class Finding:
    """A sample of what the readiness rules give."""

    def __init__(self, severity: str, message: str, owner: str, action: str = "") -> None:
        self.severity, self.message, self.owner, self.action = severity, message, owner, action
        self.url = "#findings" if action else ""


FINDINGS = [
    Finding("blocker", "PAD: slutsvar saknas. Väntas tor 26 nov.", "Patologkliniken", "Registrera svar"),
    Finding(
        "needs_approval", "DT thorax-buk är 47 dagar gammal; högst 42 dagar för fullständig nivå.", "Dr Holm", "Godkänn"
    ),
    Finding("warning", f"Kontaktsjuksköterska saknas. {LONG_QUESTION}", LONG_NAME, "Fyll i"),
    Finding("warning", "Utlovat besked fre 4 dec ligger efter nästa konferens.", "Koordinator"),
]
ROWS = [
    # days, allowed, promised day, level, strip, question, person, minutes, used, status
    (
        18,
        39,
        27,
        "full",
        ("final", "preliminary", "final", "final"),
        "Rektum 7 cm. Neoadjuvant?",
        "A.J. 1958",
        6,
        None,
        "planned",
    ),
    (
        46,
        39,
        41,
        "focused",
        ("final", "ordered", "stale", "final"),
        "Återfall i anastomosen, resektabelt?",
        "B.L. 1949",
        3,
        None,
        "provisional",
    ),
    (
        39,
        39,
        39,
        "protocol",
        ("final", "final", "not_applicable", "final"),
        "Sigmoideum pT2N0, uppföljning",
        "C.E. 1971",
        1,
        1,
        "done",
    ),
    (3, None, None, "full", ("missing", "waived", "ordered", "missing"), LONG_QUESTION, LONG_NAME, 9, 12, "discussing"),
    (
        0,
        28,
        30,
        "",
        ("missing", "missing", "missing", "missing"),
        "Levermetastaser, segment 6",
        "D.S. 1944",
        6,
        4,
        "deferred",
    ),
]


def row_samples() -> list[dict[str, Any]]:
    """Return the sample rows of lists and agendas, with their running start times."""
    keys = ("days", "allowed", "promised", "level", "strip", "question", "person", "minutes", "used", "status")
    rows: list[dict[str, Any]] = []
    starts_at = NOON.replace(hour=7, minute=15)
    for position, values in enumerate(ROWS, start=1):
        row: dict[str, Any] = dict(zip(keys, values, strict=True))
        row |= {
            "position": position,
            "starts_at": starts_at,
            "expected": (None, date(2026, 11, 26), date(2026, 12, 4), None),
        }
        rows.append(row)
        starts_at += timedelta(minutes=row["minutes"])
    return rows


def samples() -> dict[str, Any]:
    """Return the context of the component page."""
    here = reverse("accounts:styleguide")
    return {
        "answers": list(signs.ANSWER_WORDS),
        "strips": [
            ("final", "final", "final", "final"),
            ("final", "preliminary", "ordered", "missing"),
            ("stale", "waived", "not_applicable", "final"),
        ],
        "expected": (None, None, date(2026, 11, 26), None),
        "states": list(signs.READINESS),
        "severities": list(signs.SEVERITIES),
        "levels": list(signs.LEVELS),
        "statuses": {kind: list(codes) for kind, codes in signs.STATUSES.items()},
        "clocks": [(18, 39, 27), (39, 39, None), (46, 39, 41), (120, 39, 30), (0, 28, 30), (5, None, None)],
        "capacities": [(0, 135), (96, 120), (128, 135), (135, 135), (151, 135), (210, 135)],
        "rows": row_samples(),
        "findings": FINDINGS,
        "empty_form": SampleForm(prefix="new"),
        "bad_form": SampleForm({"bad-email": "holm@", "bad-minutes": "90"}, prefix="bad"),
        "tabs": [
            {"label": "Händelser", "url": here, "current": True, "count": 14},
            {"label": "Tråd", "url": here, "current": False, "count": 2},
            {"label": "Åtkomst", "url": here, "current": False, "count": None},
        ],
        "moments": [
            {"at": NOON - timedelta(days=14), "sentence": "Anmäld till MDK", "who": "dr Holm"},
            {"at": NOON - timedelta(days=8), "sentence": "DT thorax-buk, slutsvar", "who": "HL7"},
            {"at": NOON, "sentence": LONG_QUESTION, "who": LONG_NAME, "now": True},
        ],
        "facts": [
            ("WHO", "1"),
            ("Samsjuklighet", "Hypertoni, diabetes typ 2"),
            ("Önskemål", ""),
            ("Fråga", LONG_QUESTION),
        ],
        "hints": [("j", "nästa rad"), ("k", "föregående"), ("a", "lägg till"), ("/", "sök"), ("?", "tangenter")],
        "long_question": LONG_QUESTION,
        "long_name": LONG_NAME,
        "since": NOON - timedelta(seconds=252),
        "late_since": NOON - timedelta(seconds=471),
        "now": NOON,
    }
