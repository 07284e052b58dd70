"""A summer of a series has a first and a last week: one without the other was let through as unknown."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("mdk", "0002_planning")]

    operations = [
        migrations.RemoveConstraint(model_name="series", name="series_summer_first_to_last"),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(
                condition=Q(summer_first_week__isnull=True, summer_last_week__isnull=True)
                | Q(
                    summer_first_week__isnull=False,
                    summer_last_week__isnull=False,
                    summer_first_week__gte=1,
                    summer_last_week__gte=F("summer_first_week"),
                    summer_last_week__lte=53,
                ),
                name="series_summer_first_to_last",
            ),
        ),
    ]
