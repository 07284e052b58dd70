"""What is counted of a simulated year, after its warm-up."""

import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from cases.models import Case
from mdk.models import Preparation, Rebooking
from tests.bench.simulation.policies import Policy

WARM_UP_WEEKS = 6
HOURS_A_WEEK = {"radiology": 11, "pathology": 7}
"""What the readers of a discipline have for preparation together; more than that is overtime (local)."""


@dataclass
class Counts:
    """One policy's year; `since` is where counting begins."""

    policy: Policy
    since: datetime | None = None
    days: list[int] = field(default_factory=list)
    cases_rebooked: set[int] = field(default_factory=set)
    cases_discussed: set[int] = field(default_factory=set)
    items_prepared: set[int] = field(default_factory=set)
    items_in_vain: set[int] = field(default_factory=set)
    minutes: int = 0
    minutes_lost: int = 0
    by_week: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def _counts(self, now: datetime) -> bool:
        return self.since is None or now >= self.since

    def prepared(self, one: Preparation, minutes: int, now: datetime) -> None:
        """Count a reading."""
        if self._counts(now):
            self.items_prepared.add(one.item_id)
            self.minutes += minutes
            year, week, _day = timezone.localtime(now).isocalendar()
            self.by_week[f"{year}-W{week:02d}"][one.discipline] += minutes

    def rebooked(self, rebooking: Rebooking) -> None:
        """Count a rebooking; what was prepared for it was prepared in vain, and lost unless the policy carries it."""
        if not self._counts(rebooking.rebooked_at):
            return
        self.cases_rebooked.add(rebooking.case_id)
        if rebooking.from_item_id in self.items_prepared:
            self.items_in_vain.add(rebooking.from_item_id)
        self.minutes_lost += rebooking.prep_minutes_lost
        if not self.policy.carries:
            self.minutes_lost += rebooking.prep_minutes_carried

    def discussed(self, case: Case, now: datetime) -> None:
        """Count a discussion."""
        if self._counts(now):
            self.cases_discussed.add(case.pk)
            self.days.append((timezone.localdate(now) - case.suspected_on).days)

    def overtime_hours(self) -> dict[str, float]:
        """Return the hours a week beyond what there is, by discipline, over all weeks."""
        weeks = max(1, len(self.by_week))
        return {
            discipline: sum(max(0, week[discipline] - hours * 60) for week in self.by_week.values()) / 60 / weeks
            for discipline, hours in HOURS_A_WEEK.items()
        }

    def table(self) -> dict[str, float]:
        """Return the measures of DESIGN.md's table: shares of 0-1, days, hours a week."""
        discussed = max(1, len(self.cases_discussed))
        days = sorted(self.days) or [0]
        overtime = self.overtime_hours()
        return {
            "discussed": len(self.cases_discussed),
            "rebooked": len(self.cases_rebooked) / discussed,
            "prepared in vain": len(self.items_in_vain) / max(1, len(self.items_prepared)),
            "preparation lost": self.minutes_lost / max(1, self.minutes),
            "days, mean": statistics.fmean(days),
            "days, 90th percentile": days[int(len(days) * 0.9)],
            "radiologists' overtime": overtime["radiology"],
            "pathologist's overtime": overtime["pathology"],
        }
