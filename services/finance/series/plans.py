"""Mergers that are agreed for a day to come, as steps of a planned series: copied from the registry's events."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.registry import (
    MERGER_AGREED,
    MERGER_REDATED,
    MERGER_WITHDRAWN,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    ICBMergerAgreed,
    ICBMergerRedated,
    ICBMergerWithdrawn,
)
from libs.organisations.boundaries import Step, Steps, steps_of
from libs.organisations.successions import Shape
from services.finance.core.models import known
from services.finance.core.sight import Sight
from services.finance.series.models import MIGRATED

EVENTS: Final[tuple[type[Event], ...]] = (*MERGER_AGREED, *MERGER_REDATED, *MERGER_WITHDRAWN)
_NOW: Final = datetime.max.replace(tzinfo=UTC)

# Arrays of arrays must be rectangular, so that each list travels as its own text.
_KNOW = """
INSERT INTO known_agreed_merger (merger, what, successor, predecessors, parts, part_shares, effective_on, stated_at)
SELECT m, w, s, string_to_array(p, ','), string_to_array(o, ','), string_to_array(h, ','), d, t
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::timestamptz[])
       AS new (m, w, s, p, o, h, d, t)
    ON CONFLICT DO NOTHING
"""
_STATED = """
SELECT merger, what, successor, predecessors, parts, part_shares, effective_on
  FROM known_agreed_merger WHERE stated_at <= $1 AND merger <> $2
 ORDER BY stated_at, what, effective_on
"""

# Also one that was stated to be wrong since: it is not agreed any longer.
_CARRIED_OUT = f"""
SELECT DISTINCT merger FROM {known.successions.beliefs} WHERE merger = ANY($1) AND lower(known) <= $2
"""  # noqa: S608  (the name of a table of ours)


async def know_agreed_mergers(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Keep what these events state of mergers to come, one row an event; a repetition adds none."""
    rows = [row for event in events for row in _rows(event)]
    if rows:
        await connection.execute(_KNOW, *map(list, zip(*rows, strict=True)))


def _rows(event: Event) -> Iterator[tuple[object, ...]]:
    match event:
        case CCGMergerAgreed() | ICBMergerAgreed():
            what, parts = "agreed", (",".join(event.parts), ",".join(event.part_shares))
        case CCGMergerRedated() | ICBMergerRedated():
            what, parts = "redated", ("", "")
        case CCGMergerWithdrawn() | ICBMergerWithdrawn():
            what, parts = "withdrawn", ("", "")
        case _:
            return
    about = event.successor, ",".join(event.predecessors), *parts
    yield event.merger, what, *about, event.effective_on, event.stated_at


@dataclass(frozen=True, slots=True)
class AgreedMerger:
    """A merger that is agreed for a day: who passes to the successor, whole or in part."""

    merger: str
    successor: str
    effective_on: date
    shares: Mapping[str, Fraction | None]

    @property
    def steps(self) -> Iterator[Step]:
        """What of whom passes to the successor."""
        for code, share in self.shares.items():
            if code != self.successor:
                shape = Shape.MERGER if share == 1 else Shape.BOUNDARY_CHANGE
                yield Step(code, self.successor, self.effective_on, shape, share, self.merger)


def agreed_of(rows: Iterable[Mapping[str, Any] | asyncpg.Record]) -> list[AgreedMerger]:
    """Return the mergers that stand by these statements, in order: for the day stated last, unless withdrawn since.

    The day alone changes by another date; who merges is what was agreed.
    """
    stated: dict[str, list[Mapping[str, Any] | asyncpg.Record]] = defaultdict(list)
    for row in rows:
        stated[row["merger"]].append(row)
    found = []
    for merger, about in sorted(stated.items()):
        agreed = [row for row in about if row["what"] == "agreed"]
        if about[-1]["what"] == "withdrawn":
            continue
        who = agreed[-1] if agreed else about[-1]
        shares: dict[str, Fraction | None] = dict.fromkeys(who["predecessors"], Fraction(1))
        if who["part_shares"]:
            shares |= dict(zip(who["parts"], map(Fraction, who["part_shares"]), strict=True))
        else:
            shares |= dict.fromkeys(who["parts"])
        found.append(AgreedMerger(merger, who["successor"], about[-1]["effective_on"], shares))
    return found


async def list_agreed(db: Reads, *, sight: Sight, as_known: datetime | None) -> list[AgreedMerger]:
    """Return the mergers that are agreed and were not carried out, as known at an instant, of bodies that are seen.

    Before it takes effect a merger releases no figures: the successor reads nothing yet of those that it is to take
    over, nor one of them of another.
    """
    instant = as_known or _NOW
    agreed = agreed_of(await db.fetch(_STATED, instant, MIGRATED))
    done = {row["merger"] for row in await db.fetch(_CARRIED_OUT, [one.merger for one in agreed], instant)}
    return [one for one in agreed if one.merger not in done and all(map(sight.sees, one.shares))]


def leading_to(codes: Collection[str], agreed: Sequence[AgreedMerger]) -> frozenset[str]:
    """Return these bodies with those from which something comes to them by agreed mergers, however many steps away."""
    reached = frozenset(codes)
    while True:
        new = reached.union(*(one.shares for one in agreed if one.successor in reached))
        if new == reached:
            return reached
        reached = new


def with_agreed(steps: Steps, agreed: Sequence[AgreedMerger]) -> Steps:
    """Return successions with those that agreed mergers lead to."""
    planned = [step for one in agreed for step in one.steps]
    return steps_of([*(step for several in steps.values() for step in several), *planned])
