"""States mappings, takes postings in bulk, and closes periods."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final, Literal, Self

import asyncpg
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Code, Folded
from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.finance import LedgerCloseBlocked, LedgerClosed
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.money import pounds
from libs.common.process.clock import day_of
from libs.common.temporal.days import EARLIEST, LATEST, WrittenDay
from services.finance.accounts import queries
from services.finance.accounts.errors import AccountUnknown, BatchTaken, CloseBlocked, NothingPosted, PeriodClosed
from services.finance.accounts.models import LedgerClose, LedgerCloseLine, PostingBatch
from services.finance.accounts.rules import Period, Posted, Sum, by_account, chart_on, unmapped
from services.finance.accounts.views import CloseView
from services.finance.allowances.errors import OrganisationNotKnown
from services.finance.core.errors import refuse
from services.finance.core.models import known

MOST_PENCE: Final = 10**13
MOST_MAPPINGS, MOST_POSTINGS = 1_000, 5_000

LocalCode = Annotated[
    str,
    Folded(
        "[A-Za-z0-9][A-Za-z0-9./-]{0,29}", "a local code has 1 to 30 letters, digits, full stops, hyphens and slashes"
    ),
    Field(description="A code of the body's own ledger.", examples=["A-5001"]),
]
AccountCode = Annotated[
    str,
    Folded("[A-Za-z0-9]{1,12}", "an account has 1 to 12 letters and digits"),
    Field(description="An account of the national chart, see `GET /accounts`.", examples=["N1"]),
]
BatchReference = Annotated[
    str,
    Folded(
        "[A-Za-z0-9][A-Za-z0-9./-]{0,39}", "a reference has 1 to 40 letters, digits, full stops, hyphens and slashes"
    ),
    Field(description="The body's own reference of these postings.", examples=["GL-2017-04"]),
]


def _period(text: str) -> str:
    period = Period.parse(text)
    if not EARLIEST <= period.first_day <= LATEST:
        raise ValueError(f"a period lies between {EARLIEST} and {LATEST}")
    return text


PeriodText = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$"),
    AfterValidator(_period),
    Field(description="A month.", examples=["2017-04"]),
]
Series = Literal["statutory", "management"]


class MapAccount(BaseModel):
    """What account a local code is on some days."""

    model_config = ConfigDict(extra="forbid")

    local_code: LocalCode
    account: AccountCode | None = Field(description="null: the code is no account on these days.")
    effective_on: WrittenDay
    until: WrittenDay | None = Field(default=None, description="The first day on which it no longer holds.")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until is not None and self.until <= self.effective_on:
            raise ValueError("until lies after effective_on")
        return self


class MapAccounts(BaseModel):
    """Mappings of a body's local codes to the national chart."""

    model_config = ConfigDict(extra="forbid")

    organisation: Annotated[Code, Field(description="ODS code.", examples=["06H"])]
    mappings: list[MapAccount] = Field(min_length=1, max_length=MOST_MAPPINGS)


class PostLine(BaseModel):
    """An amount on a local code on a day."""

    model_config = ConfigDict(extra="forbid")

    local_code: LocalCode
    posted_on: WrittenDay
    amount_pence: int = Field(
        strict=True, ge=-MOST_PENCE, le=MOST_PENCE, description="A debit is positive, a credit negative."
    )
    counterparty: Annotated[Code, Field(description="The other body, where it is one.")] | None = None


class PostLedger(BaseModel):
    """Postings to a body's ledger."""

    model_config = ConfigDict(extra="forbid")

    organisation: Annotated[Code, Field(description="ODS code.", examples=["06H"])]
    reference: BatchReference
    postings: list[PostLine] = Field(min_length=1, max_length=MOST_POSTINGS)

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if sum(abs(one.amount_pence) for one in self.postings) > MOST_PENCE:
            raise ValueError("postings together are at most 10^13 pence")
        return self


class CloseLedger(BaseModel):
    """The close of a period."""

    model_config = ConfigDict(extra="forbid")

    organisation: Annotated[Code, Field(description="ODS code.", examples=["06H"])]
    period: PeriodText
    series: Series = Field(
        default="statutory", description="statutory: its own postings; management: all that lies with it today."
    )


_MAP = """
INSERT INTO account_mapping (organisation_code, local_code, account, effective_on, until, stated_at, recorded_by)
SELECT $1, code, account, day, until, $6, $7
  FROM unnest($2::text[], $3::text[], $4::date[], $5::date[]) WITH ORDINALITY AS new (code, account, day, until, n)
 ORDER BY n
"""

_POST = """
INSERT INTO posting (batch_id, line, organisation_code, local_code, posted_on, amount_pence, counterparty, stated_at)
SELECT $1, n, $2, code, day, amount, other, $7
  FROM unnest($3::text[], $4::date[], $5::bigint[], $6::text[]) WITH ORDINALITY AS new (code, day, amount, other, n)
 ORDER BY n
"""

_BATCH = (
    "SELECT digest, postings, total_pence, stated_at FROM posting_batch WHERE organisation_code = $1 AND reference = $2"
)


@dataclass(frozen=True, slots=True)
class Batch:
    """What was taken of some postings; without `is_new` they had been taken before."""

    postings: int
    total_pence: int
    stated_at: datetime
    is_new: bool


async def _bind(session: AsyncSession, code: str, *, by: Caller, today: date) -> asyncpg.Connection:
    """Lock what is known of a body for which, and for those that took it over, the caller acts.

    Its successors are locked with it: the close of their management series counts what is posted to it.
    """
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    await known.must_act_for(connection, await known.deciders(connection, [code], today=today), by=by)
    await known.lock(connection, {code, *await known.successors(connection, [code])})
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM known_organisation WHERE code = $1)", code):
        raise OrganisationNotKnown(f"{code}: no organisation of this code is known")
    return connection


async def map_accounts(
    session: AsyncSession, command: MapAccounts, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State mappings of local codes; each supersedes what was stated before of its days.

    Raises RoleMissing, NotYoursToDecide, OrganisationNotKnown, AccountUnknown.
    """
    connection = await _bind(session, command.organisation, by=by, today=today)
    refusals: list[DomainError] = []
    for number, one in enumerate(command.mappings):
        chart = chart_on(one.effective_on)
        if one.account is not None and one.account not in chart.accounts:
            message = (
                f"{one.account} is no account of the national chart on {one.effective_on} ({chart.pack or 'none'})"
            )
            refusals.append(AccountUnknown(message, reasons=[Reason(message, f"mappings.{number}.account")]))
    refuse(refusals)
    columns = zip(
        *((one.local_code, one.account, one.effective_on, one.until) for one in command.mappings), strict=True
    )
    await connection.execute(_MAP, command.organisation, *map(list, columns), stated_at, by.subject)


async def post_ledger(
    session: AsyncSession, command: PostLedger, *, by: Caller, today: date, stated_at: datetime
) -> Batch:
    """Take postings into a body's ledger, all or none; the same ones again under their reference change nothing.

    Raises RoleMissing, NotYoursToDecide, OrganisationNotKnown, BatchTaken, PeriodClosed.
    """
    code = command.organisation
    connection = await _bind(session, code, by=by, today=today)
    lines = [[one.local_code, str(one.posted_on), one.amount_pence, one.counterparty] for one in command.postings]
    digest = hashlib.sha256(json.dumps(lines).encode()).hexdigest()
    if earlier := await connection.fetchrow(_BATCH, code, command.reference):
        if earlier["digest"] != digest:
            message = f"{code} sent other postings under {command.reference} at {earlier['stated_at'].isoformat()}"
            raise BatchTaken(message, reasons=[Reason(message, "reference")])
        return Batch(earlier["postings"], earlier["total_pence"], earlier["stated_at"], is_new=False)
    await _must_be_open(connection, command)
    total = sum(one.amount_pence for one in command.postings)
    batch = PostingBatch(
        organisation_code=code,
        reference=command.reference,
        digest=digest,
        postings=len(lines),
        total_pence=total,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(batch)
    await session.flush()
    rows = ((one.local_code, one.posted_on, one.amount_pence, one.counterparty) for one in command.postings)
    await connection.execute(_POST, batch.id, code, *map(list, zip(*rows, strict=True)), stated_at)
    return Batch(len(lines), total, stated_at, is_new=True)


async def _must_be_open(connection: asyncpg.Connection, command: PostLedger) -> None:
    """Raise PeriodClosed where a posting lies in a period that is closed for its body."""
    code = command.organisation
    periods = {str(Period.of(one.posted_on)) for one in command.postings}
    successors = await known.successors(connection, [code])
    closed = await queries.find_closed(connection, code, periods, successors)
    refusals: list[DomainError] = []
    for period in closed:
        number = next(n for n, one in enumerate(command.postings) if str(Period.of(one.posted_on)) == period)
        message = f"{code}: {period} is closed"
        refusals.append(PeriodClosed(message, reasons=[Reason(message, f"postings.{number}.posted_on")]))
    refuse(refusals)


async def close_ledger(
    session: AsyncSession, command: CloseLedger, *, by: Caller, today: date, stated_at: datetime
) -> CloseBlocked | None:
    """Close a period of a body in a series, or publish that it is blocked and return the refusal.

    A blocked close is recorded too, so the refusal is returned and not raised. Raises RoleMissing, NotYoursToDecide,
    OrganisationNotKnown, PeriodClosed, NothingPosted.
    """
    code, period = command.organisation, Period.parse(command.period)
    connection = await _bind(session, code, by=by, today=today)
    if [one for one in await queries.list_closes(connection, codes=[code], as_known=None) if _is_of(command, one)]:
        raise PeriodClosed(f"{code}: {period} is closed in the {command.series} series already")
    posted = await _posted(connection, command, period, today)
    if not posted:
        raise NothingPosted(f"{code}: nothing is posted in {period} in the {command.series} series")
    day = day_of(stated_at)
    if missing := unmapped(posted):
        await outbox.add(session, _blocked(command, missing, day, stated_at))
        return CloseBlocked(_how_blocked(command, missing), reasons=_reasons(missing))
    close = await _keep(session, command, posted, today=today, stated_at=stated_at, by=by)
    closed = LedgerClosed(
        effective_on=day,
        stated_at=stated_at,
        organisation=code,
        period=str(period),
        series=command.series,
        total_pence=close.total_pence,
    )
    await outbox.add(session, closed)
    return None


async def _keep(
    session: AsyncSession, command: CloseLedger, posted: list[Posted], *, today: date, stated_at: datetime, by: Caller
) -> LedgerClose:
    sums = by_account(posted)
    close = LedgerClose(
        organisation_code=command.organisation,
        period=command.period,
        series=command.series,
        boundaries_on=today,
        postings=sum(one.postings for one in sums.values()),
        total_pence=sum(one.amount_pence for one in sums.values()),
        chart=chart_on(Period.parse(command.period).last_day).pack,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(close)
    await session.flush()
    session.add_all(
        LedgerCloseLine(close_id=close.id, account=account, postings=one.postings, amount_pence=one.amount_pence)
        for account, one in sums.items()
    )
    return close


def _is_of(command: CloseLedger, close: CloseView) -> bool:
    return (close.period, close.series) == (command.period, command.series)


async def _posted(connection: asyncpg.Connection, command: CloseLedger, period: Period, today: date) -> list[Posted]:
    code, first, last = command.organisation, period.first_day, period.last_day
    if command.series == "statutory":
        return await queries.list_posted(connection, [code], from_=first, to=last)
    return await queries.list_restated(connection, code, boundaries=max(today, last), from_=first, to=last)


def _how_blocked(command: CloseLedger, missing: dict[tuple[str, str], Sum]) -> str:
    postings = sum(one.postings for one in missing.values())
    amount = pounds(sum(one.amount_pence for one in missing.values()))
    codes = ", ".join(f"{code} of {body}" for body, code in missing)
    return f"{command.organisation}: {command.period} has {postings} postings of {amount} without an account: {codes}"


def _reasons(missing: dict[tuple[str, str], Sum]) -> list[Reason]:
    return [
        Reason(f"{code} of {body}: {pounds(one.amount_pence)} in {one.postings} postings has no account", code)
        for (body, code), one in missing.items()
    ]


def _blocked(
    command: CloseLedger, missing: dict[tuple[str, str], Sum], day: date, stated_at: datetime
) -> LedgerCloseBlocked:
    return LedgerCloseBlocked(
        effective_on=day,
        stated_at=stated_at,
        organisation=command.organisation,
        period=command.period,
        series=command.series,
        unmapped=tuple(code for _, code in missing),
        unmapped_pence=tuple(one.amount_pence for one in missing.values()),
        postings=tuple(one.postings for one in missing.values()),
    )
