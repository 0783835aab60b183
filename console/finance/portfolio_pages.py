"""Pages of portfolios: what they consist of, and the best plan that a run finds, with why each choice is made."""

from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route, get, post
from console.core.services import Answer
from console.finance import portfolio_shaping as shaping
from console.finance.addresses import joined

_SERVICE = "finance"
_EVERY_SECONDS = 2


async def list_portfolios(page: Page) -> Response:
    """List portfolios."""
    [portfolios] = await page.ask(page.of(_SERVICE, "/portfolios", after=page.query.get("after")))
    return page.render("finance/portfolios.html", title="Portfolios", portfolios=portfolios)


async def show_portfolio(page: Page) -> Response:
    """Show a portfolio as stated, and its runs."""
    return await _shown(page)


async def _shown(page: Page, refused: Answer | None = None) -> Response:
    path = joined("portfolios", page.path["reference"])
    portfolio, runs = await page.ask(
        page.of(_SERVICE, path), page.of(_SERVICE, f"{path}/runs", after=page.query.get("after"))
    )
    if not portfolio.ok:
        return page.unanswered(portfolio)
    title = portfolio["terms"]["title"]
    context: dict[str, Any] = {
        "portfolio": portfolio,
        "terms": portfolio["terms"],
        "runs": runs,
        "may": page.person.may("finance_lead", *portfolio["organisations"]),
        "own": f"/finance{path}",
    }
    if refused is None:
        return page.render("finance/portfolio.html", title=title, **context)
    return page.refused(refused, "finance/portfolio.html", title=title, **context)


async def request_run(page: Page) -> Response:
    """Ask for the best plan, and show how far it is."""
    form = await page.form()
    seconds = form["seconds"]
    body = {"seconds": int(seconds) if seconds.isascii() and seconds.isdigit() else seconds}
    path, times = joined("portfolios", page.path["reference"], "runs"), dict[str, Any](page.times.parameters)
    answer = await page.send(_SERVICE, "POST", path, json=body, **times)
    if not answer.ok:
        return await _shown(page, answer)
    return page.redirect(page.link(f"/finance{joined('runs', answer['run'])}"))


async def show_run(page: Page) -> Response:
    """Show how far a run is, and its plan once it is done: by year, against the budget, and why each choice."""
    path, known = joined("runs", page.path["run"]), page.times.as_known
    run, explanation, curve, clashes = await page.ask(
        *(page.now(_SERVICE, path + part, as_known=known) for part in ("", "/explanation", "/curve", "/clashes"))
    )
    if not run.ok:
        return page.unanswered(run)
    plan = run["plan"]
    drawn_years = drawn_curve = None
    if plan:
        drawn_years = await page.chart(shaping.years_of(plan), "What each year spends of its budget")
        drawn_curve = await page.chart(shaping.curve_of(plan, curve.get("points", ())), "Value against budget")
    return page.render(
        "finance/run.html",
        title=f"The best plan of {run['portfolio']}",
        again=_EVERY_SECONDS if shaping.is_open(run["state"]) else None,
        run=run,
        plan=plan,
        is_open=shaping.is_open(run["state"]),
        choices=shaping.choices_of(plan, explanation.get("items", ())) if plan else [],
        explanation=explanation,
        curve=curve,
        points=shaping.points_of(plan, curve.get("points", ())) if plan else [],
        clashes=clashes,
        years=drawn_years,
        against=drawn_curve,
        may_cancel=page.person.may_any("finance_lead"),
        own=f"/finance{path}",
    )


async def run_table(page: Page) -> Response:
    """Return the plan's years or items as a file."""
    shapes = {"years": shaping.years_table, "items": shaping.items_table}
    shape = shapes.get(page.path["table"])
    if shape is None:
        return page.not_found("A plan has no such table.")
    [run] = await page.ask(page.now(_SERVICE, joined("runs", page.path["run"]), as_known=page.times.as_known))
    if not run.ok:
        return page.unanswered(run)
    if not run["plan"]:
        return page.not_found("The run has no plan yet.")
    heads, rows = shape(run["plan"])
    return page.csv(f"{run['portfolio']}-{page.path['table']}.csv", heads, rows)


async def curve_table(page: Page) -> Response:
    """Return what more money is worth as a file."""
    path, known = joined("runs", page.path["run"]), page.times.as_known
    run, curve = await page.ask(*(page.now(_SERVICE, path + part, as_known=known) for part in ("", "/curve")))
    for answer in (run, curve):
        if not answer.ok:
            return page.unanswered(answer)
    if not run["plan"]:
        return page.not_found("The run has no plan yet.")
    return page.csv("curve.csv", *shaping.curve_table(shaping.points_of(run["plan"], curve["points"])))


async def cancel_run(page: Page) -> Response:
    """Cancel a run that is under way."""
    await page.form()
    path = joined("runs", page.path["run"])
    answer = await page.send(_SERVICE, "POST", f"{path}/cancellation")
    if not answer.ok:
        return page.unanswered(answer)
    words = "The run is cancelled." if answer["state"] == "cancelled" else "The run had ended before."
    return page.redirect(page.link(f"/finance{path}"), words)


ROUTES: list[Route] = [
    get("/finance/portfolios", list_portfolios),
    get("/finance/portfolios/{reference}", show_portfolio),
    post("/finance/portfolios/{reference}/runs", request_run),
    get("/finance/runs/{run}", show_run),
    get("/finance/runs/{run}/curve.csv", curve_table),
    get("/finance/runs/{run}/{table}.csv", run_table),
    post("/finance/runs/{run}/cancellation", cancel_run),
]
