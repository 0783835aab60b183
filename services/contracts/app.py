"""The contracts service, put together."""

from fastapi import FastAPI

from libs.common.messaging.bus import Bus
from libs.common.service.app import Service, create_service
from libs.common.service.settings import Settings
from services.contracts.core.models import known
from services.contracts.reactions import subscriptions
from services.contracts.routes import ROUTERS
from services.contracts.tables import METADATA

SERVICE = Service(
    name="contracts",
    title="Footprint: contracts",
    description="Who supplies which back-office functions to which commissioners, until when, for how much. "
    "When CCGs or ICBs merge, the successor takes over their contracts because the registry's event said so.",
    metadata=METADATA,
    routers=ROUTERS,
    subscriptions=subscriptions,
    hears=("registry",),
    predecessors=known.predecessors,
    tags=(
        {"name": "Contracts", "description": "Support contracts: drafted, signed, changing hands, ended."},
        {"name": "Consolidations", "description": "Several contracts become one shared service."},
        {"name": "Suppliers", "description": "Whom a supplier serves, and what can be bought."},
    ),
)


def create_app(settings: Settings, bus: Bus) -> FastAPI:
    """Return the service as an ASGI application."""
    return create_service(SERVICE, settings, bus)
