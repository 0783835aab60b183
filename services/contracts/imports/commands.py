"""Takes a file of payments, and lets it wait for its import."""

import hashlib
import uuid
from datetime import date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.http.problems import InvalidRequest
from libs.common.identity import EVERY_ORGANISATION, Caller, NotYoursToDecide, Role
from libs.common.process import context
from services.contracts.core.models import known
from services.contracts.imports.errors import TooManyImports
from services.contracts.spend.models import PaymentImport

MOST_BYTES = 25_000_000
"""The body of a larger request is refused before it is read; London's 76,077 payments of a year are 1 MB packed."""
MOST_WAITING = 20
"""The most files that wait for their import."""

_ONE_ASKS = "SELECT pg_advisory_xact_lock(hashtextextended('asking for an import of payments', 0))"
_WAITING = "SELECT count(*) FROM payment_import WHERE state = 'waiting'"


async def ask_for_import(
    session: AsyncSession,
    content: bytes,
    *,
    file: str,
    payer: str | None,
    by: Caller,
    today: date,
    stated_at: datetime | None,
) -> str:
    """Store the file until its turn; return the reference.

    Raises RoleMissing, NotYoursToDecide, InvalidRequest, TooManyImports.

    A payer publishes its own payments; a national body imports files of several.
    """
    connection = await raw(session)
    await _must_import(connection, payer, by=by, today=today)
    if not content:
        raise InvalidRequest("body: send the file", reasons=[Reason("send the file", "body")])
    await connection.execute(_ONE_ASKS)
    if await connection.fetchval(_WAITING) >= MOST_WAITING:
        raise TooManyImports(f"{MOST_WAITING} files wait already")
    reference, origin = str(uuid.uuid4()), context.origin()
    session.add(
        PaymentImport(
            reference=reference,
            file=file,
            payer=payer,
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
            asked_by=by.subject,
            correlation=origin.correlation,
            causation=origin.causation,
            stated_at=stated_at,
        )
    )
    await session.flush()
    return reference


async def _must_import(connection: asyncpg.Connection, payer: str | None, *, by: Caller, today: date) -> None:
    by.must_have(Role.CONTRACT_LEAD, Role.NHS_ENGLAND, Role.LOADER)
    if payer is not None:
        await known.must_act_for(connection, await known.deciders(connection, [payer], today=today), by=by)
    elif not by.is_national:
        acting = ", ".join(sorted(by.organisations)) or "no organisation"
        raise NotYoursToDecide(
            f"`payer` is left out, so that the file may name any payer: for that the token must act for all "
            f"({EVERY_ORGANISATION}), and it acts for {acting}"
        )
