"""What can be asked of the registry, by noun."""

from services.registry.api import (
    cover,
    descriptions,
    federations,
    fhir,
    identifiers,
    mergers,
    organisations,
    populations,
    relations,
    search,
    watch_lists,
)

ROUTERS = (
    organisations.router,
    descriptions.router,
    identifiers.router,
    populations.router,
    federations.router,
    search.router,
    watch_lists.router,
    mergers.router,
    cover.router,
    relations.router,
    fhir.router,
)
