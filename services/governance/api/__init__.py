"""What can be asked of governance, over HTTP: thin routes, one file a noun."""

from services.governance.api import appointments, bodies, decisions, people

ROUTERS = (appointments.router, bodies.router, decisions.router, people.router)
