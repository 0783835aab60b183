"""The start page, the search, and what it suggests while one types."""

import re
from datetime import date, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from console.core.page import Page, Route, get
from console.core.services import Answer, Question
from console.organisations.shaping import KINDS, kind_words
from console.start.shaping import (
    MOST_CHANGES,
    MOST_TASKS,
    change_heading,
    change_words,
    changes_of,
    figures_of,
    matched_words,
    tasks_of,
)

DAYS_AHEAD = 92
_POSTCODE = re.compile(r"[A-Za-z]{1,2}[0-9][A-Za-z0-9]?( ?[0-9][A-Za-z]{2})?")
SUGGESTED = 8


async def start(page: Page) -> Response:
    """Show what waits, what changes on the next days, and four figures of the day."""
    contracts, governance, registry, finance, counts = await page.ask(
        page.of("contracts", "/tasks", limit=50),
        page.of("governance", "/tasks", limit=50),
        page.of("registry", "/mergers/findings", limit=50),
        page.of("finance", "/findings", limit=50),
        page.of("registry", "/counts"),
    )
    # The registry's day is its own: the clock of a laptop can be moved.
    today = page.times.as_at or _day_of(counts)
    until = today + timedelta(days=DAYS_AHEAD) if today else None
    changes = await _changes(page, today, until)
    tasks = tasks_of(contracts, governance, registry, finance)
    return page.render(
        "start/start.html",
        title="Start",
        tasks=tasks[:MOST_TASKS],
        more_tasks=len(tasks) - MOST_TASKS,
        some_left=any(one.after for one in (contracts, governance, registry, finance)),
        asked=(contracts, governance, registry, finance),
        counts=counts,
        figures=figures_of(counts),
        changes=changes,
        days=changes_of(changes.items) if changes else [],
        until=until,
        change_heading=change_heading,
        change_words=change_words,
    )


async def _changes(page: Page, first: date | None, last: date | None) -> Answer | None:
    if first is None or last is None:
        return None
    span: dict[str, Any] = {"from": first, "to": last, "limit": MOST_CHANGES, "as_known": page.times.as_known}
    (answer,) = await page.ask(page.now("registry", "/changes", **span))
    return answer


def _day_of(counts: Answer) -> date | None:
    given = counts.get("as_at")
    return date.fromisoformat(given) if given else None


async def search(page: Page) -> Response:
    """Find organisations by code, name, former name or place."""
    text, kind = page.query.get("text", "").strip(), page.query.get("kind", "")
    status, after = page.query.get("status", ""), page.query.get("after")
    if not text:
        return page.render("start/search.html", title="Search", text="", kinds=KINDS, kind="", wanted="", answers=None)
    by_text, by_place = await page.ask(
        page.of("registry", "/search", text=text, kind=kind, status=status, limit=25, after=after),
        _by_place(page, text, kind=kind, status=status, limit=25, after=page.query.get("place_after")),
    )
    return page.render(
        "start/search.html",
        title=f"Search: {text}",
        text=text,
        kind=kind,
        wanted=status,
        kinds=KINDS,
        kind_words=kind_words,
        matched_words=matched_words,
        answers=(by_text, by_place),
        places=[one for one in by_place.items if one["code"] not in {match["code"] for match in by_text.items}],
    )


def _by_place(page: Page, text: str, **query: Any) -> Question:
    """Return the question for those at a place: a postcode or its beginning, or words of an address."""
    where = {"postcode": text.upper()} if _POSTCODE.fullmatch(text) else {"place": text}
    return page.of("registry", "/search", **where, **query)


async def suggestions(page: Page) -> Response:
    """Return the first matches as JSON, for the search field while one types."""
    text = page.query.get("text", "").strip()
    if len(text) < 2:
        return JSONResponse([])
    by_text, by_place = await page.ask(
        page.of("registry", "/search", text=text, limit=SUGGESTED),
        _by_place(page, text, limit=SUGGESTED),
    )
    found = {one["code"]: one for one in (*by_place.items, *by_text.get("nearest", ()), *by_text.items)}
    order = [*by_text.items, *by_text.get("nearest", ()), *by_place.items]
    codes = list(dict.fromkeys(one["code"] for one in order))[:SUGGESTED]
    return JSONResponse(
        [
            {
                "code": code,
                "name": found[code]["name"] or "",
                "kind": kind_words(found[code]["kind"]),
                "why": matched_words(found[code].get("matched", ())),
                "href": page.link(f"/organisations/{code}"),
            }
            for code in codes
        ],
        headers={"Cache-Control": "no-store"},
    )


ROUTES: list[Route] = [get("/", start), get("/search", search), get("/search/suggestions", suggestions)]
