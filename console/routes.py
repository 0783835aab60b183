"""All pages of the console, in the order in which their addresses are tried."""

from starlette.routing import Route

from console.comparisons import pages as comparisons
from console.consolidations import pages as consolidations
from console.contracts import pages as contracts
from console.crosswalks import pages as crosswalks
from console.decisions import pages as decisions
from console.finance import pages as finance
from console.lineage import pages as lineage
from console.mergers import pages as mergers
from console.operations import pages as operations
from console.organisations import pages as organisations
from console.reasons import pages as reasons
from console.signin import pages as signin
from console.start import pages as start

ROUTES: list[Route] = [
    *signin.ROUTES,
    *start.ROUTES,
    *organisations.ROUTES,
    *lineage.ROUTES,
    *crosswalks.ROUTES,
    *contracts.ROUTES,
    *consolidations.ROUTES,
    *finance.ROUTES,
    *decisions.ROUTES,
    *mergers.ROUTES,
    *reasons.ROUTES,
    *comparisons.ROUTES,
    *operations.ROUTES,
]

NAVIGATION: tuple[tuple[str, str], ...] = (
    ("/search", "Organisations"),
    ("/mergers", "Mergers"),
    ("/crosswalks", "Restate"),
    ("/exits", "Exits"),
    ("/contracts", "Contracts"),
    ("/consolidations", "Consolidate"),
    ("/spend", "Payments"),
    ("/finance", "Finance"),
    ("/decisions", "Decisions"),
    ("/compare", "Branches"),
    ("/reasons", "Why?"),
    ("/operations", "Operations"),
)
"""What the head of each page offers: address and name."""
