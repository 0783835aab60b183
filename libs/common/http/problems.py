"""Problem details (RFC 9457): one shape for every refusal and failure, with all reasons at once."""

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
from libs.common.http.quotas import QuotaExceeded
from libs.common.identity import NotYoursToDecide, RoleMissing
from libs.common.process import context
from libs.common.process.faults import is_passing
from libs.common.process.logs import logger

Needed = TypeVar("Needed", bound=Callable[..., Any])

TYPES = "https://footprint.example/problems/"
MEDIA_TYPE = "application/problem+json"
LINE = "  \n"
"""Separates the refusals of one status in OpenAPI: a line break of Markdown."""
_MOST_REASONS = 200
_LONGEST_DETAIL, _LONGEST_MESSAGE, _LONGEST_FIELD = 10_000, 1_000, 200
"""The most characters of a problem's parts, because each may repeat what the request had."""
RETRY_AFTER_SECONDS = "1"

_log = logger(__name__)


class Unauthenticated(DomainError):
    """A valid bearer token is needed.

    There was no token, or it has expired, has a wrong signature or is meant for another service. Get a new one from the
    issuer.
    """


class Unreadable(DomainError):
    """A part of the request cannot be read.

    The body is not JSON, or a header or parameter is not written as it has to be. `detail` names it.
    """


class StaleVersion(DomainError):
    """The record was changed since you read it.

    Another request changed it first. Read it again, look at the change, and send your own with the new ETag.
    """


class PreconditionMissing(DomainError):
    """If-Match is needed here.

    Others may change this record too. Read it, and send its ETag as `If-Match`, so that nothing is overwritten unseen.
    """


class Unprocessable(DomainError):
    """The request is well formed, but makes no sense.

    `reasons` names each field that is wrong. Mend them all and send the request again.
    """


class UnstorableValue(Unprocessable):
    """The request holds a value that cannot be stored.

    A number is too large, or a text has a character that no text may have.
    """


class InvalidRequest(Unprocessable):
    """The request is wrong.

    A field or parameter is missing, unknown, or not written as the operation describes. `reasons` names each: mend them
    all and send the request again.
    """


class UnreadableBody(Unprocessable):
    """The body cannot be read as JSON.

    `detail` says at which character. Send JSON in UTF-8.
    """


class MalformedRequest(Unreadable):
    """The request is not HTTP.

    Its first line or a header is not written as HTTP/1.1 has it. The connection is closed.
    """


class UrlTooLong(DomainError):
    """The URL is longer than this service takes.

    `detail` names the limit. Send long lists in the body of a request, such as a lookup, or in several requests.
    """


class HeadersTooLarge(DomainError):
    """The headers are larger than this service takes.

    `detail` names the limit. The connection is closed.
    """


class RequestTooSlow(DomainError):
    """The request did not arrive in time.

    `detail` names the limit. The connection is closed. Send the request again in one piece.
    """


class RequestEntityTooLarge(DomainError):
    """The body is larger than this service takes.

    `detail` names the limit. Divide what you send into several requests.
    """


class Unavailable(DomainError):
    """Something that this service needs is unavailable for the moment.

    Send the request again after the seconds that `Retry-After` names, with the same Idempotency-Key if it has one.
    """


class TooManyConnections(Unavailable):
    """The service has as many connections as it may.

    Close those that you do not need, and come back after the seconds that `Retry-After` names.
    """


class InternalError(DomainError):
    """Something went wrong on our side.

    Nothing was changed. Tell the operators the `request_id`, which leads them to the fault.
    """


STATUSES: dict[type[DomainError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Forbidden: HTTPStatus.FORBIDDEN,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Unreadable: HTTPStatus.BAD_REQUEST,
    StaleVersion: HTTPStatus.PRECONDITION_FAILED,
    PreconditionMissing: HTTPStatus.PRECONDITION_REQUIRED,
    RequestTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    UrlTooLong: HTTPStatus(414),
    QuotaExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    HeadersTooLarge: HTTPStatus(431),
    Unprocessable: HTTPStatus(422),
    RequestEntityTooLarge: HTTPStatus(413),  # names in HTTPStatus differ between versions of Python
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    InternalError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The status of each kind of refusal."""

EVERY_OPERATION = (Unauthenticated, RoleMissing, NotYoursToDecide, InvalidRequest, QuotaExceeded)
"""What any operation behind the sign-in may answer with."""

_REFUSALS: dict[Callable[..., Any], tuple[type[DomainError], ...]] = {}

_HEADERS: dict[HTTPStatus, dict[str, str]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": 'Bearer realm="footprint"'},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": RETRY_AFTER_SECONDS},
}


class ReasonView(BaseModel):
    """One reason."""

    message: str
    field: str | None = None


class Problem(BaseModel):
    """Why a request was refused or failed (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    reasons: list[ReasonView] = []
    request_id: str


def status_of(kind: type[DomainError]) -> HTTPStatus:
    """Return the status of a refusal: its own kind's, or that of its nearest base class."""
    return next((STATUSES[base] for base in kind.__mro__ if base in STATUSES), HTTPStatus.CONFLICT)


def may_raise(*errors: type[DomainError]) -> Callable[[Needed], Needed]:
    """Mark a dependency with the refusals it may raise; OpenAPI lists them for every route that uses it."""

    def mark(call: Needed) -> Needed:
        _REFUSALS[call] = errors
        return call

    return mark


def refusals_of(call: Callable[..., Any]) -> tuple[type[DomainError], ...]:
    """Return the refusals a dependency was marked with."""
    return _REFUSALS.get(call, ())


def explained(error: type[DomainError]) -> str:
    """Return a refusal on one line: its type, its title, and what a client can do about it."""
    return f"`{error.slug()}`: {error.title()} {error.explanation()}".rstrip()


def problems(*errors: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` for a route: these refusals, and those that every operation may answer with."""
    by_status: dict[int, list[str]] = {}
    every: dict[type[DomainError], None] = dict.fromkeys((*EVERY_OPERATION, *errors))
    for error in every:
        by_status.setdefault(int(status_of(error)), []).append(explained(error))
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": LINE.join(by_status[status]), "content": content} for status in sorted(by_status)}


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
    """Return the response that carries this problem."""
    problem = Problem(
        type=TYPES + slug,
        title=title,
        status=status,
        detail=_shown(detail, _LONGEST_DETAIL) or "",
        instance=_shown(path, _LONGEST_FIELD) or "",
        reasons=[
            ReasonView(message=_shown(one.message, _LONGEST_MESSAGE) or "", field=_shown(one.field, _LONGEST_FIELD))
            for one in reasons
        ],
        request_id=context.origin().causation,
    )
    return Response(
        problem.model_dump_json(),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={**_HEADERS.get(status, {}), **(headers or {})},
    )


def _shown(text: str | None, longest: int) -> str | None:
    """Return a text that may repeat a part of the request: its beginning, without what UTF-8 cannot encode."""
    if text is None:
        return None
    encodable = text.encode(errors="replace").decode()
    return encodable if len(encodable) <= longest else f"{encodable[: longest - 1]}…"


def refusal(path: str, error: DomainError) -> Response:
    """Return the response to a refusal of ours."""
    kind = type(error)
    return answer(
        path, status_of(kind), slug=kind.slug(), title=kind.title(), detail=error.message, reasons=error.reasons
    )


def failure(path: str, error: Exception) -> Response:
    """Return the response to a fault: 503 where it may pass, else 500; logged with its trace, none of it shown."""
    # A server that cannot be reached may show as any OSError: a name that is not found, a socket's file that is gone.
    if is_passing(error) or isinstance(error, OSError | PoolExhausted):
        _log.warning("a transient fault", error=repr(error))
        # If the connection was lost during the commit, the change may be committed: only the key makes a retry safe.
        again = "send it again, with the same Idempotency-Key if it had one"
        return refusal(path, Unavailable(f"the database could not do this at the moment; {again}"))
    if _is_unstorable(error):
        _log.warning("a value that cannot be stored", error=type(error).__name__)  # its message repeats the value
        return refusal(path, UnstorableValue("a value is too large, or has characters that no text has"))
    _log.error("a fault of ours", exc_info=error)
    return refusal(path, InternalError("nothing was changed; the request id leads the operators to the fault"))


def bare(path: str, status: HTTPStatus, detail: str, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem response for a bare status: `405` -> `method-not-allowed`."""
    slug = re.sub(r"[^a-z0-9]+", "-", status.phrase.lower())
    return answer(path, status, slug=slug, title=f"{status.phrase}.", detail=detail, headers=headers)


def _is_unstorable(error: BaseException) -> bool:
    """Whether a value cannot be encoded or stored: half of a surrogate pair, a number too large, a NUL in a text."""
    if isinstance(error, UnicodeEncodeError):
        return True  # no text of ours has half of a surrogate pair; a client's JSON may
    seen = [error, getattr(error, "orig", None), getattr(getattr(error, "orig", None), "__cause__", None)]
    return any(isinstance(each, asyncpg.DataError | asyncpg.CharacterNotInRepertoireError) for each in seen)


def register(app: FastAPI) -> None:
    """Turn every error of this app into a problem response."""
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)


async def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    return refusal(request.url.path, error)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    reasons = [Reason(_sentence(one), _field(one["loc"])) for one in errors[:_MOST_REASONS]]
    if len(errors) > _MOST_REASONS:
        reasons.append(Reason(f"and {len(errors) - _MOST_REASONS} more"))
    kind = UnreadableBody if any(one["type"] == "json_invalid" for one in errors) else InvalidRequest
    detail = "; ".join(f"{reason.field}: {reason.message}" if reason.field else reason.message for reason in reasons)
    return refusal(request.url.path, kind(detail, reasons=reasons))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, headers = HTTPStatus(error.status_code), error.headers
    detail = error.detail if error.detail != status.phrase else _DETAILS.get(status, status.description)
    if status is STATUSES[RequestEntityTooLarge]:
        return refusal(request.url.path, RequestEntityTooLarge(detail))
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        # Starlette lists only the methods of the first route that matches.
        methods = methods_at(path_below(request.scope), request.app.routes)
        headers = {**(headers or {}), "Allow": ", ".join(sorted(methods))}
    return bare(request.url.path, status, detail, headers=headers)


_DETAILS = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address does not accept this method",
}


def _sentence(error: Mapping[str, Any]) -> str:
    message: str = error["msg"]
    if error["type"] == "json_invalid":
        return f"{message}: {error['ctx']['error']}" if "ctx" in error else str(error["msg"])
    if error["type"] == "string_pattern_mismatch":
        return "it is not written as this operation describes it"  # a regular expression tells people nothing
    return message.removeprefix("Value error, ")


def _field(location: Sequence[Any]) -> str | None:
    """Return the field in error: `predecessors.0` of a body, `as_at` of a query, `If-Match` of the headers."""
    parts = [str(part) for part in location[1:]] if location and location[0] in _PLACES else [str(p) for p in location]
    return _shown(".".join(parts), _LONGEST_FIELD) or None


_PLACES = frozenset({"body", "query", "path", "header", "cookie"})
