"""What was rebooked, why and what it cost, and how cases ended that no conference took up: no patient in it."""

from datetime import date

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.actor import Actor
from cases.enums import CaseStatus
from cases.models import Case
from mdk.models import AgendaItem, Preparation, Rebooking
from mdk.queries.days import between
from mdk.queries.fates import SPENT
from mdk.queries.meetings import visible_series


def rebookings_between(actor: Actor, first: date | None = None, last: date | None = None) -> QuerySet[Rebooking]:
    """Return the rebookings from the visible series between two days, newest first.

    Each knows the one before it of the same case (`previous`, None for the first) and how many the case has had by now
    (`count`).
    """
    series = visible_series(actor).order_by().values("pk")
    rows = Rebooking.objects.filter(between("rebooked_at", first, last), from_item__meeting__series__in=series)
    same = Rebooking.objects.filter(case=OuterRef("case")).order_by()
    before = same.filter(pk__lt=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    count = same.values("case").annotate(total=Count("pk")).values("total")
    return (
        rows.select_related("from_item", "to_item", "rebooked_by")
        .annotate(previous=Subquery(before), count=Subquery(count))
        .order_by("-rebooked_at", "-pk")
    )


def endings_between(actor: Actor, first: date | None = None, last: date | None = None) -> QuerySet[Case]:
    """Return the cases that ended between two days and have had a place in the visible series, newest first.

    An ending is no rebooking: it has its own code. `meeting` is the last one that the case had a place on, and
    `prep_minutes_lost` what readers had spent on the case in all.
    """
    series = visible_series(actor).order_by().values("pk")
    places = AgendaItem.objects.filter(case=OuterRef("pk")).order_by("-pk")
    spent = Preparation.objects.filter(item__case=OuterRef("pk")).order_by().values("item__case")
    ended = Case.objects.filter(between("status_changed_at", first, last), status=CaseStatus.WITHDRAWN)
    return (
        ended.filter(pk__in=AgendaItem.objects.filter(meeting__series__in=series).values("case"))
        .annotate(
            meeting=Subquery(places.values("meeting")[:1]),
            rebookings_before=Count("rebookings"),
            prep_minutes_lost=Coalesce(
                Subquery(spent.annotate(total=Sum(SPENT)).values("total"), output_field=IntegerField()), 0
            ),
        )
        .order_by("-status_changed_at", "-pk")
    )
