"""States savings, claims what budget lines fell by, and reckons what is realised."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Annotated, Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Code
from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events import Event
from libs.common.events.finance import CostShiftFound, SavingForecast, SavingRealised, SavingReversed
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.money import pounds
from services.finance.budgets.commands import Pence, SomePence, Term
from services.finance.budgets.entries import after_posting, begin
from services.finance.budgets.errors import StatedOutOfOrder
from services.finance.budgets.queries import get_lines
from services.finance.budgets.rules import name_of
from services.finance.core.errors import refuse
from services.finance.core.flows import Flow, Nature
from services.finance.core.lenses import SetLens
from services.finance.core.shifts import CostShift, detect_shift
from services.finance.core.sight import sight_of
from services.finance.core.years import FinancialYear
from services.finance.savings.errors import ClaimAboveSaving, LineOfAnotherBudget, ReductionClaimed, SavingNotStated
from services.finance.savings.queries import claim_of, connected_lines, stated_savings, what_fell
from services.finance.savings.rules import realised

_INSTANT = timedelta(microseconds=1)
_LINE = r"^[Bb][Ll]-[0-9]{1,9}$"

Year = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$", examples=["2018-19"])]
Owner = Annotated[
    str,
    Field(
        max_length=100,
        pattern=r"^[A-Za-z0-9._/-]*$",
        description="The post that owns it, as the body states it: governance's events of posts are not asked.",
        examples=["14Y/chief-finance-officer"],
    ),
]

INSERT_STATEMENT = """
INSERT INTO saving_statement (initiative, organisation_code, function, financial_year, stage, gross_pence, amount_pence,
                              recurrent, line_id, owner, baseline_pence, phasing, elsewhere, elsewhere_pence, plan,
                              cause, effective_on, stated_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""
_INSERT_CLAIM = """
INSERT INTO saving_claim (initiative, organisation_code, function, financial_year, line_id, asked_pence, refused_pence,
                          recurrent, since, stated_at, recorded_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id
"""
_CLAIMS_ON = """
SELECT c.*, coalesce((SELECT sum(e.amount_pence) FROM saving_entry e WHERE e.claim_id = c.id), 0)::bigint AS realised
  FROM saving_claim c WHERE c.line_id = ANY($1) ORDER BY c.stated_at, c.id
"""
_CLAIMED = """
SELECT coalesce(sum(asked_pence - refused_pence), 0)::bigint FROM saving_claim
 WHERE initiative = $1 AND organisation_code = $2 AND function = $3 AND financial_year = $4
"""
_CLAIMED_LINES = """
SELECT DISTINCT c.line_id FROM saving_claim c JOIN budget_line l ON l.id = c.line_id WHERE l.organisation_code = ANY($1)
"""
_LAST_CLAIM = "SELECT max(stated_at) FROM saving_claim WHERE line_id = ANY($1)"
_LAST_STATEMENT = "SELECT max(stated_at) FROM saving_statement WHERE initiative = $1 AND organisation_code = $2"
_POST = "INSERT INTO saving_entry (claim_id, amount_pence, cause, stated_at) VALUES ($1, $2, $3, $4)"


class Elsewhere(BaseModel):
    """What a saving costs another body of the footprint."""

    model_config = ConfigDict(extra="forbid")

    party: Code
    amount_pence: SomePence


class _OfSaving(BaseModel):
    model_config = ConfigDict(extra="forbid")

    organisation: Code
    function: Term = Field(examples=["payroll"])
    financial_year: Year

    @model_validator(mode="after")
    def _names_a_year(self) -> Self:
        FinancialYear.parse(self.financial_year)
        return self

    @property
    def year(self) -> FinancialYear:
        """The year of the saving."""
        return FinancialYear.parse(self.financial_year)


class StateSaving(_OfSaving):
    """What an initiative is expected to save a body in a function and year."""

    amount_pence: Pence = Field(description="What the body no longer pays.")
    recurrent: StrictBool
    owner: Owner = ""
    baseline_pence: Pence | None = Field(default=None, description="What is spent now.")
    line: str = Field(default="", pattern=rf"{_LINE}|^$", description="The budget line that is to fall.")
    phasing: list[Annotated[int, Field(strict=True, ge=0, le=1_000_000)]] = Field(
        default_factory=list, max_length=12, description="Parts by month from April on. Default: by days."
    )
    elsewhere: list[Elsewhere] = Field(
        default_factory=list, max_length=100, description="What it costs others of the footprint: not saved."
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.phasing and (len(self.phasing) != 12 or not sum(self.phasing)):
            raise ValueError("phasing has twelve parts, not all of them 0")
        parties = [one.party for one in self.elsewhere]
        if len(set(parties)) != len(parties) or self.organisation in parties:
            raise ValueError("elsewhere names each other body once")
        return self


class ClaimSaving(_OfSaving):
    """What a saving claims of what a budget line falls by."""

    line: str = Field(pattern=_LINE, examples=["BL-1"])
    amount_pence: SomePence


async def state_saving(
    session: AsyncSession, initiative: str, command: StateSaving, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State what an initiative is expected to save; what it costs others of the footprint does not count.

    Raises LineOfAnotherBudget, StatedOutOfOrder.
    """
    connection = await begin(session, [command.organisation], by=by, today=today)
    year = command.year
    line = int(command.line[3:]) if command.line else None
    if line is not None:
        refuse(await _why_another(connection, line, command, by))
    at = await instant_of(connection, initiative, command.organisation, stated_at, by=by)
    shift = _shift(command)
    amount = int(shift.counted_saving)
    await connection.execute(
        INSERT_STATEMENT,
        *(initiative, command.organisation, command.function, year.start, "forecast", command.amount_pence, amount),
        *(command.recurrent, line, command.owner, command.baseline_pence, command.phasing),
        *([one.party for one in command.elsewhere], [one.amount_pence for one in command.elsewhere]),
        *("", "", year.first_day, at, by.subject),
    )
    events: list[Event] = [_forecast(initiative, command, amount, at)]
    if shift.shifted:
        events.append(_shift_found(initiative, shift, year, at))
    await outbox.add_all(session, events)


async def instant_of(
    connection: asyncpg.Connection, initiative: str, organisation: str, stated_at: datetime, *, by: Caller
) -> datetime:
    """Return the instant of a new statement of an initiative: after all that the body stated of it.

    Raises StatedOutOfOrder where a loader names an earlier one.
    """
    last: datetime | None = await connection.fetchval(_LAST_STATEMENT, initiative, organisation)
    return _instant_after(last, stated_at, f"statement of {initiative} by {organisation}", by)


def _instant_after(last: datetime | None, stated_at: datetime, about: str, by: Caller) -> datetime:
    """Return an instant after the last one: what a source stated at one instant is stated in the order of its arrival.

    A claim and what it realises follow from all that was stated before. Raises StatedOutOfOrder.
    """
    if last is None or last < stated_at:
        return stated_at
    if stated_at < last and by.has(Role.LOADER):
        message = f"the last {about} is of {last.isoformat()}"
        raise StatedOutOfOrder(message, reasons=[Reason(message, "Stated-At")])
    return last + _INSTANT


def _forecast(initiative: str, command: StateSaving, amount_pence: int, at: datetime) -> SavingForecast:
    return SavingForecast(
        effective_on=command.year.first_day,
        stated_at=at,
        initiative=initiative,
        organisation=command.organisation,
        function=command.function,
        financial_year=str(command.year),
        amount_pence=amount_pence,
        recurrent=command.recurrent,
        line=command.line.upper(),
        cause="",
    )


def _shift(command: StateSaving) -> CostShift:
    """Return who gains and who loses by the saving, among the body and those whom it costs something."""
    day = command.year.first_day
    parties = frozenset({command.organisation, *(one.party for one in command.elsewhere)})
    flows = [
        Flow(command.organisation, "", day, Fraction(-command.amount_pence), Nature.RESOURCE, "saving"),
        *(
            Flow(one.party, "", day, Fraction(one.amount_pence), Nature.RESOURCE, "cost elsewhere")
            for one in command.elsewhere
        ),
    ]
    return detect_shift(SetLens("footprint", parties), flows)


def _shift_found(initiative: str, shift: CostShift, year: FinancialYear, at: datetime) -> CostShiftFound:
    return CostShiftFound(
        effective_on=year.first_day,
        stated_at=at,
        subject=initiative,
        version=0,
        lens=shift.lens,
        gainers=tuple(one.party for one in shift.gainers),
        gains_pence=tuple(int(one.gain) for one in shift.gainers),
        losers=tuple(one.party for one in shift.losers),
        losses_pence=tuple(-int(one.gain) for one in shift.losers),
        net_pence=int(shift.net),
    )


async def claim_saving(
    session: AsyncSession, initiative: str, command: ClaimSaving, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Claim what a line falls by; what others have claimed before is refused, and named.

    Where the line has not fallen since the saving was stated, the claim waits. Raises with every reason at once
    SavingNotStated, LineOfAnotherBudget, ClaimAboveSaving; ReductionClaimed where nothing is left; StatedOutOfOrder.
    """
    connection = await begin(session, [command.organisation], by=by, today=today)
    year, line = command.year, int(command.line[3:])
    key = (initiative, command.organisation, command.function)
    stages = await stated_savings(connection, *key, year)
    refusals = await _why_another(connection, line, command, by)
    refusals += await _why_above(connection, initiative, command, stages)
    refuse(refusals)
    rows = [row["id"] for row in await connected_lines(connection, [line])]
    [first, *_] = stages.values()
    refused = await _refused_pence(connection, line, command.amount_pence, first["since"])
    last = await connection.fetchval(_LAST_CLAIM, rows)
    at = _instant_after(last, stated_at, f"claim on {command.line}", by)
    amounts = command.amount_pence, refused, first["recurrent"]
    await connection.execute(_INSERT_CLAIM, *key, year.start, line, *amounts, first["since"], at, by.subject)
    await reckon_savings(session, [line])


async def _refused_pence(connection: asyncpg.Connection, line: int, asked_pence: int, since: datetime) -> int:
    """Return what a new claim cannot have of what its line fell by; nothing is refused before the line has fallen.

    Raises ReductionClaimed where others claimed all of it.
    """
    rows = await connected_lines(connection, [line])
    fallen = await what_fell(connection, rows)
    lines = fallen.of_line(line)
    open_pence = sum(
        one.left_pence for one in fallen.reductions.values() if one.line in lines and one.stated_at > since
    )
    claims = await connection.fetch(_CLAIMS_ON, [row["id"] for row in rows])
    got = realised([claim_of(row, fallen) for row in claims], fallen.reductions)
    rivals = [row for row in claims if got[row["id"]] and fallen.of_line(row["line_id"]) & lines]
    free = max(0, open_pence - sum(got[row["id"]] for row in rivals))
    if open_pence and not free:
        others = ", ".join(sorted({row["initiative"] for row in rivals}))
        message = f"{name_of(line)} fell by {pounds(open_pence)}, which {others} claimed"
        raise ReductionClaimed(message, reasons=[Reason(message, "amount_pence")])
    return max(0, asked_pence - free) if open_pence else 0


async def _why_another(connection: asyncpg.Connection, line: int, of: _OfSaving, by: Caller) -> list[DomainError]:
    found = (await get_lines(connection, [line], sight=await sight_of(connection, by))).get(line)
    if found is not None and (found.organisation, found.year) == (of.organisation, of.year):
        return []
    message = f"{name_of(line)} is no line of {of.organisation} in {of.year}"
    return [LineOfAnotherBudget(message, reasons=[Reason(message, "line")])]


async def _why_above(
    connection: asyncpg.Connection, initiative: str, command: ClaimSaving, stages: dict[str, asyncpg.Record]
) -> list[DomainError]:
    about = f"{initiative} of {command.organisation} in {command.function}, {command.financial_year}"
    if not stages:
        message = f"no saving {about} was stated"
        return [SavingNotStated(message, reasons=[Reason(message, "financial_year")])]
    amount = (stages.get("contracted") or stages["forecast"])["amount_pence"]
    key = (initiative, command.organisation, command.function, command.year.start)
    left = amount - await connection.fetchval(_CLAIMED, *key)
    if command.amount_pence <= left:
        return []
    message = f"{pounds(max(0, left))} of {about} are left to claim, not {pounds(command.amount_pence)}"
    return [ClaimAboveSaving(message, reasons=[Reason(message, "amount_pence")])]


@after_posting
async def reckon_savings(session: AsyncSession, lines: Collection[int]) -> None:
    """Post and publish what the claims on these lines realise more than before, or no longer."""
    connection = await raw(session)
    rows = await connected_lines(connection, lines)
    claims = await connection.fetch(_CLAIMS_ON, [row["id"] for row in rows])
    if not claims:
        return
    fallen = await what_fell(connection, rows)
    got = realised([claim_of(row, fallen) for row in claims], fallen.reductions)
    at = max(fallen.last, *(row["stated_at"] for row in claims), claims[-1]["stated_at"])
    events: list[Event] = []
    for row in claims:
        change = got[row["id"]] - row["realised"]
        if change:
            cause = f"C-{row['id']}"
            await connection.execute(_POST, row["id"], change, cause, at)
            events.append(_event(row, change, cause, at))
    await outbox.add_all(session, events)


async def reckon_savings_of(session: AsyncSession, codes: Collection[str]) -> None:
    """Post and publish what claims on lines of these bodies realise otherwise, once their lines were restated."""
    connection = await raw(session)
    lines = [row["line_id"] for row in await connection.fetch(_CLAIMED_LINES, sorted(codes))]
    if lines:
        await reckon_savings(session, lines)


def _event(row: asyncpg.Record, change: int, cause: str, at: datetime) -> SavingRealised | SavingReversed:
    year = FinancialYear(row["financial_year"])
    kind = SavingRealised if change > 0 else SavingReversed
    return kind(
        effective_on=year.first_day,
        stated_at=at,
        initiative=row["initiative"],
        organisation=row["organisation_code"],
        function=row["function"],
        financial_year=str(year),
        amount_pence=abs(change),
        recurrent=row["recurrent"],
        line=name_of(row["line_id"]),
        cause=cause,
    )
