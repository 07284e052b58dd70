"""A faulty definition is refused with file, key and remedy; all faults of a file at once."""

from typing import Any

import pytest

from checklists.reading import DefinitionError
from tests.checklists.conftest import Edit, Folder


def _put(*path: Any, value: Any) -> Edit:
    def change(data: dict[str, Any]) -> None:
        target: Any = data
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return change


def _drop(key: str) -> Edit:
    return lambda data: data.pop(key)


CASES = [
    ("unknown key", _put("colour", value="red"), "colour", "not a known key", "Remove it"),
    (
        "unknown key inside",
        _put("requirements", 0, "colour", value="red"),
        "requirements[0].colour",
        "not a known",
        "Remove",
    ),
    ("missing key", _drop("name_sv"), "name_sv", "is missing", "Add it"),
    ("bad type", _put("name_en", value=7), "name_en", "must be a text", "Write a text"),
    ("bad number", _put("lead_times", 0, "days", value="31"), "lead_times[0].days", "whole number", "without quotes"),
    ("zero days", _put("lead_times", 0, "days", value=0), "lead_times[0].days", "1 or more", "digits"),
    (
        "bad flag",
        _put("requirements", 0, "conditional", value="perhaps"),
        "requirements[0].conditional",
        "true or false",
        "true",
    ),
    ("not a list", _put("indications", value="all"), "indications", "must be a list", "dash"),
    ("not a mapping", _put("meeting_scope", value="national"), "meeting_scope", "must be a mapping", "name: value"),
    (
        "unknown phase",
        _put("requirements", 0, "phases", value=["later"]),
        "requirements[0].phases[0]",
        "'later'",
        "pre_treatment",
    ),
    (
        "phase twice",
        _put("requirements", 0, "phases", value=["follow_up"] * 2),
        "requirements[0].phases[1]",
        "twice",
        "Remove",
    ),
    ("unknown kind", _put("requirements", 0, "kind", value="magic"), "requirements[0].kind", "'magic'", "radiology"),
    (
        "approval is no severity",
        _put("requirements", 0, "severity", value="needs_approval"),
        "requirements[0].severity",
        "not a known",
        "blocker, warning",
    ),
    (
        "bad requirement key",
        _put("requirements", 0, "key", value="Röntgen 1"),
        "requirements[0].key",
        "small letters",
        "Correct",
    ),
    (
        "same key twice",
        _put("requirements", 1, "key", value="current_imaging"),
        "requirements[1].key",
        "stands twice",
        "Give each",
    ),
    (
        "field on radiology",
        _put("requirements", 0, "field", value="comorbidity"),
        "requirements[0].field",
        "cannot answer",
        "clinical",
    ),
    (
        "unknown source",
        _put("requirements", 0, "source", value="hearsay"),
        "requirements[0].source",
        "not among the sources",
        "local",
    ),
    ("reserved source", _put("sources", "local", value="x"), "sources.local", "reserved", "another key"),
    ("bad code", _put("icd10", value=["penis"]), "icd10[0]", "not an ICD-10", "C18.7"),
    ("unknown role", _put("quorum", 0, "roles", value=["wizard"]), "quorum[0].roles[0]", "'wizard'", "Use one of"),
    ("phase without quorum", _put("quorum", 0, "phases", value=["follow_up"]), "quorum", "has no quorum", "Name it"),
    (
        "level without checklist",
        _put(
            "levels",
            value=[{"code": "full", "minutes": 5, "checklist": "gone", "source": "local", "minutes_source": "local"}],
        ),
        "checklist",
        "no checklist 'gone'",
        "complete",
    ),
    (
        "undeclared circumstance",
        _put(
            "level_rules",
            value=[
                {
                    "level": "full",
                    "phases": ["follow_up"],
                    "when": {"mood": ["good"]},
                    "reason_sv": "x",
                    "reason_en": "x",
                    "source": "local",
                }
            ],
        ),
        "level_rules[0].when.mood",
        "not a declared",
        "Declare it",
    ),
    (
        "choices without choice",
        _put("outcome_fields", 0, "choices", value=[{"key": "a", "label_sv": "a", "label_en": "a"}]),
        "choices",
        "kind choice",
        "change the kind",
    ),
    ("slug of another file", _put("slug", value="testis"), "slug", "differs from the file name", "testis.yaml"),
    ("version that is no number", _put("version", value="one"), "version", "whole number", "raise"),
]


@pytest.mark.parametrize(
    ("edit", "key", "fault", "remedy"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_faults_name_file_key_and_remedy(folder: Folder, edit: Edit, key: str, fault: str, remedy: str) -> None:
    folder.edit(edit)
    with pytest.raises(DefinitionError) as refused:
        folder.load()
    fitting = [p for p in refused.value.problems if p.key.endswith(key) and fault in p.message and remedy in p.remedy]
    assert fitting, str(refused.value)
    assert {problem.file for problem in refused.value.problems} == {"penis.yaml"}


def test_all_faults_of_a_file_come_at_once(folder: Folder) -> None:
    folder.edit(_put("group", value="liquid"))
    folder.edit(_put("lead_times", 1, "basis", value="rumour"))
    folder.edit(_drop("name_en"))
    with pytest.raises(DefinitionError) as refused:
        folder.load()
    assert {problem.key for problem in refused.value.problems} == {"group", "lead_times[1].basis", "name_en"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("slug: penis\nslug: penis\n", "the key 'slug' stands twice"),
        ("slug: [penis\n", "not valid YAML"),
        ("- slug\n", "must be a mapping"),
    ],
)
def test_broken_yaml(folder: Folder, text: str, fault: str) -> None:
    (folder.path / "penis.yaml").write_text(text, "utf-8")
    with pytest.raises(DefinitionError, match=fault):
        folder.load()


def test_without_the_common_part(folder: Folder) -> None:
    (folder.path / "common.yaml").unlink()
    with pytest.raises(DefinitionError, match=r"common\.yaml: -: the file is missing"):
        folder.load()


def test_own_entry_takes_the_place_of_the_common_one(folder: Folder) -> None:
    def change(data: dict[str, Any]) -> None:
        data["requirements"].append(
            {"key": "comorbidity", "kind": "clinical", "label_sv": "Hälsa", "label_en": "Health", "source": "local"}
        )

    folder.edit(change)
    keys = [item.key for item in folder.load().spec.requirements]
    assert keys.count("comorbidity") == 1
    assert folder.load().spec.requirement("comorbidity").label("en") == "Health"


def test_unquoted_yes_and_dates_stay_texts(folder: Folder) -> None:
    path = folder.path / "penis.yaml"
    text = path.read_text("utf-8").replace("lead_times_version: '2019-11-21'", "lead_times_version: 2019-11-21")
    path.write_text(text.replace("name_en: Penile cancer", "name_en: no"), "utf-8")
    spec = folder.load().spec
    assert (spec.lead_times_version, spec.name_en) == ("2019-11-21", "no")
