"""Pages about leaving: the exit calendar of a body or a footprint, and of one contract what each exit day costs."""

from datetime import date
from typing import Any

from starlette.responses import Response

from console.contracts.drawings import DRAWN_DAYS, calendar_chart, costs_chart
from console.contracts.shaping import (
    IN_FILE,
    LISTED,
    Json,
    day_words,
    days_assessed,
    days_priced,
    exit_lines,
    lens_title,
    lens_words,
    lenses_of,
    may_leave,
    months_of,
    next_to_serve,
    payee_words,
)
from console.core.page import Page, Route, get
from console.core.services import Answer

_OPENING: dict[str, Any] = {"kind": "notice_window_opens", "limit": LISTED}
_DAYS = ["Day", "What", "Contract", "Exposure in pence"]
_LINES = [
    "Contract",
    "Title",
    "Supplier",
    "Customers",
    "Next notice day",
    "Days left",
    "Exit",
    "Cost of missing in pence",
]


def _asked(page: Page) -> tuple[str, str]:
    """Return whose exits are asked for: `organisation` or `footprint`, and its code; the caller's own by default."""
    for of in ("footprint", "organisation"):
        if code := page.query.get(of, "").strip().upper():
            return of, code
    code = page.query.get("code", "").strip().upper()
    if code:
        return ("footprint" if page.query.get("of") == "footprint" else "organisation"), code
    own = sorted(page.person.organisations or ())
    return "organisation", own[0] if len(own) == 1 and own[0] != "*" else ""


async def exits(page: Page) -> Response:
    """Show which contracts have to be left by when: the notices that cost most to miss, and the days by month."""
    of, code = _asked(page)
    if not code:
        (findings,) = await page.ask(page.of("contracts", "/findings", **_OPENING, after=page.query.get("after")))
        return page.render("contracts/exits.html", title="Exits", of=of, code="", findings=findings)
    after, as_file = page.query.get("after"), page.query.get("format") == "csv"
    assessed, calendar, findings, body = await page.ask(
        page.of("finance", "/exit-assessments", limit=IN_FILE if as_file else LISTED, after=after, **{of: code}),
        page.of("contracts", f"/exit-calendars/{code}"),
        page.of("contracts", "/findings", party=code, limit=100),
        page.of("registry", f"/organisations/{code}"),
    )
    lines = exit_lines(assessed.items, findings.items)
    if as_file:
        if page.query.get("list") == "days":
            return _days_file(page, code, calendar)
        if not assessed.ok:
            return page.unanswered(assessed)
        return page.csv(f"exits-{code}.csv", _LINES, [_row(one) for one in lines])
    name = body.get("name") or code
    return page.render(
        "contracts/exits.html",
        title=f"Exits of {name}",
        of=of,
        code=code,
        name=name,
        assessed=assessed,
        lines=lines,
        first=None if after else next_to_serve(lines),
        calendar=calendar,
        drawn_days=DRAWN_DAYS,
        day_words=day_words,
        months=months_of(calendar.get("entries", ())),
        chart=await page.chart(calendar_chart(calendar.get("entries", ())), f"Notice days and ends of {name}"),
        findings=findings,
    )


def _days_file(page: Page, code: str, calendar: Answer) -> Response:
    if not calendar.ok:
        return page.unanswered(calendar)
    rows = [[one["on"], day_words(one), one["contract"], one["exposure_pence"]] for one in calendar["entries"]]
    return page.csv(f"days-{code}.csv", _DAYS, rows)


def _row(one: Json) -> list[object]:
    days = [one[name] for name in ("next_notice_on", "days_left", "exit_on", "cost_of_missing_pence")]
    return [one["contract"], one["title"], one["supplier"], " ".join(one["customers"]), *days]


async def calendar_file(page: Page) -> Response:
    """Give a body's exits as an iCalendar file, as contracts makes it."""
    code = page.path["code"]
    (answer,) = await page.ask(page.of("contracts", f"/exit-calendars/{code}", accept="text/calendar", format="ics"))
    if not answer.ok:
        return page.unanswered(answer)
    return page.file(f"exits-{code}.ics", "text/calendar", answer.content)


async def leaving(page: Page) -> Response:
    """Show what leaving a contract costs on each day on offer, through each lens, and which day is best for whom."""
    reference = page.path["reference"]
    path = f"/contracts/{reference}"
    found, ways, estimates, assessed, offers = await page.ask(
        page.of("contracts", path),
        page.of("contracts", f"{path}/exits"),
        page.of("contracts", f"{path}/termination"),
        page.of("finance", f"/exit-assessments/{reference}", organisation=page.query.get("organisation")),
        page.of("contracts", f"{path}/terminations"),
    )
    if found.absent:
        return page.not_found(f"There is no contract {reference} that you may see on this day.")
    days = days_assessed(assessed.body) if assessed.ok else []
    lenses = lenses_of(assessed.body) if assessed.ok else []
    if page.query.get("format") == "csv":
        if not assessed.ok:
            return page.unanswered(assessed)
        heads = ["Exit", "Last notice day", *(lens_words(lens) for lens in lenses)]
        rows = [[one.exit_on, one.notice_by, *(cost.pence for cost in one.costs)] for one in days]
        return page.csv(f"{reference}-exits.csv", heads, rows)
    return page.render(
        "contracts/leaving.html",
        title=f"Leaving {found.get('title') or reference}",
        reference=reference,
        contract=found,
        ways=ways,
        estimates=estimates,
        priced=days_priced(estimates.body) if estimates.ok else [],
        assessed=assessed,
        days=days,
        lenses=lenses,
        lens_words=lens_words,
        lens_title=lens_title,
        organisation=page.query.get("organisation"),
        chart=await page.chart(costs_chart(days), "Present cost by exit day, through each lens"),
        offers=offers,
        may_serve=_may_serve(page, found.body) if found.ok else False,
    )


async def exit_day(page: Page) -> Response:
    """Show the ways to be out of a contract by a day, and what that costs by component, and who pays whom."""
    reference, day = page.path["reference"], page.path["day"]
    try:
        date.fromisoformat(day)
    except ValueError:
        return page.not_found(f"{day} is not a day.")
    path = f"/contracts/{reference}"
    found, ways, estimates, assessed = await page.ask(
        page.of("contracts", path),
        page.of("contracts", f"{path}/exits", exit_on=day),
        page.of("contracts", f"{path}/termination", exit_on=day),
        page.of("finance", f"/exit-assessments/{reference}", organisation=page.query.get("organisation")),
    )
    if found.absent:
        return page.not_found(f"There is no contract {reference} that you may see on this day.")
    days = [one for one in days_assessed(assessed.body) if one.exit_on == day] if assessed.ok else []
    return page.render(
        "contracts/exit_day.html",
        title=f"Leaving {found.get('title') or reference}",
        reference=reference,
        day=day,
        contract=found,
        ways=ways,
        estimates=estimates,
        estimate=estimates["estimates"][0] if estimates.ok and estimates["estimates"] else None,
        payee_words=payee_words,
        assessed=assessed,
        costs=days[0].costs if days else (),
        lens_words=lens_words,
        lens_title=lens_title,
        may_serve=found.ok and _may_serve(page, found.body) and _reaches(ways),
    )


def _reaches(ways: Answer) -> bool:
    """Whether notice that is served today reaches the day that was asked for."""
    return any(one["choice"] == "notice" for one in ways.get("ways_out", ()))


def _may_serve(page: Page, contract: Json) -> bool:
    """Whether notice is offered: the contract runs today, and the caller acts for a party."""
    return not page.times.moved and may_leave(contract, lambda code: page.person.may("contract_lead", code))


ROUTES: list[Route] = [
    get("/exits", exits),
    get("/exits/{code}.ics", calendar_file),
    get("/contracts/{reference}/leaving", leaving),
    get("/contracts/{reference}/leaving/{day}", exit_day),
]
