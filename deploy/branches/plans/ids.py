"""Ids that one world gave, replaced by those that another world gave for the same step."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote, unquote

Json: TypeAlias = Any
Pointer: TypeAlias = str
"""Where a value is in an answer, as `/items/0/id`; `LOCATION` for the last part of the header."""

LOCATION = "location"
RANDOM = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
"""A random id: unique wherever it stands, also inside a longer text."""
_NAMED_AS_IDS = ("id", "reference", "number")


@dataclass(frozen=True, slots=True)
class Given:
    """The ids that a step's answer gave: texts by where they are, and a number with the collection that it counts in.

    A text is an id wherever it stands; a number only after its collection's name, such as 12 in `/decision-rights/12`
    or in `"decision_right": 12`.
    """

    texts: Mapping[Pointer, str] = field(default_factory=dict)
    numbers: Mapping[Pointer, int] = field(default_factory=dict)
    collection: str = ""


def given_by(path: str, body: Json, answer: Json, location: str | None) -> Given:
    """Return the ids that an answer gives and its request did not name."""
    named = {unquote(part) for part in path.split("/")} | {value for _, value in _scalars(body)}
    texts: dict[Pointer, str] = {}
    numbers: dict[Pointer, int] = {}
    for pointer, value in _scalars(answer):
        key = pointer.rpartition("/")[2]
        is_id = key in _NAMED_AS_IDS or key.endswith("_id")
        if isinstance(value, str) and value and value not in named and (is_id or RANDOM.search(value)):
            texts[pointer] = value
        elif type(value) is int and is_id and "/" not in pointer.removeprefix("/"):
            numbers[pointer] = value
    last = unquote(re.split(r"[/#]", location.rstrip("/"))[-1]) if location else ""
    if last.isdecimal():
        numbers[LOCATION] = int(last)
    elif last and last not in named:
        texts[LOCATION] = last
    return Given(texts, numbers, _collection(path))


def _collection(path: str) -> str:
    """Return the collection that a command adds to: the last part of its path, as fields of bodies name one of it."""
    return path.rstrip("/").rpartition("/")[2].replace("-", "_").removesuffix("s")


@dataclass(slots=True)
class Replacement:
    """Ids of one world by the ids of another one, from the answers of both to the same steps."""

    texts: dict[str, str] = field(default_factory=dict)
    numbers: dict[tuple[str, int], int] = field(default_factory=dict)

    def learn(self, planned: Given, given: Given) -> None:
        """Add what the two answers to one step gave in the same places."""
        for pointer, value in planned.texts.items():
            if pointer in given.texts:
                self.texts.setdefault(value, given.texts[pointer])
        for pointer, number in planned.numbers.items():
            if pointer in given.numbers:
                self.numbers.setdefault((planned.collection, number), given.numbers[pointer])

    def path(self, path: str) -> str:
        """Return a path with the ids of the other world in it."""
        parts = path.split("/")
        replaced = [self._segment(unquote(part), before) for before, part in zip(["", *parts], parts, strict=False)]
        return "/".join(
            part if new == unquote(part) else quote(new, safe="") for part, new in zip(parts, replaced, strict=True)
        )

    def _segment(self, part: str, before: str) -> str:
        collection = before.replace("-", "_").removesuffix("s")
        if part.isdecimal() and (number := self.numbers.get((collection, int(part)))) is not None:
            return str(number)
        return self.text(part)

    def query(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the parameters of a query with the ids of the other world in it."""
        return [(name, self._parameter(name, value)) for name, value in pairs]

    def _parameter(self, name: str, value: str) -> str:
        return str(self._value(name, int(value))) if value.isdecimal() else self.text(value)

    def body(self, body: Json, name: str = "") -> Json:
        """Return a body with the ids of the other world in it; `name` is the field that it is the value of."""
        if isinstance(body, dict):
            return {self.text(key): self.body(value, key) for key, value in body.items()}
        if isinstance(body, list):
            return [self.body(value, name.removesuffix("s")) for value in body]
        if type(body) is int:
            return self._value(name, body)
        return self.text(body) if isinstance(body, str) else body

    def _value(self, name: str, number: int) -> int:
        return next(
            (
                new
                for (collection, old), new in self.numbers.items()
                if old == number and name and (collection == name or collection.endswith(f"_{name}"))
            ),
            number,
        )

    def text(self, text: str) -> str:
        """Return a text with the ids of the other world: as a whole, or where a random one stands in it."""
        if text in self.texts:
            return self.texts[text]
        if not RANDOM.search(text):
            return text
        random = {old: new for old, new in self.texts.items() if RANDOM.search(old) and old in text}
        if not random:
            return text
        pattern = "|".join(re.escape(old) for old in sorted(random, key=len, reverse=True))
        return re.sub(pattern, lambda found: random[found[0]], text)


def _scalars(value: Json, pointer: Pointer = "") -> Iterator[tuple[Pointer, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _scalars(one, f"{pointer}/{key}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _scalars(one, f"{pointer}/{number}")
    elif value is not None:
        yield pointer, value
