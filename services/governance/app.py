"""The governance service, put together."""

from pathlib import Path

from fastapi import FastAPI

from libs.common.messaging.bus import Bus
from libs.common.service.app import Service, create_service
from libs.common.service.settings import Settings
from services.governance.core.models import known
from services.governance.provenance.queries import add_to_origin, find_item_or_votes
from services.governance.reactions.due import MADE_DUE, do_next
from services.governance.reactions.publishers import subscriptions
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
    hears=("registry", "contracts", "finance"),
    due_work=do_next,
    made_due=MADE_DUE,
    find_fact=find_item_or_votes,
    add_to_origin=add_to_origin,
    predecessors=known.predecessors,
    tags=(
        {"name": "Bodies", "description": "Governing bodies and their posts."},
        {"name": "Appointments", "description": "Holders of posts, and vacant posts."},
        {"name": "Decisions", "description": "What bodies and posts may decide, up to which value, by which minute."},
        {"name": "Proposals", "description": "What bodies are asked to decide, by when, and where it stands."},
        {"name": "Instruments", "description": "How organisations work together, and whom a decision binds."},
        {"name": "Findings", "description": "What needs attention, such as a vacant post or a right to be made again."},
        {"name": "Recommendations", "description": "What footprints recommend that bodies decide, and their answers."},
        {"name": "Obstructions", "description": "Who stands in the way of what, since when and at what cost."},
        {
            "name": "Mergers",
            "description": "What the registry published of mergers, and what each ends.",
        },
        {"name": "Commitments", "description": "Contracts signed before their body existed, and reports of pressure."},
        {"name": "Authorisations", "description": "Authorisations of CCGs, their conditions and what lifts them."},
        {"name": "Rule packs", "description": "Law, catalogues and periods that answers name."},
        {"name": "Interests", "description": "Interests of those who decide, declared and in registers."},
        {"name": "Registers", "description": "Gifts, hospitality and breaches, and registers as they are published."},
        {"name": "Dossiers", "description": "What led to each decision and what followed, as a chain of hashes."},
        {"name": "Meetings", "description": "Notice, agenda, attendance, recusals, votes, results and minutes."},
        {"name": "Conflicts", "description": "Conflicts of those who decide, and papers of proposals."},
        {"name": "Tasks", "description": "What waits for your organisations."},
        {"name": "People", "description": "The people behind the ids that events carry."},
    ),
)


def create_app(settings: Settings, bus: Bus) -> FastAPI:
    """Return the service as an ASGI application."""
    return create_service(SERVICE, settings, bus)
