"""Reads untrusted mappings (YAML, JSON) field by field and collects every problem on the way.

A reader never raises on bad data: it notes file, key, fault and remedy, and goes on with a harmless stand-in, so that
a person who edits a definition sees all faults of the file at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices


@dataclass(frozen=True)
class Problem:
    """One fault in a definition: where, what, and how to mend it.

    `message` and `remedy` speak to one who edits files; `code` is for those who meet the fault in a form
    (`checklists.faults` has their words).
    """

    file: str
    key: str
    message: str
    remedy: str
    code: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.message} {self.remedy}"


class DefinitionError(ValueError):
    """A definition that cannot be used. `problems` holds every fault found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass
class Reader:
    """One mapping of the file, at `path` (`requirements[2]`, say)."""

    data: Mapping[str, Any]
    file: str
    path: str = ""
    problems: list[Problem] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def at(self, key: str) -> str:
        """The full path of a key, as it is shown in errors."""
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, message: str, remedy: str, code: str = "") -> None:
        """Notes a problem with one key."""
        self.problems.append(Problem(self.file, self.at(key), message, remedy, code))

    def text(self, key: str, *, optional: bool = False) -> str:
        """A text; "" when optional and absent."""
        value = self._get(key, optional)
        if value is None:
            return ""
        if not isinstance(value, str) or not (optional or value.strip()):
            self.fault(
                key,
                f"must be a text, but is {_shown(value)}.",
                "Write a text, in quotes if it looks like a number or a date.",
                "text",
            )
            return ""
        return value

    def number(self, key: str, *, optional: bool = False, least: int = 0) -> int | None:
        """A whole number of at least `least`; None when optional and absent."""
        value = self._get(key, optional)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.fault(
                key,
                f"must be a whole number, {least} or more, but is {_shown(value)}.",
                "Write digits without quotes.",
                "number",
            )
            return None
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A yes or no, as true or false; `default` when absent."""
        value = self._get(key, optional=True)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(key, f"must be true or false, but is {_shown(value)}.", "Write true or false without quotes.")
            return default
        return value

    def code(self, key: str, codes: type[TextChoices] | tuple[str, ...], *, optional: bool = False) -> str:
        """One of the allowed codes; "" when optional and absent."""
        value = self._get(key, optional)
        if value is None or (optional and value == ""):
            return ""
        return self._checked(key, value, _allowed(codes))

    def codes(
        self, key: str, codes: type[TextChoices] | tuple[str, ...], *, optional: bool = False, least: int = 0
    ) -> tuple[str, ...]:
        """A list of allowed codes, each once, and at least `least` of them."""
        values = self._list(key, optional)
        if isinstance(self.data.get(key), list) and len(values) < least:
            self.fault(key, f"must name at least {least}.", "Add one, or remove the entry.", "least")
        allowed = _allowed(codes)
        found: list[str] = []
        for index, value in enumerate(values):
            if code := self._checked(f"{key}[{index}]", value, allowed):
                if code in found:
                    self.fault(f"{key}[{index}]", f"{code!r} stands twice.", "Remove one of them.", "twice")
                found.append(code)
        return tuple(found)

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        """A list of texts."""
        values = self._list(key, optional)
        for index, value in enumerate(values):
            if not isinstance(value, str) or not value:
                self.fault(f"{key}[{index}]", f"must be a text, but is {_shown(value)}.", "Write a text, in quotes.")
        return tuple(value for value in values if isinstance(value, str))

    def items(self, key: str, *, optional: bool = False, unique: str = "") -> Iterator["Reader"]:
        """A list of mappings. With `unique`, no two may have the same value of that key."""
        taken: set[Any] = set()
        for index, value in enumerate(self._list(key, optional)):
            if not isinstance(value, Mapping):
                self.fault(
                    f"{key}[{index}]",
                    f"must be a mapping, but is {_shown(value)}.",
                    "Write `name: value` lines under a dash.",
                )
                continue
            child = self._child(f"{key}[{index}]", value)
            if unique and (name := value.get(unique)) is not None:
                if str(name) in taken:
                    child.fault(
                        unique, f"{name!r} stands twice in {key}.", "Give each its own, or remove one.", "twice"
                    )
                taken.add(str(name))
            yield child
            child.done()

    def mapping(self, key: str, *, optional: bool = False) -> "Reader":
        """A mapping within this one. The caller reads its keys and then calls `done`."""
        value = self._get(key, optional)
        if value is not None and not isinstance(value, Mapping):
            self.fault(key, f"must be a mapping, but is {_shown(value)}.", "Write `name: value` lines under it.")
            value = None
        return self._child(key, value or {})

    def names(self, codes: type[TextChoices] | None = None) -> list[str]:
        """All keys of this mapping; with `codes`, only the allowed ones (the others are faults)."""
        if codes is None:
            return [str(key) for key in self.data]
        allowed = _allowed(codes)
        for key in self.data:
            if key not in allowed:
                self.seen.add(str(key))
                self.fault(str(key), "is not a known code.", f"Use one of: {', '.join(allowed)}.")
        return [key for key in allowed if key in self.data]

    def done(self) -> None:
        """Refuses the keys that nothing has read."""
        for key in self.data:
            if key not in self.seen:
                known = ", ".join(sorted(self.seen))
                self.fault(str(key), "is not a known key.", f"Remove it, or correct it to one of: {known}.")

    def _get(self, key: str, optional: bool) -> Any:
        self.seen.add(key)
        value = self.data.get(key)
        if value is None and not optional:
            self.fault(key, "is missing.", "Add it.", "missing")
        return value

    def _list(self, key: str, optional: bool) -> list[Any]:
        value = self._get(key, optional)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(
                key, f"must be a list, but is {_shown(value)}.", "Write one line for each, beginning with a dash."
            )
            return []
        return value

    def _checked(self, key: str, value: Any, allowed: tuple[str, ...]) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        self.fault(key, f"{_shown(value)} is not a known code.", f"Use one of: {', '.join(allowed)}.", "code")
        return ""

    def _child(self, key: str, value: Mapping[str, Any]) -> "Reader":
        return Reader(value, self.file, self.at(key), self.problems)


def _allowed(codes: type[TextChoices] | tuple[str, ...]) -> tuple[str, ...]:
    return codes if isinstance(codes, tuple) else tuple(codes.values)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
