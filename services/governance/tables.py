"""Imports every table of governance, for the migrations: a module of models not imported here has no tables."""

from libs.common.database import tables
from services.governance.assurance import models as assurance
from services.governance.breaches import models as breaches
from services.governance.commitments import models as commitments
from services.governance.conflicts import models as conflicts
from services.governance.core.models import Base
from services.governance.decision_rights import models as decision_rights
from services.governance.decisions import models as decisions
from services.governance.dossiers import models as dossiers
from services.governance.findings import models as findings
from services.governance.gifts import models as gifts
from services.governance.instruments import models as instruments
from services.governance.interests import models as interests
from services.governance.meetings import models as meetings
from services.governance.mergers import models as mergers
from services.governance.obstructions import models as obstructions
from services.governance.people import accounts
from services.governance.pooled_funds import models as pooled_funds
from services.governance.proposals import models as proposals
from services.governance.recommendations import models as recommendations
from services.governance.registers import models as registers
from services.governance.subjects import models as subjects

tables.add_to(Base.metadata)
MODELS = (
    assurance,
    breaches,
    gifts,
    registers,
    commitments,
    decision_rights,
    decisions,
    accounts,
    dossiers,
    conflicts,
    findings,
    interests,
    obstructions,
    meetings,
    mergers,
    instruments,
    pooled_funds,
    proposals,
    recommendations,
    subjects,
)
METADATA = Base.metadata
