"""Posts entries to lines of budgets: locks, lets mergers follow, checks, and tells who reckons with budgets."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError
from libs.common.identity import Caller, Role
from libs.common.money import pounds
from services.finance.budgets.errors import LineWouldBeNegative, StatedOutOfOrder
from services.finance.budgets.rules import BudgetLine, name_of
from services.finance.core.errors import refuse
from services.finance.core.models import known
from services.finance.decisions.queries import lock_decision
from services.finance.lines.restatement import following, restate_budgets

_INSTANT = timedelta(microseconds=1)

_POST = """
INSERT INTO budget_entry (line_id, kind, effective_on, stated_at, amount_pence, annual_pence, other_line_id, virement,
                          authority, initiative, decision, reverses, undoes, recorded_by)
SELECT l, k, e, t, a, y, o, v, r, i, d, b, u, $14
  FROM unnest($1::int[], $2::text[], $3::date[], $4::timestamptz[], $5::bigint[], $6::bigint[], $7::int[], $8::text[],
              $9::text[], $10::text[], $11::text[], $12::bigint[], $13::bigint[]) WITH ORDINALITY
       AS new (l, k, e, t, a, y, o, v, r, i, d, b, u, n)
 ORDER BY n
RETURNING id
"""

NAME_OF_VIREMENT = "SELECT nextval(pg_get_serial_sequence('budget_entry', 'id'))"

_LAST = "SELECT max(stated_at) FROM budget_entry WHERE line_id = ANY($1) AND source_id IS NULL"

# The lines of these, and those that mergers made of them, which have less than nothing.
_BELOW_NOTHING = """
WITH RECURSIVE reached (line_id) AS (
    SELECT unnest($1::int[])
     UNION
    SELECT e.other_line_id FROM budget_entry e JOIN reached USING (line_id) WHERE e.kind = 'restated' AND e.released
)
SELECT line_id, sum(amount_pence)::bigint AS pence
  FROM budget_entry JOIN reached USING (line_id) GROUP BY line_id HAVING sum(amount_pence) < 0 ORDER BY line_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetEntry:
    """What a line rises or falls by; `annual_pence` is the amount of a whole year."""

    line: BudgetLine
    kind: str
    effective_on: date
    stated_at: datetime
    amount_pence: int
    annual_pence: int
    other: BudgetLine | None = None
    virement: str = ""
    authority: str = ""
    initiative: str = ""
    decision: str = ""
    reverses: int | None = None
    undoes: int | None = None


Reckoning: TypeAlias = Callable[[AsyncSession, Collection[int]], Awaitable[None]]
_RECKONING: list[Reckoning] = []


def after_posting(reckon: Reckoning) -> Reckoning:
    """Register a function that is called, in the same transaction, with the lines that something was posted to.

    A higher package reckons with budgets this way (`savings`): it may import budgets, and is not imported by them.
    """
    _RECKONING.append(reckon)
    return reckon


async def begin(
    session: AsyncSession, codes: Collection[str], *, by: Caller, today: date, decision: str = ""
) -> asyncpg.Connection:
    """Lock the decision that is named, the bodies and all that they live on in, for a finance lead who acts for them.

    Raises RoleMissing, NotYoursToDecide: also for the body that took one over, whose budget changes too.
    """
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    await known.must_act_for(connection, await known.deciders(connection, codes, today=today), by=by)
    await lock_decision(connection, decision)
    await following(connection, codes)
    await known.must_act_for(connection, await known.deciders(connection, codes, today=today), by=by)
    return connection


async def instant_after(
    connection: asyncpg.Connection, lines: Collection[BudgetLine], stated_at: datetime, by: Caller
) -> datetime:
    """Return the instant of new entries of these lines: after all that was stated about them.

    Raises StatedOutOfOrder where a loader names an earlier one.
    """
    last: datetime | None = await connection.fetchval(_LAST, sorted(line.id for line in lines))
    if last is None or stated_at > last:
        return stated_at
    if by.has(Role.LOADER):
        raise StatedOutOfOrder(f"the last statement about the line is of {last.isoformat()}")
    return last + _INSTANT


async def post(connection: asyncpg.Connection, entries: Sequence[BudgetEntry], by: Caller) -> list[int]:
    """Insert entries in this order; return their ids."""
    rows = [
        (
            *(one.line.id, one.kind, one.effective_on, one.stated_at, one.amount_pence, one.annual_pence),
            *(one.other.id if one.other else None, one.virement, one.authority, one.initiative, one.decision),
            *(one.reverses, one.undoes),
        )
        for one in entries
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return [row["id"] for row in await connection.fetch(_POST, *columns, by.subject)]


async def settle(session: AsyncSession, lines: Sequence[BudgetLine], *, by: Caller) -> None:
    """Let what was posted to these lines pass on to successors, and check that no line has less than nothing.

    Raises LineWouldBeNegative.
    """
    connection = await raw(session)
    await restate_budgets(session, {line.organisation for line in lines}, by=by)
    ids = sorted({line.id for line in lines})
    refuse(
        [
            LineWouldBeNegative(f"{name_of(row['line_id'])} would have {pounds(row['pence'])}")
            for row in await connection.fetch(_BELOW_NOTHING, ids)
        ]
    )
    await reckon(session, ids)


async def reckon(session: AsyncSession, lines: Collection[int]) -> None:
    """Call what reckons with budgets for these lines."""
    for one in _RECKONING:
        await one(session, lines)


def below(line: BudgetLine, amount_pence: int) -> list[DomainError]:
    """Return the refusal where a line has less than an amount."""
    if amount_pence <= line.amount_pence:
        return []
    return [LineWouldBeNegative(f"{line.name} has {pounds(line.amount_pence)}, not {pounds(amount_pence)}")]
