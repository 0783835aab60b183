"""Opens funds and allocates to their lines."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal, Self

import asyncpg
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Code, Folded
from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.finance import FundAllocated
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.text import visible
from services.finance.core.codes import MOST_PENCE, Reference, Year
from services.finance.core.errors import refuse
from services.finance.core.models import known
from services.finance.core.sight import sight_of
from services.finance.core.years import FinancialYear
from services.finance.funds import queries
from services.finance.funds.errors import AskCountedTwice, FundLineDiffers, FundReferenceTaken
from services.finance.funds.models import Fund, FundLine, fund_allocation, fund_scheme
from services.finance.parties.errors import PartyUnknown
from services.finance.parties.queries import unknown_parties

_STANDING = """
SELECT organisation_code, scheme, fund_line_id
  FROM fund_scheme JOIN unnest($1::text[], $2::text[]) AS asked (organisation_code, scheme)
       USING (organisation_code, scheme)
"""

Purpose = Literal[
    "transformation",
    "transition",
    "buy_out",
    "premises",
    "closer_to_home",
    "estates_backlog",
    "pump_priming",
    "running_costs",
    "pooled_services",
    "other",
]
LineName = Annotated[
    str,
    Folded("[A-Za-z0-9][A-Za-z0-9-]{0,38}", "a line has 1 to 39 letters, digits and hyphens"),
    Field(description="A line's name in its fund.", examples=["PREMISES-2017"]),
]


Amount = Annotated[int, Field(strict=True, ge=1, le=MOST_PENCE)]


class AllocateToLine(BaseModel):
    """What an organisation gets for a purpose in a financial year."""

    model_config = ConfigDict(extra="forbid")

    line: LineName
    organisation: Code = Field(description="Who may draw it.")
    financial_year: Year
    purpose: Purpose
    recurrent: StrictBool = Field(description="Whether it comes again each year. The two are never added up.")
    amount_pence: Amount
    carries_over: StrictBool = Field(default=False, description="Whether it may be drawn after its year too.")
    schemes: list[Reference] = Field(default=[], max_length=100, description="The schemes that ask for it.")


class _Lines(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lines: list[AllocateToLine] = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _names_each_line_once(self) -> Self:
        twice = sorted(name for name, times in Counter(line.line for line in self.lines).items() if times > 1)
        if twice:
            raise ValueError(f"each line may be named once only, unlike {', '.join(twice)}")
        return self


class OpenFund(_Lines):
    """A fund with its first lines."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "reference": "CAPITAL-BLACK-COUNTRY",
                    "organisation": "05L",
                    "title": "Capital asks of the Black Country",
                    "lines": [
                        {
                            "line": "PREMISES",
                            "organisation": "05L",
                            "financial_year": "2017-18",
                            "purpose": "premises",
                            "recurrent": False,
                            "amount_pence": 3_400_000_000,
                        }
                    ],
                }
            ]
        },
    )

    reference: Reference
    organisation: Code = Field(description="Who holds the fund.")
    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(visible)
    ]


class AllocateMore(_Lines):
    """More money for lines of a fund, or new lines."""


async def open_fund(session: AsyncSession, command: OpenFund, *, by: Caller, today: date, stated_at: datetime) -> None:
    """Open a fund and allocate to its lines.

    Raises RoleMissing, NotYoursToDecide, and with every reason FundReferenceTaken, PartyUnknown, AskCountedTwice.
    """
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    await known.must_act_for(connection, await known.deciders(connection, [command.organisation], today=today), by=by)
    codes = {command.organisation, *(line.organisation for line in command.lines)}
    await known.lock(connection, codes)
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('fund ' || $1, 0))", command.reference)
    taken = await connection.fetchval("SELECT 1 FROM fund WHERE reference = $1", command.reference)
    found: list[DomainError] = []
    if taken:
        message = f"{command.reference} names another fund"
        found.append(FundReferenceTaken(message, reasons=[Reason(message, "reference")]))
    refuse([*found, *await _why_not_allocated(connection, command.lines, command.organisation)])
    fund = Fund(
        reference=command.reference,
        holder_code=command.organisation,
        title=command.title,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(fund)
    await session.flush()
    await _allocate(session, fund, command.lines, {}, by=by, stated_at=stated_at)


async def allocate_more(
    session: AsyncSession, reference: str, command: AllocateMore, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Allocate more to lines of a fund, or to new ones.

    Raises RoleMissing, FundNotFound, NotYoursToDecide, and with every reason FundLineDiffers, PartyUnknown,
    AskCountedTwice.
    """
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    seen = await queries.get_seen_fund(connection, reference, sight=await sight_of(connection, by), as_at=today)
    await known.must_act_for(connection, await known.deciders(connection, [seen.holder], today=today), by=by)
    await known.lock(connection, {seen.holder, *(line.organisation for line in command.lines)})
    fund = await session.get_one(Fund, seen.id, with_for_update=True, populate_existing=True)
    lines = await session.scalars(select(FundLine).filter_by(fund_id=fund.id).with_for_update())
    existing = {line.name: line for line in lines}
    differing = [line for line in command.lines if line.line in existing and not _is_same(line, existing[line.line])]
    found: list[DomainError] = [_differs(line, existing[line.line]) for line in differing]
    new = [line for line in command.lines if line not in differing]
    refuse([*found, *await _why_not_allocated(connection, new, seen.holder, existing)])
    await _allocate(session, fund, command.lines, existing, by=by, stated_at=stated_at)


async def _why_not_allocated(
    connection: asyncpg.Connection,
    lines: Sequence[AllocateToLine],
    holder: str,
    existing: dict[str, FundLine] | None = None,
) -> list[DomainError]:
    codes = {holder, *(line.organisation for line in lines)}
    found: list[DomainError] = [_not_known(code) for code in sorted(await unknown_parties(connection, sorted(codes)))]
    pairs = sorted({(line.organisation, scheme) for line in lines for scheme in line.schemes})
    rows = await connection.fetch(_STANDING, [code for code, _ in pairs], [scheme for _, scheme in pairs])
    standing = {(row["organisation_code"], row["scheme"]): row["fund_line_id"] for row in rows}
    asked: dict[tuple[str, str], str] = {}
    for line in lines:
        own = (existing or {}).get(line.line)
        for scheme in dict.fromkeys(line.schemes):
            key = (line.organisation, scheme)
            stands = standing.get(key)
            other = asked.setdefault(key, line.line)
            if other != line.line or (stands is not None and (own is None or own.id != stands)):
                where = f"under {other}" if other != line.line else "under another line"
                message = f"{scheme} of {line.organisation} stands {where} already: its ask is counted once"
                found.append(AskCountedTwice(message, reasons=[Reason(message, "lines")]))
    return found


async def _allocate(
    session: AsyncSession,
    fund: Fund,
    lines: Sequence[AllocateToLine],
    existing: dict[str, FundLine],
    *,
    by: Caller,
    stated_at: datetime,
) -> None:
    kept: list[FundLine] = []
    for line in lines:
        own = existing.get(line.line) or _line(fund, line, by=by, stated_at=stated_at)
        session.add(own)
        kept.append(own)
    await session.flush()
    events = await outbox.add_all(session, [_event(fund, line, stated_at) for line in lines])
    common = {"stated_at": stated_at, "recorded_by": by.subject}
    entries = [
        common | {"fund_line_id": own.id, "amount_pence": line.amount_pence, "event": event}
        for line, own, event in zip(lines, kept, events, strict=True)
    ]
    await session.execute(insert(fund_allocation), entries)
    schemes = [
        {
            "organisation_code": own.organisation_code,
            "scheme": scheme,
            "fund_line_id": own.id,
            "stated_at": stated_at,
        }
        for line, own in zip(lines, kept, strict=True)
        for scheme in dict.fromkeys(line.schemes)
    ]
    if schemes:
        unlinked = upsert(fund_scheme).on_conflict_do_nothing()
        await session.execute(unlinked, schemes)


def _line(fund: Fund, line: AllocateToLine, *, by: Caller, stated_at: datetime) -> FundLine:
    return FundLine(
        fund_id=fund.id,
        name=line.line,
        organisation_code=line.organisation,
        financial_year=FinancialYear.parse(line.financial_year).start,
        purpose=line.purpose,
        recurrent=line.recurrent,
        carries_over=line.carries_over,
        stated_at=stated_at,
        recorded_by=by.subject,
    )


def _is_same(line: AllocateToLine, own: FundLine) -> bool:
    return (
        line.organisation,
        FinancialYear.parse(line.financial_year).start,
        line.purpose,
        line.recurrent,
        line.carries_over,
    ) == (own.organisation_code, own.financial_year, own.purpose, own.recurrent, own.carries_over)


def _differs(line: AllocateToLine, own: FundLine) -> FundLineDiffers:
    kind = "recurrent" if own.recurrent else "non-recurrent"
    year = FinancialYear(own.financial_year)
    message = f"{line.line} is {kind} money of {own.organisation_code} for {own.purpose} in {year}"
    return FundLineDiffers(message, reasons=[Reason(message, "lines")])


def _not_known(code: str) -> PartyUnknown:
    message = f"{code} is not known"
    return PartyUnknown(message, reasons=[Reason(message, "organisation")])


def _event(fund: Fund, line: AllocateToLine, stated_at: datetime) -> FundAllocated:
    year = FinancialYear.parse(line.financial_year)
    return FundAllocated(
        effective_on=year.first_day,
        stated_at=stated_at,
        fund=fund.reference,
        organisation=line.organisation,
        financial_year=str(year),
        recurrent=line.recurrent,
        amount_pence=line.amount_pence,
        purpose=line.purpose,
    )
