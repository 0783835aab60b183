"""The routers of contracts, in order."""

from services.contracts.agreements import api as agreements
from services.contracts.alliances import api as alliances
from services.contracts.amendments import api as amendments
from services.contracts.bodies import api as bodies
from services.contracts.buy_outs import api as buy_outs
from services.contracts.consolidations import api as consolidations
from services.contracts.contract_proposals import api as contract_proposals
from services.contracts.exit_plans import api as exit_plans
from services.contracts.exits import api as exits
from services.contracts.findings import api as findings
from services.contracts.imports import api as imports
from services.contracts.market import api as market
from services.contracts.mergers import api as mergers
from services.contracts.novations import api as novations
from services.contracts.partnerships import api as partnerships
from services.contracts.performance import api as performance
from services.contracts.procurements import api as procurements
from services.contracts.publication import api as publication
from services.contracts.schedules import api as schedules
from services.contracts.signing import api as signing
from services.contracts.sourcing import api as sourcing
from services.contracts.spend import api as spend
from services.contracts.suppliers import api as suppliers
from services.contracts.tariffs import api as tariffs
from services.contracts.tasks import api as tasks
from services.contracts.terminations import api as terminations

ROUTERS = (
    agreements.router,
    signing.router,
    amendments.router,
    exits.router,
    terminations.router,
    exit_plans.router,
    consolidations.router,
    findings.router,
    schedules.router,
    alliances.router,
    buy_outs.router,
    bodies.router,
    tariffs.router,
    performance.router,
    performance.uploads_router,
    suppliers.router,
    market.router,
    sourcing.router,
    sourcing.options_router,
    procurements.router,
    partnerships.router,
    contract_proposals.router,
    publication.router,
    agreements.functions_router,
    mergers.router,
    novations.router,
    imports.router,
    spend.router,
    tasks.router,
)
