"""Imports files of published payments into a contracts database, as the service's background task does."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import Database
from libs.common.identity import Caller, Role
from libs.common.process.clock import Clock
from services.contracts.imports import queries
from services.contracts.imports.commands import ask_for_import
from services.contracts.imports.runner import claim, run
from services.contracts.imports.views import PaymentImportView
from services.contracts.spend.commands import StateAlias, state_alias
from services.contracts.spend.queries import PaymentFilter, SpendFilter, list_payments, list_spend
from services.contracts.spend.views import PublishedPaymentView, SpendGroupView

NATIONAL = Caller("nhs-england", frozenset({Role.NHS_ENGLAND, Role.LOADER}), frozenset({"*"}))
TODAY = date(2026, 1, 1)
HEADINGS = "Entity,Date,Expense Type,Expense Area,Supplier,Transaction Number,AP Amount (£)"


async def imported(
    database: Database,
    content: bytes | str | Sequence[str],
    *,
    file: str = "spend.csv",
    payer: str | None = None,
    by: Caller = NATIONAL,
    stated: datetime | None = None,
) -> PaymentImportView:
    """What came of a file: its bytes, its text, or its lines below the usual headings."""
    if not isinstance(content, bytes | str):
        content = "\n".join([HEADINGS, *content])
    given = content.encode() if isinstance(content, str) else content
    async with database.begin() as session:
        reference = await ask_for_import(
            session, given, file=file, payer=payer, by=by, today=TODAY, stated_at=stated or datetime.now(UTC)
        )
    job = await claim(database)
    assert job is not None
    await run(database, job, clock=Clock(), stop=asyncio.Event())
    return await queries.get_import(database, reference, by=by)


async def name(
    database: Database,
    written: str,
    code: str,
    *,
    since: date = date(2013, 4, 1),
    stated: datetime | None = None,
    **given: Any,
) -> None:
    """It is stated whose name it is."""
    command = StateAlias(name=written, code=code, effective_on=since, **given)
    async with database.begin() as session:
        await state_alias(session, command, by=NATIONAL, today=TODAY, stated_at=stated or datetime.now(UTC))


async def payments(database: Database, **wanted: Any) -> list[PublishedPaymentView]:
    """The payments that these filters leave, as known now."""
    return await list_payments(database, PaymentFilter(**wanted), as_known=None, after=0, limit=100_000)


async def spend(
    database: Database, as_known: datetime | None = None, *, reader: Caller = NATIONAL, **wanted: Any
) -> dict[str, SpendGroupView]:
    """What payments add up to, by key."""
    asked = SpendFilter(**wanted)
    found = await list_spend(database, asked, by=reader, today=TODAY, as_known=as_known, after=None, limit=10_000)
    return {one.key: one for one in found}
