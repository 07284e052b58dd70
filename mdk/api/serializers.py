"""The shapes of planning in the API: what comes in, what goes out, and the schema of both."""

from typing import Any

from rest_framework import serializers

from cases.enums import ReadinessState
from checklists.enums import Discipline, LevelCode, Phase
from mdk.api.list_shapes import BreakShape, ListChangeShape, PrepShape
from mdk.enums import AgendaSection, ItemStatus, LateState, MeetingStatus, PreparationState, RebookingReason

Plain = serializers.Serializer[Any]


class PatientShape(Plain):
    """The patient as far as the caller may see: null for a protected identity outside the treating unit."""

    name = serializers.CharField(allow_null=True)
    personal_identity_number = serializers.CharField(allow_null=True)
    protected = serializers.BooleanField()


class CaseSummaryShape(Plain):
    """What the meeting is asked about."""

    diagnosis = serializers.CharField()
    phase = serializers.ChoiceField(Phase.choices)
    clinical_question = serializers.CharField()
    patient = PatientShape()


class ItemPreparationShape(Plain):
    """One discipline's preparation of an item."""

    id = serializers.IntegerField()
    discipline = serializers.ChoiceField(Discipline.choices)
    reader = serializers.EmailField(allow_null=True)
    estimate_minutes = serializers.IntegerField()
    minutes = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(PreparationState.choices)
    due_at = serializers.DateTimeField()
    carried_over_from = serializers.IntegerField(allow_null=True)


class OutcomeShape(Plain):
    """What the conference recommends; version 0 and empty while nothing is written."""

    recommendation = serializers.CharField()
    intent = serializers.CharField()
    ctnm = serializers.CharField()
    ptnm = serializers.CharField()
    checklist = serializers.DictField()
    fields = serializers.DictField()  # type: ignore[assignment]  # the name of the contract
    study = serializers.CharField()
    next_step = serializers.CharField()
    responsible = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    discordant = serializers.BooleanField()
    deviation_reason = serializers.CharField()
    recorded_by = serializers.EmailField(allow_null=True)
    recorded_at = serializers.DateTimeField(allow_null=True)
    signed_by = serializers.EmailField(allow_null=True)
    signed_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class ItemShape(Plain):
    """One case's place on the agenda; `starts_at` is the running clock."""

    id = serializers.IntegerField()
    case = serializers.IntegerField()
    case_summary = CaseSummaryShape(allow_null=True)
    level = serializers.ChoiceField(LevelCode.choices)
    position = serializers.IntegerField(allow_null=True)
    minutes = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    status = serializers.ChoiceField(ItemStatus.choices)
    provisional = serializers.BooleanField()
    readiness = serializers.ChoiceField(ReadinessState.choices)
    discordant = serializers.BooleanField(help_text="Answers of the case are marked as discordant and not settled.")
    section = serializers.ChoiceField(AgendaSection.choices)
    guest = serializers.CharField()
    late = serializers.ChoiceField([("", ""), *LateState.choices], help_text="Of an addition after the cut-off.")
    probability = serializers.FloatField(allow_null=True, help_text="That a provisional place is ready in time, 0-1.")
    preparations = ItemPreparationShape(many=True)
    outcome = OutcomeShape(allow_null=True)


class BookedShape(ItemShape):
    """A new place, and what a firm one breaks in the readers' time."""

    warnings = serializers.ListField(child=serializers.CharField())


class QuorumShape(Plain):
    """Whether the functions that the cases ask for are present."""

    met = serializers.BooleanField()
    missing = serializers.ListField(child=serializers.CharField())


class MeetingShape(Plain):
    """A meeting with its agenda in order of position."""

    id = serializers.IntegerField()
    series = serializers.IntegerField()
    series_name = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    cutoff_at = serializers.DateTimeField()
    status = serializers.ChoiceField(MeetingStatus.choices)
    chair = serializers.EmailField(allow_null=True)
    capacity_minutes = serializers.IntegerField()
    planned_minutes = serializers.IntegerField()
    prep_capacity_minutes = serializers.IntegerField()
    prep_planned_minutes = serializers.IntegerField()
    prep = serializers.DictField(child=PrepShape(), help_text="By discipline.")
    breaks = BreakShape(many=True)
    list_version = serializers.IntegerField(help_text="Number of the list as last published, 0 while none is.")
    changes = ListChangeShape(many=True, help_text="Of a published list, since it was last published.")
    current_item = serializers.IntegerField(allow_null=True)
    quorum = QuorumShape()
    version = serializers.IntegerField()
    items = ItemShape(many=True)


class BookingInput(Plain):
    """A case for the agenda; without level and minutes it takes those of the case and its definition."""

    case = serializers.IntegerField(min_value=1)
    level = serializers.ChoiceField(LevelCode.choices, required=False)
    minutes = serializers.IntegerField(min_value=0, max_value=60, required=False)
    provisional = serializers.BooleanField(default=False)
    override_reason = serializers.CharField(max_length=500, allow_blank=True, default="")


class ReasonInput(Plain):
    """A reason in a sentence."""

    reason = serializers.CharField(max_length=200)


class CancelInput(Plain):
    """Why the meeting does not take place."""

    reason = serializers.CharField(max_length=200)


class LiftInput(Plain):
    """What should be discussed, in a sentence."""

    reason = serializers.CharField(max_length=500)


class RebookInput(Plain):
    """Why, and where to; without a meeting it is the one where the case is expected to be ready."""

    reason = serializers.ChoiceField(RebookingReason.choices)
    note = serializers.CharField(max_length=500, allow_blank=True, default="")
    meeting = serializers.IntegerField(required=False, allow_null=True)


class RebookedShape(Plain):
    """The new place (null when there was no meeting to go to), and what became of the preparation."""

    item = ItemShape(allow_null=True)
    meeting = serializers.IntegerField(allow_null=True)
    prep_minutes_carried = serializers.IntegerField()
    prep_minutes_lost = serializers.IntegerField()


class ChairInput(Plain):
    """The chair's e-mail address."""

    chair = serializers.EmailField()


class WorkloadShape(Plain):
    """One reader's ISO week; `capacity_minutes` is null for a reader whose minutes a week nobody has stated.

    It is of the reader's whole week, days away and public holidays taken off; `elsewhere_minutes` is planned in
    series that were not asked for.
    """

    reader = serializers.EmailField()
    name = serializers.CharField()
    week = serializers.CharField()
    capacity_minutes = serializers.IntegerField(allow_null=True)
    planned_minutes = serializers.IntegerField()
    done_minutes = serializers.IntegerField()
    carried_minutes = serializers.IntegerField()
    lost_minutes = serializers.IntegerField()
    elsewhere_minutes = serializers.IntegerField()
    cases = serializers.IntegerField()
