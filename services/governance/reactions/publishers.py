"""All reactions of governance: importing a publisher's module subscribes its handlers."""

from services.governance.reactions import contracts, dossiers, finance, registry
from services.governance.reactions.base import subscriptions

__all__ = ["contracts", "dossiers", "finance", "registry", "subscriptions"]
