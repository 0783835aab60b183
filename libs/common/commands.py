"""A command's route: one transaction around all of it, committed before anybody is told that it succeeded."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from libs.common import context, idempotency
from libs.common.identity import Caller
from libs.common.middleware import CALLER

SESSION = "footprint.session"
"""Where in the ASGI scope the command's transaction is."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})

_RECORD = text("""
    INSERT INTO write_record (actor, roles, organisations, operation, request_id, correlation, causation)
    VALUES (:actor, :roles, :organisations, :operation, :request_id, :correlation, :causation)
""")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class CommandRoute(APIRoute):
    """A route whose writes are one transaction.

    FastAPI runs what follows a dependency's `yield` after the response is sent, unless told otherwise, and has moved
    that twice; so the transaction is around the whole handler instead: validation, endpoint and serialisation.
    """

    def get_route_handler(self) -> Handler:
        """Wrap FastAPI's handler, unless this route only reads."""
        handler = super().get_route_handler()
        if self.methods and self.methods <= READING:
            return handler

        async def in_one_transaction(request: Request) -> Response:
            async with request.app.state.database.begin() as session:
                request.scope[SESSION] = session
                return await _answered(session, request, handler, self.name)

        return in_one_transaction


async def _answered(session: AsyncSession, request: Request, handler: Handler, operation: str) -> Response:
    caller: Caller = request.scope[CALLER]
    key = request.headers.get(idempotency.HEADER)
    if key is None:
        response = await handler(request)
        await record_write(session, caller, operation)
        return response
    claim = idempotency.Claim(caller.subject, operation, idempotency.checked_key(key))
    target = f"{request.url.path}?{request.url.query}"
    mark = idempotency.fingerprint(request.method, target, await request.body())
    hours = request.app.state.settings.idempotency_hours
    if (earlier := await idempotency.claim(session, claim, mark=mark, hours=hours)) is not None:
        return earlier
    response = await handler(request)
    await record_write(session, caller, operation)
    await idempotency.keep(session, claim, response)
    return response


async def record_write(session: AsyncSession, caller: Caller, operation: str) -> None:
    """Write down who did this, with which rights, and what caused it."""
    origin = context.origin()
    await session.execute(
        _RECORD,
        {
            "actor": caller.subject,
            "roles": sorted(caller.roles),
            "organisations": sorted(caller.organisations),
            "operation": operation,
            "request_id": origin.causation,
            "correlation": origin.correlation,
            "causation": origin.causation,
        },
    )


def commands_router(*, tags: Sequence[str] = (), prefix: str = "") -> APIRouter:
    """Return a router whose routes that change something are commands."""
    return APIRouter(prefix=prefix, tags=list(tags), route_class=CommandRoute)
