"""HTTP/1.1 with limits that uvicorn has not: on connections, headers and URLs, and on the time that clients take."""

import asyncio
import uuid

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from libs.common.errors import DomainError
from libs.common.http import problems
from libs.common.http.problems import (
    HeadersTooLarge,
    MalformedRequest,
    RequestTooSlow,
    TooManyConnections,
    UrlTooLong,
)
from libs.common.process import context
from libs.common.service.settings import Settings

_MOST_WAITING = 200
"""The most requests that may wait on a connection for the response to an earlier one."""


class TooManyWaiting(Exception):
    """A client sends request after request without waiting for a response."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. At any time it waits for headers, for a body, or for its own response."""

    settings: Settings
    _waits_for_headers = True
    _has_completed = False
    _header_bytes = 0
    _bytes_beside_the_body = 0
    _deadline: asyncio.TimerHandle | None = None
    _reading: asyncio.TimerHandle | None = None
    _running: RequestResponseCycle | None = None
    """The request that the app works on; `cycle` is the one that came last."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Accept the connection, or refuse it if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.settings.max_open_connections:
            self._refuse(TooManyConnections(f"at most {self.settings.max_open_connections} at a time"))
            return
        self._expect_within(self.settings.header_seconds, "the headers")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection and its deadlines, and tell the app, also where a later request waits behind it."""
        self._expected()
        self.resume_writing()
        super().connection_lost(exc)
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, unless the headers grow without end."""
        if self.transport.is_closing():
            return
        if self._waits_for_headers and self._deadline is None:
            self._expect_within(self.settings.header_seconds, "the headers")
        self._has_completed = False
        self._bytes_beside_the_body += len(data)
        super().data_received(data)
        if self._waits_for_headers and not self._has_completed:
            # What is parsed only once it is complete is counted as it arrives. The end of a request may have come with
            # the beginning of the next, which is counted from its second part on.
            self._header_bytes += len(data)
        counted = self._header_bytes if self._waits_for_headers else self._bytes_beside_the_body
        if counted > self.settings.max_header_bytes and not self.transport.is_closing():
            self._refuse(HeadersTooLarge(f"at most {self.settings.max_header_bytes} bytes"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header. What follows a body in this form (a trailer) is none, and is dropped."""
        if self._waits_for_headers:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Collect a part of the body: what is counted beside it begins anew."""
        self._bytes_beside_the_body = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        """Start the request; one whose URL or headers are too large is answered without the app."""
        if len(self.pipeline) >= _MOST_WAITING:
            raise TooManyWaiting  # as what is no HTTP, it ends the parsing
        self._expected()
        refusal, app = self._too_large(), self.app
        if refusal is not None:
            self.app = _refusing(refusal)
        super().on_headers_complete()
        self.app = app
        self._waits_for_headers, self._header_bytes, self._bytes_beside_the_body = False, 0, 0
        self._expect_within(self.settings.body_seconds, "the body")

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        """Wait for the next request's headers; uvicorn itself closes a connection that is idle between requests."""
        self._expected()
        self._waits_for_headers = self._has_completed = True
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Stop sending until the client has read, but not for ever."""
        super().pause_writing()
        if self._reading is None:
            self._reading = self.loop.call_later(self.settings.reading_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Send again."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self._refuse(MalformedRequest(msg))

    def _too_large(self) -> DomainError | None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if len(self.url) > self.settings.max_url_bytes:
            return UrlTooLong(f"at most {self.settings.max_url_bytes} bytes")
        if size > self.settings.max_header_bytes:
            return HeadersTooLarge(f"at most {self.settings.max_header_bytes} bytes")
        return None

    def _expect_within(self, seconds: int, what: str) -> None:
        self._deadline = self.loop.call_later(seconds, self._too_late, seconds, what)

    def _expected(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self, seconds: int, what: str) -> None:
        self._deadline = None
        if self._responds() and self._waits_for_headers:
            return  # The next request may take its time until this one has its response.
        if self.pipeline:
            self._expect_within(seconds, what)  # Nothing is read until the earlier request has its response.
            return
        if not self._header_bytes and self._waits_for_headers:
            self.transport.close()
            return
        self._refuse(RequestTooSlow(f"{what} did not arrive within {seconds} s"))

    def _responds(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _may_be_answered(self) -> bool:
        """Whether a client takes an answer for one to what it sends now, and to no other request."""
        if self.pipeline:
            return False
        if self._waits_for_headers:
            return not self._responds()
        return self._responds() and not self.cycle.response_started

    def _refuse(self, refusal: DomainError) -> None:
        """Close the connection, after an answer outside of the app where it cannot be taken for another request's."""
        self._expected()
        if self._may_be_answered():
            context.begin(context.Origin(actor="", causation=uuid.uuid4().hex))
            response = problems.refusal("", refusal)
            lines = [name + b": " + value + b"\r\n" for name, value in response.raw_headers]
            head = [STATUS_LINE[response.status_code], *lines, b"connection: close\r\n\r\n"]
            self.transport.write(b"".join([*head, bytes(response.body)]))
        self.transport.close()
        if self._responds():
            # The app's next `receive` says that the client has gone, and what it sends goes nowhere.
            self.cycle.disconnected = True
            self.cycle.message_event.set()


def bounded(settings: Settings) -> type[BoundedProtocol]:
    """Return the protocol with these limits, for `uvicorn.Config(http=...)`."""
    return type("Bounded", (BoundedProtocol,), {"settings": settings})


def _refusing(refusal: DomainError) -> ASGIApp:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        context.begin(context.Origin(actor="", causation=uuid.uuid4().hex))
        response = problems.refusal(scope["path"], refusal)
        response.headers["Connection"] = "close"
        await response(scope, receive, send)

    return refuse
