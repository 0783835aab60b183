"""Pages of finance: where they begin, a figure's origin, and the routes of all."""

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.finance import (
    allowance_pages,
    case_pages,
    document_pages,
    portfolio_pages,
    savings_pages,
    simulation_pages,
)
from console.finance.addresses import joined

_SERVICE = "finance"
_FEW = 10


async def finance(page: Page) -> Response:
    """Show where finance begins: the first cases, portfolios and allowances, and what has been realised of savings."""
    cases, portfolios, allowances, rates = await page.ask(
        page.now(_SERVICE, "/cases", as_known=page.times.as_known, limit=_FEW),
        page.of(_SERVICE, "/portfolios", limit=_FEW),
        page.of(_SERVICE, "/allowances", limit=_FEW),
        page.of(_SERVICE, "/realisation-rates"),
    )
    return page.render(
        "finance/finance.html",
        title="Finance",
        cases=cases,
        portfolios=portfolios,
        allowances=allowances,
        rates=rates,
    )


async def figure(page: Page) -> Response:
    """Show what a figure was computed from: rule packs, inputs, and the events that it follows from."""
    answer = page.query.get("answer")
    [origin] = await page.ask(page.of(_SERVICE, f"{joined('figures', page.path['figure'])}/provenance", answer=answer))
    if not origin.ok:
        return page.unanswered(origin)
    return page.render("finance/figure.html", title="Where this figure comes from", origin=origin)


ROUTES: list[Route] = [
    get("/finance", finance),
    get("/finance/figures/{figure}", figure),
    *document_pages.ROUTES,
    *simulation_pages.ROUTES,
    *case_pages.ROUTES,
    *portfolio_pages.ROUTES,
    *savings_pages.ROUTES,
    *allowance_pages.ROUTES,
]
