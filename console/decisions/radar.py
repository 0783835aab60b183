"""The radar: who stands in the way of what, for how long, and what each month of it costs."""

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.decisions.shaping.radar import HEADS, blip_of, chart_of, rows_of

_MOST = 200
_HORIZONS = ("rolling", "fixed")
"""As finance prices a delay; the chart is of the first one that has a price."""


async def radar(page: Page) -> Response:
    """Show the radar with a chart of what waiting costs a month."""
    [listed] = await page.ask(page.of("governance", "/radar", limit=_MOST, after=page.query.get("after")))
    rows = listed.items
    charted = next(((name, bars) for name in _HORIZONS if (bars := chart_of(rows, horizon=name))), None)
    chart = await page.chart(charted[1], label="What waiting costs a month") if charted else None
    return page.render(
        "decisions/radar.html",
        title="Who stands in the way",
        listed=listed,
        blips=[blip_of(row) for row in rows],
        chart=chart,
        horizon=charted[0] if charted else "",
    )


async def radar_csv(page: Page) -> Response:
    """Return the radar as CSV, with prices in pence."""
    [listed] = await page.ask(page.of("governance", "/radar", limit=_MOST, after=page.query.get("after")))
    if not listed.ok:
        return page.unanswered(listed)
    return page.csv("radar.csv", HEADS, [line for row in listed.items for line in rows_of(row)])


ROUTES: list[Route] = [get("/decisions/radar", radar), get("/decisions/radar.csv", radar_csv)]
