"""The audit record of writes: who wrote what, and what caused it."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller, Role
from libs.common.process.context import origin

COMMAND_LINE = Caller(subject="the command line", roles=frozenset({Role.OPERATOR}), organisations=frozenset())
"""Who writes by an operator's command of a service."""
NEW_EPOCH = "new epoch"
"""How the record of writes names that an epoch of the log was begun, in front of it."""


async def record_write(
    session: AsyncSession, by: Caller, operation: str, *, request: str = "", touched: Collection[str] = ()
) -> None:
    """Record in the session's transaction what was written, by which caller, and what caused it.

    `touched` are the organisations that it locked or that its caller had to act for, whether they changed or not.

    A reaction to an event is recorded under the actor named by the event, with the service as the role.
    """
    at = origin()
    is_service = by.subject.startswith("service:")
    connection = await raw(session)
    await connection.execute(
        "INSERT INTO write_record (actor, roles, organisations, operation, request_id, correlation, causation,"
        " touched) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        at.actor if is_service else by.subject,
        [by.subject] if is_service else sorted(by.roles),
        sorted(by.organisations),
        operation,
        request,
        at.correlation,
        at.causation,
        sorted(touched),
    )
