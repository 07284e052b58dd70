"""When answers are expected, and how likely a case is ready at a cut-off: counts, curves, cases (docs/forecast.md)."""

from cases.forecast.case import Awaited, CaseForecast, Subject
from cases.forecast.counting import count_turnarounds
from cases.forecast.history import case_forecasts, forecasts, subject_of

__all__ = ["Awaited", "CaseForecast", "Subject", "case_forecasts", "count_turnarounds", "forecasts", "subject_of"]
