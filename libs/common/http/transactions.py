"""A command's route: one transaction around all of it, committed before anybody is told that it succeeded."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from libs.common.audit import record_write
from libs.common.http import idempotency
from libs.common.http.middleware import CALLER
from libs.common.identity import Caller
from libs.common.process import context

SESSION = "footprint.session"
"""Where in the ASGI scope the command's transaction is."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})
DRY_RUN = "footprint.dry-run"
"""Where in the ASGI scope it stands that nothing is to be kept."""
DRY_RUN_HEADER = "Dry-Run"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class _NothingKept(Exception):
    """Ends the transaction of a dry run, whose answer it carries."""

    def __init__(self, response: Response) -> None:
        super().__init__("dry run")
        self.response = response


async def _dry_run(
    request: Request,
    dry_run: Annotated[
        bool, Query(description="Do all of it, give the answer or the refusal, and then undo it: nothing is kept.")
    ] = False,
) -> None:
    request.scope[DRY_RUN] = dry_run


class CommandRoute(APIRoute):
    """A route whose writes are one transaction.

    FastAPI runs what follows a dependency's `yield` after the response is sent, unless told otherwise, and has moved
    that twice; so the transaction is around the whole handler instead: validation, endpoint and serialisation.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: set[str] | list[str] | None = None,
        dependencies: Sequence[Any] | None = None,
        **others: Any,
    ) -> None:
        """Offer a dry run, unless this route only reads."""
        writes = not set(methods or {"GET"}) <= READING
        asked = [*(dependencies or []), *([Depends(_dry_run)] if writes else [])]
        super().__init__(path, endpoint, methods=methods, dependencies=asked, **others)

    def get_route_handler(self) -> Handler:
        """Wrap FastAPI's handler, unless this route only reads."""
        handler = super().get_route_handler()
        if self.methods and self.methods <= READING:
            return handler

        async def in_one_transaction(request: Request) -> Response:
            try:
                async with request.app.state.database.begin() as session:
                    request.scope[SESSION] = session
                    return await _answered(session, request, handler, self.name)
            except _NothingKept as dry:
                dry.response.headers[DRY_RUN_HEADER] = "true"
                return dry.response

        return in_one_transaction


async def _answered(session: AsyncSession, request: Request, handler: Handler, operation: str) -> Response:
    caller: Caller = request.scope[CALLER]
    key = request.headers.get(idempotency.HEADER)
    if key is None:
        response = await handler(request)
        _keep_unless_dry(request, response)
        await record_write(session, caller, operation, request=context.origin().causation)
        return response
    claim = idempotency.Claim(caller.subject, operation, idempotency.checked_key(key))
    target = f"{request.url.path}?{request.url.query}"
    mark = idempotency.fingerprint(request.method, target, await request.body())
    hours = request.app.state.settings.idempotency_hours
    if (earlier := await idempotency.claim(session, claim, mark=mark, hours=hours)) is not None:
        return earlier
    response = await handler(request)
    _keep_unless_dry(request, response)
    await record_write(session, caller, operation, request=context.origin().causation)
    await idempotency.keep(session, claim, response)
    return response


def _keep_unless_dry(request: Request, response: Response) -> None:
    # What the database checks at the end of a statement has been checked by now; no constraint of ours is deferred.
    if request.scope.get(DRY_RUN):
        raise _NothingKept(response)


class SteppedRoute(APIRoute):
    """A route that writes in several transactions of its own, and records itself who began it."""


class QuestionRoute(APIRoute):
    """A route that changes nothing, whatever its method: a POST whose question is longer than an address may be."""


def questions_router(*, tags: Sequence[str] = (), prefix: str = "") -> APIRouter:
    """Return a router whose routes only read, also those that are asked by POST."""
    return APIRouter(prefix=prefix, tags=list(tags), route_class=QuestionRoute)


def commands_router(*, tags: Sequence[str] = (), prefix: str = "") -> APIRouter:
    """Return a router whose routes that change something are commands."""
    return APIRouter(prefix=prefix, tags=list(tags), route_class=CommandRoute)
