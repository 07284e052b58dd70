"""What the API takes as JSON: text that can be stored, at a depth that can be read."""

from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from accounts.errors import FieldError, Invalid


class StorableJSONParser(JSONParser):
    """JSON without characters that no database text can hold (NUL, half of a surrogate pair)."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the document; 400 when it is nested too deep, or naming the fields with such characters."""
        try:
            document: Any = super().parse(stream, media_type, parser_context)
            wrong = sorted(set(_unstorable(document)))
        except RecursionError:
            raise ParseError(_("The document is nested too deep.")) from None
        if wrong:
            message = _("The text contains a character that cannot be stored. Remove it.")
            raise Invalid([FieldError(field, "unstorable", message) for field in wrong])
        return document


def _unstorable(value: Any, field: str = "") -> Iterator[str]:
    """Yield the outermost field of every text, key or value, that cannot be stored."""
    if isinstance(value, str):
        if "\0" in value or not _encodes(value):
            yield field
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if "\0" in key or not _encodes(key):
                yield field
            else:
                yield from _unstorable(inner, field or key)
    elif isinstance(value, list):
        for inner in value:
            yield from _unstorable(inner, field)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
