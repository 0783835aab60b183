"""The registry service, put together."""

from fastapi import FastAPI

from libs.common.messaging.bus import Bus
from libs.common.service.app import Service, create_service
from libs.common.service.settings import Settings
from services.registry.mergers.commands import carry_out_next_merger
from services.registry.routes import ROUTERS
from services.registry.tables import METADATA

SERVICE = Service(
    name="registry",
    title="Footprint: registry",
    description="Which organisations there are and were, as at any day, as known on any other; who followed whom; and "
    "the mergers of clinical commissioning groups, agreed, put off, given up and carried out.",
    metadata=METADATA,
    routers=ROUTERS,
    due_work=carry_out_next_merger,
    tags=(
        {"name": "Organisations", "description": "Opened, renamed, closed; what each was on a day; its lineage."},
        {"name": "Lineage", "description": "What came before, what came of it, how much of it where, and crosswalks."},
        {"name": "Sources", "description": "Who said what of which days, who rules, and where sources disagree."},
        {"name": "Findings", "description": "What is odd in all that sources said, taken as it arrived."},
        {"name": "Imports", "description": "What a file would change, before it is taken."},
        {"name": "Search", "description": "Search, members and trees, many at once, exports, watch lists."},
        {
            "name": "Populations",
            "description": "How many people a body serves: registered, weighted, resident; by source.",
        },
        {"name": "Federations", "description": "Legal forms: what each may hold and distribute; owners, size, remit."},
        {"name": "Care models", "description": "New care models at a place: planned, delayed, live, ended."},
        {
            "name": "Mergers",
            "description": "CCGs, or ICBs, are dissolved and another is established: agreed, made ready by transfer "
            "schemes and conditions, put off, given up, taking effect.",
        },
        {
            "name": "Merger applications",
            "description": "Filed under the procedures in force, judged by their criteria, determined by NHS England.",
        },
        {"name": "Clusters", "description": "ICBs that share a leadership and stay legal bodies of their own."},
        {
            "name": "Successions",
            "description": "Splits, acquisitions, boundary changes, abolitions; and their undoing.",
        },
        {"name": "Relations", "description": "Members, owners with exact shares, footprints, hosts: many to many."},
        {"name": "Cover", "description": "Every practice and area in exactly one commissioner (NHS Act 2006 s.14A)."},
        {"name": "FHIR R4", "description": "Organization and OrganizationAffiliation, shaped as the NHS ODS FHIR API."},
    ),
)


def create_app(settings: Settings, bus: Bus) -> FastAPI:
    """Return the service as an ASGI application."""
    return create_service(SERVICE, settings, bus)
