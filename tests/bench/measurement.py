"""The form of one measurement."""


def line(name: str, value: float, unit: str, baseline: float, n: int) -> dict[str, object]:
    """Return one measurement as CONTRACT.md has it."""
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "baseline": round(baseline, 2),
        "ratio": round(value / baseline, 2),
        "n": n,
    }
