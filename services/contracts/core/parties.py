"""Lets what customers agreed among themselves follow them: shares, and who coordinates, after a succession."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from libs.common.identity import Caller
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement, Timeline
from services.contracts.core.models import FACET, coordination, sharing
from services.contracts.core.shares import ShareFacet, ShareTable, table_of

# All that was ever believed, so that what held before comes back where a succession is undone; the latest first.
_BELIEVED = """
SELECT subject_id, facet, value, lower(valid) AS first_day, upper(valid) AS end_day, upper_inf(known) AS is_current
  FROM {beliefs} WHERE subject_id = ANY($1) ORDER BY lower(known) DESC, id DESC
"""


@dataclass(frozen=True, slots=True)
class PartyChange:
    """On these days the customers of a signed contract are `after` where they were `before`, by a succession.

    `heir` took over those who leave; it may have been a customer before. Empty: who joins did.
    """

    contract_id: int
    days: Days
    before: frozenset[str]
    after: frozenset[str]
    stated_at: datetime
    heir: str = ""

    @property
    def leaving(self) -> frozenset[str]:
        """Who is no customer any longer."""
        return self.before - self.after

    @property
    def heirs(self) -> list[str]:
        """Who has what those had who leave: where none joins and none is named, all who stay."""
        return [self.heir] if self.heir else sorted(self.after - self.before or self.after)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What was believed of one facet on some days; `is_current`: it still is."""

    facet: int
    value: str
    days: Days
    is_current: bool


async def follow_parties(
    connection: asyncpg.Connection, changes: Sequence[PartyChange], *, source: str, by: Caller
) -> dict[int, ShareTable]:
    """State shares and coordinators of contracts whose customers changed: a successor has its predecessors'.

    Where a succession is undone, what was believed before it holds again. Returns the table of cost of each changed
    contract that has one, as it is on the first day of the change.
    """
    ids = sorted({change.contract_id for change in changes})
    leads, tables = await _pieces(connection, coordination, ids), await _pieces(connection, sharing, ids)
    if leads:
        stated = [NewStatement(*one) for change in changes for one in _coordinators(leads[change.contract_id], change)]
        await coordination.state(connection, stated, source=source, by=by.subject)
    if not tables:
        return {}
    costs: dict[int, ShareTable] = {}
    statements: list[NewStatement] = []
    for change in changes:
        moved = _moved(tables[change.contract_id], change)
        statements += moved
        for one in moved:
            if one.facet == ShareFacet.COST and one.value is not None:
                costs.setdefault(change.contract_id, table_of(one.value))
    await sharing.state(connection, statements, source=source, by=by.subject)
    return costs


async def _pieces(
    connection: asyncpg.Connection, timeline: Timeline, contracts: Sequence[int]
) -> Mapping[int, list[_Piece]]:
    found: dict[int, list[_Piece]] = defaultdict(list)
    for row in await connection.fetch(_BELIEVED.format(beliefs=timeline.beliefs), contracts):
        days = Days(row["first_day"] or FIRST_DAY, row["end_day"] or LAST_DAY)
        found[row["subject_id"]].append(_Piece(row["facet"], row["value"], days, row["is_current"]))
    return found


def _coordinators(pieces: Sequence[_Piece], change: PartyChange) -> list[tuple[int, int, str, Days, datetime]]:
    """Return what is to be stated of the coordinating commissioner: nothing where it stays, or none is known."""
    stated = []
    for one in pieces:
        days = _both(one.days, change.days)
        if not one.is_current or days is None or one.value in change.after:
            continue
        old = (other.value for other in pieces if not other.is_current and _covers(other, days.start))
        lead = change.heir or next((code for code in old if code in change.after), change.heirs[0])
        stated.append((change.contract_id, FACET, lead, days, change.stated_at))
    return stated


def _moved(pieces: Sequence[_Piece], change: PartyChange) -> list[NewStatement]:
    """Return the tables of the days of a change, with the shares of who leaves at its heirs, in order of days."""
    statements = []
    for one in sorted(pieces, key=lambda piece: piece.days.start):
        days = _both(one.days, change.days)
        table = table_of(one.value)
        if not one.is_current or days is None or table.holders == change.after:
            continue
        before = [
            table_of(other.value)
            for other in pieces
            if other.facet == one.facet and not other.is_current and _covers(other, days.start)
        ]
        joining = sorted(change.after - table.holders)
        moved = next((old for old in before if old.holders == change.after), None)
        if moved is None and joining and not change.leaving:
            moved = table.parted(joining, next((old for old in before if old.holders.issuperset(joining)), table))
        moved = moved or table.moved(change.leaving, change.heirs)
        if moved != table:
            statements.append(NewStatement(change.contract_id, one.facet, moved.as_text(), days, change.stated_at))
    return statements


def _covers(piece: _Piece, day: date) -> bool:
    return piece.days.start <= day < piece.days.end


def _both(one: Days, other: Days) -> Days | None:
    start, end = max(one.start, other.start), min(one.end, other.end)
    return Days(start, end) if start < end else None
