"""What can be asked of finance, by noun."""

from services.finance.api.allowances import router as allowances
from services.finance.api.populations import router as populations
from services.finance.api.rule_packs import router as rule_packs

ROUTERS = (allowances, populations, rule_packs)
