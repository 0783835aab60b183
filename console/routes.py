"""All pages of the console, in the order in which their addresses are tried."""

from starlette.routing import Route

from console.consolidations import pages as consolidations
from console.contracts import pages as contracts
from console.decisions import pages as decisions
from console.finance import pages as finance
from console.signin import pages as signin

ROUTES: list[Route] = [
    *signin.ROUTES,
    *contracts.ROUTES,
    *consolidations.ROUTES,
    *finance.ROUTES,
    *decisions.ROUTES,
]

NAVIGATION: tuple[tuple[str, str], ...] = (
    ("/exits", "Exits"),
    ("/contracts", "Contracts"),
    ("/consolidations", "Consolidations"),
    ("/spend", "Payments"),
    ("/finance", "Finance"),
    ("/decisions", "Decisions"),
)
"""What the head of each page offers: address and name."""
