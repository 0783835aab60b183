"""The routers of finance, in order."""

from services.finance.accounts import api as accounts
from services.finance.allowances import api as allowances
from services.finance.backlogs import api as backlogs
from services.finance.budgets import api as budgets
from services.finance.buy_outs import api as buy_outs
from services.finance.cases import api as cases
from services.finance.cost_shares import api as cost_shares
from services.finance.cost_shifts import api as cost_shifts
from services.finance.delays import api as delays
from services.finance.documents import api as documents
from services.finance.estates import api as estates
from services.finance.estimates import api as estimates
from services.finance.exits import api as exits
from services.finance.figures import api as figures
from services.finance.findings import api as findings
from services.finance.flips import api as flips
from services.finance.funds import api as funds
from services.finance.parties import api as parties
from services.finance.payments import api as payments
from services.finance.populations import api as populations
from services.finance.portfolios import api as portfolios
from services.finance.reports import api as reports
from services.finance.savings import api as savings
from services.finance.series import api as series
from services.finance.simulations import api as simulations
from services.finance.virements import api as virements

ROUTERS = (
    allowances.allowances_router,
    allowances.router,
    populations.router,
    accounts.router,
    series.router,
    payments.router,
    findings.router,
    budgets.router,
    virements.router,
    cost_shares.router,
    buy_outs.router,
    exits.router,
    cost_shifts.router,
    parties.router,
    cases.router,
    cases.questions,
    simulations.router,
    estimates.router,
    funds.router,
    delays.router,
    backlogs.router,
    estates.router,
    estates.uploads_router,
    flips.router,
    reports.router,
    reports.requests_router,
    documents.router,
    figures.router,
    savings.router,
    portfolios.router,
    allowances.rule_packs_router,
)
