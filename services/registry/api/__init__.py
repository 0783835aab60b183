"""What can be asked of the registry, by noun."""

from services.registry.api import cover, descriptions, fhir, mergers, organisations, search, watch_lists

ROUTERS = (
    organisations.router,
    descriptions.router,
    search.router,
    watch_lists.router,
    mergers.router,
    cover.router,
    fhir.router,
)
