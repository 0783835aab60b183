"""Pages of the crosswalk bench: send a column, see what became of it, take it as a file."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from console.core.csv_files import CSV_TYPE
from console.core.forms import Form
from console.core.page import Page, Route, get, post
from console.core.services import Answer, Reason
from console.crosswalks import files
from console.crosswalks.column import LINES_A_QUESTION, Column, ColumnLine, decoded, even, next_part, read_column
from console.crosswalks.outcomes import reasons_of
from console.crosswalks.store import Restatement, Restatements
from console.crosswalks.workbook import MEDIA_TYPE

LINES_A_PAGE = 200
MOST_NAMED = 5_000
SECONDS_A_PAGE = 2.0
"""For so long a page restates parts before it shows how far it is."""
MOST_SHOWN_AGAIN = 50_000
"""Characters of a pasted column that a refused form shows again."""
TITLE = "Restate a column"
LEVELS = (
    ("", "The organisations themselves"),
    ("stp", "Sustainability and transformation partnership (STP)"),
    ("icb", "Integrated care board (ICB)"),
    ("region", "Region of NHS England"),
)
SYSTEMS = (("ods", "ODS, such as 10G"), ("ons", "ONS, such as E38000017"))
BASES = (
    ("successions", "Who followed whom", "Shares as sources state them."),
    ("practices", "Where the practices went", "Weighted by their lists, where a boundary moved without a succession."),
)
_SHOWN = ("totals", "lines", "left")


@dataclass(frozen=True, slots=True)
class Choice:
    """The days, level, system and basis of a restatement."""

    from_day: date
    to_day: date
    system: str
    by: str
    to_level: str

    @property
    def asked(self) -> dict[str, str]:
        """As what the registry is asked."""
        level = {"to_level": self.to_level} if self.to_level else {}
        days = {"from_day": self.from_day.isoformat(), "to_day": self.to_day.isoformat()}
        return {**days, "system": self.system, "by": self.by, **level}


async def bench(page: Page) -> Response:
    """Show the form."""
    return page.render("crosswalks/bench.html", title=TITLE, **_OPTIONS)


_OPTIONS: dict[str, Any] = {"levels": LEVELS, "systems": SYSTEMS, "bases": BASES, "form": None}


async def restate(page: Page) -> Response:
    """Store what was pasted or uploaded, restate its first part, and lead to what becomes of it."""
    form = await page.form()
    choice, column = _choice(form), await asyncio.to_thread(_column, form)
    form.reasons += [Reason(one, "column") for one in column.reasons]
    if choice is None or form.reasons:
        return page.refused(form, "crosswalks/bench.html", title=TITLE, **_again(form))
    asked = {**choice.asked, **({"as_known": page.times.parameters["as_known"]} if page.times.as_known else {})}
    store = _store(page)
    reference = await asyncio.to_thread(_begin, store, column, asked)
    answer, part = await _restate_next(page, store, reference)
    if answer.ok or answer.silent or answer.refusal is None:
        # A registry that does not answer is asked again by the page, which has the column.
        return page.redirect(page.link(f"/crosswalks/{reference}"))
    messages = reasons_of(answer.refusal.reasons, part) or [answer.words]
    form.reasons += [Reason(one, "column") for one in messages]
    return page.refused(form, "crosswalks/bench.html", title=TITLE, **_again(form))


def _begin(store: Restatements, column: Column, asked: Mapping[str, str]) -> str:
    return store.begin(even(column.lines), asked)


async def restated(page: Page) -> Response:
    """Show what became of a column: totals, lines, and what could not be carried; or how far it is."""
    store, reference = _store(page), page.path["reference"]
    stopped = await _continue(page, store, reference)
    about = await asyncio.to_thread(store.find, reference)
    if about is None:
        return _gone(page)
    if not about.is_whole:
        again = None if stopped and not stopped.silent else 10 if stopped else 1
        context: dict[str, Any] = {"about": about, "stopped": stopped}
        return page.render("crosswalks/progress.html", title="Restating a column", again=again, **context)
    shown = page.query.get("show", "")
    shown = shown if shown in _SHOWN else ("totals" if about.sums.amounts else "lines")
    count = {"totals": 0, "lines": about.sums.carried, "left": about.sums.left}[shown]
    first = _first_line(page.query.get("from_line", ""), count)
    carried = shown == "lines"
    found = [] if shown == "totals" else [*store.lines(reference, carried=carried, after=first, limit=LINES_A_PAGE)]
    return page.render(
        "crosswalks/restated.html",
        title="Restated column",
        about=about,
        sums=about.sums,
        names=about.names or {},
        reference=reference,
        shown=shown,
        rows=found,
        first=first,
        count=count,
        before=max(0, first - LINES_A_PAGE) if first else None,
        after=first + LINES_A_PAGE if first + LINES_A_PAGE < count else None,
        level=dict(LEVELS).get(about.asked.get("to_level", ""), about.asked.get("to_level", "")),
    )


async def as_csv(page: Page) -> Response:
    """Return all lines as a CSV file."""
    return await _file(page, files.LINES, "restated-{}.csv", CSV_TYPE)


async def as_workbook(page: Page) -> Response:
    """Return everything as a workbook."""
    return await _file(page, files.WORKBOOK, "restated-{}.xlsx", MEDIA_TYPE)


async def _file(page: Page, kind: str, name: str, media_type: str) -> Response:
    about = await asyncio.to_thread(_whole, page)
    if about is None:
        return _gone(page)
    secret = page.session.secret if page.session else ""
    content = await files.made(files.ColumnFile(kind, _folder(page), secret, page.path["reference"]))
    if content is None:
        words = "The file was not made in time: others are being made. Try again in a minute."
        return page.render("error.html", title="There is no file yet", status=503, words=words)
    return page.file(name.format(about.asked["to_day"]), media_type, content)


async def totals_as_csv(page: Page) -> Response:
    """Return the totals as a CSV file."""
    about = await asyncio.to_thread(_whole, page)
    if about is None:
        return _gone(page)
    names = about.names or {}
    rows = [
        (code, names.get(code, ""), lines, Decimal(amount) if amount else "")
        for code, lines, amount in about.sums.by_body
    ]
    return page.csv(f"totals-{about.asked['to_day']}.csv", ("to_code", "to_name", "lines", "amount"), rows)


def _again(form: Form) -> dict[str, Any]:
    """Return what the form is shown again with; a long column is not repeated, so that the page stays small."""
    if len(form["column"]) <= MOST_SHOWN_AGAIN:
        return {**_OPTIONS, "form": form}
    fields = [(name, value) for name, value in form.data.multi_items() if name != "column"]
    return {**_OPTIONS, "form": Form(FormData(fields)), "is_left_out": True}


def _choice(form: Form) -> Choice | None:
    from_day = form.day("from_day", "The day of the codes", needed=True)
    to_day = form.day("to_day", "The day to restate them to", needed=True)
    if from_day is None or to_day is None:
        return None
    return Choice(from_day, to_day, form.get("system") or "ods", form.get("by") or "successions", form.get("to_level"))


def _column(form: Form) -> Column:
    """Return what was uploaded, or else what was pasted."""
    content = form.file("file")
    if content is None:
        return read_column(form["column"])
    text = decoded(content)
    if text is None:
        return Column((), ("The file is no text: save it as CSV and choose it again.",))
    return read_column(text)


async def _restate_next(page: Page, store: Restatements, reference: str) -> tuple[Answer, Sequence[ColumnLine]]:
    """Ask for the next part of a column with the sums of those before it, and store what comes of it."""
    about = await asyncio.to_thread(store.find, reference)
    if about is None:
        return Answer("registry", 404), ()
    lines = await asyncio.to_thread(store.next_lines, reference, about.sums.lines, most=LINES_A_QUESTION)
    figures = await asyncio.to_thread(next_part, lines, about.sums.so_far)
    part, sent = lines[: len(figures)], {"figures": figures, "so_far": about.sums.so_far}
    (answer,) = await page.ask(page.now("registry", "/crosswalks/restatement", json=sent, **about.asked))
    if answer.ok:
        await asyncio.to_thread(store.add, reference, about, answer.body, part)
    return answer, part


async def _continue(page: Page, store: Restatements, reference: str) -> Answer | None:
    """Restate parts for a moment; return the answer that stopped it, or None. Once it is whole its bodies are named."""
    began = time.monotonic()
    while (about := await asyncio.to_thread(store.find, reference)) is not None and not about.is_whole:
        answer, _ = await _restate_next(page, store, reference)
        if not answer.ok:
            return answer
        if page.questions_left < 2 or time.monotonic() - began > SECONDS_A_PAGE:
            break
    if about is not None and about.is_whole and about.names is None:
        await asyncio.to_thread(store.name, reference, about, await _names(page, about))
    return None


async def _names(page: Page, about: Restatement) -> dict[str, str]:
    """Return the names of the bodies of the other day; none where they are not named by ODS codes."""
    codes = sorted({*about.sums.totals, *about.sums.counts})
    if not codes or len(codes) > MOST_NAMED or about.asked["system"] != "ods":
        return {}
    query: dict[str, Any] = {"as_at": about.asked["to_day"], "as_known": about.asked.get("as_known")}
    (answer,) = await page.ask(page.now("registry", "/lookups", json={"codes": codes}, **query))
    return {one["code"]: one["name"] for one in answer.get("organisations", ()) if one["name"]}


def _store(page: Page) -> Restatements:
    return Restatements(_folder(page), page.session.secret if page.session else "")


def _folder(page: Page) -> Path:
    return page.console.settings.session_file.parent / "restatements"


def _whole(page: Page) -> Restatement | None:
    found = _store(page).find(page.path["reference"])
    return found if found and found.is_whole else None


def _gone(page: Page) -> Response:
    return page.not_found("A restated column is kept for two hours, for the session that sent it. Send it again.")


def _first_line(given: str, count: int) -> int:
    """Return the position that a page begins at."""
    return min(int(given), max(count - 1, 0)) if given.isascii() and given.isdigit() and len(given) < 9 else 0


ROUTES: list[Route] = [
    get("/crosswalks", bench),
    post("/crosswalks", restate),
    get("/crosswalks/{reference}", restated),
    get("/crosswalks/{reference}/lines.csv", as_csv),
    get("/crosswalks/{reference}/totals.csv", totals_as_csv),
    get("/crosswalks/{reference}/workbook.xlsx", as_workbook),
]
