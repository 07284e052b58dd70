"""The level that a definition suggests."""

import pytest

from checklists.spec import LOCAL, DefinitionSpec

Specs = dict[str, DefinitionSpec]


@pytest.mark.parametrize(
    ("slug", "phase", "facts", "level"),
    [
        ("melanoma", "pre_treatment", {"stage": "stage_1", "special_reason": "none"}, "protocol"),
        ("melanoma", "pre_treatment", {"stage": "stage_2", "special_reason": "trial"}, "focused"),
        ("melanoma", "post_operative", {"stage": "stage_3"}, "full"),
        ("melanoma", "pre_treatment", {"stage": "stage_1"}, "full"),
        (
            "corpus-uteri",
            "pre_treatment",
            {"extrauterine_growth": "no", "complicating_factors": "no"},
            "protocol",
        ),
        ("corpus-uteri", "pre_treatment", {"extrauterine_growth": "yes", "complicating_factors": "no"}, "full"),
        ("head-neck", "pre_treatment", {"lip_t1n0": "yes"}, "protocol"),
        ("head-neck", "recurrence", {"lip_t1n0": "yes"}, "full"),
        (
            "prostate",
            "pre_treatment",
            {"distant_metastases": "no", "uncomplicated": "yes", "demonstration_needed": "no"},
            "protocol",
        ),
        ("cervix", "pre_treatment", {"pregnant": "yes", "discussion_case": "no"}, "full"),
        ("cervix", "pre_treatment", {"pregnant": "no", "discussion_case": "no"}, "protocol"),
        ("brain-spinal-cord", "pre_treatment", {"direct_decision": "yes"}, "protocol"),
        ("thyroid", "pre_treatment", {"clinically_advanced": "no"}, "protocol"),
        ("lymphoma-cll", "pre_treatment", {"disease": "cll", "treatment_planned": "no"}, "protocol"),
        ("lymphoma-cll", "pre_treatment", {"same_unit": "yes"}, "focused"),
        ("neuroendocrine-abdominal", "pre_treatment", {"benign_adrenal": "yes"}, "protocol"),
    ],
)
def test_rules_of_the_programmes(specs: Specs, slug: str, phase: str, facts: dict[str, str], level: str) -> None:
    assert specs[slug].suggest_level(phase, facts).level == level


@pytest.mark.parametrize(
    ("phase", "level"),
    [
        ("pre_treatment", "full"),
        ("after_neoadjuvant", "focused"),
        ("post_operative", "focused"),
        ("recurrence", "full"),
        ("follow_up", "focused"),
        ("second_opinion", "full"),
    ],
)
def test_default_of_the_phase_when_nothing_is_stated(specs: Specs, phase: str, level: str) -> None:
    for spec in specs.values():
        suggestion = spec.suggest_level(phase)
        assert (suggestion.level, suggestion.source) == (level, LOCAL)


def test_a_rule_gives_its_reason_and_source(specs: Specs) -> None:
    suggestion = specs["melanoma"].suggest_level("pre_treatment", {"stage": "stage_4"})
    assert suggestion.reason("sv") == "Stadium III och IV diskuteras."
    assert suggestion.reason("en") == "Stage III and IV are discussed."
    assert suggestion.source.startswith("https://")


def test_requirements_of_a_case_without_a_level_are_those_of_the_default(specs: Specs) -> None:
    spec = specs["colorectal"]
    assert spec.requirements_for("pre_treatment", "") == spec.requirements_for("pre_treatment", "full")


def test_a_protocol_case_needs_no_performance_status(specs: Specs) -> None:
    keys = {item.key for item in specs["colorectal"].requirements_for("pre_treatment", "protocol")}
    assert "ct_thorax_abdomen" in keys
    assert "performance_status" not in keys


def test_an_older_answer_is_enough_at_protocol_level(specs: Specs) -> None:
    ages = specs["colorectal"].requirement("ct_thorax_abdomen").max_age_days
    assert (ages["full"], ages["protocol"]) == (60, 90)
    assert specs["colorectal"].requirement("histopathology").max_age_days["full"] is None


def test_unknown_keys_are_key_errors(specs: Specs) -> None:
    with pytest.raises(KeyError, match="nonsense"):
        specs["colorectal"].level("nonsense")
    with pytest.raises(KeyError, match="nonsense"):
        specs["colorectal"].requirement("nonsense")
