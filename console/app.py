"""Makes the console: its pages, what they share, and what happens where a page fails."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import cache

import httpx
from jinja2 import Environment
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.charts.drawing import Drawing
from console.core.assets import Assets
from console.core.jinja import environment
from console.core.page import Console, Page
from console.core.protection import KnownBy
from console.core.services import Services
from console.routes import NAVIGATION, ROUTES
from console.settings import SERVICES, Settings
from console.signin.oidc import Issuer, IssuerSilent
from console.signin.pages import ended
from console.signin.sessions import Sessions
from console.signin.sign_in import SignedOut, SignIn
from libs.common.process import logs
from libs.common.process.metrics import CONTENT_TYPE, Metrics

_log = logs.logger(__name__)


def create_console(
    settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None, charts: Drawing | None = None
) -> Starlette:
    """Return the console as an app; `transport` stands in the place of the network. Without `charts` none is drawn."""
    assets, templates = _files()
    services = Services(
        {name: settings.url_of(name) for name in (*SERVICES, "provenance", "branches")}, transport=transport
    )
    issuer = Issuer(settings, transport=transport)
    sessions = Sessions(settings.session_file, settings.session_key)
    sign_in = SignIn(sessions, issuer)
    metrics = Metrics("console")

    app = Starlette(
        routes=[*_own_routes(assets, metrics), *ROUTES],
        lifespan=_lifespan(sessions, issuer, services, charts),
        middleware=[
            Middleware(_Measured, metrics=metrics),
            *([Middleware(KnownBy, address=settings.public_url)] if settings.public_url else []),
            Middleware(GZipMiddleware, minimum_size=500),
        ],
        exception_handlers={
            HTTPException: _refused,
            SignedOut: _ended,
            IssuerSilent: _not_renewed,
            Exception: _failed,
        },
    )
    app.state.console = Console(settings, services, templates, sign_in.session_of, charts)
    app.state.sign_in = sign_in
    return app


def _own_routes(assets: Assets, metrics: Metrics) -> list[BaseRoute]:
    async def show_metrics(_: Request) -> Response:
        return Response(metrics.exposition({}), media_type=CONTENT_TYPE)

    return [
        Route("/assets/{name}", assets.serve),
        Route("/health/live", _live),
        Route("/health/ready", _live),
        Route("/metrics", show_metrics),
    ]


def _lifespan(
    sessions: Sessions, issuer: Issuer, services: Services, charts: Drawing | None
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(sessions.close)
            stack.push_async_callback(issuer.close)
            stack.push_async_callback(services.close)
            if charts is not None:
                stack.push_async_callback(charts.stop)
                # Beside the first requests: a chart that is asked for meanwhile waits for it.
                warming = asyncio.create_task(charts.start())
                stack.callback(warming.cancel)
            yield

    return lifespan


@cache
def _files() -> tuple[Assets, Environment]:
    """Return the styles, scripts and templates, which are read once in a process."""
    assets = Assets()
    templates = environment(assets)
    templates.globals["navigation"] = NAVIGATION
    return assets, templates


async def _live(_: Request) -> Response:
    return PlainTextResponse("ok")


async def _page_of(request: Request) -> Page:
    console: Console = request.app.state.console
    return Page(request, console, await console.session_of(request))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    titles = {404: "There is no such page", 403: "This was refused", 405: "There is no such page"}
    title = titles.get(error.status_code, "There is a problem")
    words = "" if error.status_code in (404, 405) else error.detail
    page = await _page_of(request)
    return page.render("error.html", title=title, status=error.status_code, words=words)


async def _ended(request: Request, _: Exception) -> Response:
    return ended(request)


async def _not_renewed(request: Request, error: Exception) -> Response:
    """Say that the token of a session cannot be fetched anew at the moment; the session stays."""
    page = await _page_of(request)
    words = f"{error} {_what_was_done(request)}"
    return page.render("error.html", title="The sign-in service does not answer", status=503, words=words)


async def _failed(request: Request, error: Exception) -> Response:
    _log.error("page failed", path=request.url.path, exc_info=error)
    words = f"Something went wrong here; the operators find it in the log. {_what_was_done(request)}"
    page = await _page_of(request)
    return page.render("error.html", title="This page cannot be shown", status=500, words=words)


def _what_was_done(request: Request) -> str:
    """Say whether a page that fails had sent a command already."""
    if getattr(request.state, "page", None) is not None and request.state.page.has_sent:
        return "What you sent may have been done all the same: look at how it stands before you send it again."
    return "Nothing was changed by it."


class _Measured:
    """Logs each request, and counts and times it by the pattern of its address."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.answered(scope, status, seconds)
            logs.request_answered(
                method=scope["method"], path=scope["path"], status=status, ms=round(seconds * 1000, 1)
            )
