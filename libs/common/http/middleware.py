"""Middleware around every request: ids, metrics, the limit on the body, and authentication.

Pure ASGI: a single `BaseHTTPMiddleware` was measured to leave a quarter of the throughput.
"""

import re
import time
import uuid
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware, GZipResponder
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.common.errors import DomainError
from libs.common.http import problems
from libs.common.http.accept import accepts_coding
from libs.common.http.conditional import varies_by, weakened
from libs.common.http.paths import path_below
from libs.common.http.problems import Unauthenticated
from libs.common.http.tokens import Verifier
from libs.common.process import context
from libs.common.process.logs import logger, request_answered
from libs.common.process.metrics import Metrics

CALLER = "footprint.caller"
"""Key of the verified caller in the ASGI scope."""
REQUEST_ID, CORRELATION_ID = "X-Request-Id", "X-Correlation-Id"
CLIENT_REQUEST_ID = "X-Client-Request-Id"
PUBLIC_PATHS = frozenset(
    {"/", "/health/live", "/health/ready", "/openapi.json", "/asyncapi.json", "/docs", "/docs/oauth2-redirect"}
)
PUBLIC_PREFIX = "/docs/assets/"
"""Static files of the documentation page."""

_SANE_ID = re.compile(r"[A-Za-z0-9._:\-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})

_log = logger("libs.common.access")


class Compression(GZipMiddleware):
    """Compresses responses for clients that take it; others do not pay for checking what could be compressed.

    A response that was compressed has a weak tag: a strong one is of the plain bytes.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                varies_by(headers, "Accept-Encoding")
                if "content-encoding" in headers:
                    weakened(headers)
            await send(message)

        if accepts_coding(Headers(scope=scope), "gzip"):
            packing = GZipResponder(self.app, self.minimum_size, self.compresslevel)
            await packing(scope, receive, send_on)
        else:
            await self.app(scope, receive, send_on)


class Surroundings:
    """The outermost middleware: sets ids, limits the body, measures, logs, and turns unhandled errors into problems."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, max_body_bytes: int, uploads: Mapping[str, int] | None = None
    ) -> None:
        self._app, self._metrics, self._max_body_bytes = app, metrics, max_body_bytes
        self._uploads = [(_pattern_of(path), most) for path, most in (uploads or {}).items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method == "HEAD":
            # What GET answers, without the body (RFC 9110, 9.3.2). The server keeps its own scope, and sends no body.
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        before, origin = context.origin(), _origin_of(Headers(scope=scope))
        context.begin(origin)
        began, status = time.perf_counter(), 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID], headers[CORRELATION_ID] = origin.causation, origin.correlation
                if origin.client_request:
                    headers[CLIENT_REQUEST_ID] = origin.client_request
                headers["X-Content-Type-Options"] = "nosniff"
                if not is_public(path_below(scope)):
                    # What a token was needed for stays out of every cache, whatever of it is public.
                    headers["Cache-Control"] = "no-store"
                    varies_by(headers, "Authorization")
            await send(message)

        try:
            await self._limited(scope, receive, send_on)
        except ClientDisconnect:
            _log.info("the client went away", path=scope["path"])
        except Exception as error:  # noqa: BLE001  (the outermost layer: any error is logged and answered)
            response = problems.failure(scope["path"], error)
            if not status:
                await response(scope, receive, send_on)
        finally:
            self._record(method, scope, status, time.perf_counter() - began)
            context.begin(before)

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_below(scope)
        most = next((most for pattern, most in self._uploads if pattern.fullmatch(path)), self._max_body_bytes)
        too_large = f"the request body is larger than {most} bytes"
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > most:
            await problems.refusal(scope["path"], problems.RequestEntityTooLarge(too_large))(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(HTTPStatus(413), too_large)
            return message

        await self._app(scope, receive_limited, send)

    def _record(self, method: str, scope: Scope, status: int, seconds: float) -> None:
        self._metrics.answered(scope, status, seconds)
        if path_below(scope) not in _QUIET:
            ms = round(seconds * 1000, 1)
            request_answered(method=method, path=scope["path"], status=status, ms=ms)


def _pattern_of(path: str) -> re.Pattern[str]:
    """Return what matches a path with its parameters in braces, each a segment."""
    return re.compile("[^/]+".join(re.escape(part) for part in re.split(r"\{[a-z_]+\}", path)))


def _without_body(send: Send) -> Send:
    async def send_headers(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_headers


def _origin_of(headers: Mapping[str, str]) -> context.Origin:
    request_id = uuid.uuid4().hex
    trace = headers.get("traceparent", "")
    return context.Origin(
        actor="",
        correlation=_sane(headers.get(CORRELATION_ID)) or request_id,
        causation=request_id,
        client_request=_sane(headers.get(REQUEST_ID)),
        traceparent=trace if _TRACEPARENT.fullmatch(trace) else "",
    )


def _sane(given: str | None) -> str:
    """Return the client's id if it is safe in headers, logs and events."""
    return given if given and _SANE_ID.fullmatch(given) else ""


class Authentication:
    """Requires a valid token on every path except the few public ones."""

    def __init__(self, app: ASGIApp, *, verifier: Verifier) -> None:
        self._app, self._verifier = app, verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Verify the caller and put it into the scope, or refuse."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] == "http" and not is_public(path_below(scope)):
            try:
                caller = await self._verifier.caller(_bearer(Headers(scope=scope)))
            except DomainError as refused:
                await problems.refusal(scope["path"], refused)(scope, receive, send)
                return
            scope[CALLER] = caller
            context.acting(caller.subject)
        await self._app(scope, receive, send)


def is_public(path: str) -> bool:
    """Whether this path of a service needs no token."""
    return path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIX)


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("send a token: Authorization: Bearer ...")
    return token.strip()
