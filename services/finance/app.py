"""The finance service, put together."""

from pathlib import Path

from fastapi import FastAPI

from libs.common.messaging.bus import Bus
from libs.common.service.app import Service, create_service
from libs.common.service.settings import Settings
from services.finance.core.models import known
from services.finance.reactions import subscriptions
from services.finance.routes import ROUTERS
from services.finance.tables import METADATA

SERVICE = Service(
    name="finance",
    title="Footprint: finance",
    description="Running-cost allowances of commissioners: rate a head times population, by financial year. "
    "When CCGs or ICBs merge, allowances are restated from the day of the merger on, by days and to the penny, because "
    "the registry publishes the merger; the first allowance stays visible beside it.",
    metadata=METADATA,
    routers=ROUTERS,
    examples=Path(__file__).with_name("examples.toml"),
    subscriptions=subscriptions,
    hears=("registry", "contracts"),
    predecessors=known.predecessors,
    tags=(
        {"name": "Populations", "description": "Stated for a financial year: they set the allowance."},
        {"name": "Allowances", "description": "As set and as restated, with their calculation."},
        {"name": "Rule packs", "description": "The rates a head, with their sources."},
    ),
)


def create_app(settings: Settings, bus: Bus) -> FastAPI:
    """Return the service as an ASGI application."""
    return create_service(SERVICE, settings, bus)
