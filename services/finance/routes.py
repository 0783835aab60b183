"""The routers of finance, in order."""

from services.finance.allowances import api as allowances

ROUTERS = (allowances.allowances_router, allowances.router, allowances.rule_packs_router)
