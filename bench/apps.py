"""FastAPI apps compared by the HTTP benchmarks: plain FastAPI, and a service with nothing but its edge."""

from fastapi import FastAPI, Response

from libs.common.database import tables
from libs.common.database.connection import service_metadata
from libs.common.http.transactions import commands_router
from libs.common.messaging.bus.direct import DirectBus
from libs.common.process import logs
from libs.common.service.app import Service, create_service
from libs.common.service.settings import Settings

BODY = b'{"hello":"world"}'

metadata = service_metadata()
tables.add_to(metadata)
"""The tables of a service that keeps nothing of its own."""

bare = FastAPI()
edge_only = commands_router(tags=["Bench"])


@bare.get("/hello")
async def hello() -> dict[str, str]:
    """Answer as FastAPI's own first example does."""
    return {"hello": "world"}


@bare.get("/bytes")
@edge_only.get("/bytes")
async def answer() -> Response:
    """Answer with as little work as a route can do."""
    return Response(BODY, media_type="application/json")


def service() -> FastAPI:
    """Return a service whose one route is `/v1/bytes`, with all that surrounds the routes of every service."""
    settings = Settings.load()
    logs.configure(level=settings.log_level, style=settings.log_format)
    only = Service(name="bench", title="Bench", description="", metadata=metadata, routers=(edge_only,))
    return create_service(only, settings, DirectBus({}))
