"""The normal form of answers and of the table: what two worlds in which nothing differs for a plan both give."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploy.branches.comparison import Column, Row, Value
from deploy.branches.plans.ids import RANDOM, Json, Replacement

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


def normal_form(answer: Json) -> Json:
    """Return an answer without what differs from world to world.

    Random ids have the number of their first appearance, instants have none.
    """
    return _normal(answer, {})


def _normal(value: Json, ids: dict[str, str]) -> Json:
    if isinstance(value, dict):
        return {_text(key, ids): _normal(one, ids) for key, one in value.items() if key not in _OF_THE_RECORD}
    if isinstance(value, list):
        return [_normal(one, ids) for one in value]
    return _text(value, ids) if isinstance(value, str) else value


def _text(text: str, ids: dict[str, str]) -> str:
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


def aligned(before: Column, now: Column, ids: Replacement) -> list[Column]:
    """Return two columns with the same rows for what has another id in each; `ids` are the second's by the first's.

    Random ids that only one of them has, as of what followed from a step, are left away.
    """
    values = {replace(row, about=ids.text(row.about)): value for row, value in before.values.items()}
    shared = values.keys() & now.values.keys()
    return [
        replace(before, values=_without_ids(values, shared)),
        replace(now, values=_without_ids(now.values, shared)),
    ]


def _without_ids(values: Mapping[Row, Value], shared: Collection[Row]) -> dict[Row, Value]:
    """Return values by rows without random ids but for these; rows that are then alike are numbered."""
    without = [(row if row in shared else replace(row, about=RANDOM.sub("<id>", row.about)), row) for row in values]
    times: Counter[Row] = Counter()
    found: dict[Row, Value] = {}
    for row, original in sorted(without, key=lambda pair: (pair[0], str(values[pair[1]]))):
        times[row] += 1
        number = f" ({times[row]})" if times[row] > 1 else ""
        found[replace(row, about=f"{row.about}{number}")] = values[original]
    return found
