"""What can be asked of contracts, over HTTP: thin routes, one file a noun."""

from services.contracts.api import consolidations, contracts, suppliers

ROUTERS = (contracts.router, consolidations.router, suppliers.router)
