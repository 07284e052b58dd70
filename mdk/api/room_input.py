"""What the API takes for the meeting on screen and for preparation; rules stand in the services."""

from typing import Any

from rest_framework import serializers

from mdk.enums import ChangeKind


class StartInput(serializers.Serializer[Any]):
    """The start of a meeting."""

    confirm_early = serializers.BooleanField(default=False)


class DeferInput(serializers.Serializer[Any]):
    """A coded reason and a note."""

    reason = serializers.CharField(max_length=40)
    note = serializers.CharField(max_length=500, allow_blank=True, default="")


class OutcomeInput(serializers.Serializer[Any]):
    """An outcome, whole or in part, with the version that it was written from."""

    recommendation = serializers.CharField(required=False, allow_blank=True, max_length=8000)
    intent = serializers.CharField(required=False, allow_blank=True, max_length=12)
    ctnm = serializers.CharField(required=False, allow_blank=True, max_length=60)
    ptnm = serializers.CharField(required=False, allow_blank=True, max_length=60)
    checklist = serializers.DictField(required=False)
    fields = serializers.DictField(required=False)  # type: ignore[assignment]  # the name of the contract
    study = serializers.CharField(required=False, allow_blank=True, max_length=200)
    next_step = serializers.CharField(required=False, allow_blank=True, max_length=500)
    responsible = serializers.CharField(required=False, allow_blank=True, max_length=120)
    due_on = serializers.DateField(required=False, allow_null=True)
    discordant = serializers.BooleanField(required=False)
    deviation_reason = serializers.CharField(required=False, allow_blank=True, max_length=500)
    version = serializers.IntegerField(min_value=0)


class AddendumInput(serializers.Serializer[Any]):
    """An addition to a signed outcome."""

    text = serializers.CharField(max_length=4000, allow_blank=True)


class AttendanceInput(serializers.Serializer[Any]):
    """One line of the attendance: `user` (e-mail or id), or `name` for a guest."""

    user = serializers.CharField(required=False, allow_blank=True, allow_null=True, default="")
    name = serializers.CharField(required=False, allow_blank=True, max_length=120, default="")
    speciality = serializers.CharField(max_length=40)
    present = serializers.BooleanField(default=True)
    remote = serializers.BooleanField(default=False)

    def validate_user(self, value: str | None) -> str:
        """Return the e-mail address in small letters; empty for a guest."""
        return (value or "").strip().lower()


class HandOverInput(serializers.Serializer[Any]):
    """The reader who takes over: e-mail or id."""

    reader = serializers.CharField(max_length=254)


class CompleteInput(serializers.Serializer[Any]):
    """The minutes that it took and what will be demonstrated, also under the definition's headings."""

    minutes = serializers.IntegerField(required=False, allow_null=True, default=None)
    findings = serializers.CharField(required=False, allow_blank=True, max_length=8000, default="")
    headings = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False, default=dict)


class ReturnInput(serializers.Serializer[Any]):
    """Why a preparation is sent back."""

    reason = serializers.CharField(max_length=500, allow_blank=True)


class ChangeShape(serializers.Serializer[Any]):
    """One thing that is new since the last reading: an answer, the question or the level, as it was and as it is."""

    kind = serializers.ChoiceField(ChangeKind.choices)
    label = serializers.CharField()  # type: ignore[assignment]  # what is new, in words
    before = serializers.CharField()
    after = serializers.CharField()
    performed_on = serializers.DateField(allow_null=True)
    changed_at = serializers.DateTimeField(allow_null=True)
    result = serializers.IntegerField(allow_null=True)


class PreparationShape(serializers.Serializer[Any]):
    """A preparation as the lists and the moves answer with it."""

    id = serializers.IntegerField()
    item = serializers.IntegerField()
    meeting = serializers.IntegerField()
    case = serializers.IntegerField()
    discipline = serializers.CharField()
    reader = serializers.EmailField(allow_null=True)
    estimate_minutes = serializers.IntegerField()
    minutes = serializers.IntegerField(allow_null=True)
    state = serializers.CharField()
    due_at = serializers.DateTimeField()
    carried_over_from = serializers.IntegerField(allow_null=True)
    new_since = serializers.IntegerField(
        help_text="How many things are new since the last reading; `changes` names them."
    )
    changes = ChangeShape(many=True)
    level = serializers.CharField()
    clinical_question = serializers.CharField()
    assigned = serializers.BooleanField(help_text="Given out, and not taken by its reader yet: another may take it.")
    accepted_by = serializers.EmailField(allow_null=True)
    return_reason = serializers.CharField()


class ClaimManyInput(serializers.Serializer[Any]):
    """The preparations to take together."""

    preparations = serializers.ListField(
        child=serializers.IntegerField(max_value=2**63 - 1), allow_empty=False, max_length=200
    )


class ClaimedShape(serializers.Serializer[Any]):
    """What became of one of them: taken, or why not and who holds it."""

    preparation = serializers.IntegerField()
    claimed = serializers.BooleanField()
    code = serializers.CharField(help_text="Of the refusal; empty when it was taken.")
    detail = serializers.CharField()
    reader = serializers.CharField(allow_null=True, help_text="Who holds it, by name, when that is somebody else.")


class ClaimedManyShape(serializers.Serializer[Any]):
    """An answer for each, in the order that they were asked for."""

    results = ClaimedShape(many=True)
