"""The governance service, put together."""

from fastapi import FastAPI

from libs.common.messaging.bus import Bus
from libs.common.service.app import Service, create_service
from libs.common.service.settings import Settings
from services.governance.reactions import subscriptions
from services.governance.routes import ROUTERS
from services.governance.tables import METADATA

SERVICE = Service(
    name="governance",
    title="Footprint: governance",
    description="Who decides for a commissioner: its governing body, the posts on it, who holds them, and what each "
    "may decide. When CCGs or ICBs merge, all appointments end; whoever held a post in every one of them holds it in "
    "the new body, and any other post is vacant and listed.",
    metadata=METADATA,
    routers=ROUTERS,
    subscriptions=subscriptions,
    hears=("registry",),
    tags=(
        {"name": "Bodies", "description": "Governing bodies and their posts."},
        {"name": "Appointments", "description": "Who holds which post, and which are vacant."},
        {"name": "Decisions", "description": "Who may decide what, up to which value, by which minute."},
        {"name": "People", "description": "The people behind the ids that events carry."},
    ),
)


def create_app(settings: Settings, bus: Bus) -> FastAPI:
    """Return the service as an ASGI application."""
    return create_service(SERVICE, settings, bus)
