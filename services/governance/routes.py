"""The routers of governance, in order."""

from services.governance.appointments import api as appointments
from services.governance.assurance import api as assurance
from services.governance.ballots import api as ballots
from services.governance.bodies import api as bodies
from services.governance.breaches import api as breaches
from services.governance.co_commissioning import api as co_commissioning
from services.governance.commitments import api as commitments
from services.governance.conflicts import api as conflicts
from services.governance.decision_rights import api as decision_rights
from services.governance.decisions import api as decisions
from services.governance.dossiers import api as dossiers
from services.governance.erasures import api as erasures
from services.governance.findings import api as findings
from services.governance.forecasts import api as forecasts
from services.governance.gifts import api as gifts
from services.governance.instruments import api as instruments
from services.governance.interests import api as interests
from services.governance.meetings import api as meetings
from services.governance.mergers import api as mergers
from services.governance.minutes import api as minutes
from services.governance.obstructions import api as obstructions
from services.governance.people import api as people
from services.governance.proposals import api as proposals
from services.governance.reach import api as reach
from services.governance.recommendations import api as recommendations
from services.governance.registers import api as registers
from services.governance.rule_packs import api as rule_packs
from services.governance.tasks import api as tasks
from services.governance.urgent_actions import api as urgent_actions

ROUTERS = (
    appointments.router,
    bodies.router,
    decision_rights.questions,
    decision_rights.router,
    dossiers.router,
    meetings.router,
    forecasts.router,
    ballots.router,
    minutes.router,
    urgent_actions.router,
    decisions.router,
    proposals.router,
    people.names_router,
    people.router,
    erasures.router,
    findings.router,
    obstructions.router,
    recommendations.router,
    mergers.router,
    commitments.router,
    commitments.reports_router,
    instruments.router,
    reach.router,
    co_commissioning.router,
    assurance.router,
    rule_packs.router,
    interests.router,
    gifts.router,
    breaches.router,
    registers.router,
    conflicts.papers_router,
    conflicts.router,
    tasks.router,
)
