"""Moves amounts between lines of one year, within the rules of virements and a decision right."""

from collections import Counter
from datetime import date, datetime

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError
from libs.common.events.finance import BudgetMoved
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from services.finance.budgets.commands import Decision, SomePence, why_outside, within
from services.finance.budgets.entries import NAME_OF_VIREMENT, BudgetEntry, begin, below, instant_after, post, settle
from services.finance.budgets.errors import BudgetLineNotFound
from services.finance.budgets.queries import admin_pence, get_ceiling, get_excludes, get_lines
from services.finance.budgets.rules import BudgetLine, name_of, why_above
from services.finance.core.errors import refuse
from services.finance.core.sight import sight_of
from services.finance.core.years import FinancialYear
from services.finance.decisions.queries import why_not_decided
from services.finance.virements.queries import get_authority, moved_without_right, used_under
from services.finance.virements.rules import LineMove, virement_pack, why_no_authority, why_not_moved

_LINE = r"^[Bb][Ll]-[0-9]{1,9}$"


class MoveOfLine(BaseModel):
    """An amount that moves from a line to another."""

    model_config = ConfigDict(extra="forbid")

    from_line: str = Field(pattern=_LINE, examples=["BL-1"])
    to_line: str = Field(pattern=_LINE, examples=["BL-2"])
    amount_pence: SomePence


class MakeVirement(BaseModel):
    """Amounts that move together, all or none."""

    model_config = ConfigDict(extra="forbid")

    moves: list[MoveOfLine] = Field(min_length=1, max_length=200)
    effective_on: WrittenDay | None = Field(default=None, description="Default: today, within the year.")
    from_saving: StrictBool = Field(
        default=False, description="What moves was saved in the year: it is used once, for transition."
    )
    authority: str = Field(
        default="", max_length=100, pattern=r"^[A-Za-z0-9._/-]*$", description="The decision right it is made under."
    )
    decision: Decision = ""


async def make_virement(
    session: AsyncSession, command: MakeVirement, *, by: Caller, today: date, stated_at: datetime
) -> str:
    """Move amounts between lines; return the virement's name.

    The caller acts for the body of the lines. Raises BudgetLineNotFound, and with every reason at once BudgetsDiffer,
    ExcludedFromCareModel, VirementRefused, AuthorityInsufficient, LineWouldBeNegative, CeilingExceeded.
    """
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    numbers = [int(one[3:]) for move in command.moves for one in (move.from_line, move.to_line)]
    lines = await _lines(connection, numbers, by)
    codes = {line.organisation for line in lines.values()}
    await begin(session, codes, by=by, today=today, decision=command.decision)
    lines = await _lines(connection, numbers, by)
    moves = [
        LineMove(lines[int(one.from_line[3:])], lines[int(one.to_line[3:])], one.amount_pence) for one in command.moves
    ]
    day = command.effective_on or within(today, moves[0].source.year)
    refusals = await _refusals(connection, command, moves, day)
    code = moves[0].source.organisation
    refuse([*refusals, *await why_not_decided(connection, command.decision, code, today=today)])
    at = await instant_after(connection, list(lines.values()), stated_at, by)
    name = f"V-{await connection.fetchval(NAME_OF_VIREMENT)}"
    await post(connection, [half for move in moves for half in _halves(move, command, name, day, at)], by)
    await outbox.add_all(session, [_moved(move, day, at, command.decision) for move in moves])
    await settle(session, list(lines.values()), by=by)
    return name


async def _lines(connection: asyncpg.Connection, numbers: list[int], by: Caller) -> dict[int, BudgetLine]:
    """Return these lines, if the caller sees all of them. Raises BudgetLineNotFound."""
    lines = await get_lines(connection, numbers, sight=await sight_of(connection, by))
    unknown = [number for number in dict.fromkeys(numbers) if number not in lines]
    refuse([BudgetLineNotFound(f"{name_of(number)}: no such line of a budget is known") for number in unknown])
    return lines


def _halves(move: LineMove, command: MakeVirement, name: str, day: date, at: datetime) -> list[BudgetEntry]:
    """Return the entries of a move: its source falls, its target rises."""
    return [
        BudgetEntry(
            line=line,
            other=other,
            kind="moved",
            effective_on=day,
            stated_at=at,
            amount_pence=amount,
            annual_pence=amount if line.recurrent else 0,
            virement=name,
            authority=command.authority,
            decision=command.decision,
        )
        for line, other, amount in (
            (move.source, move.target, -move.amount_pence),
            (move.target, move.source, move.amount_pence),
        )
    ]


async def _refusals(
    connection: asyncpg.Connection, command: MakeVirement, moves: list[LineMove], day: date
) -> list[DomainError]:
    pack = virement_pack(day)
    year = moves[0].source.year
    excludes = await get_excludes(connection, {move.target.care_model for move in moves if move.target.care_model})
    refusals = why_not_moved(moves, excludes, pack, from_saving=command.from_saving)
    refusals += why_outside(day, year)
    authority = await get_authority(connection, command.authority) if command.authority else None
    used = await used_under(connection, authority, year)
    touched = {line.id for move in moves for line in (move.source, move.target)}
    refusals += why_no_authority(
        moves,
        authority,
        command.authority,
        pack=pack,
        on=day,
        used_pence=used,
        without_right=await moved_without_right(connection, touched),
    )
    out: Counter[int] = Counter()
    for move in moves:
        out[move.source.id] += move.amount_pence
        out[move.target.id] -= move.amount_pence
    lines = {line.id: line for move in moves for line in (move.source, move.target)}
    rises: Counter[tuple[str, FinancialYear]] = Counter()
    for number, amount in sorted(out.items()):
        line = lines[number]
        refusals += below(line, amount)
        rises[line.organisation, line.year] -= amount if line.admin else 0
    for (code, of), rise in sorted(rises.items()):
        if rise > 0:
            before = await admin_pence(connection, code, of)
            refusals += why_above(await get_ceiling(connection, code, of), before, before + rise)
    return refusals


def _moved(move: LineMove, day: date, stated_at: datetime, decision: str) -> BudgetMoved:
    line = move.source
    return BudgetMoved(
        effective_on=day,
        stated_at=stated_at,
        organisation=line.organisation,
        financial_year=str(line.year),
        line=line.name,
        account=line.account,
        function=line.function,
        pay=line.pay,
        recurrent=line.recurrent,
        amount_pence=move.amount_pence,
        moved_to=move.target.name,
        decision=decision,
    )
