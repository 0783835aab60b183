"""The governance service, put together."""

from pathlib import Path

from fastapi import FastAPI

from libs.common.messaging.bus import Bus
from libs.common.service.app import Service, create_service
from libs.common.service.settings import Settings
from services.governance.core.models import known
from services.governance.reactions import subscriptions
from services.governance.routes import ROUTERS
from services.governance.tables import METADATA

SERVICE = Service(
    name="governance",
    title="Footprint: governance",
    description="The governing body of a commissioner, its posts and their holders, and what each "
    "may decide. When CCGs or ICBs merge, all appointments end; a person who held a post in all of them keeps it in "
    "the new body, and any other post is vacant and listed.",
    metadata=METADATA,
    routers=ROUTERS,
    examples=Path(__file__).with_name("examples.toml"),
    subscriptions=subscriptions,
    hears=("registry",),
    predecessors=known.predecessors,
    tags=(
        {"name": "Bodies", "description": "Governing bodies and their posts."},
        {"name": "Appointments", "description": "Holders of posts, and vacant posts."},
        {"name": "Decisions", "description": "What bodies and posts may decide, up to which value, by which minute."},
        {"name": "People", "description": "The people behind the ids that events carry."},
    ),
)


def create_app(settings: Settings, bus: Bus) -> FastAPI:
    """Return the service as an ASGI application."""
    return create_service(SERVICE, settings, bus)
