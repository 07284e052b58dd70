"""A meeting from preparation to signature, run through by the services at the times when it would have happened."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from random import Random

from cases.models import Case
from cases.services.discordance import mark_discordance
from cases.services.thread import write_message
from checklists.enums import LevelCode, Speciality
from checklists.registry import spec_of
from config.seeding.people import Staff
from config.seeding.texts import PATHWAYS
from mdk.enums import PreparationState, RebookingReason
from mdk.models import Meeting, Preparation
from mdk.services import live, preparation
from mdk.services.outcome import Participant, record_attendance, save_outcome, sign_meeting

_PATHWAYS = {pathway.slug: pathway for pathway in PATHWAYS}
_READERS = {"radiology": ("radiolog1", "radiolog2"), "pathology": ("patolog1",)}
_CHECKS = {"bool": True, "text": "Enligt rekommendationen."}


def prepare(meeting: Meeting, staff: Staff, rng: Random, *, now: datetime, share: float) -> None:
    """Let the readers prepare `share` of the meeting's agenda; the rest is left begun, claimed or untouched."""
    waiting = Preparation.objects.filter(item__meeting=meeting, state=PreparationState.TODO, item__status="planned")
    for place, row in enumerate(waiting.select_related("item__case__diagnosis").order_by("item__position", "pk")):
        reader = staff[rng.choice(_READERS[row.discipline])]
        draw, moment = rng.random(), now + timedelta(minutes=11 * place)
        if draw < share:
            finish_preparation(row, staff, rng, now=moment)
        elif draw < share + 0.1:
            preparation.start(row.pk, by=reader, now=moment)
        elif draw < share + 0.25:
            preparation.claim(row.pk, by=reader, now=moment)


def disagree(meeting: Meeting, staff: Staff, *, now: datetime) -> None:
    """Let a reader mark two answers of the first case as discordant, and ask its clinician about it."""
    for item in meeting.items.filter(position__isnull=False).order_by("position"):
        answers = {row.kind: row.pk for row in item.case.results.filter(state="final", kind__in=_READERS)}
        if len(answers) == len(_READERS):
            sentence = "Bilderna talar för genomväxt, men preparatet visar ingen invasion. Eftergranskas."
            mark_discordance(item.case_id, answers.values(), sentence, by=staff["radiolog1"], now=now)
            asked = "Finns det äldre bilder från hemsjukhuset att jämföra med?"
            write_message(item.case_id, asked, by=staff["radiolog1"], now=now + timedelta(minutes=4))
            answered = "Ja, en DT från i våras. Den är beställd och bör komma i eftermiddag."
            write_message(item.case_id, answered, by=staff["lakare1"], now=now + timedelta(minutes=50))
            return


def finish_preparation(row: Preparation, staff: Staff, rng: Random, *, now: datetime) -> None:
    """Let a reader of the discipline claim, begin and complete one preparation."""
    reader = staff[rng.choice(_READERS[row.discipline])]
    pathway = _PATHWAYS[row.item.case.diagnosis.slug]
    case = row.item.case
    texts = pathway.radiology if row.discipline == "radiology" else pathway.pathology
    text = pathway.for_question(texts, case.clinical_question, rng.choice(texts))
    minutes = max(2, row.estimate_minutes + rng.randint(-2, 5))
    preparation.claim(row.pk, by=reader, now=now - timedelta(minutes=minutes + 5))
    preparation.start(row.pk, by=reader, now=now - timedelta(minutes=minutes))
    findings = f"{text} Demonstreras i tvärsnitt." if row.discipline == "radiology" else text
    preparation.complete(row.pk, minutes=minutes, findings=findings, by=reader, now=now)


def attend(meeting: Meeting, staff: Staff, guests: Iterable[tuple[str, str]] = (), *, now: datetime) -> None:
    """Record who takes part: the demo people with their own functions, and guests as (function, name)."""
    keys = ("ordforande", "lakare1", "radiolog1", "patolog1", "kssk1", "koordinator")
    people = [Participant(staff[key].speciality, user=staff[key], is_remote=key == "patolog1") for key in keys]
    others = [Participant(speciality, name=name, is_remote=True) for speciality, name in guests]
    record_attendance(meeting.pk, [*people, *others], by=staff["ordforande"], now=now)


GUESTS = (
    (Speciality.LIVER_SURGEON, "Birgit Lever"),
    (Speciality.UROLOGIST, "Urban Urolog"),
    (Speciality.BREAST_SURGEON, "Britt Bröstkirurg"),
    (Speciality.PLASTIC_SURGEON, "Pontus Plastik"),
    (Speciality.PULMONOLOGIST, "Love Lungläkare"),
    (Speciality.GYN_TUMOUR_SURGEON, "Gun Tumörkirurg"),
    (Speciality.GYN_ONCOLOGIST, "Gita Gynonkolog"),
    (Speciality.GYNAECOLOGIST, "Greta Gynekolog"),
    (Speciality.SURGEON, "Kurt Kirurg"),
    (Speciality.DERMATOLOGIST, "Hilda Hudläkare"),
)


def run_through(
    meeting: Meeting, staff: Staff, rng: Random, *, deferred: int = -1, left: int = 0, guests: bool = True
) -> Meeting:
    """Run a published meeting from start to signature.

    The item at place `deferred` (from nought) ends without a recommendation; the last `left` are not reached and
    go on to the next meeting of the series.
    """
    chair, moment = staff["ordforande"], meeting.starts_at
    live.start_meeting(meeting.pk, by=chair, now=moment, confirm_early=True)
    attend(meeting, staff, GUESTS if guests else (), now=moment + timedelta(minutes=1))
    items = list(meeting.items.filter(status__in=["planned", "discussing"]).select_related("case").order_by("position"))
    reached = items[: len(items) - left]
    for place, item in enumerate(reached):
        moment += timedelta(minutes=max(1, item.minutes), seconds=rng.randint(-40, 90))
        if place == deferred:
            live.defer_item(
                item.pk,
                reason=RebookingReason.PATHOLOGY_MISSING,
                note="Kompletterande immunhistokemi väntas inom en vecka.",
                by=chair,
                now=moment,
            )
        elif item.level != LevelCode.PROTOCOL:
            save_outcome(
                item.pk, outcome_values(item.case, item.level, rng, moment.date()), version=0, by=chair, now=moment
            )
        if place + 1 < len(items):
            live.next_item(meeting.pk, by=chair, now=moment + timedelta(seconds=20))
    live.close_meeting(meeting.pk, by=chair, now=moment + timedelta(minutes=2))
    return sign_meeting(meeting.pk, by=chair, now=moment + timedelta(minutes=55))


def outcome_values(case: Case, level: str, rng: Random, day: date) -> dict[str, object]:
    """Return a whole recommendation for the case, its checklist answered."""
    pathway = _PATHWAYS[case.diagnosis.slug]
    spec = spec_of(case.definition_id)
    drawn = rng.choice(pathway.recommendations)
    intent, text, next_step = pathway.for_question(pathway.recommendations, case.clinical_question, drawn)
    return {
        "recommendation": text,
        "intent": intent,
        "ctnm": pathway.stage if case.phase != "post_operative" else "",
        "ptnm": pathway.stage.replace("c", "p", 1) if case.phase == "post_operative" else "",
        "checklist": {
            item.key: item.choices[0].key if item.choices else _CHECKS.get(item.kind, "")
            for item in spec.checklist_for(level)
            if item.kind != "date"
        },
        "study": "Tillfrågas om pågående nationell studie." if rng.random() < 0.2 else "",
        "next_step": next_step,
        "responsible": rng.choice(("Lena Läkare", "Olof Ordförande")),
        "due_on": day + timedelta(days=rng.randint(5, 14)),
        "is_discordant": rng.random() < 0.08,
    }
