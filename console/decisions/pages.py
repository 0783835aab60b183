"""The routes of all pages about decisions, the fixed paths before those with a name in them."""

from console.core.page import Route
from console.decisions import (
    agreements,
    declarations,
    dossiers,
    inbox,
    items,
    meeting_acts,
    meetings,
    proposal_acts,
    proposals,
    questions,
    radar,
    recommendations,
    rights,
    urgent_actions,
)

ROUTES: list[Route] = [
    *inbox.ROUTES,
    *questions.ROUTES,
    *radar.ROUTES,
    *meeting_acts.ROUTES,
    *meetings.ROUTES,
    *items.ROUTES,
    *proposal_acts.ROUTES,
    *proposals.ROUTES,
    *dossiers.ROUTES,
    *declarations.ROUTES,
    *recommendations.ROUTES,
    *rights.ROUTES,
    *agreements.ROUTES,
    *urgent_actions.ROUTES,
]
