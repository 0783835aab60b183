"""One shape for every refusal and failure: RFC 9457 problem details, with every reason at once."""

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException
from starlette.responses import Response

from libs.common.errors import Conflict, DomainError, Forbidden, NotFound, Reason
from libs.common.http.paths import methods_at, path_below
from libs.common.process import context
from libs.common.process.faults import is_passing
from libs.common.process.logs import logger

Needed = TypeVar("Needed", bound=Callable[..., Any])

TYPES = "https://footprint.example/problems/"
MEDIA_TYPE = "application/problem+json"
LINE = "  \n"
"""What parts the refusals of one status in OpenAPI: a line break of Markdown."""
_MOST_REASONS = 200
RETRY_AFTER_SECONDS = "1"

_log = logger(__name__)


class Unauthenticated(DomainError):
    """A bearer token is needed, and this request has none that counts."""


class Unreadable(DomainError):
    """A part of the request cannot be read."""


class StaleVersion(DomainError):
    """It was changed since you read it."""


class PreconditionMissing(DomainError):
    """This changes what others may change too: say which version you read, with If-Match."""


class Unprocessable(DomainError):
    """The request is well formed, but cannot be meant."""


class UnstorableValue(Unprocessable):
    """The request holds a value that cannot be stored."""


class Unavailable(DomainError):
    """Something that this needs is away for the moment; try again."""


STATUSES: dict[type[DomainError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Forbidden: HTTPStatus.FORBIDDEN,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Unreadable: HTTPStatus.BAD_REQUEST,
    StaleVersion: HTTPStatus.PRECONDITION_FAILED,
    PreconditionMissing: HTTPStatus.PRECONDITION_REQUIRED,
    Unprocessable: HTTPStatus(422),
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Which kind of refusal is which status."""

_REFUSALS: dict[Callable[..., Any], tuple[type[DomainError], ...]] = {}

_HEADERS: dict[HTTPStatus, dict[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="footprint"'},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": RETRY_AFTER_SECONDS},
}


class ReasonView(BaseModel):
    """One cause."""

    message: str
    field: str | None = None


class Problem(BaseModel):
    """Why a request was not done (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    reasons: list[ReasonView] = []
    request_id: str


def status_of(kind: type[DomainError]) -> HTTPStatus:
    """Return the status of a refusal: its own kind's, or that of the nearest kind above it."""
    return next((STATUSES[base] for base in kind.__mro__ if base in STATUSES), HTTPStatus.CONFLICT)


def may_raise(*errors: type[DomainError]) -> Callable[[Needed], Needed]:
    """Mark a dependency with what it may refuse: OpenAPI names it for every route that needs this."""

    def mark(call: Needed) -> Needed:
        _REFUSALS[call] = errors
        return call

    return mark


def refusals_of(call: Callable[..., Any]) -> tuple[type[DomainError], ...]:
    """Return what a dependency was marked with."""
    return _REFUSALS.get(call, ())


def problems(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` for a route: these refusals, and those that every route may give (401, 403, 422)."""
    told: dict[int, list[str]] = {
        401: [Unauthenticated.title()],
        403: [Forbidden.title()],
        422: ["The request is wrong."],
    }
    for error in errors:
        titles = told.setdefault(int(status_of(error)), [])
        line = f"`{error.slug()}`: {error.title()}"
        titles += [] if line in titles else [line]
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": LINE.join(titles), "content": content} for status, titles in sorted(told.items())}


def answer(
    path: str,
    status: HTTPStatus,
    *,
    slug: str,
    title: str,
    detail: str,
    reasons: Sequence[Reason] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the response that tells this problem."""
    problem = Problem(
        type=TYPES + slug,
        title=title,
        status=status,
        detail=detail,
        instance=path,
        reasons=[ReasonView(message=reason.message, field=reason.field) for reason in reasons],
        request_id=context.origin().causation,
    )
    return Response(
        problem.model_dump_json(),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={**_HEADERS.get(status, {}), **(headers or {})},
    )


def refusal(path: str, error: DomainError) -> Response:
    """Return the response that tells a refusal of ours."""
    kind = type(error)
    return answer(
        path, status_of(kind), slug=kind.slug(), title=kind.title(), detail=error.message, reasons=error.reasons
    )


def failure(path: str, error: Exception) -> Response:
    """Return the response to a fault: 503 where it may pass, else 500; logged with its trace, nothing of it told."""
    # A server that cannot be reached may show as any OSError: a name that is not found, a socket's file that is gone.
    if is_passing(error) or isinstance(error, OSError | PoolExhausted):
        _log.warning("a fault that may pass", error=repr(error))
        # A connection that is lost while it commits may have committed: only the key makes a second try harmless.
        again = "send it again, with the same Idempotency-Key if it has one"
        return refusal(path, Unavailable(f"the database could not take this just now; {again}"))
    if _is_unstorable(error):
        _log.warning("a value that cannot be stored", error=repr(error))
        return refusal(path, UnstorableValue("a value is too large, or has characters that no text has"))
    _log.error("a fault of ours", exc_info=error)
    return answer(
        path,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        slug="internal-error",
        title="Something went wrong on our side.",
        detail="nothing was changed; the request id tells the operators which fault this is",
    )


def bare(path: str, status: HTTPStatus, detail: str, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response to a problem that is no more than its status: `405` -> `method-not-allowed`."""
    slug = re.sub(r"[^a-z0-9]+", "-", status.phrase.lower())
    return answer(path, status, slug=slug, title=f"{status.phrase}.", detail=detail, headers=headers)


def _is_unstorable(error: BaseException) -> bool:
    """Whether the driver or the database refused a value as such: a number beyond its column's, a NUL in a text."""
    seen = [error, getattr(error, "orig", None), getattr(getattr(error, "orig", None), "__cause__", None)]
    return any(isinstance(each, asyncpg.DataError | asyncpg.CharacterNotInRepertoireError) for each in seen)


def register(app: FastAPI) -> None:
    """Make every refusal of this app a problem."""
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)


async def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    return refusal(request.url.path, error)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    reasons = [Reason(_sentence(one["msg"]), _field(one["loc"])) for one in found[:_MOST_REASONS]]
    if len(found) > _MOST_REASONS:
        reasons.append(Reason(f"and {len(found) - _MOST_REASONS} more"))
    unreadable = any(one["type"] == "json_invalid" for one in found)
    return answer(
        request.url.path,
        HTTPStatus(422),
        slug="unreadable-body" if unreadable else "invalid-request",
        title="The request is wrong.",
        detail="; ".join(f"{reason.field}: {reason.message}" if reason.field else reason.message for reason in reasons),
        reasons=reasons,
    )


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, headers = HTTPStatus(error.status_code), error.headers
    detail = error.detail if error.detail != status.phrase else _DETAILS.get(status, status.description)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        # Starlette names the methods of the first of several routes alone.
        methods = methods_at(path_below(request.scope), request.app.routes)
        headers = {**(headers or {}), "Allow": ", ".join(sorted(methods))}
    return bare(request.url.path, status, detail, headers=headers)


_DETAILS = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address does not take this method",
}


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")


def _field(location: Sequence[Any]) -> str | None:
    """Return where in the request it is: `predecessors.0` of a body, `as_at` of a query, `If-Match` of the headers."""
    parts = [str(part) for part in location[1:]] if location and location[0] in _PLACES else [str(p) for p in location]
    # A field's name comes from the request, and may have in it what no answer can be written with.
    return ".".join(parts).encode(errors="replace").decode() or None


_PLACES = frozenset({"body", "query", "path", "header", "cookie"})
