"""Pages of allowances through mergers, and of figures through the years: as published, restated, and the bridge."""

from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.core.services import Question
from console.finance import allowance_shaping as shaping
from console.finance.addresses import joined
from console.finance.names import last_day_of, names_of

_SERVICE = "finance"
_FIRST_YEAR, _LAST_YEAR = "1990-91", "2089-90"
"""All that there may be figures of: the service asks for a first and a last one."""
_MOST_ROWS = 500
_SERIES = "Figures through mergers"
MEASURES = (("spend", "Spend"), ("net_assets", "Net assets"), ("population", "People"))


async def list_allowances(page: Page) -> Response:
    """List allowances, filtered by organisation and year."""
    [allowances] = await page.ask(
        page.of(
            _SERVICE,
            "/allowances",
            organisation=page.query.get("organisation", "").strip() or None,
            year=page.query.get("year", "").strip() or None,
            after=page.query.get("after"),
        )
    )
    names = await names_of(page, [one["organisation"] for one in allowances.items])
    refusal = allowances.refusal if allowances.refusal and not allowances.silent else None
    return page.render(
        "finance/allowances.html",
        title="Allowances",
        status=allowances.status if refusal else 200,
        refusal=refusal,
        allowances=allowances,
        names=names,
    )


async def show_allowance(page: Page) -> Response:
    """Show how an allowance comes about, what mergers moved, and how it was known before."""
    code, year = page.path["code"], page.path["year"]
    path, known = joined("allowances", code, year), page.times.as_known
    allowance, history, others = await page.ask(
        page.now(_SERVICE, path, as_known=known),
        page.now(_SERVICE, f"{path}/history"),
        page.now(_SERVICE, "/allowances", organisation=code, as_known=known),
    )
    if not allowance.ok:
        return page.unanswered(allowance)
    moves = shaping.moves_of(allowance.body)
    codes = [allowance["organisation"], *(move.other for move in moves)]
    # The code may be another body's by now: what counts is what it was called in that year.
    names = await names_of(page, codes, on=last_day_of(year))
    return page.render(
        "finance/allowance.html",
        title=f"The allowance of {names.get(allowance['organisation'], code)} in {year}",
        allowance=allowance,
        history=history,
        others=others,
        moves=moves,
        names=names,
        drawn=await page.chart(shaping.steps_of(allowance.body, moves, names), "How the allowance comes about"),
        own=f"/finance{path}",
        read=f"/v1{path}",
    )


async def moves_table(page: Page) -> Response:
    """Return what mergers moved as a file."""
    code, year = page.path["code"], page.path["year"]
    [allowance] = await page.ask(page.now(_SERVICE, joined("allowances", code, year), as_known=page.times.as_known))
    if not allowance.ok:
        return page.unanswered(allowance)
    return page.csv(f"{code}-{year}-moved.csv", *shaping.moves_table(shaping.moves_of(allowance.body)))


def _measure(page: Page) -> str:
    asked = page.query.get("measure", "")
    return asked if asked in dict(MEASURES) else "spend"


def _asked(page: Page, organisation: str) -> dict[str, Any]:
    return {
        "organisation": organisation,
        "measure": _measure(page),
        "boundaries_on": page.times.as_at,
        "as_known": page.times.as_known,
    }


def _series(page: Page, organisation: str) -> tuple[Question, Question]:
    asked = {
        **_asked(page, organisation),
        "from_year": _FIRST_YEAR,
        "to_year": _LAST_YEAR,
        "limit": _MOST_ROWS,
    }
    return (
        page.now(_SERVICE, "/series", series="statutory", **asked),
        page.now(_SERVICE, "/series", series="management", **asked),
    )


async def show_series(page: Page) -> Response:
    """Show an organisation's figures as published and restated, and the bridge of the year that is chosen."""
    organisation, year = _organisation(page), page.query.get("year", "").strip()
    context: dict[str, Any] = {
        "measures": MEASURES,
        "measure": _measure(page),
        "organisation": organisation,
        "year": year,
    }
    if not organisation:
        return page.render("finance/series.html", title=_SERIES, **context)
    bridging = [page.now(_SERVICE, "/bridges", year=year, **_asked(page, organisation))] if year else []
    statutory, management, *bridges = await page.ask(*_series(page, organisation), *bridging)
    bridge = bridges[0] if bridges else None
    accounts = shaping.accounts_of(statutory.items, management.items)
    account = page.query.get("account") or (accounts[0] if accounts else "")
    years = shaping.years_of(organisation, account, statutory.items, management.items)
    bodies = [organisation, *(line["body"] for line in (bridge.get("lines", ()) if bridge else ()))]
    names = await names_of(page, bodies)
    steps = shaping.bridge_of(bridge.body, names) if bridge and bridge.ok else None
    return page.render(
        "finance/series.html",
        title=_SERIES,
        **context,
        statutory=statutory,
        management=management,
        bridge=bridge,
        accounts=accounts,
        account=account,
        years=years,
        shown=shaping.shown,
        is_money=_measure(page) != shaping.POPULATION,
        names=names,
        drawn=await page.chart(shaping.both_of(years, _measure(page)), "As published and restated"),
        steps=await page.chart(steps, "From the published figure to the restated one"),
    )


async def series_table(page: Page) -> Response:
    """Return both series of an account as a file."""
    organisation = _organisation(page)
    statutory, management = await page.ask(*_series(page, organisation))
    for answer in (statutory, management):
        if not answer.ok:
            return page.unanswered(answer)
    years = shaping.years_of(organisation, page.query.get("account", ""), statutory.items, management.items)
    return page.csv(f"{organisation}-series.csv", *shaping.years_table(years))


async def bridge_table(page: Page) -> Response:
    """Return the lines of a bridge as a file."""
    organisation, year = _organisation(page), page.query.get("year", "").strip()
    [bridge] = await page.ask(page.now(_SERVICE, "/bridges", year=year, **_asked(page, organisation)))
    if not bridge.ok:
        return page.unanswered(bridge)
    return page.csv(f"{organisation}-{year}-bridge.csv", *shaping.bridge_table(bridge.body))


def _organisation(page: Page) -> str:
    return page.query.get("organisation", "").strip().upper()


ROUTES: list[Route] = [
    get("/finance/allowances", list_allowances),
    get("/finance/allowances/{code}/{year}", show_allowance),
    get("/finance/allowances/{code}/{year}/moved.csv", moves_table),
    get("/finance/series", show_series),
    get("/finance/series/years.csv", series_table),
    get("/finance/series/bridge.csv", bridge_table),
]
