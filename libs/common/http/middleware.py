"""The edge around every request: ids, metrics, the limit on the body, authentication, tags and compression.

Pure ASGI: a single `BaseHTTPMiddleware` was measured to leave a quarter of the throughput.
"""

import os
import re
import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus

from fastapi import HTTPException
from opentelemetry.trace import Span, StatusCode
from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipResponder
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.common.errors import DomainError
from libs.common.http import problems
from libs.common.http.accept import accepts_coding
from libs.common.http.conditional import Tagged, varies_by, weakened
from libs.common.http.paths import path_below
from libs.common.http.problems import Unauthenticated
from libs.common.http.quotas import WINDOW_SECONDS, QuotaExceeded, Quotas
from libs.common.http.tokens import Verifier
from libs.common.process import context, tracing
from libs.common.process.logs import logger, request_answered
from libs.common.process.metrics import Metrics

CALLER = "footprint.caller"
"""Key of the verified caller in the ASGI scope."""
REQUEST_ID, CORRELATION_ID = "X-Request-Id", "X-Correlation-Id"
CLIENT_REQUEST_ID = "X-Client-Request-Id"
PUBLIC_PATHS = frozenset(
    {"/", "/health/live", "/health/ready", "/openapi.json", "/asyncapi.json", "/docs", "/docs/oauth2-redirect"}
)
PUBLIC_PREFIXES = ("/docs/assets/", "/v1/ocds/")
"""Static files of the documentation page; what is published as open data."""

_SANE_ID = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})

_REQUEST_ID, _CORRELATION_ID, _CLIENT_REQUEST_ID = (
    name.lower().encode() for name in (REQUEST_ID, CORRELATION_ID, CLIENT_REQUEST_ID)
)
_LISTS = frozenset({b"accept-encoding"})
_LOOKED_AT = _LISTS | {b"authorization", b"content-length", b"traceparent", _REQUEST_ID, _CORRELATION_ID}
_VARY, _VARY_PRIVATE = b"Accept-Encoding", b"Accept-Encoding, Authorization"
_TOO_LARGE = "the request body is larger than {} bytes"

_log = logger("libs.common.access")


class Edge:
    """All that surrounds the routes: ids, the caller, tags, compression, the limit on the body, measuring and the log.

    One class, because each middleware around another costs its own look through the headers and its own way of what is
    received and sent (decision 114). What is not asked for (to compress, to compare tags, to limit a body that there is
    not) is not done. Without a verifier the app asks for the caller.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        verifier: Verifier | None,
        max_body_bytes: int,
        uploads: Mapping[str, int] | None = None,
        requests_a_minute: int = 0,
        packed_from: int = 1_000,
    ) -> None:
        self._app, self._metrics, self._verifier = app, metrics, verifier
        self._max_body_bytes, self._packed_from = max_body_bytes, packed_from
        self._quotas = Quotas(requests_a_minute) if requests_a_minute else None
        self._uploads = [(_pattern_of(path), most) for path, most in (uploads or {}).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method == "HEAD":
            # What GET answers, without the body (RFC 9110, 9.3.2). The server keeps its own scope, and sends no body.
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        asked, path, before = _asked(scope["headers"]), path_below(scope), context.origin()
        origin = _origin_of(asked)
        context.begin(origin)
        began, answer = time.perf_counter(), _Answer(send, origin, is_private=not is_public(path))
        try:
            with tracing.traced(self._metrics.service, method, kind=tracing.REQUEST) as span:
                try:
                    await self._answered(scope, receive, answer, asked, path)
                finally:
                    if span is not None:
                        _describe(span, method, self._metrics.route_of(scope), answer.status or 500, origin)
        except ClientDisconnect:
            _log.info("the client went away", path=scope["path"])
        except Exception as error:  # noqa: BLE001  (the outermost layer: any error is logged and answered)
            response = problems.failure(scope["path"], error)
            if not answer.status:
                await response(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.answered(scope, answer.status, seconds)
            if path not in _QUIET:
                request_answered(method=method, path=scope["path"], status=answer.status, ms=round(seconds * 1000, 1))
            context.begin(before)

    async def _answered(
        self, scope: Scope, receive: Receive, answer: "_Answer", asked: Mapping[bytes, str], path: str
    ) -> None:
        try:
            self._must_not_announce_too_much(asked, path)
            if answer.is_private and self._verifier is not None:
                caller = await self._verifier.caller(bearer(asked.get(b"authorization", "")))
                scope[CALLER] = caller
                context.acting(caller.subject)
                self._must_be_within_quota(caller.subject, answer)
        except DomainError as refused:
            await problems.refusal(scope["path"], refused)(scope, receive, answer)
            return
        limited = self._limited(receive, path)
        if b"accept-encoding" in asked and accepts_coding(asked[b"accept-encoding"], "gzip"):
            await GZipResponder(self._tagged, self._packed_from)(scope, limited, answer)
        else:
            await self._tagged(scope, limited, answer)

    async def _tagged(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            send = Tagged(scope, send, self._packed_from)
        await self._app(scope, receive, send)

    def _must_be_within_quota(self, caller: str, answer: "_Answer") -> None:
        if self._quotas is None:
            return
        standing = self._quotas.take(caller)
        answer.add(standing.headers)
        if standing.wait:
            raise QuotaExceeded(
                f"{standing.limit} requests in {WINDOW_SECONDS} seconds are allowed: wait for {standing.wait} seconds"
            )

    def _most(self, path: str) -> int:
        return next((most for pattern, most in self._uploads if pattern.fullmatch(path)), self._max_body_bytes)

    def _must_not_announce_too_much(self, asked: Mapping[bytes, str], path: str) -> None:
        announced = asked.get(b"content-length", "0")
        if announced != "0" and announced.isdigit() and int(announced) > (most := self._most(path)):
            raise problems.RequestEntityTooLarge(_TOO_LARGE.format(most))

    def _limited(self, receive: Receive, path: str) -> Receive:
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            body = message.get("body")
            if body:
                received += len(body)
                if received > (most := self._most(path)):
                    raise HTTPException(HTTPStatus(413), _TOO_LARGE.format(most))
            return message

        return receive_limited


def _describe(span: Span, method: str, route: str, status: int, origin: context.Origin) -> None:
    """Name a request's span by its route, as the conventions of OpenTelemetry have it, and by the ids of the log."""
    span.update_name(f"{method} {route}")
    span.set_attributes(
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "footprint.request": origin.causation,
            "footprint.correlation": origin.correlation,
        }
    )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        span.set_status(StatusCode.ERROR)


class _Answer:
    """Sends an answer on with the headers that every answer has."""

    __slots__ = ("_own", "_send", "is_private", "status")

    def __init__(self, send: Send, origin: context.Origin, *, is_private: bool) -> None:
        self._send, self.is_private, self.status = send, is_private, 0
        self._own = [
            (_REQUEST_ID, origin.causation.encode()),
            (_CORRELATION_ID, origin.correlation.encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        if origin.client_request:
            self._own.append((_CLIENT_REQUEST_ID, origin.client_request.encode()))
        if is_private:
            # What a token was needed for stays out of every cache, whatever of it is public.
            self._own.append((b"cache-control", b"no-store"))

    def add(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Add headers to the answer."""
        self._own.extend(headers)

    async def __call__(self, message: Message) -> None:
        """Send one message on."""
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
            message = {**message, "headers": self._completed(message.get("headers", ()))}
        await self._send(message)

    def _completed(self, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        own = {name for name, _ in self._own}
        headers = [pair for pair in given if pair[0] not in own]
        names = {name for name, _ in headers}
        headers += self._own
        if b"content-encoding" in names and b"etag" in names:
            weakened(MutableHeaders(raw=headers))
        if b"vary" in names:
            for name in ("Accept-Encoding", "Authorization") if self.is_private else ("Accept-Encoding",):
                varies_by(MutableHeaders(raw=headers), name)
        else:
            headers.append((b"vary", _VARY_PRIVATE if self.is_private else _VARY))
        return headers


def _pattern_of(path: str) -> re.Pattern[str]:
    """Return what matches a path with its parameters in braces, each a segment."""
    return re.compile("[^/]+".join(re.escape(part) for part in re.split(r"\{[a-z_]+\}", path)))


def _without_body(send: Send) -> Send:
    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_headers


def _asked(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """Return the headers that the edge itself looks at, each as one list of its values."""
    asked: dict[bytes, str] = {}
    for name, value in headers:
        if name in _LOOKED_AT:
            text = value.decode("latin-1")
            asked[name] = f"{asked[name]},{text}" if name in _LISTS and name in asked else asked.get(name, text)
    return asked


def _origin_of(asked: Mapping[bytes, str]) -> context.Origin:
    request_id, trace = os.urandom(16).hex(), asked.get(b"traceparent", "")
    return context.Origin(
        actor="",
        correlation=_sane(asked.get(_CORRELATION_ID)) or request_id,
        causation=request_id,
        client_request=_sane(asked.get(_REQUEST_ID)),
        traceparent=trace if trace and _TRACEPARENT.fullmatch(trace) else "",
    )


def _sane(given: str | None) -> str:
    """Return the client's id if it is safe in headers, logs and events."""
    return given if given and _SANE_ID.fullmatch(given) else ""


def is_public(path: str) -> bool:
    """Whether this path of a service needs no token."""
    return path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIXES)


def bearer(authorization: str) -> str:
    """Return the token in an `Authorization` header. Raises Unauthenticated."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("send a token: Authorization: Bearer ...")
    return token.strip()
