"""Imports every table of finance, for the migrations: a module of models not imported here has no tables."""

from libs.common.database import tables
from services.finance.accounts import models as accounts
from services.finance.allowances import models as allowances
from services.finance.backlogs import models as backlogs
from services.finance.budgets import models as budgets
from services.finance.buy_outs import models as buy_outs
from services.finance.cases import models as cases
from services.finance.charges import models as charges
from services.finance.core import terminations
from services.finance.core.models import Base
from services.finance.cost_shifts import models as cost_shifts
from services.finance.decisions import models as decisions
from services.finance.delays import models as delays
from services.finance.estates import models as estates
from services.finance.exits import models as exits
from services.finance.figures import models as figures
from services.finance.findings import models as findings
from services.finance.flips import models as flips
from services.finance.funds import models as funds
from services.finance.lines import models as lines
from services.finance.parties import models as parties
from services.finance.payments import models as payments
from services.finance.portfolios import models as portfolios
from services.finance.runs import models as runs
from services.finance.savings import models as savings
from services.finance.series import models as series
from services.finance.virements import models as virements

tables.add_to(Base.metadata)
MODELS = (
    accounts,
    allowances,
    buy_outs,
    budgets,
    charges,
    cases,
    terminations,
    lines,
    exits,
    decisions,
    delays,
    backlogs,
    estates,
    figures,
    findings,
    flips,
    cost_shifts,
    parties,
    portfolios,
    runs,
    payments,
    funds,
    savings,
    series,
    virements,
)
METADATA = Base.metadata
