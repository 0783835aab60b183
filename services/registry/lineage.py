"""Who followed whom: predecessors and successors, however many steps away, and what a code is by a day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from libs.common.known import Reads

ALWAYS = datetime.max.replace(tzinfo=UTC)
"""As known now: later than all that was ever stated."""

_LINE = """
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.{onto} FROM succession s JOIN line ON s.{from_} = line.code
     WHERE s.effective_on <= $2 AND s.known @> $3::timestamptz
)
SELECT s.code, s.successor, s.effective_on, lower(s.known), nullif(s.merger, ''), s.source, s.shape, s.share
  FROM succession s JOIN line ON s.{from_} = line.code
 WHERE s.effective_on <= $2 AND s.known @> $3::timestamptz
 ORDER BY s.effective_on, s.code, s.successor
"""

_BACKWARD = _LINE.format(onto="code", from_="successor")
_FORWARD = _LINE.format(onto="successor", from_="code")


@dataclass(frozen=True, slots=True)
class Step:
    """One succession on the way."""

    code: str
    successor: str
    effective_on: date
    stated_at: datetime
    merger: str | None
    source: str
    shape: str = ""
    share: str = ""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What came before a code, what came of it, and the codes that it lives on in by the day asked for."""

    code: str
    before: tuple[Step, ...]
    after: tuple[Step, ...]
    resolves_to: tuple[str, ...]


async def lineage_of(db: Reads, code: str, *, as_at: date, as_known: datetime = ALWAYS) -> Lineage:
    """Return the lineage by the successions that took effect on or before a day, as known at an instant.

    A body that names itself as its own successor goes on; circles in the sources end the walk.
    """
    before = await _steps(db, _BACKWARD, [code], as_at, as_known)
    after = await _steps(db, _FORWARD, [code], as_at, as_known)
    return Lineage(code, before, after, _ends(code, after))


async def successors_of(
    db: Reads, codes: Collection[str], *, as_at: date = date.max, as_known: datetime = ALWAYS
) -> frozenset[str]:
    """Return every code that the given ones live on in."""
    steps = await _steps(db, _FORWARD, codes, as_at, as_known)
    return frozenset(step.successor for step in steps) - frozenset(codes)


async def _steps(db: Reads, sql: str, codes: Collection[str], as_at: date, as_known: datetime) -> tuple[Step, ...]:
    rows: list[Any] = await db.fetch(sql, list(codes), as_at, as_known)
    return tuple(Step(*row) for row in rows)


def _ends(code: str, steps: tuple[Step, ...]) -> tuple[str, ...]:
    """Return the codes that nothing follows any more, the code itself where nothing followed it."""
    onward: dict[str, set[str]] = {}
    for step in steps:
        if step.successor != step.code:
            onward.setdefault(step.code, set()).add(step.successor)
    reached = {code, *(step.successor for step in steps)}
    ends = sorted(one for one in reached if one not in onward)
    return tuple(ends or sorted(reached))
