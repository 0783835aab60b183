"""Ids that one world gave, replaced by those that another world gave for the same step."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote, unquote, urljoin

from libs.common.http.transactions import VERSION

Json: TypeAlias = Any
Pointer: TypeAlias = str
"""Where a value is in an answer, as `/items/0/id`; `LOCATION` for the last part of the header."""

LOCATION = "location"
RANDOM = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
"""A random id: unique wherever it stands, also inside a longer text."""
Numbered: TypeAlias = tuple[str, str, int]
"""What a number counts in, such as the versions of a case: the owner's id, empty where there is none, and the name."""
_NAMED_AS_IDS = ("id", "reference", "number")


@dataclass(frozen=True, slots=True)
class Given:
    """The ids that a step's answer gave: texts by where they are, and numbers, each with what it counts in.

    A text is an id wherever it stands; a number only after its collection's name, such as 12 in `/decision-rights/12`
    or in `"decision_right": 12`, and one that counts in something with an id only beside that, such as 2 in
    `/cases/C-1/versions/2` or in `"case": "C-1", "version": 2`.
    """

    texts: Mapping[Pointer, str] = field(default_factory=dict)
    numbers: Mapping[Pointer, Numbered] = field(default_factory=dict)


def given_by(path: str, body: Json, answer: Json, location: str | None) -> Given:
    """Return the ids that an answer gives and its request did not name."""
    named = {unquote(part) for part in path.split("/")} | {value for _, value in _scalars(body)}
    texts: dict[Pointer, str] = {}
    numbers: dict[Pointer, Numbered] = {}
    for pointer, value in _scalars(answer):
        key = pointer.rpartition("/")[2]
        is_id = key in _NAMED_AS_IDS or key.endswith("_id")
        if isinstance(value, str) and value and value not in named and (is_id or RANDOM.search(value)):
            texts[pointer] = value
        elif type(value) is int and is_id and "/" not in pointer.removeprefix("/"):
            numbers[pointer] = ("", _singular(path.rstrip("/").rpartition("/")[2]), value)
    owner, collection, last = _ends(urljoin(path, location)) if location else ("", "", "")
    if last.isdecimal():
        numbers[LOCATION] = (owner, collection, int(last))
    elif last and last not in named:
        texts[LOCATION] = last
    return Given(texts, numbers)


def _ends(path: str) -> tuple[str, str, str]:
    """Return the last part of a path, before it its collection as fields of bodies name one of it, and the owner."""
    *_, owner, collection, last = ["", "", *map(unquote, re.split(r"[/#]", path.rstrip("/")))]
    return "" if owner == VERSION.strip("/") else owner, _singular(collection), last


def _singular(collection: str) -> str:
    return collection.replace("-", "_").removesuffix("s")


@dataclass(slots=True)
class Replacement:
    """Ids of one world by the ids of another one, from the answers of both to the same steps."""

    texts: dict[str, str] = field(default_factory=dict)
    numbers: dict[Numbered, int] = field(default_factory=dict)

    def learn(self, planned: Given, given: Given) -> None:
        """Add what the two answers to one step gave in the same places."""
        for pointer, value in planned.texts.items():
            if pointer in given.texts:
                self.texts.setdefault(value, given.texts[pointer])
        for pointer, number in planned.numbers.items():
            if pointer in given.numbers:
                self.numbers.setdefault(number, given.numbers[pointer][2])

    def path(self, path: str) -> str:
        """Return a path with the ids of the other world in it."""
        parts = path.split("/")
        replaced = [self._last("/".join(parts[: number + 1])) for number in range(len(parts))]
        return "/".join(
            part if new == unquote(part) else quote(new, safe="") for part, new in zip(parts, replaced, strict=True)
        )

    def _last(self, path: str) -> str:
        owner, collection, part = _ends(path)
        if part.isdecimal():
            for counted in ((owner, collection, int(part)), ("", collection, int(part))):
                if counted in self.numbers:
                    return str(self.numbers[counted])
        return self.text(part)

    def query(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the parameters of a query with the ids of the other world in it."""
        beside = {value for _, value in pairs}
        return [(name, self._parameter(name, value, beside)) for name, value in pairs]

    def _parameter(self, name: str, value: str, beside: Collection[str]) -> str:
        return str(self._value(name, int(value), beside)) if value.isdecimal() else self.text(value)

    def body(self, body: Json, name: str = "", beside: Collection[str] = ()) -> Json:
        """Return a body with the ids of the other world in it.

        `name` is the field that it is the value of, `beside` are the texts next to it and above, as parts of the path.
        """
        if isinstance(body, dict):
            texts = {value for value in body.values() if isinstance(value, str)}.union(beside)
            return {self.text(key): self.body(value, key, texts) for key, value in body.items()}
        if isinstance(body, list):
            return [self.body(value, name.removesuffix("s"), beside) for value in body]
        if type(body) is int:
            return self._value(name, body, beside)
        return self.text(body) if isinstance(body, str) else body

    def _value(self, name: str, number: int, beside: Collection[str]) -> int:
        for (owner, collection, old), new in self.numbers.items():
            is_named = name and (collection == name or collection.endswith(f"_{name}"))
            is_beside = owner in beside and (collection == name or name.endswith(f"_{collection}"))
            if old == number and (is_beside if owner else is_named):
                return new
        return number

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
