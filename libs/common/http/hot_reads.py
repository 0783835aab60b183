"""Answers the hottest reads below FastAPI: the same endpoints with the same parameters, without what FastAPI does anew.

A route whose endpoint is marked `@hot` stays a route like any other, of which OpenAPI is made. What is plainly right is
answered here; everything else (an unknown parameter, a wrong value, a body that is no JSON, a refusal) is left to the
route itself, so that each refusal is written in one place. A read may so run twice: it changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request, Response
from fastapi._compat import ModelField
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import ResponseValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.common.errors import DomainError
from libs.common.http.paths import path_below
from libs.common.http.query_parameters import is_list
from libs.common.http.transactions import READING, QuestionRoute, parsed

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_HOT: set[Callable[..., Any]] = set()
_JSON = b"application/json"
_REQUIRED = object()
_NOT_GIVEN = (
    "http_connection_param_name",
    "websocket_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
)
"""What FastAPI gives a call besides, and a hot read does not."""


def hot(endpoint: Endpoint) -> Endpoint:
    """Mark a read that is asked so often that it is worth a way of its own: declare it below the route."""
    _HOT.add(endpoint)
    return endpoint


class _LeftToTheRoute(Exception):
    """The request is not plainly right, or is refused: the route itself says why."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    """A parameter of the path or the query, as FastAPI validates it."""

    name: str
    alias: str
    field: ModelField
    default: Any

    @classmethod
    def of(cls, taken: ModelField) -> "_Parameter":
        annotation, default = taken.field_info.annotation, taken.field_info.default
        is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        if is_list(annotation) or is_model or taken.validation_alias not in (None, taken.alias):
            raise TypeError(f"{taken.name}: a hot read takes no list, no model and no second name")
        if taken.field_info.is_required():
            default = _REQUIRED
        elif not (default is None or isinstance(default, bool | int | str)) or taken.field_info.validate_default:
            raise TypeError(f"{taken.name}: the default of a hot read's parameter is None, a bool, an int or a str")
        return cls(taken.name, taken.alias, taken, default)

    def value(self, given: Mapping[str, str]) -> Any:
        text = given.get(self.alias)
        if text is not None:
            return _valid(self.field, text)
        if self.default is _REQUIRED:
            raise _LeftToTheRoute
        return self.default


@dataclass(frozen=True, slots=True)
class _Call:
    """A dependency, or the endpoint: what it is called with."""

    name: str | None
    call: Callable[..., Any]
    needs: tuple["_Call", ...]
    path: tuple[_Parameter, ...]
    query: tuple[_Parameter, ...]
    body: ModelField | None
    request_name: str | None
    response_name: str | None

    @classmethod
    def of(cls, dependant: Dependant, *, body: ModelField | None = None) -> "_Call":
        """Return the call. Raises TypeError where it takes what a hot read does not give."""
        call = dependant.call
        others: list[Any] = [one for one in dependant.body_params if one is not body]
        others += [*dependant.header_params, *dependant.cookie_params]
        others += filter(None, (getattr(dependant, name) for name in _NOT_GIVEN))
        if call is None or others or not (iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)):
            raise TypeError(f"{call}: a hot read takes path, query, body and asynchronous dependencies alone")
        return cls(
            name=dependant.name,
            call=call,
            needs=tuple(cls.of(one) for one in dependant.dependencies),
            path=tuple(map(_Parameter.of, dependant.path_params)),
            query=tuple(map(_Parameter.of, dependant.query_params)),
            body=body,
            request_name=dependant.request_param_name,
            response_name=dependant.response_param_name,
        )

    def queried(self) -> frozenset[str]:
        """Return the names of all query parameters."""
        return frozenset(one.alias for one in self.query).union(*(need.queried() for need in self.needs))


@dataclass(slots=True)
class _Asked:
    """What a request gives, and what is solved of it so far."""

    request: Request
    response: Response
    query: Mapping[str, str]
    body: Any
    solved: dict[Callable[..., Any], Any] = field(default_factory=dict)

    async def arguments(self, of: _Call) -> dict[str, Any]:
        """Return what a call is called with, in FastAPI's order: dependencies, then parameters, then the body."""
        found: dict[str, Any] = {}
        for need in of.needs:
            if need.call not in self.solved:
                self.solved[need.call] = await need.call(**await self.arguments(need))
            if need.name is not None:
                found[need.name] = self.solved[need.call]
        for one in of.path:
            found[one.name] = one.value(self.request.path_params)
        for one in of.query:
            found[one.name] = one.value(self.query)
        if of.body is not None:
            found[of.body.name] = _valid(of.body, self.body)
        if of.request_name is not None:
            found[of.request_name] = self.request
        if of.response_name is not None:
            found[of.response_name] = self.response
        return found


class HotRead:
    """One route, and what is worked out of it beforehand."""

    def __init__(self, route: APIRoute, *, behind: Sequence[BaseRoute]) -> None:
        """Raises TypeError where the route takes what a hot read does not give, or one before it has its addresses."""
        self._route, self._body = route, route.body_field
        reads = isinstance(route, QuestionRoute) or (route.methods or set()) <= READING
        if not reads or route.response_field is None or route.status_code is not None or not _answers_plainly(route):
            raise TypeError(f"{route.path_format}: a hot read changes nothing, and answers 200 with a view")
        self._answers: ModelField = route.response_field
        self._endpoint = _Call.of(route.dependant, body=self._body)
        self._takes = self._endpoint.queried()
        self._begins = route.path_format.partition("{")[0]
        if shadowing := [one.path_format for one in behind if isinstance(one, APIRoute) and _overlap(one, route)]:
            raise TypeError(f"{route.path_format} comes after {shadowing[0]}, which may have the same address")

    def matches(self, scope: Scope) -> bool:
        """Whether the request is for this route; then the scope names it."""
        if not path_below(scope).startswith(self._begins):
            return False
        match, child = self._route.matches(scope)
        if match is Match.FULL:
            scope.update(child)
        return match is Match.FULL

    async def answer(self, scope: Scope, receive: "_Replayed") -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Return the headers and the body. Raises _LeftToTheRoute or DomainError where the route has to answer."""
        query = self._query(scope)
        body = _read(scope["headers"], await receive.whole()) if self._body is not None else None
        asked = _Asked(Request(scope), Response(), query, body)
        found = await self._endpoint.call(**await asked.arguments(self._endpoint))
        if isinstance(found, Response) or asked.response.status_code != HTTPStatus.OK:
            raise _LeftToTheRoute
        view, errors = self._answers.validate(found, loc=("response",))
        if errors:
            raise ResponseValidationError(errors=errors, body=found)
        content = self._answers.serialize_json(view)
        headers = [(b"content-length", str(len(content)).encode()), (b"content-type", _JSON)]
        return headers + [each for each in asked.response.raw_headers if each[0] != b"content-length"], content

    def _query(self, scope: Scope) -> Mapping[str, str]:
        if not scope["query_string"]:
            return {}
        try:
            pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        except ValueError:
            raise _LeftToTheRoute from None
        query = dict(pairs)
        if len(query) < len(pairs) or not self._takes.issuperset(query):
            raise _LeftToTheRoute
        return query


class _Replayed:
    """What a request sends, which can be received once more by the route that it is left to."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._received: list[Message] = []
        self._refused: HTTPException | None = None

    async def whole(self) -> bytes:
        """Return the body. Raises _LeftToTheRoute where it ends early, or the edge refuses it as too long."""
        while not self._received or self._received[-1].get("more_body", False):
            try:
                self._received.append(await self._receive())
            except HTTPException as refused:
                self._refused = refused
                raise _LeftToTheRoute from None
            if self._received[-1]["type"] != "http.request":
                raise _LeftToTheRoute
        return b"".join(message.get("body", b"") for message in self._received)

    async def __call__(self) -> Message:
        """Receive the next message, at first those that were received before, and what refused the rest."""
        if self._received:
            return self._received.pop(0)
        if self._refused is not None:
            raise self._refused
        return await self._receive()


class HotReads:
    """The innermost middleware: answers hot reads, and hands on everything else."""

    def __init__(self, app: ASGIApp, *, reads: Sequence[HotRead]) -> None:
        self._app, self._reads = app, reads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process one request."""
        found = None if scope["type"] != "http" else next((one for one in self._reads if one.matches(scope)), None)
        if found is None:
            await self._app(scope, receive, send)
            return
        replayed = _Replayed(receive)
        try:
            headers, body = await found.answer(scope, replayed)
        except (_LeftToTheRoute, DomainError):
            headers = None
        if headers is None:
            await self._app(scope, replayed, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def hot_reads(routes: Sequence[BaseRoute]) -> list[HotRead]:
    """Return the hot reads among the routes of a service, which are in the order in which they are tried."""
    return [
        HotRead(route, behind=routes[:number])
        for number, route in enumerate(routes)
        if isinstance(route, APIRoute) and route.endpoint in _HOT
    ]


def _valid(by: ModelField, value: Any) -> Any:
    found, errors = by.validate(value)
    if errors:
        raise _LeftToTheRoute
    return found


def _read(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Any:
    """Return the JSON of a body that is announced as such."""
    if not body or next((value for name, value in headers if name == b"content-type"), b"") != _JSON:
        raise _LeftToTheRoute
    try:
        return parsed(body)
    except (ValueError, RecursionError):
        raise _LeftToTheRoute from None


def _answers_plainly(route: APIRoute) -> bool:
    """Whether a route answers with the whole view as JSON: its own class or choice of fields would be passed over."""
    chosen = (route.response_model_include, route.response_model_exclude)
    left_out = (
        route.response_model_exclude_unset,
        route.response_model_exclude_defaults,
        route.response_model_exclude_none,
    )
    is_whole = chosen == (None, None) and not any(left_out) and route.response_model_by_alias
    return is_whole and isinstance(route.response_class, DefaultPlaceholder)


def _overlap(one: APIRoute, other: APIRoute) -> bool:
    """Whether two routes may have an address and a method in common."""
    pairs = list(zip(one.path_format.split("/"), other.path_format.split("/"), strict=False))
    as_long = one.path_format.count("/") == other.path_format.count("/") or "path" in one.path
    return bool(
        as_long
        and (one.methods or set()) & (other.methods or set())
        and all(left == right or "{" in left or "{" in right for left, right in pairs)
    )
