"""The normal form of a step's answer: what two worlds in which nothing differs for the step both give."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.branches.plans.ids import RANDOM, Json

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_OF_THE_RECORD = frozenset({"version", "request_id", "instance", "position", "epoch"})
"""Fields that say how something is recorded, and not what is so."""
_MOST = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two answers differ: `before` of the plan's branch, `now` of the other world; None where there is none."""

    field: str
    before: Any
    now: Any


def normal_form(answer: Json, ids: Mapping[str, str]) -> Json:
    """Return an answer without what differs from world to world; `ids` are names for the ids that steps gave.

    Other random ids have the number of their first appearance, instants have none.
    """
    return _normal(answer, dict(ids))


def _normal(value: Json, ids: dict[str, str]) -> Json:
    if isinstance(value, dict):
        return {_text(key, ids): _normal(one, ids) for key, one in value.items() if key not in _OF_THE_RECORD}
    if isinstance(value, list):
        return [_normal(one, ids) for one in value]
    return _text(value, ids) if isinstance(value, str) else value


def _text(text: str, ids: dict[str, str]) -> str:
    if text in ids:
        return ids[text]

    def name(found: re.Match[str]) -> str:
        return ids.setdefault(found[0], f"<id {len(ids) + 1}>")

    return _INSTANT.sub("<instant>", RANDOM.sub(name, text))


def differences(before: Json, now: Json) -> list[Difference]:
    """Return where two normal forms differ, in the order of the first; at most 20."""
    found = []
    for difference in _differences("", before, now):
        found.append(difference)
        if len(found) == _MOST:
            break
    return found


def _differences(pointer: str, before: Json, now: Json) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*before, *now]):
            yield from _differences(f"{pointer}/{key}", before.get(key), now.get(key))
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (one, other) in enumerate(zip(before, now, strict=True)):
            yield from _differences(f"{pointer}/{number}", one, other)
    elif before != now or type(before) is not type(now):
        yield Difference(pointer or "/", before, now)
