"""Reduces lines of budgets, and takes reductions back."""

from collections.abc import Awaitable, Callable, Collection
from datetime import date, datetime
from typing import TypeAlias

import asyncpg
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads
from libs.common.errors import DomainError, Reason
from libs.common.events.finance import BudgetReduced, BudgetRestored
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.money import pounds
from libs.common.temporal.days import WrittenDay
from services.finance.budgets.commands import (
    Decision,
    Pence,
    SomePence,
    admin_with_heirs,
    common_fields,
    line_of_budget,
    why_exceeded,
    why_outside,
    why_too_much,
    within,
)
from services.finance.budgets.entries import BudgetEntry, begin, below, instant_after, post, settle
from services.finance.budgets.errors import InitiativeUnknown, MoreThanReduced, ReductionNotFound
from services.finance.budgets.rules import BudgetLine
from services.finance.core.errors import refuse
from services.finance.core.years import FinancialYear
from services.finance.decisions.queries import in_whose_name, why_not_decided

_REDUCTION = """
SELECT r.id, r.line_id, r.initiative, -r.amount_pence AS amount, -r.annual_pence AS annual, r.effective_on,
       coalesce((SELECT sum(b.amount_pence) FROM budget_entry b WHERE b.reverses = r.id), 0)::bigint AS restored,
       coalesce((SELECT sum(b.annual_pence) FROM budget_entry b WHERE b.reverses = r.id), 0)::bigint AS annual_restored
  FROM budget_entry r WHERE r.id = $1 AND r.kind = 'reduced'
"""

# The line itself, and those that mergers made of it; what was undone made none.
_LIVES_ON_IN = """
WITH RECURSIVE reached (line_id) AS (
    SELECT $1::int
     UNION
    SELECT e.other_line_id FROM budget_entry e JOIN reached USING (line_id)
     WHERE e.kind = 'restated' AND e.released
       AND NOT EXISTS (SELECT FROM budget_entry u WHERE u.source_id = e.id AND u.kind = 'undone')
)
SELECT line_id FROM reached ORDER BY line_id
"""


Knowing: TypeAlias = Callable[[Reads, str, Collection[str]], Awaitable[bool]]
_KNOWING: list[Knowing] = []


def knows_initiatives(knows: Knowing) -> Knowing:
    """Register a function that says whether a saving of an initiative is known for one of some bodies.

    A higher package has initiatives (`savings`), and is not imported by budgets.
    """
    _KNOWING.append(knows)
    return knows


async def why_not_initiated(db: Reads, initiative: str, code: str, *, today: date) -> list[DomainError]:
    """Return the refusal where a body has no saving of the initiative that is named."""
    if not initiative:
        return []
    codes = await in_whose_name(db, code, today=today)
    for knows in _KNOWING:
        if await knows(db, initiative, codes):
            return []
    message = f"no saving of {initiative} is known for {code}"
    return [InitiativeUnknown(message, reasons=[Reason(message, "initiative")])]


class ReduceLine(BaseModel):
    """A line falls, because of an initiative whose saving it can realise."""

    model_config = ConfigDict(extra="forbid")

    amount_pence: SomePence
    annual_pence: Pence | None = Field(default=None, description="In a whole year. Default: the same.")
    effective_on: WrittenDay | None = Field(default=None, description="Default: today, within the year.")
    initiative: str = Field(
        default="",
        max_length=100,
        pattern=r"^[A-Za-z0-9._/-]*$",
        description="An initiative of which a saving of the body is known.",
    )
    decision: Decision = ""


class RestoreLine(BaseModel):
    """A reduction is taken back, in whole or in part."""

    model_config = ConfigDict(extra="forbid")

    reduction: str = Field(pattern=r"^[Rr]-[0-9]{1,15}$", examples=["R-2"])
    amount_pence: SomePence
    effective_on: WrittenDay | None = Field(default=None, description="Default: today, within the year.")
    decision: Decision = ""


async def reduce_line(
    session: AsyncSession,
    command: ReduceLine,
    *,
    code: str,
    year: FinancialYear,
    line: int,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> str:
    """Reduce a line; return the reduction's name.

    Raises BudgetLineNotFound, LineWouldBeNegative, InitiativeUnknown, StatedOutOfOrder, and the refusals of a decision.
    """
    connection = await begin(session, [code], by=by, today=today, decision=command.decision)
    found = await line_of_budget(connection, line, code, year, by)
    day = command.effective_on or within(today, year)
    refuse(
        [
            *why_outside(day, year),
            *below(found, command.amount_pence),
            *await why_not_initiated(connection, command.initiative, code, today=today),
            *await why_not_decided(connection, command.decision, code, today=today),
        ]
    )
    entry = BudgetEntry(
        line=found,
        kind="reduced",
        effective_on=day,
        stated_at=await instant_after(connection, [found], stated_at, by),
        amount_pence=-command.amount_pence,
        annual_pence=-(command.amount_pence if command.annual_pence is None else command.annual_pence),
        initiative=command.initiative,
        decision=command.decision,
    )
    [entry_id] = await post(connection, [entry], by)
    await outbox.add(session, _reduced(entry, f"R-{entry_id}"))
    await settle(session, [found], by=by)
    return f"R-{entry_id}"


def _reduced(entry: BudgetEntry, reduction: str) -> BudgetReduced:
    return BudgetReduced(
        **common_fields(entry),
        amount_pence=-entry.amount_pence,
        initiative=entry.initiative,
        reduction=reduction,
        decision=entry.decision,
    )


async def restore_line(
    session: AsyncSession,
    command: RestoreLine,
    *,
    code: str,
    year: FinancialYear,
    line: int,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Take a reduction back, on its line or on the one that a merger made of it.

    Raises BudgetLineNotFound, ReductionNotFound, MoreThanReduced, CeilingExceeded, StatedOutOfOrder.
    """
    connection = await begin(session, [code], by=by, today=today, decision=command.decision)
    found = await line_of_budget(connection, line, code, year, by)
    row = await _reduction(connection, command.reduction, found)
    left, annual_left = row["amount"] - row["restored"], row["annual"] - row["annual_restored"]
    day = command.effective_on or max(row["effective_on"], within(today, year))
    refusals = [*why_outside(day, year), *_why_more(command, left)]
    before = await admin_with_heirs(connection, code, year)
    refusals += await why_too_much(connection, before, code, year, command.amount_pence if found.admin else 0)
    refusals += await why_not_decided(connection, command.decision, code, today=today)
    refuse(refusals)
    entry = BudgetEntry(
        line=found,
        kind="restored",
        effective_on=day,
        stated_at=await instant_after(connection, [found], stated_at, by),
        amount_pence=command.amount_pence,
        annual_pence=annual_left if command.amount_pence == left else min(command.amount_pence, annual_left),
        initiative=row["initiative"],
        decision=command.decision,
        reverses=row["id"],
    )
    await post(connection, [entry], by)
    await outbox.add(session, _restored(entry))
    await settle(session, [found], by=by)
    refuse(await why_exceeded(connection, before, year))


def _why_more(command: RestoreLine, left: int) -> list[DomainError]:
    if command.amount_pence <= left:
        return []
    message = f"{pounds(left)} of {command.reduction.upper()} are left, not {pounds(command.amount_pence)}"
    return [MoreThanReduced(message, reasons=[Reason(message, "amount_pence")])]


def _restored(entry: BudgetEntry) -> BudgetRestored:
    reverses = f"R-{entry.reverses}"
    return BudgetRestored(
        **common_fields(entry), amount_pence=entry.amount_pence, reverses=reverses, decision=entry.decision
    )


async def _reduction(connection: asyncpg.Connection, name: str, line: BudgetLine) -> asyncpg.Record:
    """Return a reduction of this line, or of one that a merger made it of. Raises ReductionNotFound."""
    row = await connection.fetchrow(_REDUCTION, int(name[2:]))
    reached = [one[0] for one in await connection.fetch(_LIVES_ON_IN, row["line_id"])] if row else []
    if row is None or line.id not in reached:
        message = f"{line.name} has no reduction {name.upper()}"
        raise ReductionNotFound(message, reasons=[Reason(message, "reduction")])
    return row
