"""Pages of savings: the ledger of an initiative from forecast to realised, and what has been realised of forecasts."""

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.finance import savings_shaping as shaping
from console.finance.addresses import joined
from console.finance.names import names_of

_SERVICE = "finance"


async def find_savings(page: Page) -> Response:
    """Ask for an initiative, and show what has been realised of forecasts by function."""
    if initiative := page.query.get("initiative", "").strip():
        return page.redirect(page.link(f"/finance{joined('savings', initiative)}"))
    [rates] = await page.ask(page.of(_SERVICE, "/realisation-rates"))
    return page.render("finance/savings.html", title="Savings", rates=rates)


async def show_savings(page: Page) -> Response:
    """Show an initiative's ledger."""
    [savings] = await page.ask(page.of(_SERVICE, joined("initiatives", page.path["initiative"], "savings")))
    if not savings.ok:
        return page.unanswered(savings)
    ledger = savings["savings"]
    names = await names_of(page, [code for one in ledger for code in (one["organisation"], *one["elsewhere"])])
    return page.render(
        "finance/ledger.html",
        title=f"Savings of {savings['initiative']}",
        savings=savings,
        names=names,
        colours=shaping.COLOURS,
        drawn=await page.chart(shaping.ledger_of(savings.body), "From each saving to what was realised"),
        own=f"/finance{joined('savings', page.path['initiative'])}",
        read=f"/v1{joined('initiatives', page.path['initiative'], 'savings')}",
    )


async def savings_table(page: Page) -> Response:
    """Return the ledger as a file."""
    [savings] = await page.ask(page.of(_SERVICE, joined("initiatives", page.path["initiative"], "savings")))
    if not savings.ok:
        return page.unanswered(savings)
    heads, rows = shaping.ledger_table(savings.body)
    return page.csv(f"{savings['initiative']}-savings.csv", heads, rows)


ROUTES: list[Route] = [
    get("/finance/savings", find_savings),
    get("/finance/savings/{initiative}", show_savings),
    get("/finance/savings/{initiative}/ledger.csv", savings_table),
]
