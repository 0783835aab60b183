"""Imports every table of contracts, for the migrations: a module of models not imported here has no tables."""

from libs.common.database import tables
from services.contracts.agreements import models as agreements
from services.contracts.alliances import models as alliances
from services.contracts.amendments import models as amendments
from services.contracts.authorities import models as authorities
from services.contracts.bodies import models as bodies
from services.contracts.buy_outs import models as buy_outs
from services.contracts.contract_proposals import models as contract_proposals
from services.contracts.core import schemes
from services.contracts.core.models import Base
from services.contracts.exits import models as exits
from services.contracts.findings import models as findings
from services.contracts.mergers import models as mergers
from services.contracts.novations import models as novations
from services.contracts.partnerships import models as partnerships
from services.contracts.payments import models as payments
from services.contracts.performance import models as performance
from services.contracts.plans import models as plans
from services.contracts.procurements import models as procurements
from services.contracts.publication import models as publication
from services.contracts.schedules import models as schedules
from services.contracts.signing import models as signing
from services.contracts.sourcing import models as sourcing
from services.contracts.spend import models as spend
from services.contracts.suppliers import models as suppliers
from services.contracts.tariffs import models as tariffs

tables.add_to(Base.metadata)
MODELS = (
    agreements,
    alliances,
    amendments,
    authorities,
    bodies,
    buy_outs,
    contract_proposals,
    exits,
    findings,
    mergers,
    novations,
    partnerships,
    payments,
    performance,
    plans,
    procurements,
    publication,
    schedules,
    schemes,
    signing,
    sourcing,
    spend,
    suppliers,
    tariffs,
)
METADATA = Base.metadata
