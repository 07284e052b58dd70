"""The shapes of an agenda as a list: its parts, breaks, versions and changes, and what is asked of it."""

from typing import Any

from rest_framework import serializers

from checklists.enums import LevelCode
from mdk.enums import RebookingReason

Plain = serializers.Serializer[Any]


class PrepShape(Plain):
    """Minutes of preparation of one discipline; the capacity is null where the meeting states none."""

    capacity = serializers.IntegerField(allow_null=True)
    planned = serializers.IntegerField()


class BreakShape(Plain):
    """A break: which item it follows, when it begins, how many minutes it lasts."""

    after = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    minutes = serializers.IntegerField()


class ListChangeShape(Plain):
    """One change of the list since it was last published, in a sentence."""

    kind = serializers.ChoiceField(["added", "taken_off", "moved", "level", "minutes"])
    item = serializers.IntegerField()
    case = serializers.IntegerField()
    sentence = serializers.CharField()


class VersionShape(Plain):
    """A published list: its number from 1, when and by whom, and what was changed to it from the one before."""

    number = serializers.IntegerField()
    published_at = serializers.DateTimeField()
    published_by = serializers.CharField()
    changes = ListChangeShape(many=True)


class OrderInput(Plain):
    """Every item of the agenda once, in the wanted order, or `by_rules`; with the `version` that the caller saw."""

    items = serializers.ListField(child=serializers.IntegerField(), allow_empty=True, required=False)
    by_rules = serializers.BooleanField(default=False)
    version = serializers.IntegerField(required=False, allow_null=True, default=None)


class BreakInput(Plain):
    """A break after an item."""

    after = serializers.IntegerField()
    minutes = serializers.IntegerField()


class BreaksInput(Plain):
    """The breaks by hand; null for those by the rule of the series."""

    breaks = serializers.ListField(child=BreakInput(), allow_null=True)


class ItemInput(Plain):
    """What is changed of a place; what is left out stays. A level takes a reason where it is not the suggested one."""

    minutes = serializers.IntegerField(required=False)
    guest = serializers.CharField(max_length=120, allow_blank=True, required=False)
    level = serializers.ChoiceField(LevelCode.choices, required=False)
    reason = serializers.CharField(max_length=500, allow_blank=True, default="")
    override_reason = serializers.CharField(max_length=500, allow_blank=True, default="")


class LateInput(Plain):
    """The answer to a late addition."""

    yes = serializers.BooleanField()
    note = serializers.CharField(max_length=120, allow_blank=True, default="")


class BulkInput(Plain):
    """One step for several: `book` and `level` take a level, `rebook`, `remove` and `level` a reason.

    `ids` are cases for `book` and items otherwise; `move` puts the items together before the item `before`.
    """

    do = serializers.ChoiceField(["book", "rebook", "remove", "level", "move"])
    ids = serializers.ListField(child=serializers.IntegerField(), allow_empty=False, max_length=200)
    level = serializers.ChoiceField(LevelCode.choices, required=False, default="")
    reason = serializers.CharField(max_length=500, allow_blank=True, default="")
    rebooking_reason = serializers.ChoiceField(RebookingReason.choices, required=False)
    meeting = serializers.IntegerField(required=False, allow_null=True, default=None)
    before = serializers.IntegerField(required=False, allow_null=True, default=None)
    version = serializers.IntegerField(required=False, allow_null=True, default=None)


class AnswerShape(Plain):
    """What became of one of several: the place it has now, or why it was refused."""

    id = serializers.IntegerField()
    item = serializers.IntegerField(allow_null=True)
    done = serializers.BooleanField()
    code = serializers.CharField()
    why = serializers.CharField()


class AnswersShape(Plain):
    """One answer for each that was asked for."""

    answers = AnswerShape(many=True)
