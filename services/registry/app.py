"""The registry service, put together."""

import re
from pathlib import Path

from fastapi import FastAPI

from libs.common.events.registry import (
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    ICBMerged,
    ICBMergerAgreed,
    ICBMergerRedated,
    RegistryFindingCleared,
    RegistryFindingRaised,
)
from libs.common.messaging.bus import Bus
from libs.common.messaging.causes import DueBy, MadeDue, own_events
from libs.common.messaging.provenance import Alias
from libs.common.service.app import Service, create_service
from libs.common.service.due_work import first_of
from libs.common.service.settings import Settings
from services.registry.core.models import successions
from services.registry.imports.preview.background import UPLOADS, previews
from services.registry.mergers.commands import carry_out_next_merger
from services.registry.routes import ROUTERS
from services.registry.tables import METADATA
from services.registry.tasks.due import find_not_put_back, find_stalled
from services.registry.watch_lists.queries import watched_by

_ABOUT = DueBy("about", own_events("registry", but=(RegistryFindingRaised, RegistryFindingCleared)))

SERVICE = Service(
    name="registry",
    title="Footprint: registry",
    description="Organisations as at any day, as known on any other; their predecessors and successors; and the "
    "mergers of clinical commissioning groups and integrated care boards: agreed, redated, withdrawn and carried out.",
    metadata=METADATA,
    routers=ROUTERS,
    examples=Path(__file__).with_name("examples.toml"),
    due_work=first_of((carry_out_next_merger, find_stalled, find_not_put_back)),
    # What passes with a merger has the cause of the merger.
    made_due=MadeDue(
        {
            CCGMerged: (DueBy("merger", (CCGMergerAgreed, CCGMergerRedated)),),
            ICBMerged: (DueBy("merger", (ICBMergerAgreed, ICBMergerRedated)),),
            RegistryFindingRaised: (_ABOUT,),
            RegistryFindingCleared: (_ABOUT, DueBy("finding", (RegistryFindingRaised,))),
        }
    ),
    uploads=UPLOADS,
    background={"previews of imports": previews},
    predecessors=successions.predecessors,
    watched=watched_by,
    aliases=(Alias(re.compile("(M-.+)-[PS][0-9]+"), "scheme"),),
    tags=(
        {
            "name": "Organisations",
            "description": "Open, rename and close them; read each as at a day, with its lineage.",
        },
        {"name": "Lineage", "description": "Predecessors, successors, exact shares, and crosswalks."},
        {
            "name": "Sources",
            "description": "What each source states of which days, which one rules, and where they disagree.",
        },
        {
            "name": "Findings",
            "description": "What is odd in the statements of sources; what of mergers waits, or was not put back.",
        },
        {"name": "Imports", "description": "Preview what the import of a file would change."},
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
            "schemes and conditions, redated, withdrawn, carried out.",
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
