"""Keeps what the registry publishes of mergers before they take effect, and tells from it how a merger stands."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.registry import (
    MERGED,
    MERGER_AGREED,
    MERGER_REDATED,
    MERGER_WITHDRAWN,
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    ICBMerged,
    ICBMergerAgreed,
    ICBMergerRedated,
    ICBMergerWithdrawn,
    TransferSchemeMade,
    TransferSchemeResumed,
    TransferSchemeSuspended,
)
from libs.organisations.mergers import BelievedSuccession, mergers_of
from services.contracts.core.models import known

EVENTS: tuple[type[Event], ...] = (
    *MERGER_AGREED,
    *MERGER_REDATED,
    *MERGER_WITHDRAWN,
    *MERGED,
    TransferSchemeMade,
    TransferSchemeSuspended,
    TransferSchemeResumed,
)

_NOW = datetime.max.replace(tzinfo=UTC)

# Arrays of arrays must be rectangular, so that each list of codes travels as one text.
_KNOW_MERGERS = """
INSERT INTO known_merger_statement (merger, what, successor, successor_name, predecessors, effective_on, stated_at)
SELECT merger, what, successor, successor_name, string_to_array(predecessors, ','), effective_on, stated_at
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::timestamptz[])
       WITH ORDINALITY AS new (merger, what, successor, successor_name, predecessors, effective_on, stated_at, n)
 ORDER BY n ON CONFLICT DO NOTHING
"""

_KNOW_SCHEMES = """
INSERT INTO known_scheme_statement (merger, scheme, sort, what, predecessors, nil_return, effective_on, stated_at)
SELECT merger, scheme, sort, what, string_to_array(predecessors, ','), nil_return, effective_on, stated_at
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::date[], $8::timestamptz[])
       WITH ORDINALITY AS new (merger, scheme, sort, what, predecessors, nil_return, effective_on, stated_at, n)
 ORDER BY n ON CONFLICT DO NOTHING
"""

_STATEMENTS = """
SELECT merger, what, successor, successor_name, predecessors, effective_on, stated_at FROM known_merger_statement
 WHERE stated_at <= $2 AND what <> 'carried_over' AND ($1::text[] IS NULL OR merger = ANY($1))
"""

_CARRIED_OUT = f"""
SELECT code, successor, effective_on, shape, share, merger, lower(known) AS known_from, upper(known) AS known_to
  FROM {known.successions.beliefs} WHERE merger <> '' AND ($1::text[] IS NULL OR merger = ANY($1))
"""  # noqa: S608  (the name of a table of ours)


class MergerStatus(StrEnum):
    """How a merger stands."""

    AGREED = "agreed"
    """For its day, which is still to come or has passed without it."""
    WITHDRAWN = "withdrawn"
    CARRIED_OUT = "carried_out"
    UNDONE = "undone"
    """It was carried out, and stated to be wrong since."""


@dataclass(frozen=True, slots=True)
class MergerStatement:
    """What the registry published of a merger that is to come: `agreed`, `redated` or `withdrawn`."""

    merger: str
    what: str
    successor: str
    successor_name: str
    predecessors: tuple[str, ...]
    effective_on: date
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class MergerPlan:
    """A merger as it is known: who merges into whom, on which day, and how it stands."""

    merger: str
    successor: str
    successor_name: str
    predecessors: tuple[str, ...]
    effective_on: date
    status: MergerStatus
    stated_at: datetime

    @property
    def leaving(self) -> tuple[str, ...]:
        """The predecessors that the successor replaces."""
        return tuple(code for code in self.predecessors if code != self.successor)


async def know(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events state of mergers to come and of schemes, by two statements. A repetition adds none."""
    if planned := [row for event in events for row in _of_plan(event)]:
        await connection.execute(_KNOW_MERGERS, *map(list, zip(*planned, strict=True)))
    if schemes := [row for event in events for row in _of_schemes(event)]:
        await connection.execute(_KNOW_SCHEMES, *map(list, zip(*schemes, strict=True)))


async def find_plans(
    db: Reads, mergers: Collection[str] | None = None, *, as_known: datetime | None = None
) -> dict[str, MergerPlan]:
    """Return these mergers (None: all) by reference, as known at an instant; what is unknown then is left out."""
    instant, named = as_known or _NOW, None if mergers is None else sorted(mergers)
    statements = [
        MergerStatement(
            row["merger"],
            row["what"],
            row["successor"],
            row["successor_name"],
            tuple(row["predecessors"]),
            row["effective_on"],
            row["stated_at"],
        )
        for row in await db.fetch(_STATEMENTS, named, instant)
    ]
    plans = {plan.merger: plan for plan in plans_of(statements)}
    for done in mergers_of([BelievedSuccession(*row) for row in await db.fetch(_CARRIED_OUT, named)]):
        if done.stated_at <= instant:
            name = plans[done.reference].successor_name if done.reference in plans else ""
            undone = done.undone_at is not None and done.undone_at <= instant
            plans[done.reference] = MergerPlan(
                done.reference,
                done.successor,
                name,
                done.predecessors,
                done.effective_on,
                MergerStatus.UNDONE if undone else MergerStatus.CARRIED_OUT,
                done.stated_at,
            )
    return plans


def plans_of(statements: Iterable[MergerStatement]) -> list[MergerPlan]:
    """Return how each merger stands by what was stated of it, whatever arrived first: the latest statement decides.

    A name that a later statement leaves out holds on; a withdrawn merger keeps the day for which it had been agreed.
    """
    by_merger: dict[str, list[MergerStatement]] = defaultdict(list)
    for one in statements:
        by_merger[one.merger].append(one)
    plans: list[MergerPlan] = []
    for merger, stated in sorted(by_merger.items()):
        ordered = sorted(stated, key=lambda one: (one.stated_at, one.what, one.effective_on))
        latest = ordered[-1]
        dated = [one for one in ordered if one.what != "withdrawn"]
        plans.append(
            MergerPlan(
                merger,
                latest.successor,
                next((one.successor_name for one in reversed(ordered) if one.successor_name), ""),
                latest.predecessors,
                (dated or ordered)[-1].effective_on,
                MergerStatus.WITHDRAWN if latest.what == "withdrawn" else MergerStatus.AGREED,
                latest.stated_at,
            )
        )
    return plans


def _of_plan(event: Event) -> list[tuple[object, ...]]:
    match event:
        case CCGMergerAgreed() | ICBMergerAgreed():
            what, name = "agreed", event.successor_name
        case CCGMergerRedated() | ICBMergerRedated():
            what, name = "redated", ""
        case CCGMergerWithdrawn() | ICBMergerWithdrawn():
            what, name = "withdrawn", ""
        case _:
            return []
    bodies = (event.successor, name, ",".join(event.predecessors))
    return [(event.merger, what, *bodies, event.effective_on, event.stated_at)]


def _of_schemes(event: Event) -> list[tuple[object, ...]]:
    when = (event.effective_on, event.stated_at)
    match event:
        case CCGMerged() | ICBMerged():
            named = (("property", event.property_schemes), ("staff", event.staff_schemes))
            return [
                (event.merger, scheme, sort, "named", code, False, *when)
                for sort, schemes in named
                for code, scheme in zip(event.predecessors, schemes, strict=False)
                if scheme
            ]
        case TransferSchemeMade():
            what, nil = "made", event.nil_return
        case TransferSchemeSuspended():
            what, nil = "suspended", False
        case TransferSchemeResumed():
            what, nil = "resumed", False
        case _:
            return []
    return [(event.merger, event.scheme, event.sort, what, ",".join(event.predecessors), nil, *when)]
