"""The form of one measurement."""


def line(name: str, value: float, unit: str, baseline: float, n: int) -> dict[str, object]:
    """Return one measurement as CONTRACT.md has it."""
    return {
        "name": name,
        "value": _rounded(value),
        "unit": unit,
        "baseline": _rounded(baseline),
        "ratio": round(value / baseline, 2),
        "n": n,
    }


def _rounded(value: float) -> float:
    """Keep two decimals, and four of a share."""
    return round(value, 2 if abs(value) >= 1 else 4)
