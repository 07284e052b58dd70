"""The shapes of the API's questions and answers about cases, for its schema.

The answers are made by `cases.api_documents`, and the input is checked by the services that every door shares.
"""

from typing import Any

from rest_framework import serializers

from cases.enums import (
    AnswerState,
    CaseEnding,
    CaseStatus,
    ClearanceKind,
    ReadinessState,
    ResultSource,
    ResultState,
    TriageAnswer,
)
from checklists.enums import Kind, LevelCode, Phase, Severity

Shape = serializers.Serializer[Any]


class CheckSerializer(Shape):
    """How one requirement stands."""

    requirement = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    state = serializers.ChoiceField(choices=AnswerState.choices)
    performed_on = serializers.DateField(allow_null=True)
    expected_on = serializers.DateField(allow_null=True)
    late = serializers.BooleanField(help_text="An ordered answer that has not come on the day when it was expected.")
    elsewhere = serializers.BooleanField(help_text="Made at another hospital: it is read anew.")


class FindingSerializer(Shape):
    """What is lacking: `owner` is the role that mends it, `message` is in the caller's language."""

    code = serializers.CharField()
    severity = serializers.ChoiceField(choices=Severity.choices)
    message = serializers.CharField()
    owner = serializers.CharField()
    requirement = serializers.CharField(allow_blank=True)


class ReadinessSerializer(Shape):
    """Readiness: its state, each requirement, and what is lacking."""

    state = serializers.ChoiceField(choices=ReadinessState.choices)
    checks = CheckSerializer(many=True)
    findings = FindingSerializer(many=True)


class NextMeetingSerializer(Shape):
    """The open place; `firm` is false for a provisional one, `probability` is null without a forecast.

    `moves` counts the moves of the case's provisional dates, `rebookings` those of its firm places; `can_be_firm` says
    of a provisional place that the case is ready for a firm one.
    """

    meeting = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    firm = serializers.BooleanField()
    probability = serializers.FloatField(allow_null=True)
    moves = serializers.IntegerField()
    rebookings = serializers.IntegerField()
    can_be_firm = serializers.BooleanField()


class DiscordanceInputSerializer(Shape):
    """Answers (ids of results) that do not fit together, and what does not fit; one alone contradicts the clinic."""

    results = serializers.ListField(child=serializers.IntegerField(), min_length=1)
    sentence = serializers.CharField(max_length=500)


class DiscordanceSerializer(DiscordanceInputSerializer):
    """A mark of discordant answers; it stands until `settled_at`."""

    id = serializers.IntegerField()
    case = serializers.IntegerField()
    marked_by = serializers.EmailField()
    marked_at = serializers.DateTimeField()
    settled_sentence = serializers.CharField(allow_blank=True)
    settled_by = serializers.EmailField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)


class SettleSerializer(Shape):
    """How discordant answers were settled, in a sentence."""

    sentence = serializers.CharField(max_length=500)


class MessageInputSerializer(Shape):
    """What to say in the thread of a case."""

    text = serializers.CharField(max_length=4000)


class MessageSerializer(MessageInputSerializer):
    """One entry of the thread of a case."""

    id = serializers.IntegerField()
    case = serializers.IntegerField()
    written_by = serializers.EmailField()
    written_at = serializers.DateTimeField()


class CareSerializer(Shape):
    """The fields of a referral that may change later."""

    phase = serializers.ChoiceField(choices=Phase.choices, required=False)
    clinical_question = serializers.CharField()
    history = serializers.CharField(required=False, allow_blank=True)
    performance_status = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=4)
    comorbidity = serializers.CharField(required=False, allow_blank=True)
    patient_wishes = serializers.CharField(required=False, allow_blank=True)
    responsible_clinician = serializers.EmailField()
    contact_nurse = serializers.EmailField(required=False, allow_null=True)
    suspected_on = serializers.DateField()
    promised_on = serializers.DateField(required=False, allow_null=True)
    circumstances = serializers.DictField(child=serializers.CharField(), required=False)


class ReferralSerializer(CareSerializer):
    """A referral: `unit` by name or id, `diagnosis` by slug, name or ICD-10 code, people by e-mail."""

    personal_identity_number = serializers.CharField()
    name = serializers.CharField()
    is_protected = serializers.BooleanField(required=False)
    diagnosis = serializers.CharField()
    unit = serializers.CharField()
    external_reference = serializers.CharField(required=False, allow_blank=True)
    incomplete_reason = serializers.CharField(
        required=False, allow_blank=True, help_text="Why it is sent although something is missing that nobody ordered."
    )


class CaseSerializer(ReferralSerializer):
    """A case; name and number are masked outside the treating unit when the identity is protected."""

    id = serializers.IntegerField()
    patient = serializers.IntegerField(help_text="What the access log calls the patient.")
    status = serializers.ChoiceField(choices=CaseStatus.choices)
    ending = serializers.ChoiceField(choices=CaseEnding.choices, allow_null=True)
    level = serializers.ChoiceField(choices=LevelCode.choices)
    level_suggested = serializers.ChoiceField(choices=LevelCode.choices)
    level_suggested_reason = serializers.CharField()
    level_suggested_source = serializers.CharField(help_text="Addresses, or `local` where no programme states it.")
    level_reason = serializers.CharField(allow_blank=True)
    triage = serializers.ChoiceField(choices=TriageAnswer.choices, allow_blank=True)
    triage_note = serializers.CharField(allow_blank=True)
    triaged_at = serializers.DateTimeField(allow_null=True)
    attested_at = serializers.DateTimeField(allow_null=True)
    readiness = ReadinessSerializer()
    days_since_suspicion = serializers.IntegerField()
    next_meeting = NextMeetingSerializer(allow_null=True)
    discordances = DiscordanceSerializer(many=True)
    version = serializers.IntegerField()


class CaseChangeSerializer(CareSerializer):
    """Any of the fields, and the version that the caller has read."""

    version = serializers.IntegerField()


class ResultInputSerializer(Shape):
    """An answer; without `state`, `final` false is preliminary, or ordered while `performed_on` is empty."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    requirement = serializers.CharField(required=False, allow_blank=True)
    state = serializers.ChoiceField(choices=ResultState.choices, required=False)
    final = serializers.BooleanField(required=False)
    performed_on = serializers.DateField(required=False, allow_null=True)
    expected_on = serializers.DateField(required=False, allow_null=True)
    text = serializers.CharField(required=False, allow_blank=True)
    structured = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        required=False,
        help_text="Key of a standard heading of the examination -> text.",
    )
    accession_number = serializers.CharField(required=False, allow_blank=True)
    study_uid = serializers.CharField(required=False, allow_blank=True, max_length=64)
    is_external = serializers.BooleanField(required=False)
    source = serializers.ChoiceField(choices=ResultSource.choices, required=False)  # type: ignore[assignment]
    external_id = serializers.CharField(required=False, allow_blank=True)


class ResultSerializer(ResultInputSerializer):
    """An answer as it is stored, with the readiness of its case after it."""

    id = serializers.IntegerField()
    case = serializers.IntegerField()
    is_corrected = serializers.BooleanField()
    readiness = ReadinessSerializer()


class LevelSerializer(Shape):
    """A level, with a reason when it differs from the suggested one."""

    level = serializers.ChoiceField(choices=LevelCode.choices)
    reason = serializers.CharField(required=False, allow_blank=True)


class TriageSerializer(Shape):
    """How a referral is taken up; a reason for another level than the suggested one, for what is awaited, and for where.

    With `version`, the one that the caller has read, a case that another person has triaged may be triaged anew.
    """

    answer = serializers.ChoiceField(choices=TriageAnswer.choices)
    reason = serializers.CharField(required=False, allow_blank=True)
    version = serializers.IntegerField(required=False)


class ReasonSerializer(Shape):
    """A reason in a sentence."""

    reason = serializers.CharField()


class EndingSerializer(ReasonSerializer):
    """How a case ends, and a reason in a sentence."""

    ending = serializers.ChoiceField(CaseEnding.choices, default=CaseEnding.WITHDRAWN)


class ClearanceInputSerializer(ReasonSerializer):
    """A requirement to set aside, and why."""

    requirement = serializers.CharField()


class ClearanceSerializer(ClearanceInputSerializer):
    """A requirement set aside: who, when and why, with the readiness of its case after it."""

    id = serializers.IntegerField()
    case = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=ClearanceKind.choices)
    granted_by = serializers.EmailField()
    granted_at = serializers.DateTimeField()
    readiness = ReadinessSerializer()
