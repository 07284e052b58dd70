"""Readiness by table: facts in, states and findings out. A small made-up definition, no database."""

from datetime import date, timedelta
from typing import Any

import pytest

from cases.enums import AnswerState, ClearanceKind, ReadinessState, ResultState
from cases.readiness.assess import assess
from cases.readiness.facts import Answer, Facts, Readiness
from checklists.loader import FOLDER, load_folder
from checklists.parts import Level, Requirement
from checklists.spec import DefinitionSpec

TODAY = date(2026, 11, 20)
FULL, FOCUSED, PROTOCOL = "full", "focused", "protocol"
LEVELS = frozenset({FULL, FOCUSED, PROTOCOL})
PHASES = frozenset({"pre_treatment", "recurrence"})


def need(key: str, kind: str, **fields: Any) -> Requirement:
    """Return a requirement; blocking, for every phase and level, of any age, when not said otherwise."""
    values: dict[str, Any] = {
        "label_sv": key, "label_en": key, "phases": PHASES, "levels": LEVELS, "severity": "blocker",
        "conditional": False, "max_age_days": {}, "field": "", "source": "local", "phases_source": "local",
    }  # fmt: skip
    return Requirement(key=key, kind=kind, **(values | fields))


CT = need("ct", "radiology", max_age_days={FULL: 60, FOCUSED: 60, PROTOCOL: 90})
MRI = need("mri", "radiology", conditional=True)
PAD = need("pad", "pathology")
LAB = need("lab", "lab", severity="warning")
TRIAL = need("trial", "clinical", severity="warning", conditional=True)
WISHES = need("patient_wishes", "clinical", field="patient_wishes", severity="warning", levels=frozenset({FULL}))
NURSE = need("contact_nurse", "clinical", field="contact_nurse")


def level(code: str, *, needs_attestation: bool = False) -> Level:
    """Return a level of three minutes."""
    return Level(
        code=code, minutes=3, prep_minutes={}, checklist="", needs_attestation=needs_attestation, needs_reason=False,
        source="local", minutes_source="local",
    )  # fmt: skip


def spec(*requirements: Requirement) -> DefinitionSpec:
    """Return a definition that asks for these; only a full discussion is attested."""
    real = load_folder(FOLDER)[0].spec
    fields = {name: getattr(real, name) for name in real.__dataclass_fields__}
    levels = (level(FULL, needs_attestation=True), level(FOCUSED), level(PROTOCOL))
    return DefinitionSpec(**(fields | {"requirements": requirements, "levels": levels}))


REAL_SPEC = spec()


def look(*requirements: Requirement, answers: tuple[Answer, ...] = (), **facts: Any) -> Readiness:
    """Return the readiness of a focused case before treatment with these requirements."""
    fields = {name: getattr(REAL_SPEC, name) for name in REAL_SPEC.__dataclass_fields__}
    asked = DefinitionSpec(**(fields | {"requirements": requirements}))
    return assess(
        Facts(
            **({"spec": asked, "phase": "pre_treatment", "level": FOCUSED, "today": TODAY, "answers": answers} | facts)
        )
    )


def ago(days: int) -> date:
    """Return the day `days` before today."""
    return TODAY - timedelta(days=days)


def final(kind: str, requirement: str = "", days: int = 5) -> Answer:
    """Return a final answer."""
    return Answer(kind, requirement, ResultState.FINAL, ago(days))


def found(readiness: Readiness) -> list[tuple[str, str, str]]:
    """Return the findings as (code, severity, owner)."""
    return [(f.code, f.severity.value, str(f.owner)) for f in readiness.findings]


ORDERED = Answer("radiology", "ct", ResultState.ORDERED, expected_on=TODAY + timedelta(days=3))
PRELIMINARY = Answer("radiology", "ct", ResultState.PRELIMINARY, ago(1))

STATES = [
    pytest.param((), AnswerState.MISSING, [("answer-missing", "blocker", "clinician")], id="nothing"),
    pytest.param((ORDERED,), AnswerState.ORDERED, [("answer-ordered", "blocker", "radiologist")], id="ordered"),
    pytest.param(
        (PRELIMINARY,), AnswerState.PRELIMINARY, [("answer-preliminary", "blocker", "radiologist")], id="preliminary"
    ),
    pytest.param((final("radiology", "ct"),), AnswerState.FINAL, [], id="final"),
    pytest.param((final("radiology"),), AnswerState.FINAL, [], id="final for all of the kind"),
    pytest.param(
        (final("pathology"),), AnswerState.MISSING, [("answer-missing", "blocker", "clinician")], id="another kind"
    ),
    pytest.param(
        (final("radiology", "mri"),), AnswerState.MISSING, [("answer-missing", "blocker", "clinician")], id="another key"
    ),
    pytest.param((final("radiology", "ct", 60),), AnswerState.FINAL, [], id="on its last day"),
    pytest.param(
        (final("radiology", "ct", 61),), AnswerState.STALE, [("answer-stale", "blocker", "clinician")], id="a day too old"
    ),
    pytest.param((final("radiology", "ct", 61), final("radiology", "ct", 3)), AnswerState.FINAL, [], id="a newer one"),
    pytest.param(
        (final("radiology", "ct", 61), ORDERED), AnswerState.ORDERED, [("answer-ordered", "blocker", "radiologist")],
        id="too old, new one ordered",
    ),
    pytest.param(
        (ORDERED, PRELIMINARY), AnswerState.PRELIMINARY, [("answer-preliminary", "blocker", "radiologist")],
        id="preliminary goes before ordered",
    ),
    pytest.param((PRELIMINARY, final("radiology", "ct")), AnswerState.FINAL, [], id="final goes before preliminary"),
    pytest.param(
        (Answer("radiology", "ct", ResultState.CANCELLED),), AnswerState.MISSING,
        [("answer-missing", "blocker", "clinician")], id="cancelled counts for nothing",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("answers", "state", "findings"), STATES)
def test_an_answer_and_its_finding(
    answers: tuple[Answer, ...], state: AnswerState, findings: list[tuple[str, str, str]]
) -> None:
    readiness = look(CT, answers=answers)
    assert readiness.checks[0].state is state
    assert found(readiness) == findings
    assert readiness.state is (ReadinessState.NOT_READY if findings else ReadinessState.READY)
    assert readiness.strip == (
        state,
        AnswerState.NOT_APPLICABLE,
        AnswerState.NOT_APPLICABLE,
        AnswerState.NOT_APPLICABLE,
    )


@pytest.mark.parametrize(
    ("requirement", "answer", "owner"),
    [
        (PAD, Answer("pathology", "", ResultState.ORDERED), "pathologist"),
        (LAB, Answer("lab", "", ResultState.PRELIMINARY, ago(1)), "clinician"),
        (need("asa", "clinical"), Answer("clinical", "", ResultState.ORDERED), "clinician"),
        (PAD, None, "clinician"),
    ],
)
def test_what_is_on_its_way_belongs_to_the_discipline(
    requirement: Requirement, answer: Answer | None, owner: str
) -> None:
    readiness = look(requirement, answers=(answer,) if answer else ())
    assert [str(f.owner) for f in readiness.findings] == [owner]


def test_an_ordered_answer_says_when_it_is_expected_and_where_to_mend_it() -> None:
    finding = look(CT, answers=(ORDERED,)).findings[0]
    assert (finding.expected_on, finding.anchor, finding.kind) == (ago(-3), "requirement-ct", "radiology")


def ordered(days: int, *, since: date | None = None, key: str = "ct") -> Answer:
    """Return an order that is expected in `days` days."""
    return Answer("radiology", key, ResultState.ORDERED, expected_on=ago(-days), since=since)


def test_an_order_whose_day_has_passed_says_so_from_the_day_after() -> None:
    assert found(look(CT, answers=(ordered(0),))) == [("answer-ordered", "blocker", "radiologist")]
    late = look(CT, answers=(ordered(-1),))
    assert found(late) == [("answer-late", "blocker", "radiologist")]
    assert (late.checks[0].state, late.checks[0].is_late, late.findings[0].expected_on) == ("ordered", True, ago(1))
    assert late.marks == ("late", "", "", "")
    assert late.changes_on is None


def test_an_order_changes_by_time_alone_on_the_day_after_it_was_expected() -> None:
    waiting = look(CT, answers=(ordered(2),))
    assert waiting.changes_on == ago(-3)
    assert look(CT, answers=(ordered(2),), today=ago(-2)).summary() == waiting.summary()
    assert found(look(CT, answers=(ordered(2),), today=ago(-3))) == [("answer-late", "blocker", "radiologist")]


def test_a_kind_is_late_only_when_nothing_dated_is_expected_any_more() -> None:
    petct = need("petct", "radiology")
    assert look(CT, petct, answers=(ordered(-1), ordered(4, key="petct"))).marks[0] == ""
    assert look(CT, petct, answers=(ordered(-1), ordered(-2, key="petct"))).marks[0] == "late"


def test_a_renewed_order_goes_before_the_one_that_never_came() -> None:
    renewed = Answer("radiology", "ct", ResultState.ORDERED, since=ago(1))
    assert look(CT, answers=(ordered(-3, since=ago(20)), renewed)).checks[0].answer is renewed


@pytest.mark.parametrize(
    ("pending", "state"),
    [
        (ordered(-40, since=ago(80)), AnswerState.STALE),
        (ordered(-65), AnswerState.STALE),
        (ordered(5, since=ago(2)), AnswerState.ORDERED),
        (Answer("radiology", "ct", ResultState.ORDERED), AnswerState.ORDERED),
        (Answer("radiology", "ct", ResultState.PRELIMINARY, ago(70)), AnswerState.STALE),
        (Answer("radiology", "ct", ResultState.PRELIMINARY, ago(1)), AnswerState.PRELIMINARY),
    ],
)
def test_only_what_was_ordered_or_done_after_a_stale_answer_is_on_its_way(pending: Answer, state: AnswerState) -> None:
    assert look(CT, answers=(final("radiology", "ct", 65), pending)).checks[0].state is state


@pytest.mark.parametrize("state", [ResultState.FINAL, ResultState.PRELIMINARY, ResultState.ORDERED])
def test_an_examination_from_elsewhere_is_marked_in_check_and_strip(state: ResultState) -> None:
    answer = Answer(
        "radiology", "ct", state, ago(3), ago(1) if state is ResultState.ORDERED else None, is_external=True
    )
    summary = look(CT, PAD, answers=(answer,)).summary()
    assert [check["elsewhere"] for check in summary["checks"]] == [True, False]
    assert summary["marks"] == ["late elsewhere" if state is ResultState.ORDERED else "elsewhere", "", "", ""]


def test_a_warning_does_not_stop() -> None:
    readiness = look(LAB)
    assert found(readiness) == [("answer-missing", "warning", "clinician")]
    assert readiness.state is ReadinessState.READY


def test_an_open_condition_needs_approval_until_it_is_answered_cleared_or_attested() -> None:
    assert found(look(MRI)) == [("condition-open", "needs_approval", "clinician")]
    assert look(MRI).state is ReadinessState.NEEDS_APPROVAL
    assert look(MRI, answers=(final("radiology", "mri"),)).state is ReadinessState.READY
    cleared = look(MRI, clearances={"mri": ClearanceKind.NOT_APPLICABLE})
    assert (cleared.state, cleared.checks[0].state) == (ReadinessState.READY, AnswerState.NOT_APPLICABLE)
    attested = look(MRI, is_attested=True)
    assert (attested.state, attested.checks[0].state) == (ReadinessState.READY, AnswerState.NOT_APPLICABLE)
    assert found(look(TRIAL)) == [("condition-open", "warning", "clinician")]


def test_a_condition_that_was_found_to_hold_is_asked_for_like_any_other() -> None:
    ordered = Answer("radiology", "mri", ResultState.ORDERED)
    readiness = look(MRI, answers=(ordered,), is_attested=True)
    assert found(readiness) == [("answer-ordered", "blocker", "radiologist")]


def test_attestation_does_not_stand_in_for_an_answer_that_is_always_asked_for() -> None:
    assert look(CT, is_attested=True).state is ReadinessState.NOT_READY


@pytest.mark.parametrize(
    ("kind", "state"),
    [(ClearanceKind.WAIVED, AnswerState.WAIVED), (ClearanceKind.NOT_APPLICABLE, AnswerState.NOT_APPLICABLE)],
)
def test_a_cleared_requirement_is_not_asked_for(kind: ClearanceKind, state: AnswerState) -> None:
    readiness = look(CT, PAD, answers=(final("pathology"),), clearances={"ct": kind})
    assert (readiness.state, readiness.checks[0].state, readiness.findings) == (ReadinessState.READY, state, ())


def test_a_field_of_the_referral_answers_its_requirement() -> None:
    assert found(look(NURSE)) == [("field-missing", "blocker", "coordinator")]
    assert look(NURSE).findings[0].anchor == "id_contact_nurse"
    assert look(NURSE, fields=frozenset({"contact_nurse"})).state is ReadinessState.READY
    full = look(WISHES, level=FULL, is_attested=True)
    assert found(full) == [("field-missing", "warning", "clinician")]


def test_a_full_discussion_waits_for_the_attestation() -> None:
    answers = (final("radiology"),)
    assert found(look(CT, answers=answers, level=FULL)) == [("attestation-missing", "needs_approval", "clinician")]
    assert look(CT, answers=answers, level=FULL, is_attested=True).state is ReadinessState.READY
    assert look(CT, answers=answers, level=PROTOCOL).state is ReadinessState.READY


def test_only_what_phase_and_level_ask_for_counts() -> None:
    assert [c.requirement.key for c in look(CT, WISHES).checks] == ["ct"]
    assert look(CT, phase="follow_up").state is ReadinessState.READY
    assert look(CT, phase="follow_up").checks == ()


def test_the_gravest_finding_decides_and_comes_first() -> None:
    readiness = look(LAB, MRI, CT)
    assert [f.severity.value for f in readiness.findings] == ["blocker", "needs_approval", "warning"]
    assert readiness.state is ReadinessState.NOT_READY


def test_a_kind_is_summed_up_by_its_worst_answer() -> None:
    petct, brain = need("petct", "radiology"), need("brain", "radiology")
    answers = (final("radiology", "ct"), Answer("radiology", "petct", ResultState.ORDERED))
    assert look(CT, petct, answers=answers).strip[0] is AnswerState.ORDERED
    assert look(CT, petct, brain, answers=answers).strip[0] is AnswerState.MISSING
    waived = {"petct": ClearanceKind.WAIVED}
    assert look(CT, petct, answers=answers, clearances=waived).strip[0] is AnswerState.FINAL


def test_an_open_condition_says_less_of_its_kind_than_an_answer_that_is_awaited() -> None:
    assert look(CT, MRI, answers=(ORDERED,)).strip[0] is AnswerState.ORDERED
    assert look(CT, MRI, answers=(PRELIMINARY,)).strip[0] is AnswerState.PRELIMINARY
    assert look(CT, MRI, answers=(final("radiology", "ct"),)).strip[0] is AnswerState.MISSING
    assert look(CT, MRI, answers=(final("radiology", "ct"),), is_attested=True).strip[0] is AnswerState.FINAL


@pytest.mark.parametrize(("code", "days"), [(FOCUSED, 60), (PROTOCOL, 90)])
def test_how_old_an_answer_may_be_depends_on_the_level(code: str, days: int) -> None:
    assert look(CT, answers=(final("radiology", "ct", days),), level=code).state is ReadinessState.READY
    assert look(CT, answers=(final("radiology", "ct", days + 1),), level=code).state is ReadinessState.NOT_READY


def test_changes_on_is_the_first_day_on_which_time_alone_changes_something() -> None:
    answers = (final("radiology", "ct", 10), final("pathology", "pad", 40))
    readiness = look(CT, PAD, answers=answers)
    assert readiness.changes_on == ago(10) + timedelta(days=61)
    day_before, day = readiness.changes_on - timedelta(days=1), readiness.changes_on
    assert look(CT, PAD, answers=answers, today=day_before).summary() == readiness.summary()
    assert look(CT, PAD, answers=answers, today=day).state is ReadinessState.NOT_READY
    assert look(PAD, answers=answers).changes_on is None
    assert look(CT, answers=answers, clearances={"ct": ClearanceKind.WAIVED}).changes_on is None


def test_the_summary_is_json_in_a_fixed_order() -> None:
    summary = look(CT, PAD, answers=(final("radiology"), Answer("pathology", "pad", ResultState.ORDERED))).summary()
    assert summary["strip"] == ["final", "ordered", "not_applicable", "not_applicable"]
    blank = {"performed_on": None, "expected_on": None, "since": None, "source": "", "elsewhere": False, "late": False}
    assert summary["marks"] == ["", "", "", ""]
    assert summary["checks"] == [
        blank | {"requirement": "ct", "kind": "radiology", "state": "final", "performed_on": "2026-11-15"},
        blank | {"requirement": "pad", "kind": "pathology", "state": "ordered"},
    ]
    assert summary["findings"] == [
        {
            "code": "answer-ordered",
            "severity": "blocker",
            "owner": "pathologist",
            "requirement": "pad",
            "kind": "pathology",
            "anchor": "requirement-pad",
            "expected_on": None,
        }
    ]
