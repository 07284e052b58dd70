"""What a series is made of, and whether it may be so."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import FieldError, Invalid
from accounts.models import Unit, User
from checklists.models import Diagnosis
from mdk.enums import OrderRule, RedDay
from mdk.models import Series
from mdk.models.meetings import default_order_rules, default_reminder_days
from mdk.planning.calendar import DayRule
from mdk.services.recurrence import checked_rule, first_days

RELATED = ("diagnoses", "participating_units", "readers")


@dataclass(frozen=True, slots=True)
class SeriesData:
    """What a series is made of; times are local (Europe/Stockholm), lengths are minutes, shares are percent.

    `prep_capacity_minutes` is the sum of the disciplines' where they are given. Summer is in ISO weeks.
    """

    unit: Unit
    name: str
    diagnoses: Iterable[Diagnosis]
    rrule: str
    starts_on: date
    starts_time: time
    minutes: int
    capacity_minutes: int
    cutoff_time: time
    cutoff_days: int = 1
    prep_capacity_minutes: int = 0
    prep_radiology_minutes: int | None = None
    prep_pathology_minutes: int | None = None
    prep_due_days: int = 0
    prep_due_time: time | None = None
    chair: User | None = None
    participating_units: Iterable[Unit] = field(default_factory=tuple)
    readers: Iterable[User] = field(default_factory=tuple)
    reminder_days: list[int] = field(default_factory=default_reminder_days)
    video_url: str = ""
    excluded_on: list[date] = field(default_factory=list)
    on_red_day: str = RedDay.SKIP
    eve_percent: int = 100
    summer_first_week: int | None = None
    summer_last_week: int | None = None
    summer_percent: int = 100
    break_after_minutes: int | None = None
    break_after_cases: int | None = None
    break_minutes: int = 10
    order_rules: list[str] = field(default_factory=default_order_rules)
    is_active: bool = True


PLAIN = tuple(one.name for one in fields(SeriesData) if one.name not in RELATED)


def data_of(series: Series) -> SeriesData:
    """Return what `series` is made of, as it stands; three queries."""
    values: dict[str, Any] = {name: getattr(series, name) for name in PLAIN}
    values |= {name: list(getattr(series, name).all()) for name in RELATED}
    return SeriesData(**values)


def plain_values(data: SeriesData) -> dict[str, Any]:
    """Return the columns of a series: its name without spaces round it, its days in order, the sum of preparation."""
    values = {name: getattr(data, name) for name in PLAIN}
    given = [data.prep_radiology_minutes, data.prep_pathology_minutes]
    if any(minutes is not None for minutes in given):
        values["prep_capacity_minutes"] = sum(minutes or 0 for minutes in given)
    return values | {"name": data.name.strip(), "excluded_on": sorted(set(data.excluded_on))}


def day_rule(series: Series) -> DayRule:
    """Return the rule of the days on which the series meets."""
    return DayRule(
        rrule=series.rrule, starts_on=series.starts_on, excluded_on=frozenset(series.excluded_on),
        on_red_day=series.on_red_day, eve_percent=series.eve_percent, summer_first_week=series.summer_first_week,
        summer_last_week=series.summer_last_week, summer_percent=series.summer_percent,
    )  # fmt: skip


def check_series(data: SeriesData, *, known: Series | None = None) -> None:
    """Raise Invalid with every wrong field and its remedy; `known` is the series that is being changed."""
    if errors := [*_name_errors(data, known), *_rule_errors(data), *_size_errors(data), *_due_errors(data)]:
        raise Invalid(errors)


def _name_errors(data: SeriesData, known: Series | None) -> list[FieldError]:
    if not data.name.strip():
        return [FieldError("name", "required", _("Give the series a name."))]
    same = Series.objects.filter(unit=data.unit, name=data.name.strip())
    if (same.exclude(pk=known.pk) if known else same).exists():
        return [FieldError("name", "taken", _("The unit has a series of this name. Choose another."))]
    return []


def _rule_errors(data: SeriesData) -> list[FieldError]:
    try:
        first = first_days(checked_rule(data.rrule, datetime.combine(data.starts_on, data.starts_time)))
    except (ValueError, TypeError):
        message = _("The recurrence is not an RRULE. Write for example FREQ=WEEKLY;BYDAY=TH.")
        return [FieldError("rrule", "invalid", message)]
    if len(set(first)) < len(first):
        message = _("A series meets once a day at the most. Write for example FREQ=WEEKLY;BYDAY=TH.")
        return [FieldError("rrule", "too-often", message)]
    return []


def _size_errors(data: SeriesData) -> list[FieldError]:
    share = _("Give a share from 0 to 100 percent.")
    percents = [name for name in ("eve_percent", "summer_percent") if not 0 <= getattr(data, name) <= 100]
    found = [FieldError(name, "out-of-range", share) for name in percents]
    if data.minutes < 5:
        found.append(FieldError("minutes", "too-short", _("A meeting is at least five minutes long.")))
    begins = timedelta(hours=data.starts_time.hour, minutes=data.starts_time.minute)
    if begins + timedelta(minutes=data.minutes) >= timedelta(days=1):
        found.append(FieldError("minutes", "past-midnight", _("A meeting ends on the day on which it begins.")))
    if data.capacity_minutes < 1:
        found.append(FieldError("capacity_minutes", "too-small", _("Give the minutes of discussion there are.")))
    first, last = data.summer_first_week, data.summer_last_week
    if (first is None) != (last is None) or not 1 <= (first or 1) <= (last or 53) <= 53:
        message = _("Give both the first and the last week of the summer, from 1 to 53, or neither.")
        found.append(FieldError("summer_last_week", "weeks", message))
    if (data.break_after_minutes or data.break_after_cases) and data.break_minutes < 1:
        found.append(FieldError("break_minutes", "too-short", _("Say how many minutes a break lasts.")))
    if not set(data.order_rules) <= set(OrderRule.values) or len(set(data.order_rules)) < len(data.order_rules):
        known = ", ".join(OrderRule.values)
        found.append(
            FieldError("order_rules", "unknown", _("Use each of these once at most: %(known)s.") % {"known": known})
        )
    if data.on_red_day not in RedDay.values:
        known = ", ".join(RedDay.values)
        found.append(FieldError("on_red_day", "unknown", _("Use one of: %(known)s.") % {"known": known}))
    return found


def _due_errors(data: SeriesData) -> list[FieldError]:
    """Refuse preparation that is due before the cut-off: only what is firm is prepared (DESIGN.md, section 8)."""
    if data.prep_due_time is None:
        if not data.prep_due_days:
            return []
        message = _(
            "Say at what hour of that day preparation is due, or 0 working days for the beginning of the meeting."
        )
        return [FieldError("prep_due_time", "required", message)]
    if _before(data, data.prep_due_days, data.prep_due_time) >= _before(data, data.cutoff_days, data.cutoff_time):
        return []
    name = "prep_due_days" if data.prep_due_days > data.cutoff_days else "prep_due_time"
    days = ngettext("%(n)s working day before", "%(n)s working days before", data.cutoff_days) % {"n": data.cutoff_days}
    message = _(
        "Preparation would be due before the cut-off (%(days)s, %(time)s), when it is not yet known which cases are firm."
        " Choose a later time for it, or an earlier cut-off."
    ) % {"days": days, "time": f"{data.cutoff_time:%H:%M}"}
    return [FieldError(name, "before-cutoff", message)]


def _before(data: SeriesData, days: int, at: time) -> tuple[int, time]:
    """Return a moment that is so many working days before, such that later ones are greater; never after the beginning."""
    return -days, min(at, data.starts_time) if days == 0 else at
