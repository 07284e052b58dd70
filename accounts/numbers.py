"""Whole numbers as addresses and forms carry them: the id of a row, the version that a person saw."""

DIGITS = 18
"""More than these no key or version has; the database refuses what does not fit 64 bits."""


def whole_number(text: str) -> int | None:
    """Return the number that `text` writes in at most `DIGITS` digits; None for anything else, whoever sent it."""
    return int(text) if text.isdecimal() and len(text) <= DIGITS else None
