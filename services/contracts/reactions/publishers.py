"""All reactions of contracts: importing a publisher's module subscribes its handlers."""

from services.contracts.reactions import governance, registry
from services.contracts.reactions.base import subscriptions

__all__ = ["governance", "registry", "subscriptions"]
