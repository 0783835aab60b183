"""Pages of the crosswalk bench: send a column, see what became of it, take it as a file."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from console.core.forms import Form
from console.core.page import MOST_QUESTIONS, Page, Route, get, post
from console.core.services import Answer, Reason
from console.crosswalks.column import Column, ColumnLine, decoded, even, next_part, read_column
from console.crosswalks.restated import HEADS, RestatedColumn, RestatedLine, reasons_of
from console.crosswalks.store import Restatement, Restatements
from console.crosswalks.workbook import MEDIA_TYPE, workbook_of

LINES_A_PAGE = 200
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
    """Restate what was pasted or uploaded, and lead to what became of it."""
    form = await page.form()
    choice, column = _choice(form), await asyncio.to_thread(_column, form)
    form.reasons += [Reason(one, "column") for one in column.reasons]
    if choice is None or form.reasons:
        return page.refused(form, "crosswalks/bench.html", title=TITLE, **_again(form))
    restated = await _restated(page, even(column.lines), choice)
    if isinstance(restated, tuple):
        answer, part = restated
        if answer.silent or answer.refusal is None:
            return page.refused(answer, "crosswalks/bench.html", title=TITLE, **_again(form))
        messages = reasons_of(answer.refusal.reasons, part) or [answer.words]
        form.reasons += [Reason(one, "column") for one in messages]
        return page.refused(form, "crosswalks/bench.html", title=TITLE, **_again(form))
    names = await _names(page, restated.to_codes, choice)
    asked = {**choice.asked, **({"as_known": page.times.parameters["as_known"]} if page.times.as_known else {})}
    reference = await asyncio.to_thread(_store(page).add, restated, asked, names, secret=_secret(page))
    return page.redirect(page.link(f"/crosswalks/{reference}"))


async def restated(page: Page) -> Response:
    """Show what became of a column: totals, lines, and what could not be carried."""
    about = _found(page)
    if about is None:
        return _gone(page)
    shown = page.query.get("show", "")
    shown = shown if shown in _SHOWN else ("totals" if about.has_amounts else "lines")
    count = {"totals": 0, "lines": about.carried, "left": about.left}[shown]
    first = _first_line(page.query.get("from_line", ""), count)
    rows = [] if shown == "totals" else [*_lines(page, carried=shown == "lines", after=first, limit=LINES_A_PAGE)]
    return page.render(
        "crosswalks/restated.html",
        title="Restated column",
        about=about,
        reference=page.path["reference"],
        shown=shown,
        rows=rows,
        first=first,
        count=count,
        before=max(0, first - LINES_A_PAGE) if first else None,
        after=first + LINES_A_PAGE if first + LINES_A_PAGE < count else None,
        level=dict(LEVELS)[about.asked.get("to_level", "")],
    )


async def as_csv(page: Page) -> Response:
    """Return all lines as a CSV file."""
    about = _found(page)
    if about is None:
        return _gone(page)
    lines = [*_lines(page, carried=True), *_lines(page, carried=False)]
    rows = [line.cells(about.names) for line in sorted(lines, key=lambda line: line.number)]
    return await asyncio.to_thread(page.csv, f"restated-{about.asked['to_day']}.csv", HEADS, rows)


async def totals_as_csv(page: Page) -> Response:
    """Return the totals as a CSV file."""
    about = _found(page)
    if about is None:
        return _gone(page)
    rows = [
        (code, about.names.get(code, ""), lines, Decimal(amount) if amount else "")
        for code, lines, amount in about.totals
    ]
    return page.csv(f"totals-{about.asked['to_day']}.csv", ("to_code", "to_name", "lines", "amount"), rows)


async def as_workbook(page: Page) -> Response:
    """Return everything as a workbook."""
    about = _found(page)
    if about is None:
        return _gone(page)
    carried, left = [*_lines(page, carried=True)], [*_lines(page, carried=False)]
    content = await asyncio.to_thread(workbook_of, about, carried, left)
    return page.file(f"restated-{about.asked['to_day']}.xlsx", MEDIA_TYPE, content)


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


async def _restated(
    page: Page, lines: Sequence[ColumnLine], choice: Choice
) -> RestatedColumn | tuple[Answer, Sequence[ColumnLine]]:
    """Ask for one part after the other, each with the sums of those before; or return the answer that refuses one."""
    column, done, asked = RestatedColumn(), 0, 0
    while done < len(lines):
        sent = next_part(lines[done : done + 20_000], column.so_far)
        part = lines[done : done + len(sent)]
        asked += 1
        if asked > MOST_QUESTIONS:
            return Answer("registry", 413, {"title": "The column is too long to be restated at once."}), part
        question = page.now(
            "registry",
            "/crosswalks/restatement",
            json={"figures": sent, "so_far": column.so_far},
            as_known=page.times.as_known,
            **choice.asked,
        )
        (answer,) = await page.ask(question)
        if not answer.ok:
            return answer, part
        await asyncio.to_thread(column.add, answer.body, part)
        done += len(sent)
    return column


async def _names(page: Page, codes: Sequence[str], choice: Choice) -> dict[str, str]:
    """Return the names of the bodies of the other day; none where no question is left, or they are not ODS codes."""
    if not codes or len(codes) > 5_000 or choice.system != "ods" or not page.questions_left:
        return {}
    query: dict[str, Any] = {"as_at": choice.to_day, "as_known": page.times.as_known}
    (answer,) = await page.ask(page.now("registry", "/lookups", json={"codes": list(codes)}, **query))
    return {one["code"]: one["name"] for one in answer.get("organisations", ()) if one["name"]}


def _store(page: Page) -> Restatements:
    folder: Path = page.console.settings.session_file.parent / "restatements"
    return Restatements(folder)


def _secret(page: Page) -> str:
    return page.session.secret if page.session else ""


def _found(page: Page) -> Restatement | None:
    return _store(page).find(page.path["reference"], secret=_secret(page))


def _lines(page: Page, *, carried: bool, after: int = 0, limit: int = -1) -> Iterator[RestatedLine]:
    reference = page.path["reference"]
    return _store(page).lines(reference, secret=_secret(page), carried=carried, after=after, limit=limit)


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
