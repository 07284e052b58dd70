"""What the shipped definitions say: facts that sources state, and marks on what none states."""

import re

import pytest

from checklists.enums import LevelCode, Phase, Speciality
from checklists.loader import check_lock, load_folder, read_lock
from checklists.spec import LOCAL, DefinitionSpec

Specs = dict[str, DefinitionSpec]

LEAD_TIMES = {
    "colorectal": ("2018-10-30", [39, 39, 39, 39, 25, 25, 53, 53, 53, 53, 39], 39),
    "breast": ("2015-12-21", [28, 28, 28, 28], 28),
    "prostate": ("2016-12-14", [61, 68, 50, 50, 47, 47], 50),
    "bladder-upper-urinary-tract": ("2018", [22, 37, 39, 43], 37),
    "melanoma": ("2017-12-07", [26, 33, 57, 57, 57, 57], 33),
    "lung": ("", [], None),
    "head-neck": ("2018-05-08", [18], None),
    "corpus-uteri": ("", [], None),
    "pancreas-periampullary": ("2018-06-19", [36, 29, 22, 22, 43, 36], 29),
    "biliary": ("2018-09-11", [22], None),
    "kidney": ("vårdprogram 2023-05-16", [27, 41], 27),
    "sarcoma-bone-soft-tissue": ("vårdprogram, indicator chapter (undated in excerpt)", [39, 39, 39], 39),
    "ovary": ("2015-12-21", [24, 22], 22),
    "oesophagus-stomach": ("2017-03-01", [38, 38, 31, 24, 24], 31),
    "brain-spinal-cord": ("2017-04-27", [37, 48, 48, 72, 97, 97], 37),
    "liver-hcc": ("2018-09-11", [22, 22, 29], None),
    "testis": ("", [], None),
    "thyroid": ("", [], None),
    "anal": ("2018", [32], None),
    "cervix": ("", [], None),
    "neuroendocrine-abdominal": ("", [], None),
    "penis": ("2019-11-21", [31, 27, 17], 27),
    "vulva": ("2017-10-31", [30, 34, 27, 20], 27),
    "abdominal-sarcoma": ("vårdprogram, indicator chapter (undated in excerpt)", [39], 39),
    "lymphoma-cll": ("2018-10-30", [26, 18, 22, 16], 18),
    "mpn": ("", [], None),
    "myeloma": ("2018-05-08", [15], None),
    "acute-leukaemia": ("2018-10-30", [9], 9),
    "serious-unspecific-symptoms": ("2019-11-21", [22], 22),
    "cup": ("2015-12-21", [35, 28, 35, 24, 55, 48, 55, 44], 28),
}
MDK_DAYS = {
    "head-neck": (18, "quoted"),
    "pancreas-periampullary": (15, "quoted"),
    "prostate": (40, "derived"),
    "vulva": (18, "derived"),
    "lymphoma-cll": (14, "derived"),
    "penis": (16, "derived"),
}
HEADINGS = [
    "bedömning",
    "jämförd med föregående undersökning (typ, datum)",
    "läge",
    "kontrastuppladdning",
    "storlek på T1 Gd",
    "storlek på T2 FLAIR eller CT utan kontrast",
    "nekros",
    "cysta",
    "blödning i tumör",
    "förkalkning i tumör",
    "multifokal tumör",
    "ödem",
    "expansiv effekt lokalt",
    "dislokation av medellinjestrukturer",
    "sekundär ventrikeldilatation",
    "perfusionsökning",
    "ytterligare beskrivning/kommentar",
]


def test_thirty_pathways(specs: Specs) -> None:
    assert set(specs) == set(LEAD_TIMES)


@pytest.mark.parametrize("slug", sorted(LEAD_TIMES))
def test_lead_times_as_in_the_source(specs: Specs, slug: str) -> None:
    version, days, clock = LEAD_TIMES[slug]
    spec = specs[slug]
    assert spec.lead_times_version == version
    assert [row.days for row in spec.lead_times] == days
    assert spec.lead_time_days == clock


@pytest.mark.parametrize("slug", sorted(LEAD_TIMES))
def test_days_to_the_conference(specs: Specs, slug: str) -> None:
    spec = specs[slug]
    assert (spec.mdk_days_from_suspicion, spec.mdk_days_basis) == MDK_DAYS.get(slug, (None, ""))
    assert bool(spec.mdk_days_source) == (slug in MDK_DAYS)


def test_colorectal_surgery_basic_and_extended(specs: Specs) -> None:
    rows = [row for row in specs["colorectal"].lead_times if row.treatment == "surgery"]
    assert [(row.label("en"), row.days) for row in rows] == [
        ("Surgery, basic work-up", 39),
        ("Surgery, extended work-up", 53),
    ]
    assert all(row.source.startswith("https://cancercentrum.se/") for row in rows)


def test_kidney_counts_from_the_referral(specs: Specs) -> None:
    assert {(row.counted_from, row.basis) for row in specs["kidney"].lead_times} == {("referral", "quality_indicator")}


def test_seventeen_headings_for_mr_of_brain_tumours_in_order(specs: Specs) -> None:
    headings = specs["brain-spinal-cord"].headings_for("mri_brain")
    assert headings is not None
    assert [heading.label("sv") for heading in headings.headings] == HEADINGS
    assert "2024-08-27" in headings.source


def test_no_radiologist_at_the_post_operative_colorectal_conference(specs: Specs) -> None:
    spec = specs["colorectal"]
    assert spec.quorum_for(Phase.POST_OPERATIVE) == ("colorectal_surgeon", "oncologist", "pathologist", "contact_nurse")
    assert set(spec.quorum_for(Phase.PRE_TREATMENT)) - set(spec.quorum_for(Phase.POST_OPERATIVE)) == {"radiologist"}
    assert spec.quorum_source[Phase.POST_OPERATIVE] != LOCAL


def test_conferences_after_treatment_and_national_ones(specs: Specs) -> None:
    after = {slug for slug, spec in specs.items() if spec.meeting_may_follow_treatment}
    national = {slug for slug, spec in specs.items() if spec.meeting_scope.usual == "national"}
    assert after == {"acute-leukaemia", "neuroendocrine-abdominal"}
    assert national == {"anal", "penis", "vulva"}


def test_what_must_exist_blocks_even_when_clinical(specs: Specs) -> None:
    blocking = {
        (slug, item.key)
        for slug, spec in specs.items()
        for item in spec.requirements
        if item.kind == "clinical" and item.is_blocking
    }
    assert blocking == {("anal", "clinical_tumour_status"), ("penis", "complete_referral_form")}


def test_some_requirements_concern_only_some_patients(specs: Specs) -> None:
    for slug, key in (
        ("colorectal", "mri_pelvis_rectum"),
        ("breast", "metastasis_workup"),
        ("ovary", "germ_cell_markers"),
        ("lung", "ct_mri_brain"),
        ("cup", "pet_ct"),
    ):
        assert specs[slug].requirement(key).conditional, (slug, key)


@pytest.mark.parametrize("slug", sorted(LEAD_TIMES))
def test_every_definition_is_whole(specs: Specs, slug: str) -> None:
    spec = specs[slug]
    for phase in Phase:
        assert spec.quorum_for(phase)
        for level in LevelCode:
            keys = [item.key for item in spec.requirements_for(phase, level)]
            assert "contact_nurse" in keys
    fields = {item.field for item in spec.requirements_for(Phase.PRE_TREATMENT, LevelCode.FULL)}
    assert {"performance_status", "comorbidity", "patient_wishes", "contact_nurse"} <= fields
    questions = {item.key for item in spec.checklist_for(LevelCode.FULL)}
    assert {
        "heredity",
        "operation",
        "study",
        "patient_wishes",
        "performance_status",
        "comorbidity",
        "contact_nurse",
    } <= questions
    assert spec.level("full").needs_reason
    assert spec.level("full").needs_attestation
    assert spec.level("full").minutes > spec.level("focused").minutes > spec.level("protocol").minutes
    assert not spec.level("protocol").disciplines


@pytest.mark.parametrize("slug", sorted(LEAD_TIMES))
def test_no_kind_of_follow_up_blocks(specs: Specs, slug: str) -> None:
    """A follow-up or a second opinion has no national list, so nothing local may stop it; the penis programme asks always."""
    blocking = [
        item
        for phase in (Phase.FOLLOW_UP, Phase.SECOND_OPINION)
        for item in specs[slug].requirements_for(phase, LevelCode.FULL)
        if item.is_blocking and item.source == LOCAL
    ]
    assert [item.key for item in blocking] == (["psa"] if slug == "prostate" else [])


def test_what_no_source_states_is_marked(specs: Specs) -> None:
    assert specs["bladder-upper-urinary-tract"].requirement("urine_cytology").source == LOCAL
    assert specs["prostate"].requirement("psa").source == LOCAL
    assert specs["vulva"].icd10_source == LOCAL
    assert set(specs["testis"].quorum_source.values()) == {LOCAL}
    assert {level.minutes_source for spec in specs.values() for level in spec.levels} == {LOCAL}
    assert all(item.source == LOCAL for spec in specs.values() for item in spec.outcome_fields if item.key == "due_on")


def test_codes_left_empty_on_purpose(specs: Specs) -> None:
    empty = {slug for slug, spec in specs.items() if not spec.icd10}
    assert empty == {"neuroendocrine-abdominal", "abdominal-sarcoma", "acute-leukaemia", "serious-unspecific-symptoms"}


METHODS = {
    "PT": r"PET-DT",
    "CT": r"(?<!PET-)\bDT\b",
    "MR": r"\bMR\b",
    "US": r"[Uu]ltraljud|\bTVS\b",
    "MG": r"[Mm]ammografi",
    "DX": r"(lung|slät)röntgen",
}


@pytest.mark.parametrize("slug", sorted(LEAD_TIMES))
def test_an_examination_declares_the_method_that_its_label_names_and_no_other(specs: Specs, slug: str) -> None:
    for item in specs[slug].requirements:
        named = {code for code, words in METHODS.items() if re.search(words, item.label("sv"))}
        assert item.modalities == (named if item.kind == "radiology" else set()), item.key
        assert item.codes == (), "no source states the codes of answers; a hospital enters its own"


def test_quorum_uses_known_specialities(specs: Specs) -> None:
    used = {role for spec in specs.values() for roles in spec.quorum.values() for role in roles}
    assert used <= set(Speciality.values)


def test_names_in_both_languages(specs: Specs) -> None:
    spec = specs["breast"]
    assert (spec.label("sv"), spec.label("en")) == ("Bröstcancer", "Breast cancer")
    requirement = spec.requirement("core_needle_biopsy")
    assert (requirement.label("sv"), requirement.label("en")) == ("Grov- eller mellannålsbiopsi", "Core needle biopsy")


def test_shipped_files_are_as_locked() -> None:
    check_lock(load_folder(), read_lock())
