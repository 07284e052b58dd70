"""What one seeded case is to be: decided from its number and the seed alone, without a database.

The same plan is carried out by the services (`config.seeding.cases`) and by the bulk path
(`config.seeding.bulk`); a test holds that both store the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from cases.enums import ResultState
from cases.identity import COORDINATION_NUMBER, PERSONAL_NUMBER, Identity
from checklists.enums import LevelCode
from checklists.spec import DefinitionSpec, Requirement
from config.seeding.texts import (
    CLINICAL_TEXT,
    COMORBIDITIES,
    HISTORIES,
    LAST_NAMES,
    LEVEL_REASONS,
    MEN,
    PATHWAYS,
    WISHES,
    WOMEN,
    Pathway,
)

STAGES = ("intake", "workup", "ready", "meeting", "closed")
_SHARES = (18, 27, 20, 15, 20)

# Serial numbers of the test series that the shipped samples do not use, so that no seeded patient is one of theirs.
_SERIALS = range(986, 1000)
_FIRST_BIRTH = date(1933, 1, 1)
_BIRTHS = (date(1983, 12, 31) - _FIRST_BIRTH).days
_TOOK_DAYS = {"radiology": (1, 12, 4), "pathology": (3, 18, 7), "lab": (0, 3, 1), "clinical": (0, 4, 1)}
"""Calendar days from order to answer in the synthetic data, as (least, most, most often): invented, like the patients."""
_NUMBERS = len(_SERIALS) * _BIRTHS
_STEP = 104_729
"""A prime that does not divide the number of identities: consecutive cases get birth dates far apart."""


@dataclass(frozen=True, slots=True)
class AnswerPlan:
    """One answer: days count back from the day of seeding; `expected_in` counts forward.

    `took_days` is how long before that day it was ordered, for an answer that has come.
    """

    kind: str
    requirement: str
    state: ResultState
    days_ago: int
    took_days: int
    expected_in: int | None
    text: str
    is_external: bool

    @property
    def is_answer(self) -> bool:
        """Whether there is an answer (final or preliminary), with a date."""
        return self.state in (ResultState.FINAL, ResultState.PRELIMINARY)


@dataclass(frozen=True, slots=True)
class CasePlan:
    """One case as it is to be made; days count back from the day of seeding, or from `ended_days_ago` before it."""

    number: int
    reference: str
    stage: str
    pathway: Pathway
    phase: str
    question: str
    identity: Identity
    name: str
    history: str
    performance_status: int | None
    comorbidity: str
    patient_wishes: str
    has_contact_nurse: bool
    suspected_days_ago: int
    ended_days_ago: int
    promised_in: int | None
    level: str
    level_reason: str
    answers: tuple[AnswerPlan, ...]
    is_attested: bool


def plan_case(
    number: int, *, seed: int, specs: Mapping[str, DefinitionSpec], stage: str = "", slug: str = "", level: str = ""
) -> CasePlan:
    """Return the plan of case `number` under `seed`; `stage`, `slug` and `level` fix what otherwise is drawn."""
    rng = Random(f"{seed}:{number}")  # noqa: S311 - synthetic data
    drawn = rng.choices(STAGES, _SHARES)[0]
    took = Random(f"{seed}:{number}:took")  # noqa: S311 - synthetic data
    identity = identity_of(number, seed)
    sex = sex_of(identity)
    wanted = [p for p in PATHWAYS if slug in ("", p.slug)]
    pathway = rng.choice([p for p in wanted if p.fits(sex)] or wanted)
    stage = stage or drawn
    spec = specs[pathway.slug]
    phase, question = rng.choice(pathway.questions)
    suggested = spec.suggest_level(phase, {}).level
    drawn_level = rng.choices((suggested, LevelCode.FOCUSED, LevelCode.PROTOCOL), (70, 15, 15))[0]
    level = level or drawn_level
    is_done = stage in ("ready", "meeting", "closed")
    suspected = rng.randint(9, 30)
    requirements = [r for r in spec.requirements_for(phase, level) if not r.field]
    is_filled = is_done or rng.random() < 0.75
    past = rng.randrange(len(HISTORIES))
    wishes = [wish for wish in WISHES if pathway.slug == "colorectal" or "stomi" not in wish]
    return CasePlan(
        number=number,
        reference=f"D{seed}-{number:06d}",
        stage=stage,
        pathway=pathway,
        phase=phase,
        question=question,
        identity=identity,
        name=f"{rng.choice(WOMEN if sex == 'f' else MEN)} {rng.choice(LAST_NAMES)}",
        history=HISTORIES[past],
        performance_status=rng.choices(range(5), (35, 40, 15, 8, 2))[0] if is_filled else None,
        comorbidity=COMORBIDITIES[past] if is_filled else "",
        patient_wishes=rng.choice(wishes) if is_filled else "",
        has_contact_nurse=is_done or rng.random() < 0.8,
        suspected_days_ago=suspected,
        ended_days_ago=rng.randint(20, 750) if stage == "closed" else 0,
        promised_in=rng.randint(4, 21) if rng.random() < 0.3 and stage != "closed" else None,
        level=level,
        level_reason=LEVEL_REASONS[level] if level != suggested else "",
        answers=tuple(_answers(rng, took, stage, requirements, pathway, question, suspected)),
        is_attested=is_done,
    )


def identity_of(number: int, seed: int) -> Identity:
    """Return the synthetic identity of case `number`: test series, valid check digit, no number twice in a seed."""
    place = (number * _STEP + seed * 7_919) % (2 * _NUMBERS)
    is_coordination, place = divmod(place, _NUMBERS)
    born = _FIRST_BIRTH + timedelta(days=place // len(_SERIALS))
    day = born.day + (60 if is_coordination else 0)
    digits = f"{born:%Y%m}{day:02d}{_SERIALS[place % len(_SERIALS)]}"
    system = COORDINATION_NUMBER if is_coordination else PERSONAL_NUMBER
    return Identity(system, digits + check_digit(digits[2:]))


def sex_of(identity: Identity) -> str:
    """Return the sex that the number tells: "m" where the last digit before the check digit is odd, else "f"."""
    return "m" if int(identity.value[-2]) % 2 else "f"


def can_have(number: int, seed: int, slug: str) -> bool:
    """Whether the patient of case `number` can have the disease `slug`."""
    return all(p.fits(sex_of(identity_of(number, seed))) for p in PATHWAYS if p.slug == slug)


def check_digit(nine_digits: str) -> str:
    """Return the Luhn check digit of nine digits."""
    total = 0
    for place, digit in enumerate(nine_digits):
        doubled = int(digit) * (2 - place % 2)
        total += doubled - 9 * (doubled > 9)
    return str(-total % 10)


def _answers(
    rng: Random,
    took: Random,
    stage: str,
    requirements: list[Requirement],
    pathway: Pathway,
    question: str,
    suspected: int,
) -> list[AnswerPlan]:
    made = []
    for requirement in requirements:
        # A condition that is left open is settled by the attestation; some patients have the answer.
        if requirement.conditional and rng.random() < 0.7:
            continue
        state = _state(rng, stage)
        if state is None:
            continue
        made.append(
            AnswerPlan(
                kind=requirement.kind,
                requirement=requirement.key,
                state=state,
                days_ago=rng.randint(2, min(suspected - 2, 21)),
                took_days=round(took.triangular(*_TOOK_DAYS[requirement.kind])),
                expected_in=rng.randint(1, 6) if state is ResultState.ORDERED and rng.random() < 0.7 else None,
                text="" if state is ResultState.ORDERED else _text(rng, requirement, pathway, question),
                is_external=requirement.kind == "radiology" and rng.random() < 0.31,
            )
        )
    return made


def _state(rng: Random, stage: str) -> ResultState | None:
    if stage in ("ready", "meeting", "closed"):
        return ResultState.FINAL
    weights = (8, 0, 2, 10) if stage == "intake" else (50, 15, 20, 15)
    choices: list[ResultState | None] = [ResultState.FINAL, ResultState.PRELIMINARY, ResultState.ORDERED, None]
    return rng.choices(choices, weights)[0]


def _text(rng: Random, requirement: Requirement, pathway: Pathway, question: str) -> str:
    texts = {"radiology": pathway.radiology, "pathology": pathway.pathology, "lab": pathway.lab}
    offered = texts.get(requirement.kind, (CLINICAL_TEXT,))
    drawn = rng.choice(offered)
    return drawn if requirement.kind not in texts else pathway.for_question(offered, question, drawn)
