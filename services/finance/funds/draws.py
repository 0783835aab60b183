"""Draws from funds: never beyond what a line has, and no recurrent liability from non-recurrent money."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.finance import FundDrawn, FundDrawReversed
from libs.common.events.governance import DecisionReversed
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.money import pounds
from libs.common.process.clock import day_of
from libs.common.process.context import origin
from libs.common.temporal.days import WrittenDay
from services.finance.cases.errors import CaseNotFound, CaseUnknown
from services.finance.core.codes import Reference
from services.finance.core.errors import refuse
from services.finance.core.models import known
from services.finance.core.sight import sight_of
from services.finance.core.years import FinancialYear
from services.finance.decisions.queries import lock_decision, why_not_decided
from services.finance.funds import queries, standing
from services.finance.funds.commands import Amount, LineName
from services.finance.funds.errors import (
    AskCountedTwice,
    BudgetLineUnknown,
    CaseNotAppraisable,
    DrawBeyondFund,
    DrawNotFound,
    DrawOutsideYear,
    DrawTakenBack,
    FundLineUnknown,
    PoolHasEnded,
    RecurrentFromNonRecurrent,
    SavingBeyondLine,
)
from services.finance.funds.models import Fund, FundDraw, FundDrawReversal, FundLine
from services.finance.funds.rules import lacks_a_saving, room, unfunded_pence

_LINE = "SELECT organisation_code FROM fund_line WHERE fund_id = $1 AND name = $2"
_POOL_ENDED = """
SELECT max(ends_on)
  FROM (SELECT DISTINCT ON (instrument) ends_on FROM known_pool WHERE fund = $1 AND host = $2 AND effective_on <= $3
         ORDER BY instrument, stated_at DESC, effective_on DESC, members, shares, ends_on) stated
HAVING bool_and(ends_on < $3) IS TRUE AND count(*) = count(ends_on)
"""
_NUMBER = """
SELECT count(*) + 1 FROM fund_draw d JOIN fund_line l ON l.id = d.fund_line_id WHERE l.fund_id = $1
"""
_SCHEME = """
SELECT s.fund_line_id, f.reference AS fund, l.name FROM fund_scheme s JOIN fund_line l ON l.id = s.fund_line_id
  JOIN fund f ON f.id = l.fund_id WHERE s.organisation_code = $1 AND s.scheme = $2
"""
_OF_DECISION = """
SELECT d.id FROM fund_draw d WHERE d.decision = $1
   AND NOT EXISTS (SELECT FROM fund_draw_reversal r WHERE r.draw_id = d.id) ORDER BY d.id
"""


class AttachSaving(BaseModel):
    """A recurrent saving of a budget line."""

    model_config = ConfigDict(extra="forbid")

    budget_line: Annotated[str, StringConstraints(pattern=r"^[Bb][Ll]-[0-9]{1,9}$", to_upper=True)] = Field(
        examples=["BL-12"]
    )
    amount_pence: Amount = Field(description="A year.")


class DrawFund(BaseModel):
    """What an organisation draws of its line, for a case."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "line": "LIFT-2017",
                    "case": "LIFT-BUY-OUT-2017",
                    "case_version": 1,
                    "amount_pence": 500_000_000,
                    "recurrent_savings": [{"budget_line": "BL-12", "amount_pence": 20_000_000}],
                }
            ]
        },
    )

    line: LineName
    case: Reference
    case_version: int = Field(default=1, strict=True, ge=1, le=10_000)
    amount_pence: Amount
    drawn_on: WrittenDay | None = Field(default=None, description="Today if left out.")
    recurrent_savings: list[AttachSaving] = Field(
        default=[], max_length=50, description="Savings of named budget lines that pay for the case's recurrent cost."
    )
    decision: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x20\x7f]{0,100}$")] = Field(
        default="", description="The id of a decision that governance published. Where it is reversed, so is the draw."
    )


async def draw_fund(
    session: AsyncSession, reference: str, command: DrawFund, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Draw from a line of a fund, for the organisation that has it.

    Raises RoleMissing, FundNotFound, FundLineUnknown, NotYoursToDecide, and with every reason the other refusals of
    draws.
    """
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    seen = await queries.get_seen_fund(connection, reference, sight=await sight_of(connection, by), as_at=today)
    code = await connection.fetchval(_LINE, seen.id, command.line)
    if code is None:
        refuse([_refused(FundLineUnknown, f"{reference} has no line {command.line}", "line")])
    await known.must_act_for(connection, await known.deciders(connection, [code], today=today), by=by)
    # Before anything else is locked: a reversal of the decision waits for this draw, or this draw for the reversal.
    await lock_decision(connection, command.decision)
    # The fund's row keeps its draws in one order, and the organisation's what was attached of its budget lines.
    await known.lock(connection, [code])
    fund = await session.get_one(Fund, seen.id, with_for_update=True, populate_existing=True)
    line = (await session.scalars(select(FundLine).filter_by(fund_id=fund.id, name=command.line))).one()
    day = command.drawn_on or min(today, day_of(stated_at))
    cost, faults = await _recurrent_cost(connection, line, command)
    refuse(
        [
            *await _why_not_drawn(connection, fund, line, command, day, today),
            *(faults or await _why_not_funded(connection, line, command, cost)),
            *await _why_not_for_the_case(connection, line, command),
        ]
    )
    draw = FundDraw(
        reference=f"{fund.reference}-D{await connection.fetchval(_NUMBER, fund.id)}",
        fund_line_id=line.id,
        case_reference=command.case,
        case_version=command.case_version,
        amount_pence=command.amount_pence,
        drawn_on=day,
        recurrent_cost_pence=cost,
        budget_lines=[one.budget_line for one in command.recurrent_savings],
        budget_pence=[one.amount_pence for one in command.recurrent_savings],
        decision=command.decision,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(draw)
    draw.event = await outbox.add(session, FundDrawn(**_told(fund, line, draw), effective_on=day, stated_at=stated_at))


async def take_back(
    session: AsyncSession, reference: str, draw: str, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Take a draw back by an entry: the fund has the money again.

    Raises RoleMissing, FundNotFound, DrawNotFound, NotYoursToDecide, DrawTakenBack.
    """
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    sight = await sight_of(connection, by)
    found = await queries.find_draw(connection, reference, draw, sight=sight, as_at=today)
    if found is None:
        raise DrawNotFound(f"{reference} has no draw {draw}")
    await known.must_act_for(connection, await known.deciders(connection, [found.organisation], today=today), by=by)
    draw_id = await connection.fetchval("SELECT id FROM fund_draw WHERE reference = $1", draw)
    on = max(found.drawn_on, min(today, day_of(stated_at)))
    if not await _reverse(session, draw_id, on=on, by=by, stated_at=stated_at):
        raise DrawTakenBack(f"{draw} was taken back already")


async def draws_follow_their_decision(event: DecisionReversed, session: AsyncSession, *, by: Caller) -> bool:
    """Take back every draw that names a decision which no longer stands; return whether there was one."""
    connection = await raw(session)
    await lock_decision(connection, event.decision)
    rows = await connection.fetch(_OF_DECISION, event.decision)
    done = [await _reverse(session, row["id"], on=event.effective_on, by=by, stated_at=event.stated_at) for row in rows]
    return any(done)


async def _reverse(session: AsyncSession, draw_id: int, *, on: date, by: Caller, stated_at: datetime) -> bool:
    draw = await session.get_one(FundDraw, draw_id)
    line = await session.get_one(FundLine, draw.fund_line_id)
    fund = await session.get_one(Fund, line.fund_id, with_for_update=True, populate_existing=True)
    if await session.get(FundDrawReversal, draw_id, populate_existing=True) is not None:
        return False
    day = max(on, draw.drawn_on)
    entry = FundDrawReversal(
        draw_id=draw_id,
        reversed_on=day,
        stated_at=max(stated_at, draw.stated_at),
        recorded_by=by.subject,
        caused_by=origin().causation,
    )
    session.add(entry)
    told = FundDrawReversed(**_told(fund, line, draw), effective_on=day, stated_at=entry.stated_at)
    entry.event = await outbox.add(session, told)
    return True


async def _why_not_drawn(
    connection: asyncpg.Connection, fund: Fund, line: FundLine, command: DrawFund, day: date, today: date
) -> list[DomainError]:
    found: list[DomainError] = []
    year = FinancialYear(line.financial_year)
    if day < year.first_day or (day > year.last_day and not line.carries_over):
        found.append(_refused(DrawOutsideYear, f"{day} is not in {year}, the year of {line.name}", "drawn_on"))
    left = room(await queries.entries_of(connection, line.id), max(day, year.first_day))
    if command.amount_pence > left:
        message = f"{line.name} has {pounds(left)} left from {day} on, less than {pounds(command.amount_pence)}"
        found.append(_refused(DrawBeyondFund, message, "amount_pence"))
    ends_on = await connection.fetchval(_POOL_ENDED, fund.reference, fund.holder_code, day)
    if ends_on is not None:
        found.append(_refused(PoolHasEnded, f"the pool of {fund.reference} ended on {ends_on}", "drawn_on"))
    found += await why_not_decided(connection, command.decision, line.organisation_code, today=today)
    return found


async def _recurrent_cost(
    connection: asyncpg.Connection, line: FundLine, command: DrawFund
) -> tuple[int, list[DomainError]]:
    """Return the recurrent cost that the case leaves, or why it has none that could be told."""
    code = line.organisation_code
    try:
        return await standing.recurrent_cost_of(connection, command.case, command.case_version, code), []
    except CaseNotFound:
        message = f"{code} has no version {command.case_version} of a case {command.case}"
        return 0, [_refused(CaseUnknown, message, "case")]
    except DomainError as error:
        return 0, [_refused(CaseNotAppraisable, f"{command.case}: {error.message}", "case")]


async def _why_not_funded(
    connection: asyncpg.Connection, line: FundLine, command: DrawFund, cost: int
) -> list[DomainError]:
    attached, drawn = await queries.recurrent_sources(connection, command.case)
    savings = [attached, *(one.amount_pence for one in command.recurrent_savings)]
    unfunded = unfunded_pence(recurrent=line.recurrent, recurrent_cost=cost, savings=[drawn, *savings])
    if unfunded:
        message = (
            f"{command.case} leaves {pounds(cost)} a year of recurrent cost, of which {pounds(unfunded)} has no "
            f"recurrent source: {line.name} is non-recurrent"
        )
        return [_refused(RecurrentFromNonRecurrent, message, "recurrent_savings")]
    if lacks_a_saving(recurrent=line.recurrent, purpose=line.purpose, savings=savings):
        message = f"a buy-out from {line.name}, which is non-recurrent, needs a recurrent saving of a budget line"
        return [_refused(RecurrentFromNonRecurrent, message, "recurrent_savings")]
    return []


async def _why_not_for_the_case(connection: asyncpg.Connection, line: FundLine, command: DrawFund) -> list[DomainError]:
    found: list[DomainError] = []
    code = line.organisation_code
    for row in await connection.fetch(_SCHEME, code, command.case):
        if row["fund_line_id"] != line.id:
            message = f"{command.case} stands under {row['name']} of {row['fund']}: its ask is counted once"
            found.append(_refused(AskCountedTwice, message, "line"))
    return [*found, *await _why_not_attached(connection, line, command)]


async def _why_not_attached(connection: asyncpg.Connection, line: FundLine, command: DrawFund) -> list[DomainError]:
    asked: dict[str, int] = {}
    for one in command.recurrent_savings:
        asked[one.budget_line] = asked.get(one.budget_line, 0) + one.amount_pence
    have = await standing.recurrent_lines(connection, sorted(asked), line.organisation_code)
    attached = await queries.attached_pence(connection, sorted(asked))
    found: list[DomainError] = []
    for name, pence in asked.items():
        if name not in have:
            message = f"{name} is no recurrent line of the budget of {line.organisation_code}"
            found.append(_refused(BudgetLineUnknown, message, "recurrent_savings"))
        elif pence > (left := max(0, have[name] - attached.get(name, 0))):
            message = f"{name} has {pounds(left)} a year left to save, less than {pounds(pence)}"
            found.append(_refused(SavingBeyondLine, message, "recurrent_savings"))
    return found


def _refused(kind: type[DomainError], message: str, field: str) -> DomainError:
    return kind(message, reasons=[Reason(message, field)])


def _told(fund: Fund, line: FundLine, draw: FundDraw) -> dict[str, object]:
    """Return the fields of a draw's events; the budget line is named where there is one alone."""
    lines: Sequence[str] = draw.budget_lines
    return {
        "fund": fund.reference,
        "organisation": line.organisation_code,
        "draw": draw.reference,
        "financial_year": str(FinancialYear(line.financial_year)),
        "recurrent": line.recurrent,
        "amount_pence": draw.amount_pence,
        "purpose": line.purpose,
        "case": draw.case_reference,
        "line": lines[0] if len(lines) == 1 else "",
    }
