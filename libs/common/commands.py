"""A command's route: one transaction around all of it, committed before anybody is told that it succeeded."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from libs.common import context, idempotency
from libs.common.identity import Caller
from libs.common.inbox import record_write
from libs.common.middleware import CALLER

SESSION = "footprint.session"
"""Where in the ASGI scope the command's transaction is."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})

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
        await record_write(session, caller, operation, request=context.origin().causation)
        return response
    claim = idempotency.Claim(caller.subject, operation, idempotency.checked_key(key))
    target = f"{request.url.path}?{request.url.query}"
    mark = idempotency.fingerprint(request.method, target, await request.body())
    hours = request.app.state.settings.idempotency_hours
    if (earlier := await idempotency.claim(session, claim, mark=mark, hours=hours)) is not None:
        return earlier
    response = await handler(request)
    await record_write(session, caller, operation, request=context.origin().causation)
    await idempotency.keep(session, claim, response)
    return response


class SteppedRoute(APIRoute):
    """A route that writes in several transactions of its own, and records itself who began it."""


def commands_router(*, tags: Sequence[str] = (), prefix: str = "") -> APIRouter:
    """Return a router whose routes that change something are commands."""
    return APIRouter(prefix=prefix, tags=list(tags), route_class=CommandRoute)
