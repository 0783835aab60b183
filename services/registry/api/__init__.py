"""What can be asked of the registry, by noun."""

from services.registry.api import mergers, organisations, search

ROUTERS = (organisations.router, search.router, mergers.router)
