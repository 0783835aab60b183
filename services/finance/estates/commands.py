"""Takes workbooks of ERIC, all of their rows, once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.events.finance import BacklogRecorded
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.rulepacks import RulePack
from services.finance.core.models import known
from services.finance.core.packs import pack_on
from services.finance.core.years import FinancialYear
from services.finance.estates.errors import WorkbookOfAnotherYear, WorkbookUnreadable, YearNotBegun
from services.finance.estates.models import EstateWorkbook
from services.finance.estates.parser import rows_of
from services.finance.estates.sheets import SCHEMES, SITES, Return, Row, Words, read_sheet, returns_of
from services.finance.estates.worker import SheetLayout
from services.finance.parties.queries import unknown_parties

MOST_BYTES = 25 * 10**6
"""The most bytes of a workbook: ERIC's have 4 MB."""

_ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtextextended('taking a workbook of estates', 0))"
_SAME = "SELECT id, financial_year, stated_at FROM estate_workbook WHERE digest = $1"
# Of the organisations of a workbook $1 those of which another one, stated before an instant, counts at that instant.
_SUPERSEDED = """
SELECT organisation FROM (
    SELECT DISTINCT ON (organisation) organisation, workbook_id, stated_at FROM estate_return
     WHERE financial_year = $2 AND stated_at <= $3 AND organisation = ANY($4)
     ORDER BY organisation, stated_at DESC, workbook_id DESC) r
 WHERE workbook_id <> $1 AND stated_at < $3 ORDER BY 1
"""
_NAMED_BEFORE = """
SELECT DISTINCT organisation FROM estate_return
 WHERE financial_year = $1 AND stated_at <= $2 AND organisation <> ALL($3) ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class TakenWorkbook:
    """The digest of a workbook; without `is_new` the same bytes had been taken before, and count as they did."""

    digest: str
    is_new: bool


async def take_workbook(
    session: AsyncSession,
    content: bytes,
    *,
    file: str,
    year: FinancialYear,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> TakenWorkbook:
    """Take every row of a workbook with its verdict; the same bytes again count anew for whom another one superseded.

    The caller acts for every organisation of which it takes a row. Raises RoleMissing, YearNotBegun, NoPackInForce,
    WorkbookUnreadable, WorkbookTooLarge, TooManyWorkbooks, NotYoursToDecide, WorkbookOfAnotherYear.
    """
    by.must_have(Role.FINANCE_LEAD)
    if year.first_day > today:
        raise YearNotBegun(f"{year} begins on {year.first_day}", reasons=[_about("year", f"{year} has not begun")])
    pack = pack_on(year.last_day, subject="eric-workbook")
    rows = await _read(content, pack)
    returns = returns_of(rows)
    codes = [one.organisation for one in returns]
    connection = await raw(session)
    await known.must_act_for(connection, await known.deciders(connection, codes, today=today), by=by)
    await known.lock(connection, codes)
    await connection.execute(_ONE_BY_ONE)
    digest = hashlib.sha256(content).hexdigest()
    if (earlier := await connection.fetchrow(_SAME, digest)) is not None:
        _must_be_of(year, FinancialYear(earlier["financial_year"]))
        return TakenWorkbook(digest, is_new=await _state_again(session, earlier, digest, returns, stated_at))
    workbook = EstateWorkbook(
        digest=digest,
        file=file,
        financial_year=year.start,
        pack=pack.id,
        findings=await _findings(connection, codes, year, stated_at),
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(workbook)
    await session.flush()
    events = await outbox.add_all(session, [_event(one, year, digest, stated_at) for one in returns])
    await _store_rows(connection, workbook.id, rows)
    await _store_returns(connection, workbook.id, year, returns, events, stated_at)
    return TakenWorkbook(digest, is_new=True)


async def _state_again(
    session: AsyncSession, earlier: asyncpg.Record, digest: str, returns: Sequence[Return], stated_at: datetime
) -> bool:
    """State the returns of a workbook again for whom another one counts since; return whether there are any."""
    if stated_at <= earlier["stated_at"]:
        return False
    connection, year = await raw(session), FinancialYear(earlier["financial_year"])
    codes = [one.organisation for one in returns]
    rows = await connection.fetch(_SUPERSEDED, earlier["id"], year.start, stated_at, codes)
    superseded = {row["organisation"] for row in rows}
    again = [one for one in returns if one.organisation in superseded]
    if again:
        events = await outbox.add_all(session, [_event(one, year, digest, stated_at) for one in again])
        await _store_returns(connection, earlier["id"], year, again, events, stated_at)
    return bool(again)


async def _read(content: bytes, pack: RulePack) -> list[Row]:
    """Return the rows of both sheets. Raises WorkbookUnreadable, WorkbookTooLarge, TooManyWorkbooks."""
    layout = SheetLayout.model_validate(
        {name: pack.values[name] for name in SheetLayout.model_fields if name in pack.values}
    )
    words = Words(tuple(pack.values["no_figure"]), pack.values["subtotal"], pack.values["grand_total"])
    raw_rows = await rows_of(content, layout)
    rows = [*read_sheet(SITES, raw_rows.sites, words), *read_sheet(SCHEMES, raw_rows.schemes, words)]
    if not any(row.counts for row in rows):
        raise WorkbookUnreadable("no row names an organisation and a site with figures that can be read")
    return rows


def _must_be_of(year: FinancialYear, earlier: FinancialYear) -> None:
    if earlier != year:
        message = f"the same file was taken for {earlier}"
        raise WorkbookOfAnotherYear(message, reasons=[_about("year", message)])


def _about(field: str, message: str) -> Reason:
    return Reason(message, field)


async def _findings(
    connection: asyncpg.Connection, codes: Sequence[str], year: FinancialYear, stated_at: datetime
) -> list[str]:
    """Return what is odd about the workbook as a whole, by what is known now."""
    missing = await unknown_parties(connection, codes)
    before = [row["organisation"] for row in await connection.fetch(_NAMED_BEFORE, year.start, stated_at, codes)]
    found = [f"{code}: no organisation of this code is known" for code in missing]
    found += [
        f"{code} is named for {year} by an earlier workbook and not by this one: its figures stay" for code in before
    ]
    return found


def _event(one: Return, year: FinancialYear, digest: str, stated_at: datetime) -> BacklogRecorded:
    return BacklogRecorded(
        effective_on=year.last_day,
        stated_at=stated_at,
        organisation=one.organisation,
        financial_year=str(year),
        high_pence=one.amounts.high,
        significant_pence=one.amounts.significant,
        moderate_pence=one.amounts.moderate,
        low_pence=one.amounts.low,
        sites=one.sites,
        sites_without_figure=one.without_figure,
        source=digest,
    )


async def _store_rows(connection: asyncpg.Connection, workbook: int, rows: Sequence[Row]) -> None:
    await connection.copy_records_to_table(
        "estate_row",
        columns=[
            *("workbook_id", "sheet", "line", "verdict", "organisation", "name", "site", "site_name", "scheme"),
            *("pence", "finding"),
        ],
        records=[
            (
                *(workbook, one.sheet, one.line, str(one.verdict), one.organisation, one.name, one.site),
                *(one.site_name, one.scheme, list(one.pence), one.finding),
            )
            for one in rows
        ],
    )


async def _store_returns(
    connection: asyncpg.Connection,
    workbook: int,
    year: FinancialYear,
    returns: Sequence[Return],
    events: Sequence[str],
    stated_at: datetime,
) -> None:
    await connection.copy_records_to_table(
        "estate_return",
        columns=[
            *("workbook_id", "organisation", "name", "financial_year", "sites", "sites_without_figure", "schemes"),
            *("high_pence", "significant_pence", "moderate_pence", "low_pence", "stated_at", "event"),
        ],
        records=[
            (
                *(workbook, one.organisation, one.name, year.start, one.sites, one.without_figure),
                *(one.schemes, *one.amounts.each, stated_at, event),
            )
            for one, event in zip(returns, events, strict=True)
        ],
    )
