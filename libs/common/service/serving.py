"""Runs a service under uvicorn so that it stops within seconds, long polls included."""

import gc
import socket

import uvicorn
from fastapi import FastAPI

from libs.common.service.app import stop
from libs.common.service.protocol import bounded
from libs.common.service.settings import Settings


def freeze() -> None:
    """Let the garbage collector pass by all that exists now: it stays as long as the process.

    Modules, routes and schemas are a million objects, through which it would go again and again.
    """
    gc.collect()
    gc.freeze()


class Server(uvicorn.Server):
    """Ends the app's long polls before waiting for open requests, which would otherwise delay the stop."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                access_log=False,  # the edge logs each request itself, with its ids
                log_config=None,
                server_header=False,
                http=bounded(settings),
                ws="none",
                timeout_graceful_shutdown=settings.stop_seconds,
            )
        )
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve; what was made until then stays."""
        await super().startup(sockets)
        freeze()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting requests, end the long polls, wait for open requests, then end the lifespan."""
        stop(self._app)
        await super().shutdown(sockets)
