"""How it becomes known who followed whom: statements are kept, and what is believed follows from them alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import asyncpg

from libs.common.events import Event
from libs.common.events.registry import (
    CCGMerged,
    ICBMerged,
    OrganisationSucceeded,
    SuccessionReported,
    SuccessionUndone,
)

OFFICIAL = -9
"""The lowest rank of a register or an official list. What others say of successions is kept, and not believed."""


class Shape(StrEnum):
    """How one body follows another."""

    MERGER = "merger"
    """Several are dissolved and a new one is established."""
    SPLIT = "split"
    """What one was goes on in several, by shares."""
    ACQUISITION = "acquisition"
    """An existing body takes over another."""
    BOUNDARY_CHANGE = "boundary_change"
    """A part goes from one living body to another."""
    ABOLITION = "abolition"
    """One is abolished and another takes its functions."""
    UNKNOWN = ""
    """The source does not say."""


@dataclass(frozen=True, slots=True)
class SuccessionStatement:
    """What is said of one succession: that it holds, or not, and what the source says of it (empty: nothing)."""

    code: str
    successor: str
    effective_on: date
    stated_at: datetime
    holds: bool = True
    shape: str = ""
    share: str = ""
    merger: str = ""
    rank: int = 0
    source: str = ""

    @property
    def key(self) -> tuple[str, str, date]:
        """Which succession it is about."""
        return self.code, self.successor, self.effective_on


@dataclass(frozen=True, slots=True)
class SuccessionBelief:
    """A succession as it was believed from `known_from` until `known_to` (None: until now)."""

    shape: str
    share: str
    merger: str
    source: str
    known_from: datetime
    known_to: datetime | None


def statements_in(event: Event, source: str) -> Iterable[SuccessionStatement]:
    """Give what an event says of successions."""
    day, at = event.effective_on, event.stated_at
    match event:
        case CCGMerged() | ICBMerged():
            for code in event.predecessors:
                yield SuccessionStatement(
                    code, event.successor, day, at, True, Shape.MERGER, "1", event.merger, event.rank, source
                )
        case OrganisationSucceeded():
            yield SuccessionStatement(
                event.code, event.successor, day, at, True, event.shape, event.share, "", event.rank, source
            )
        case SuccessionUndone():
            yield SuccessionStatement(event.code, event.successor, day, at, False, rank=event.rank, source=source)
        case SuccessionReported():
            yield SuccessionStatement(
                event.code, event.successor, day, at, True, event.shape, event.share, "", event.rank, source
            )


def beliefs_of(said: Iterable[SuccessionStatement]) -> list[SuccessionBelief]:
    """Return what follows from all that was said of one succession: a pure function, whatever came first.

    At each instant the latest word of the highest rank decides whether it holds. Of shape, share and merger the latest
    that says one decides, back to the last word that it does not hold. What was only heard decides nothing.
    """
    kept = (one for one in said if one.rank >= OFFICIAL)
    words = sorted(kept, key=lambda one: (one.rank, one.stated_at, one.holds, one.source, one.shape, one.share))
    beliefs: list[SuccessionBelief] = []
    for at in sorted({one.stated_at for one in words}):
        state = _after([one for one in words if one.stated_at <= at])
        last = beliefs[-1] if beliefs and beliefs[-1].known_to is None else None
        if last is not None:
            if state == (last.shape, last.share, last.merger, last.source):
                continue
            beliefs[-1] = SuccessionBelief(last.shape, last.share, last.merger, last.source, last.known_from, at)
        if state is not None:
            beliefs.append(SuccessionBelief(*state, at, None))
    return beliefs


def _after(words: Sequence[SuccessionStatement]) -> tuple[str, str, str, str] | None:
    shape = share = merger = source = ""
    holds = False
    for word in words:
        if not word.holds:
            shape = share = merger = source = ""
        else:
            shape, share, merger = word.shape or shape, word.share or share, word.merger or merger
            source = source or word.source
        holds = word.holds
    return (shape, share, merger, source) if holds else None


_STATE = """
INSERT INTO succession_statement
       (code, successor, effective_on, stated_at, holds, shape, share, merger, rank, source, recorded_by)
SELECT new.*, $11
  FROM unnest($1::text[], $2::text[], $3::date[], $4::timestamptz[], $5::bool[], $6::text[], $7::text[], $8::text[],
              $9::smallint[], $10::text[]) AS new
    ON CONFLICT DO NOTHING
RETURNING code, successor, effective_on, stated_at, holds, shape, share, merger, rank, source
"""

_SAID = """
SELECT s.code, s.successor, s.effective_on, stated_at, holds, shape, share, merger, rank, source
  FROM succession_statement s
  JOIN unnest($1::text[], $2::text[], $3::date[]) AS wanted (code, successor, effective_on)
 USING (code, successor, effective_on)
"""

_FORGET = """
DELETE FROM succession held USING unnest($1::text[], $2::text[], $3::date[]) AS gone (code, successor, effective_on)
 WHERE held.code = gone.code AND held.successor = gone.successor AND held.effective_on = gone.effective_on
"""

_BELIEVE = """
INSERT INTO succession (code, successor, effective_on, shape, share, merger, source, known)
SELECT c, s, e, shape, share, merger, source, tstzrange(k, t)
  FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::timestamptz[], $9::timestamptz[]) AS new (c, s, e, shape, share, merger, source, k, t)
"""


async def state_successions(
    connection: asyncpg.Connection, words: Collection[SuccessionStatement], *, by: str
) -> set[SuccessionStatement]:
    """Keep what is said of successions, and let what is believed of them follow; return what was new of it.

    The caller has locked the bodies.
    """
    if not words:
        return set()
    rows = await connection.fetch(_STATE, *_columns([(*word.key, *_rest(word)) for word in words]), by)
    new = {SuccessionStatement(*row) for row in rows}
    keys = _columns(sorted({word.key for word in new}), width=3)
    said: dict[tuple[str, str, date], list[SuccessionStatement]] = defaultdict(list)
    for row in await connection.fetch(_SAID, *keys):
        word = SuccessionStatement(*row)
        said[word.key].append(word)
    await connection.execute(_FORGET, *keys)
    follows = [
        (*key, one.shape, one.share, one.merger, one.source, one.known_from, one.known_to)
        for key, words_about in said.items()
        for one in beliefs_of(words_about)
    ]
    await connection.execute(_BELIEVE, *_columns(follows, width=9))
    return new


def _rest(word: SuccessionStatement) -> tuple[object, ...]:
    return (
        word.stated_at,
        word.holds,
        str(word.shape),
        word.share,
        word.merger,
        word.rank,
        word.source,
    )


def _columns(rows: Sequence[tuple[object, ...]], *, width: int = 10) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
