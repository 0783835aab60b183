"""All reactions of finance: importing a publisher's module subscribes its handlers."""

from services.finance.reactions import contracts, figures, governance, registry
from services.finance.reactions.base import subscriptions

__all__ = ["contracts", "figures", "governance", "registry", "subscriptions"]
