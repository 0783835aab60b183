"""Records what is stated of a supplier: by whom, under its lock, and the instant from which it is known."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

import asyncpg

from libs.common.identity import Caller, Role
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.core.models import known
from services.contracts.suppliers.models import Aspect, statements

_MOMENT = timedelta(microseconds=1)

_INTRODUCE = """
INSERT INTO supplier (code) VALUES ($1) ON CONFLICT (code) DO UPDATE SET code = EXCLUDED.code RETURNING id
"""
_LATEST = "SELECT max(stated_at) FROM supplier_statement WHERE subject_id = $1"


async def source_of(connection: asyncpg.Connection, code: str, *, by: Caller, today: date) -> str:
    """Return who states this: NHS England or the supplier, or the body that took it over. Raises NotYoursToDecide."""
    by.must_have(Role.CONTRACT_LEAD, Role.NHS_ENGLAND)
    await known.must_act_for(connection, await known.deciders(connection, [code], today=today), by=by)
    return "nhs_england" if by.is_national else "supplier"


async def lock_supplier(connection: asyncpg.Connection, code: str) -> int:
    """Lock a supplier, making its row where it is the first time that something is stated; return its id."""
    subject: int = await connection.fetchval(_INTRODUCE, code)
    return subject


async def state_aspects(
    connection: asyncpg.Connection,
    subject: int,
    stated: Mapping[Aspect, tuple[str | None, date]],
    day: date,
    *,
    source: str,
    stated_at: datetime,
    by: Caller,
) -> datetime:
    """Write the statements; return the instant of the events, which is after all that was stated before.

    An event says the whole, so that one about an earlier instant must supersede those that did not know of it.
    None states that nothing holds.
    """
    latest: datetime | None = await connection.fetchval(_LATEST, subject)
    rows = [
        NewStatement(subject, aspect, value, Days(day, until), stated_at) for aspect, (value, until) in stated.items()
    ]
    await statements.state(connection, rows, source=source, by=by.subject)
    return stated_at if latest is None else max(stated_at, latest + _MOMENT)
