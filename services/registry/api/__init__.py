"""What can be asked of the registry, by noun."""

from services.registry.api import mergers, organisations

ROUTERS = (organisations.router, mergers.router)
