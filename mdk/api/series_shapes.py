"""The shapes of series in the API: what comes in, what goes out, and what becomes of the meetings."""

from datetime import time
from typing import Any

from rest_framework import serializers

from mdk.enums import Becomes, OrderRule, RedDay

Plain = serializers.Serializer[Any]
LEAST, MOST = 0, 6000


def _minutes(help_text: str = "", **more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=LEAST, max_value=MOST, help_text=help_text, **more)


class SeriesShape(Plain):
    """A series: whose, of which diagnoses, when, how long, and how much it holds. Percent are of its usual capacity."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    unit = serializers.CharField(source="unit.name")
    diagnoses = serializers.SlugRelatedField[Any]("slug", many=True, read_only=True)
    rrule = serializers.CharField()
    starts_on = serializers.DateField()
    starts_time = serializers.TimeField(format="%H:%M")
    minutes = serializers.IntegerField()
    capacity_minutes = serializers.IntegerField()
    prep_capacity_minutes = serializers.IntegerField()
    prep_radiology_minutes = serializers.IntegerField(allow_null=True)
    prep_pathology_minutes = serializers.IntegerField(allow_null=True)
    prep_due_days = serializers.IntegerField()
    prep_due_time = serializers.TimeField(format="%H:%M", allow_null=True)
    cutoff_days = serializers.IntegerField()
    cutoff_time = serializers.TimeField(format="%H:%M")
    chair = serializers.EmailField(source="chair.email", allow_null=True, default=None)
    participating_units = serializers.SlugRelatedField[Any]("name", many=True, read_only=True)
    readers = serializers.SlugRelatedField[Any]("email", many=True, read_only=True)
    reminder_days = serializers.ListField(child=serializers.IntegerField())
    video_url = serializers.CharField()
    excluded_on = serializers.ListField(child=serializers.DateField())
    on_red_day = serializers.ChoiceField(RedDay.choices)
    eve_percent = serializers.IntegerField()
    summer_first_week = serializers.IntegerField(allow_null=True)
    summer_last_week = serializers.IntegerField(allow_null=True)
    summer_percent = serializers.IntegerField()
    break_after_minutes = serializers.IntegerField(allow_null=True)
    break_after_cases = serializers.IntegerField(allow_null=True)
    break_minutes = serializers.IntegerField()
    order_rules = serializers.ListField(child=serializers.ChoiceField(OrderRule.choices))
    is_active = serializers.BooleanField()


class SeriesInput(Plain):
    """A new series; units by name or id, diagnoses by slug, name or ICD-10 code, people by e-mail."""

    name = serializers.CharField(max_length=80)
    unit = serializers.CharField(max_length=120)
    diagnoses = serializers.ListField(child=serializers.CharField(max_length=120), allow_empty=False)
    rrule = serializers.CharField(max_length=200, help_text="RRULE, for example FREQ=WEEKLY;BYDAY=TH")
    starts_on = serializers.DateField()
    starts_time = serializers.TimeField()
    minutes = serializers.IntegerField(min_value=5, max_value=600)
    capacity_minutes = serializers.IntegerField(min_value=1, max_value=600)
    prep_capacity_minutes = _minutes("Is the sum of the disciplines' where they are given.", default=0)
    prep_radiology_minutes = _minutes(allow_null=True, default=None)
    prep_pathology_minutes = _minutes(allow_null=True, default=None)
    prep_due_days = serializers.IntegerField(min_value=0, max_value=30, default=0)
    prep_due_time = serializers.TimeField(
        allow_null=True, default=None, help_text="Null: when the meeting begins. Never before the cut-off."
    )
    cutoff_days = serializers.IntegerField(min_value=0, max_value=30, default=1)
    cutoff_time = serializers.TimeField(default=time(12, 0))
    chair = serializers.EmailField(allow_null=True, default=None)
    participating_units = serializers.ListField(child=serializers.CharField(max_length=120), default=list)
    readers = serializers.ListField(child=serializers.EmailField(), default=list)
    reminder_days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=60), required=False, max_length=10
    )
    video_url = serializers.URLField(allow_blank=True, default="")
    excluded_on = serializers.ListField(
        child=serializers.DateField(), default=list, max_length=500, help_text="Days without a meeting."
    )
    on_red_day = serializers.ChoiceField(RedDay.choices, default=RedDay.SKIP)
    eve_percent = serializers.IntegerField(
        min_value=0, max_value=100, default=100, help_text="Capacity on the day before a holiday; 0 means no meeting."
    )
    summer_first_week = serializers.IntegerField(min_value=1, max_value=53, allow_null=True, default=None)
    summer_last_week = serializers.IntegerField(min_value=1, max_value=53, allow_null=True, default=None)
    summer_percent = serializers.IntegerField(min_value=0, max_value=100, default=100)
    break_after_minutes = serializers.IntegerField(min_value=1, max_value=600, allow_null=True, default=None)
    break_after_cases = serializers.IntegerField(min_value=1, max_value=100, allow_null=True, default=None)
    break_minutes = serializers.IntegerField(min_value=1, max_value=60, default=10)
    order_rules = serializers.ListField(child=serializers.ChoiceField(OrderRule.choices), required=False)
    is_active = serializers.BooleanField(default=True)


class SeriesChangeInput(SeriesInput):
    """The fields of a series that change, with the `version` they were read at.

    With `dry_run` nothing is done; `confirmation` is the one that the answer to it gave.
    """

    version = serializers.IntegerField(min_value=1)
    confirmation = serializers.CharField(max_length=64, allow_blank=True, default="")
    dry_run = serializers.BooleanField(default=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "partial": True})


class MeetingHoursShape(Plain):
    """The hours of a meeting and how much it holds."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    cutoff_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    capacity_minutes = serializers.IntegerField()
    prep_capacity_minutes = serializers.IntegerField()
    prep_radiology_minutes = serializers.IntegerField(allow_null=True)
    prep_pathology_minutes = serializers.IntegerField(allow_null=True)


class EffectShape(Plain):
    """What becomes of one coming meeting: `before` is null for a new one, `after` for one that is cancelled."""

    meeting = serializers.IntegerField(allow_null=True)
    becomes = serializers.ChoiceField(Becomes.choices)
    before = MeetingHoursShape(allow_null=True)
    after = MeetingHoursShape(allow_null=True)
    is_published = serializers.BooleanField()
    firm = serializers.IntegerField()
    provisional = serializers.IntegerField()
    overfull = serializers.BooleanField(source="is_overfull")


class SeriesChangeShape(Plain):
    """The series as it is now, what becomes (or became) of its coming meetings, and what confirms exactly this."""

    series = SeriesShape()
    meetings = EffectShape(many=True)
    confirmation = serializers.CharField(allow_blank=True)
