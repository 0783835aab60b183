"""Routes of commands: one transaction around the whole command, committed before the response is sent."""

import asyncio
import json
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Annotated, Any
from weakref import WeakValueDictionary

from fastapi import APIRouter, Depends, Query, Request
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response
from starlette.types import Message

from libs.common.audit import record_write
from libs.common.http import idempotency, plan_steps
from libs.common.http.middleware import CALLER
from libs.common.http.problems import Unreadable
from libs.common.http.query_parameters import StrictRoute
from libs.common.identity import Caller, Role
from libs.common.process import context, tracing

VERSION = "/v1"
"""Under which the routes of a service are."""
SESSION = "footprint.session"
"""Key of the command's session in the ASGI scope."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})
DRY_RUN = "footprint.dry-run"
"""Key of the dry-run flag in the ASGI scope: nothing is committed."""
DRY_RUN_HEADER = "Dry-Run"
MOST_FIELDS = 1_000
"""The most fields of one JSON object. A hundred thousand unknown ones held up the service for 1.5 s."""

_IN_FLIGHT: WeakValueDictionary[tuple[str, str, str, str], asyncio.Lock] = WeakValueDictionary()
"""A lock for each Idempotency-Key in flight; it goes with the last request that holds or waits for it."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class _NothingKept(Exception):
    """Rolls back the transaction of a dry run; carries its response."""

    def __init__(self, response: Response) -> None:
        super().__init__("dry run")
        self.response = response


async def _dry_run(
    request: Request,
    dry_run: Annotated[
        bool, Query(description="Run the command, return its result or refusal, and roll everything back.")
    ] = False,
) -> None:
    request.scope[DRY_RUN] = dry_run


class JsonRequest(Request):
    """A request whose JSON has no object of so many fields that to refuse each would hold up everybody."""

    async def json(self) -> Any:
        """Parse the body. Raises JSONDecodeError."""
        if not hasattr(self, "_json"):
            self._json = parsed(await self.body())
        return self._json


def parsed(body: bytes) -> Any:
    """Return the JSON of a body. Raises ValueError where it is none, or has an object of too many fields."""
    return json.loads(body, object_pairs_hook=_with_few_fields)


def _with_few_fields(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(fields) > MOST_FIELDS:
        raise json.JSONDecodeError(f"an object has more than {MOST_FIELDS} fields", "", 0)
    return dict(fields)


class CommandRoute(StrictRoute):
    """A route whose writes are one transaction.

    FastAPI runs what follows a dependency's `yield` after the response is sent, unless configured otherwise, and has
    moved that twice. So the transaction is around the whole handler instead: validation, endpoint and serialisation.
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
        """Add the dry-run parameter, unless this route only reads."""
        writes = not set(methods or {"GET"}) <= READING
        asked = [*(dependencies or []), *([Depends(_dry_run)] if writes else [])]
        super().__init__(path, endpoint, methods=methods, dependencies=asked, **others)

    def get_route_handler(self) -> Handler:
        """Wrap FastAPI's handler in the transaction, unless this route only reads."""
        handler = super().get_route_handler()
        if self.methods and self.methods <= READING:
            return handler

        async def in_one_transaction(request: Request) -> Response:
            request = JsonRequest(request.scope, request.receive)
            database, service = request.app.state.database, request.app.state.service.name
            with tracing.traced(service, f"command {self.name}"):
                try:
                    async with _turn(request, database.url, self.name), database.begin() as session:
                        request.scope[SESSION] = session
                        return await _answered(session, request, handler, self.name)
                except _NothingKept as dry:
                    dry.response.headers[DRY_RUN_HEADER] = "true"
                    return dry.response

        return in_one_transaction


def _turn(request: Request, url: str, operation: str) -> AbstractAsyncContextManager[None]:
    """Let one request at a time of a caller's key take a connection: those that repeat it wait without one.

    Repeats that reach another process wait in PostgreSQL (see `idempotency.claim`).
    """
    key = request.headers.get(idempotency.HEADER)
    if key is None:
        return nullcontext()
    caller: Caller = request.scope[CALLER]
    return _IN_FLIGHT.setdefault((url, caller.subject, operation, key), asyncio.Lock())


async def _answered(session: AsyncSession, request: Request, handler: Handler, operation: str) -> Response:
    if plan_steps.HEADER in request.headers:
        return await _answered_as_a_step(session, request, handler, operation)
    key = request.headers.get(idempotency.HEADER)
    if key is None:
        return (await _carried_out(session, request, handler, operation))[0]
    caller: Caller = request.scope[CALLER]
    claim = idempotency.Claim(caller.subject, operation, idempotency.checked_key(key))
    mark = idempotency.fingerprint(request.method, _target(request), request.headers, await request.body())
    hours = request.app.state.settings.idempotency_hours
    if (earlier := await idempotency.claim(session, claim, mark=mark, hours=hours)) is not None:
        await _must_still_have(caller, earlier.rights, request)
        return earlier.response
    response, used = await _carried_out(session, request, handler, operation)
    await idempotency.keep(session, claim, response, used)
    return response


async def _answered_as_a_step(session: AsyncSession, request: Request, handler: Handler, operation: str) -> Response:
    caller: Caller = request.scope[CALLER]
    step = plan_steps.step_of(request.headers[plan_steps.HEADER])
    # The version is read anew each time that the step is given, and makes no other request of it.
    stated = {"stated-at": request.headers.get("stated-at", "")}
    mark = idempotency.fingerprint(request.method, _target(request), stated, await request.body())
    claimed = await plan_steps.claim(session, step, caller=caller.subject, operation=operation, mark=mark)
    if claimed is not None:
        await _must_still_have(caller, claimed.rights, request)
        return claimed.response
    response, used = await _carried_out(session, request, handler, operation)
    await plan_steps.keep(session, step, response, used)
    return response


async def _carried_out(
    session: AsyncSession, request: Request, handler: Handler, operation: str
) -> tuple[Response, Sequence[context.Right]]:
    """Run the command and record it; return its response and the rights that it used."""
    used, locked = context.record_rights(), context.record_locks()
    response = await handler(request)
    _keep_unless_dry(request, response)
    bound = {code for right in used if isinstance(right, context.ActedFor) for code in right.names}
    touched = locked | bound
    caller: Caller = request.scope[CALLER]
    await record_write(session, caller, operation, request=context.origin().causation, touched=touched)
    return response, used


def _target(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}"


async def _must_still_have(caller: Caller, rights: Sequence[context.Right], request: Request) -> None:
    """Raise RoleMissing or NotYoursToDecide unless the caller still has the rights that the first execution used."""
    predecessors = request.app.state.service.predecessors
    before: Collection[str] = ()
    if predecessors is not None and not caller.is_national:
        before = await predecessors(request.app.state.database, caller.organisations)
    for right in rights:
        if isinstance(right, context.RoleUsed):
            caller.must_have(*map(Role, right.names))
        else:
            caller.must_act_for(right.names, predecessors=before)


def _keep_unless_dry(request: Request, response: Response) -> None:
    # No constraint of ours is deferred, so the database has checked everything by now.
    if request.scope.get(DRY_RUN):
        raise _NothingKept(response)


class UploadRoute(CommandRoute):
    """A command whose body is a file: it is received whole before the transaction begins, which waits for no client."""

    def get_route_handler(self) -> Handler:
        """Receive the body first."""
        handler = super().get_route_handler()

        async def received_first(request: Request) -> Response:
            body = await request.body()

            async def again() -> Message:
                return {"type": "http.request", "body": body, "more_body": False}

            return await handler(Request(request.scope, again))

        return received_first


class _JsonRoute(StrictRoute):
    def get_route_handler(self) -> Handler:
        """Parse JSON within bounds."""
        handler = super().get_route_handler()

        async def within_bounds(request: Request) -> Response:
            return await handler(JsonRequest(request.scope, request.receive))

        return within_bounds


class SteppedRoute(_JsonRoute):
    """A route that writes in several transactions of its own, and records itself who called it."""

    def get_route_handler(self) -> Handler:
        """Refuse what would be no step: only one transaction can be carried out once."""
        handler = super().get_route_handler()

        async def as_no_step(request: Request) -> Response:
            if plan_steps.HEADER in request.headers:
                raise Unreadable(f"{plan_steps.HEADER}: this is several transactions, and so no step of a plan")
            return await handler(request)

        return as_no_step


class QuestionRoute(_JsonRoute):
    """A route that changes nothing, whatever its method: a POST where the query may be too long for a URL."""


class PlacedRouter(APIRouter):
    """A router whose routes have their final paths and names, so that an app takes them as they are.

    `include_router` builds each route a second time: 0.8 s of a start of the four services (November 2026).
    """

    def __init__(self, *, prefix: str, tags: Sequence[str], route_class: type[APIRoute]) -> None:
        """Place the routes below the version."""
        super().__init__(
            prefix=f"{VERSION}{prefix}",
            tags=list(tags),
            route_class=route_class,
            generate_unique_id_function=lambda route: route.name,
        )


def questions_router(*, tags: Sequence[str] = (), prefix: str = "") -> APIRouter:
    """Return a router whose routes only read, even those called by POST."""
    return PlacedRouter(prefix=prefix, tags=tags, route_class=QuestionRoute)


def commands_router(*, tags: Sequence[str] = (), prefix: str = "") -> APIRouter:
    """Return a router whose writing routes are commands."""
    return PlacedRouter(prefix=prefix, tags=tags, route_class=CommandRoute)


def documents_router(*, tags: Sequence[str] = (), prefix: str = "") -> APIRouter:
    """Return a router whose writing routes are commands that take a document as their body."""
    return PlacedRouter(prefix=prefix, tags=tags, route_class=UploadRoute)
