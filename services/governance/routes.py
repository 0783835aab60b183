"""The routers of governance, in order."""

from services.governance.appointments import api as appointments
from services.governance.bodies import api as bodies
from services.governance.decision_rights import api as decision_rights
from services.governance.people import api as people

ROUTERS = (appointments.router, bodies.router, decision_rights.router, people.names_router, people.router)
