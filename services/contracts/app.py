"""The contracts service, put together."""

from pathlib import Path

from fastapi import FastAPI

from libs.common.messaging.bus import Bus
from libs.common.service.app import Service, create_service
from libs.common.service.settings import Settings
from services.contracts.core.models import known
from services.contracts.imports.background import payment_imports
from services.contracts.imports.commands import MOST_BYTES as MOST_BYTES_OF_PAYMENTS
from services.contracts.performance.documents import MOST_BYTES
from services.contracts.reactions.due import MADE_DUE, do_next
from services.contracts.reactions.publishers import subscriptions
from services.contracts.routes import ROUTERS
from services.contracts.tables import METADATA

SERVICE = Service(
    name="contracts",
    title="Footprint: contracts",
    description="Back-office functions supplied to commissioners: supplier, customers, term and charge. "
    "When CCGs or ICBs merge, the successor takes over their contracts by the registry's event.",
    metadata=METADATA,
    routers=ROUTERS,
    examples=Path(__file__).with_name("examples.toml"),
    subscriptions=subscriptions,
    hears=("registry", "governance"),
    due_work=do_next,
    made_due=MADE_DUE,
    documents={"/v1/contracts/{reference}/documents": MOST_BYTES, "/v1/imports/payments": MOST_BYTES_OF_PAYMENTS},
    background={"imports of payments": payment_imports},
    predecessors=known.predecessors,
    tags=(
        {"name": "Contracts", "description": "Support contracts: drafted, signed, transferred, ended."},
        {"name": "Consolidations", "description": "Several contracts become one shared service."},
        {
            "name": "Findings",
            "description": "What needs attention: what is due, missed, in doubt or without authority.",
        },
        {"name": "Tasks", "description": "What waits for your signature or acceptance."},
        {"name": "Performance", "description": "Obligations, milestones, measures with their results, documents."},
        {"name": "Schedules", "description": "Payments in advance and on achievement, and what fell due of them."},
        {"name": "Alliances", "description": "Terms to which every member agrees, and what each gains or loses."},
        {
            "name": "Contract proposals",
            "description": "What sources let one infer, until a person confirms or rejects it.",
        },
        {
            "name": "Open contracting",
            "description": "What customers publish, for everybody: releases and records.",
        },
        {"name": "Tariffs", "description": "Tiers by population, prices a head, and which legal form may hold what."},
        {"name": "Buy-outs", "description": "The terms on which a PFI or LIFT contract may be bought out."},
        {"name": "Transfers", "description": "What mergers move, and what a merged body then has twice."},
        {
            "name": "Sourcing",
            "description": "How a body has each function done, and what it can choose by which rules.",
        },
        {"name": "Procurements", "description": "At what stage each stands, who runs it and who bids."},
        {
            "name": "Suppliers",
            "description": "What a supplier is and costs, whom it serves; the functions that can be bought.",
        },
        {
            "name": "Spend",
            "description": "Published payments: imported with what is odd about each, added up, by names' aliases.",
        },
        {
            "name": "Market",
            "description": "How many units there are, how each was assessed, and who could step in for one that fails.",
        },
    ),
)


def create_app(settings: Settings, bus: Bus) -> FastAPI:
    """Return the service as an ASGI application."""
    return create_service(SERVICE, settings, bus)
