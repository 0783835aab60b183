"""Forecasts what an initiative saves from a frozen case: its cash-releasing benefits by year, under its digest."""

from datetime import date, datetime
from fractions import Fraction
from typing import Annotated

import asyncpg
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Code
from libs.common.errors import DomainError, Reason
from libs.common.events.finance import SavingForecast
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.money import nearest_penny
from services.finance.appraisals.inputs import Line, LineType
from services.finance.budgets.commands import Term
from services.finance.budgets.entries import begin
from services.finance.case_contents.content import Key
from services.finance.cases.errors import CaseNotFound, CaseUnknown
from services.finance.cases.presentation import CaseVersion, option_of
from services.finance.cases.queries import event_of, get_version
from services.finance.core.codes import Reference
from services.finance.core.errors import refuse
from services.finance.core.models import known
from services.finance.core.sight import Sight
from services.finance.core.years import FIRST_YEAR, LAST_YEAR, FinancialYear
from services.finance.savings.commands import INSERT_STATEMENT, Owner, instant_of
from services.finance.savings.errors import CaseNotFrozen, CaseSavesNothing

# What was forecast from a case before, and counts still.
_FROM_CASES = """
SELECT financial_year, recurrent, amount_pence
  FROM (SELECT DISTINCT ON (financial_year) financial_year, recurrent, amount_pence, cause
          FROM saving_statement
         WHERE initiative = $1 AND organisation_code = $2 AND function = $3 AND stage = 'forecast'
         ORDER BY financial_year, stated_at DESC, id DESC) last
 WHERE amount_pence > 0 AND starts_with(cause, $4)
"""
_CAUSE = "case "


class ForecastFromCase(BaseModel):
    """Which benefits of which case an initiative is to bring a body, in a function."""

    model_config = ConfigDict(extra="forbid")

    organisation: Code
    function: Term = Field(examples=["payroll"])
    case: Reference = Field(description="A case that the body reads.", examples=["SHARED-2017"])
    case_version: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    benefits: list[Key] = Field(
        default_factory=list,
        max_length=250,
        description="Of these lines of the preferred option. Default: of every cash-releasing one of the body.",
    )
    owner: Owner = ""


async def forecast_from_case(
    session: AsyncSession, initiative: str, command: ForecastFromCase, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State what the preferred option of a frozen case saves a body by year, in place of what a case forecast before.

    Raises with every reason at once CaseUnknown, CaseNotFrozen, CaseSavesNothing; StatedOutOfOrder.
    """
    connection = await begin(session, [command.organisation], by=by, today=today)
    version = await _frozen(connection, command)
    amounts = _by_year(version, command)
    cause = f"{_CAUSE}{version.case} version {version.version}, SHA-256 {version.digest}"
    about = initiative, command.organisation, command.function
    for row in await connection.fetch(_FROM_CASES, *about, _CAUSE):
        amounts.setdefault(row["financial_year"], (0, row["recurrent"]))
    at = await instant_of(connection, initiative, command.organisation, stated_at, by=by)
    event = await event_of(connection, version.case, version.version)
    rows: list[tuple[object, ...]] = [
        (
            *(*about, start, "forecast", pence, pence, recurrent, None, command.owner, None, [], [], []),
            *("", cause, FinancialYear(start).first_day, at, by.subject),
        )
        for start, (pence, recurrent) in sorted(amounts.items())
    ]
    await connection.executemany(INSERT_STATEMENT, rows)
    events = [
        SavingForecast(
            effective_on=FinancialYear(start).first_day,
            stated_at=at,
            initiative=initiative,
            organisation=command.organisation,
            function=command.function,
            financial_year=str(FinancialYear(start)),
            amount_pence=pence,
            recurrent=recurrent,
            line="",
            cause=event,
        )
        for start, (pence, recurrent) in sorted(amounts.items())
    ]
    await outbox.add_all(session, events)


async def _frozen(connection: asyncpg.Connection, command: ForecastFromCase) -> CaseVersion:
    """Return the version that is named, as the body reads it. Raises CaseUnknown, CaseNotFrozen."""
    sight = Sight(frozenset({command.organisation}) | await known.predecessors(connection, [command.organisation]))
    try:
        version = await get_version(connection, command.case, command.case_version, sight=sight)
    except CaseNotFound:
        message = f"{command.organisation} has no version {command.case_version} of a case {command.case}"
        raise CaseUnknown(message, reasons=[Reason(message, "case")]) from None
    if version.digest is None:
        message = f"version {command.case_version} of {command.case} is a draft"
        raise CaseNotFrozen(message, reasons=[Reason(message, "case_version")])
    return version


def _by_year(version: CaseVersion, command: ForecastFromCase) -> dict[int, tuple[int, bool]]:
    """Return the pence of each year, rounded once, and whether all of it recurs. Raises CaseSavesNothing."""
    inputs = version.inputs
    lines = [
        line
        for line in option_of(version, None).option.lines
        if line.type is LineType.CASH_RELEASING and line.payer == command.organisation
    ]
    unknown = sorted(set(command.benefits) - {line.line for line in lines})
    refusals: list[DomainError] = [_nothing(f"{name} is no cash-releasing benefit", command) for name in unknown]
    chosen = [line for line in lines if not command.benefits or line.line in command.benefits]
    found = {
        start: (pence, all(line.recurrent for line in chosen if _amount(line, year)))
        for year in range(inputs.years)
        if FIRST_YEAR <= (start := inputs.base_year + year) <= LAST_YEAR
        and (pence := nearest_penny(sum((_amount(line, year) for line in chosen), Fraction(0)))) > 0
    }
    if not found and not refusals:
        refusals.append(_nothing("there is no cash-releasing benefit", command))
    refuse(refusals)
    return found


def _amount(line: Line, year: int) -> Fraction:
    return line.amounts[year] if year < len(line.amounts) else Fraction(0)


def _nothing(message: str, command: ForecastFromCase) -> CaseSavesNothing:
    whole = f"{message} of {command.organisation} in the preferred option of {command.case}"
    return CaseSavesNothing(whole, reasons=[Reason(whole, "benefits")])
