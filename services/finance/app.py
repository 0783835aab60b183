"""The finance service, put together."""

from pathlib import Path

from fastapi import FastAPI

from libs.common.messaging.bus import Bus
from libs.common.service.app import Service, create_service
from libs.common.service.settings import Settings
from services.finance.core.models import known
from services.finance.documents.commands import discard_old
from services.finance.documents.jobs import WORKER as WRITER
from services.finance.documents.queries import KIND as DOCUMENT
from services.finance.estates.commands import MOST_BYTES
from services.finance.figures.queries import find_origin
from services.finance.portfolios.commands import publish_solved
from services.finance.portfolios.jobs import WORKER as OPTIMISER
from services.finance.portfolios.queries import KIND as PORTFOLIO
from services.finance.reactions.due import MADE_DUE, do_next
from services.finance.reactions.publishers import subscriptions
from services.finance.routes import ROUTERS
from services.finance.runs.background import Kind, runs
from services.finance.simulations.jobs import WORKER as MONTE_CARLO
from services.finance.simulations.queries import KIND as SIMULATION
from services.finance.tables import METADATA

SERVICE = Service(
    name="finance",
    title="Footprint: finance",
    description="What commissioners may spend, what sharing services is worth and to whom, when to leave a contract, "
    "and whether the saving arrived. When CCGs or ICBs merge, allowances and budgets are restated from the day of the "
    "merger on, by days and to the penny, because the registry publishes the merger. Charges, prices of exits, due "
    "payments and decisions come from the events of the services that own them.",
    metadata=METADATA,
    routers=ROUTERS,
    examples=Path(__file__).with_name("examples.toml"),
    subscriptions=subscriptions,
    due_work=do_next,
    made_due=MADE_DUE,
    documents={"/v1/estates/workbooks": MOST_BYTES},
    hears=("registry", "contracts", "governance"),
    predecessors=known.predecessors,
    find_fact=find_origin,
    # Documents and simulations take seconds, plans minutes: none waits for another.
    background={
        "runs": runs({PORTFOLIO: Kind(OPTIMISER, publish_solved)}),
        "documents": runs({DOCUMENT: Kind(WRITER, discard_old)}),
        "simulations": runs({SIMULATION: Kind(MONTE_CARLO)}),
    },
    tags=(
        {"name": "Populations", "description": "Stated for a financial year: they set the allowance."},
        {"name": "Allowances", "description": "As set and as restated, with their calculation."},
        {"name": "Exits", "description": "When to leave a contract, and what a missed notice costs."},
        {"name": "Suppliers", "description": "What exits shift to others, the domino, and exit triggers."},
        {"name": "Lenses", "description": "Sets of parties through which figures are read, and sectors of parties."},
        {
            "name": "Buy-outs",
            "description": "What it takes to buy a PFI or LIFT contract out, and whether it is worth it.",
        },
        {
            "name": "Payments",
            "description": "What contracts says is due, and the entries by which it was paid, once an item.",
        },
        {
            "name": "Findings",
            "description": "What needs attention: money paid by a decision that was reversed, what waits for too long.",
        },
        {
            "name": "Series",
            "description": "Figures through the years, statutory and management, and the bridge between.",
        },
        {"name": "Accounts", "description": "The national chart, local codes mapped to it, postings and closes."},
        {"name": "Budgets", "description": "Lines by year, localities, ceilings, reductions; restated at mergers."},
        {"name": "Virements", "description": "Amounts that move between lines of one budget."},
        {"name": "Cases", "description": "Business cases: options with typed lines, appraised by version."},
        {"name": "Simulations", "description": "How uncertain the value of a case is: Monte Carlo of a version."},
        {"name": "Estimates", "description": "Savings by benchmark; no benchmark where there is none."},
        {"name": "Funds", "description": "Money by year and purpose, recurrent or not, and what was drawn of it."},
        {"name": "Estates", "description": "Backlog by category, organisation, year and footprint; PFI schemes."},
        {"name": "Delays", "description": "What it costs that a body has not decided."},
        {"name": "Flips", "description": "Decisions that another rule pack would change."},
        {
            "name": "Reports",
            "description": "Cases, exits, plans and savings as documents, and where figures come from.",
        },
        {"name": "Savings", "description": "From the forecast to what budgets fell by, and the rates learned from it."},
        {
            "name": "Portfolios",
            "description": "Which exits, buy-outs and openings to do when: the best plan, its bound.",
        },
        {"name": "Rule packs", "description": "Rates, thresholds, benchmarks and rules by date, with their sources."},
    ),
)


def create_app(settings: Settings, bus: Bus) -> FastAPI:
    """Return the service as an ASGI application."""
    return create_service(SERVICE, settings, bus)
