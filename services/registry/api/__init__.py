"""What can be asked of the registry, by noun."""

from services.registry.api import (
    cover,
    descriptions,
    federations,
    fhir,
    identifiers,
    lineage,
    mergers,
    organisations,
    populations,
    relations,
    search,
    sources,
    watch_lists,
)

ROUTERS = (
    organisations.router,
    descriptions.router,
    identifiers.router,
    lineage.router,
    sources.router,
    populations.router,
    federations.router,
    search.router,
    watch_lists.router,
    mergers.router,
    cover.router,
    relations.router,
    fhir.router,
)
