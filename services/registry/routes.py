"""The routers of the registry, in order."""

from services.registry.applications import api as applications
from services.registry.care_models import api as care_models
from services.registry.clusters import api as clusters
from services.registry.cover import api as cover
from services.registry.crosswalks import api as crosswalks
from services.registry.evidence import api as evidence
from services.registry.federations import api as federations
from services.registry.fhir import api as fhir
from services.registry.findings import api as findings
from services.registry.identifiers import api as identifiers
from services.registry.imports import api as imports
from services.registry.lineage import api as lineage
from services.registry.merger_previews import api as merger_previews
from services.registry.mergers import api as mergers
from services.registry.organisations import api as organisations
from services.registry.populations import api as populations
from services.registry.relations import api as relations
from services.registry.reorganisations import api as reorganisations
from services.registry.revisions import api as revisions
from services.registry.search import api as search
from services.registry.suspensions import api as suspensions
from services.registry.watch_lists import api as watch_lists

ROUTERS = (
    organisations.router,
    identifiers.router,
    revisions.router,
    lineage.router,
    crosswalks.router,
    evidence.router,
    evidence.findings_router,
    imports.router,
    populations.router,
    federations.router,
    care_models.router,
    search.router,
    watch_lists.router,
    findings.router,
    mergers.router,
    merger_previews.router,
    suspensions.router,
    applications.router,
    clusters.router,
    cover.router,
    relations.router,
    reorganisations.router,
    fhir.router,
)
