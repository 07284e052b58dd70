"""Codes that definitions, cases and meetings share.

The codes are part of the outside of the system (API, imports, YAML); the labels are for people and translated.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """What sort of answer a requirement asks for."""

    RADIOLOGY = "radiology", _("Radiology")
    PATHOLOGY = "pathology", _("Pathology")
    LAB = "lab", _("Laboratory")
    CLINICAL = "clinical", _("Clinical")


class Phase(TextChoices):
    """Where in the course of care the patient is when the case is discussed."""

    PRE_TREATMENT = "pre_treatment", _("Before treatment")
    AFTER_NEOADJUVANT = "after_neoadjuvant", _("After neoadjuvant treatment")
    POST_OPERATIVE = "post_operative", _("After surgery")
    RECURRENCE = "recurrence", _("Recurrence")
    FOLLOW_UP = "follow_up", _("Follow-up")
    SECOND_OPINION = "second_opinion", _("Second opinion")


class LevelCode(TextChoices):
    """How thoroughly a case is taken up (DESIGN.md, section 6)."""

    FULL = "full", _("Full discussion")
    FOCUSED = "focused", _("Focused question")
    PROTOCOL = "protocol", _("Standard of care, listed")


class Discipline(TextChoices):
    """A discipline that prepares and demonstrates."""

    RADIOLOGY = "radiology", _("Radiology")
    PATHOLOGY = "pathology", _("Pathology")


class Severity(TextChoices):
    """How much a finding stops. A requirement is declared with `blocker` or `warning` only."""

    BLOCKER = "blocker", _("Blocks")
    NEEDS_APPROVAL = "needs_approval", _("Needs approval")
    WARNING = "warning", _("Warning")


class Modality(TextChoices):
    """The kind of examination, by the defined terms of DICOM (PS3.3, C.7.3.1.1.1)."""

    CT = "CT", _("CT")
    MR = "MR", _("MR")
    PT = "PT", _("PET")
    NM = "NM", _("Nuclear medicine")
    US = "US", _("Ultrasound")
    MG = "MG", _("Mammography")
    DX = "DX", _("X-ray")
    XA = "XA", _("Angiography")
    ES = "ES", _("Endoscopy")


class Intent(TextChoices):
    """The intention of the recommended treatment.

    Three values are the colorectal programme's (curative, potentially curative, palliative); the last two are local.
    """

    CURATIVE = "curative", _("Curative")
    CONVERSION = "conversion", _("Potentially curative (conversion)")
    PALLIATIVE = "palliative", _("Palliative")
    DIAGNOSTIC = "diagnostic", _("Further work-up")
    UNDECIDED = "undecided", _("Undecided")


class Treatment(TextChoices):
    """The kind of first treatment that a lead time counts to."""

    SURGERY = "surgery", _("Surgery")
    RADIOTHERAPY = "radiotherapy", _("Radiotherapy")
    DRUG = "drug", _("Drug treatment")
    OTHER = "other", _("Other")


class Basis(TextChoices):
    """What a lead time rests on."""

    SVF = "svf", _("Standardised care pathway")
    QUALITY_INDICATOR = "quality_indicator", _("Quality indicator")
    LOCAL = "local", _("Local")


class Group(TextChoices):
    """Families of diagnoses."""

    SOLID = "solid", _("Solid tumours")
    HAEMATOLOGICAL = "haematological", _("Haematological")
    OTHER = "other", _("Other")


class MeetingScope(TextChoices):
    """The widest conference that a case may go on to."""

    UNIT = "unit", _("The unit's own conference")
    LOCAL = "local", _("Local")
    REGIONAL = "regional", _("Regional")
    NATIONAL = "national", _("National")


class ItemKind(TextChoices):
    """How a checklist item or an outcome field is answered."""

    BOOL = "bool", _("Yes or no")
    TEXT = "text", _("Text")
    CHOICE = "choice", _("Choice")
    DATE = "date", _("Date")


class CaseField(TextChoices):
    """A field of the referral that answers a clinical requirement by itself."""

    PERFORMANCE_STATUS = "performance_status", _("Performance status")
    COMORBIDITY = "comorbidity", _("Comorbidity")
    PATIENT_WISHES = "patient_wishes", _("Patient's wishes")
    CONTACT_NURSE = "contact_nurse", _("Contact nurse")
    CLINICAL_QUESTION = "clinical_question", _("Clinical question")


class Speciality(TextChoices):
    """The functions that a conference may need; quorum is a list of these for each phase."""

    ABDOMINAL_SURGEON = "abdominal_surgeon", _("Abdominal surgeon")
    BREAST_SURGEON = "breast_surgeon", _("Breast surgeon")
    CLINICAL_GENETICIST = "clinical_geneticist", _("Clinical geneticist")
    CLINICAL_PHYSIOLOGIST = "clinical_physiologist", _("Clinical physiologist")
    COLORECTAL_SURGEON = "colorectal_surgeon", _("Colorectal surgeon")
    CONTACT_NURSE = "contact_nurse", _("Contact nurse")
    COORDINATOR = "coordinator", _("Coordinator")
    COUNSELLOR = "counsellor", _("Counsellor")
    DERMATOLOGIST = "dermatologist", _("Dermatologist")
    DIETITIAN = "dietitian", _("Dietitian")
    ENDOCRINE_SURGEON = "endocrine_surgeon", _("Endocrine surgeon")
    ENDOCRINOLOGIST = "endocrinologist", _("Endocrinologist")
    ENT_SURGEON = "ent_surgeon", _("ENT surgeon")
    GASTROENTEROLOGIST = "gastroenterologist", _("Gastroenterologist")
    GENETICIST = "geneticist", _("Geneticist")
    GYN_ONCOLOGIST = "gyn_oncologist", _("Gynaecological oncologist")
    GYN_TUMOUR_SURGEON = "gyn_tumour_surgeon", _("Gynaecological tumour surgeon")
    GYNAECOLOGIST = "gynaecologist", _("Gynaecologist")
    HAEMATOLOGIST = "haematologist", _("Haematologist")
    HAEMATOPATHOLOGIST = "haematopathologist", _("Haematopathologist")
    HAND_SURGEON = "hand_surgeon", _("Hand surgeon")
    HEPATOLOGIST = "hepatologist", _("Hepatologist")
    HOSPITAL_DENTIST = "hospital_dentist", _("Hospital dentist")
    INTERNIST = "internist", _("Internist")
    INTERVENTIONAL_RADIOLOGIST = "interventional_radiologist", _("Interventional radiologist")
    LIVER_SURGEON = "liver_surgeon", _("Liver surgeon")
    MAXILLOFACIAL_SURGEON = "maxillofacial_surgeon", _("Maxillofacial surgeon")
    NEUROSURGEON = "neurosurgeon", _("Neurosurgeon")
    NUCLEAR_PHYSICIAN = "nuclear_physician", _("Nuclear medicine physician")
    ONCOLOGIST = "oncologist", _("Oncologist")
    ORTHOPAEDIC_SURGEON = "orthopaedic_surgeon", _("Orthopaedic surgeon")
    PALLIATIVE_PHYSICIAN = "palliative_physician", _("Palliative care physician")
    PATHOLOGIST = "pathologist", _("Pathologist")
    PHONIATRICIAN = "phoniatrician", _("Phoniatrician")
    PHYSICIST = "physicist", _("Medical physicist")
    PLASTIC_SURGEON = "plastic_surgeon", _("Plastic surgeon")
    PROSTHODONTIST = "prosthodontist", _("Prosthodontist")
    PULMONOLOGIST = "pulmonologist", _("Pulmonologist")
    RADIOLOGIST = "radiologist", _("Radiologist")
    SPEECH_THERAPIST = "speech_therapist", _("Speech therapist")
    SURGEON = "surgeon", _("Surgeon")
    SURGERY_COORDINATOR = "surgery_coordinator", _("Surgery coordinator")
    THORACIC_SURGEON = "thoracic_surgeon", _("Thoracic surgeon")
    TRANSPLANT_SURGEON = "transplant_surgeon", _("Transplant surgeon")
    TRANSPLANT_TEAM = "transplant_team", _("Transplant team")
    UROLOGIST = "urologist", _("Urologist")
    VASCULAR_SURGEON = "vascular_surgeon", _("Vascular surgeon")
