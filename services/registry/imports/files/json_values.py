"""Reads the values of a JSON list one after the other, so that a list of any length takes the memory of one value."""

import json
from collections.abc import Iterator
from typing import Any, TextIO

from services.registry.imports.report import FileRefused, excerpt

PART = 1_000_000
"""How many characters are read at a time."""
MOST_OF_ONE = 20_000_000
"""The most characters of one value."""


def values_in(text: TextIO) -> Iterator[Any]:
    """Yield the values of a JSON list, or the one value that there is, reading a part of the text at a time."""
    source = _Json(text)
    if source.next() == "[":
        source.skip("[")
        if source.next() != "]":
            yield source.value()
            while source.next() == ",":
                source.skip(",")
                yield source.value()
        source.skip("]")
    else:
        yield source.value()
    if source.next():
        raise FileRefused("it is no JSON: something follows its end")


class _Json:
    """JSON of which a part is in memory."""

    def __init__(self, text: TextIO) -> None:
        self._text, self._rest = text, ""
        self._decoder = json.JSONDecoder()

    def next(self) -> str:
        """Return the next character that is not blank, empty at the end."""
        while not self._rest or self._rest.isspace():
            self._rest = self._text.read(PART)
            if not self._rest:
                return ""
        self._rest = self._rest.lstrip()
        return self._rest[0]

    def skip(self, character: str) -> None:
        """Read this character. Raises FileRefused where there is another."""
        if self.next() != character:
            raise FileRefused(f"it is no JSON: {character!r} is missing before {excerpt(self._rest, 20)!r}")
        self._rest = self._rest[1:]

    def value(self) -> Any:
        """Read a value. Raises FileRefused where there is none."""
        self.next()
        wanted = PART
        while True:
            try:
                value, end = self._decoder.raw_decode(self._rest)
            except (ValueError, RecursionError) as error:  # a number of thousands of digits is no JSONDecodeError
                is_cut = isinstance(error, json.JSONDecodeError) and len(self._rest) < MOST_OF_ONE
                if not is_cut or not (more := self._text.read(wanted)):
                    raise FileRefused(f"it is no JSON: {error}") from error
                self._rest, wanted = self._rest + more, 2 * wanted
                continue
            self._rest = self._rest[end:]
            return value
