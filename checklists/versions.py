"""The numbers of versions: `<common>.<file>` of a shipped one, and a third number for the hospital's own."""

from collections.abc import Iterable

Number = tuple[int, ...]


def number_of(version: str) -> Number:
    """Return the numbers of a version, which sort as versions do (`2.10` after `2.9`)."""
    return tuple(int(part) for part in version.split("."))


def next_own(base: str, current: str, taken: Iterable[str]) -> str:
    """Return the number of the hospital's next own version, made from `base` while `current` is in force.

    It has the first two numbers of the newer of the two, and a third one that is higher than any yet: the versions
    that have been in force always rise, also when one goes back to an older text.
    """
    stem = max(number_of(base)[:2], number_of(current)[:2])
    thirds = [number[2] for number in map(number_of, taken) if len(number) > 2 and number[:2] == stem]
    return ".".join(str(part) for part in (*stem, max(thirds, default=0) + 1))
