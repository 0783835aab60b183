"""Carries out the commands of branches one after another, each written down before and after."""

import asyncio
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote
from weakref import WeakKeyDictionary

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.branches.assumptions import HEADER, AssumedReadsNothing, BranchKey, assumed_caller
from deploy.branches.errors import BranchMoves
from deploy.branches.register import Branch
from deploy.branches.steps import JSON, Intent, Journal, as_json, correlation
from deploy.branches.worlds import World
from libs.common.errors import Conflict, DomainError
from libs.common.http import idempotency, plan_steps, problems
from libs.common.http.middleware import CORRELATION_ID
from libs.common.http.problems import RequestEntityTooLarge, Unavailable
from libs.common.http.transactions import READING, VERSION, CommandRoute
from libs.common.identity import Caller
from libs.common.process.logs import logger

MOST_BODY_BYTES = 5_000_000
_KEY = "branch-of-footprint-"
"""Begins the key of a branch's own steps; with the branch's id it is as long as the key of a plan has to be."""
_NOT_PASSED_ON = frozenset({"content-length", "content-encoding", "transfer-encoding", "connection"})
_IN_A_PATH = "/:@!$&'()*+,;="
"""What stands for itself in a path; a query or an escape in the decoded one would name something else."""
_SHOWN_OF_A_PROBLEM = ("type", "title", "status")
_NO_STEPS = (f"{VERSION}/imports", f"{VERSION}/operations")
_routes: WeakKeyDictionary[FastAPI, list[tuple[Collection[str], re.Pattern[str], BaseRoute]]] = WeakKeyDictionary()
_turns: WeakKeyDictionary[World, asyncio.Lock] = WeakKeyDictionary()

_log = logger(__name__)


class NoStep(Conflict):
    """This is no command for a branch.

    An import and an operator's work are no decision that could be promoted. Do it in life, and open a branch of it.
    """


@dataclass(frozen=True, slots=True)
class Recorder:
    """The journal of all branches, and the key that signs their callers."""

    journal: Journal
    key: BranchKey

    def app(self, world: World, branch: Branch, service: str, path: str, by: Caller) -> ASGIApp:
        """Return what answers a planner's request to a branch's service: a command, or one with an assumed caller."""
        return _Command(self, world, branch, service, path, by)

    async def carry_out(self, world: World, branch_id: str, intent: Intent) -> httpx.Response:
        """Carry out a command in a branch; return the service's answer. Raises BranchMoves.

        A command that waited for its turn is of the day on which that comes, and is refused if the clock moves by then.
        """
        async with _turn(world):
            if world.is_moving:
                raise BranchMoves(f"the clock of the branch is being moved; it is at {world.today}")
            await self._finish(world, branch_id)
            caller = intent.caller if intent.is_assumed else await world.sight.bounded(intent.caller)
            intent = replace(intent, day=world.today, caller=caller)
            earlier = await self.journal.repeated(branch_id, intent)
            step = earlier or await self.journal.begin(branch_id, intent)
            answer = await self._ask(world, branch_id, step.number, intent)
            # What failed is asked again before the next command: it may have been carried out all the same.
            if earlier is None and not answer.is_server_error:
                await self.journal.answered(branch_id, step.number, answer)
        return answer

    async def finish(self, world: World, branch_id: str) -> None:
        """Ask again what was not answered, once the command in flight has ended.

        The process was killed before it wrote the answer down.
        """
        async with _turn(world):
            await self._finish(world, branch_id)

    async def _finish(self, world: World, branch_id: str) -> None:
        for step in await self.journal.unanswered(branch_id):
            answer = await self._ask(world, branch_id, step.number, step.intent)
            await self.journal.answered(branch_id, step.number, answer)

    async def _ask(self, world: World, branch_id: str, number: int, intent: Intent) -> httpx.Response:
        named = {
            plan_steps.HEADER: f"{_KEY}{branch_id}/{number}",
            CORRELATION_ID: correlation(branch_id, number),
        }
        return await self.ask(world, branch_id, intent, named)

    async def ask(self, world: World, branch_id: str, intent: Intent, named: Mapping[str, str]) -> httpx.Response:
        """Send a request to a branch's service as its caller, with these headers too."""
        headers = {
            **named,
            "Authorization": f"Bearer {self.key.token(intent.caller, branch_id)}",
            "Accept-Encoding": "identity",
            "Content-Type": intent.media_type if intent.body else None,
            "If-Match": intent.if_match,
            "Stated-At": intent.stated_at,
        }
        sent = {name: value for name, value in headers.items() if value is not None}
        target = f"{world.prefix}/{intent.service}{intent.path}" + (f"?{intent.query}" if intent.query else "")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(world.routes), base_url="http://branch") as client:
            return await client.request(intent.method, target, content=intent.body, headers=sent)


def _turn(world: World) -> asyncio.Lock:
    """Return the lock under which commands of a branch are carried out one after another."""
    return _turns.setdefault(world, asyncio.Lock())


class _Command:
    def __init__(self, recorder: Recorder, world: World, branch: Branch, service: str, path: str, by: Caller) -> None:
        self._recorder, self._world, self._branch = recorder, world, branch
        self._service, self._path, self._by = service, path, by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except DomainError as refused:
            answer = problems.refusal(scope["path"], refused)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  (the outermost layer: any error is logged and answered)
            _log.error("a command of a branch failed", service=self._service, path=self._path, exc_info=error)
            failed = Unavailable("the branch could not do this at the moment: read its steps before you send it again")
            answer = problems.refusal(scope["path"], failed)
        if answer is None:
            await self._world.routes(_without_a_step(scope), receive, send)
        else:
            await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        """Return the answer to a command; None where the request is passed on as it is."""
        headers = Headers(scope=scope)
        assumed = assumed_caller(headers[HEADER]) if HEADER in headers else None
        route = _route(self._world.apps[self._service], scope["method"], self._path)
        if scope["method"] not in READING and self._path.startswith(_NO_STEPS):
            raise NoStep(f"{scope['method']} {self._path}: neither imports nor an operator's work are planned")
        if assumed is not None and (scope["method"] in READING or not isinstance(route, CommandRoute | None)):
            raise AssumedReadsNothing(f"leave {HEADER} away: what you read is by your own rights")
        if not isinstance(route, CommandRoute):
            return None
        intent = await self._intent(Request(scope, receive), assumed)
        before = await self._world.sight.unread(self._by)
        if dict(intent.pairs).get("dry_run", "false").lower() not in ("false", "0", "no", "off", "f", "n"):
            if not intent.is_assumed:
                intent = replace(intent, caller=await self._world.sight.bounded(intent.caller))
            answer = await self._recorder.ask(self._world, self._branch.id, intent, {})
        else:
            answer = await self._recorder.carry_out(self._world, self._branch.id, intent)
        # A command of one's own may be what brings about that one reads nothing through a body.
        if intent.is_assumed or (await self._world.sight.unread(self._by)).keys() - before.keys():
            return _reduced(answer)
        return _passed_on(answer)

    async def _intent(self, request: Request, assumed: Caller | None) -> Intent:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BODY_BYTES:
                raise RequestEntityTooLarge(f"the request body is larger than {MOST_BODY_BYTES} bytes")
        key = request.headers.get(idempotency.HEADER)
        return Intent(
            day=self._world.today,
            service=self._service,
            method=request.method,
            path=quote(self._path, safe=_IN_A_PATH),
            query=request.url.query,
            media_type=request.headers.get("content-type", JSON),
            body=body,
            if_match=", ".join(request.headers.getlist("if-match")) or None,
            stated_at=request.headers.get("stated-at"),
            caller=replace(assumed or self._by, issuer=""),
            is_assumed=assumed is not None,
            own_key=None if key is None else idempotency.checked_key(key),
        )


def _route(app: FastAPI, method: str, path: str) -> BaseRoute | None:
    """Return the route of a request, the first that matches; None where there is none."""
    if app not in _routes:
        _routes[app] = [
            (found.methods or set(), compile_path(found.path_format)[0], found.original_route)
            for found in iter_route_contexts(app.routes)
            if found.path_format is not None
        ]
    return next((route for methods, form, route in _routes[app] if method in methods and form.match(path)), None)


def _without_a_step(scope: Scope) -> Scope:
    """Return a scope whose request names no step of a plan: only the front does."""
    name = plan_steps.HEADER.lower().encode()
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != name]}


def _passed_on(answer: httpx.Response) -> Response:
    headers = {name: value for name, value in answer.headers.items() if name not in _NOT_PASSED_ON}
    return Response(answer.content, answer.status_code, headers)


def _reduced(answer: httpx.Response) -> Response:
    """Return what an assumed caller gets: status, Location, ETag, and of a refusal its type alone."""
    headers = {name: answer.headers[name] for name in ("location", "etag") if name in answer.headers}
    problem = as_json(answer.content)
    if answer.is_success or not isinstance(problem, dict):
        return Response(status_code=answer.status_code, headers=headers)
    shown = {name: problem[name] for name in _SHOWN_OF_A_PROBLEM if name in problem}
    return JSONResponse(shown, answer.status_code, headers, media_type=problems.MEDIA_TYPE)
