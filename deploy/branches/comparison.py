"""Life and branches of one base in one table: what each costs and whom, when notice is due, and what is still to do.

Each figure is read from the service that has it, with the planner's own token: what the planner may not read is not
compared, and what no service answered, or what is not read through a body in a branch, is not known.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from html import escape
from itertools import chain
from typing import Any, TypeAlias
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx
from pydantic import BaseModel, Field

from deploy.branches.bases import SERVICES
from deploy.branches.sight import Unread
from deploy.branches.worlds import World
from deploy.gatherer.chain import Answer, Ask, answer_of
from libs.common.http.csv_text import Cell
from libs.common.identity import Caller

MOST_BRANCHES = 5
MOST_REQUESTS = 200
"""The most requests to the services of one column."""
_PAGE = 500
_FOUND, _ABSENT = 200, 404

Value: TypeAlias = int | str | None


class Measure(StrEnum):
    """What a row compares, in the order of the table."""

    PREFERRED = "preferred_option"
    NPV = "npv_pence"
    BCR = "bcr"
    LOSS = "loses_pence"
    NOTICE = "notice_day"
    DAY_ONE = "day_one_work"
    BROKEN = "invariant_broken"
    DECISION = "decision_needed"


_COUNTED = (Measure.DAY_ONE, Measure.BROKEN, Measure.DECISION)
"""What is also counted: each has a first row with its number."""


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """What is compared: of which case and option, contract, merger or finding, and through which lens."""

    measure: Measure
    about: str = ""
    lens: str = ""


@dataclass(slots=True)
class Column:
    """Life or a branch as it was read: a value by row, the measures of which a part was not answered, and what was."""

    name: str
    values: dict[Row, Value] = field(default_factory=dict)
    unknown: set[Measure] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    packs: set[str] = field(default_factory=set)
    day: date | None = None


class CellView(BaseModel):
    """One figure; not known where a part of what it comes from was not answered."""

    value: int | str | None
    known: bool


class RowView(BaseModel):
    """One row: the value of each column, null where that column has no such thing."""

    measure: Measure
    about: str
    lens: str
    cells: dict[str, CellView]
    differs: bool = Field(description="Whether the columns are not all alike.")


class ColumnView(BaseModel):
    """Life or a branch, its day, and what of it was not answered."""

    name: str
    day: date | None
    missing: list[str] = Field(description="The paths that were not answered, with their status.")
    rule_packs: list[str]


class ComparisonView(BaseModel):
    """Life and up to five branches of one base."""

    base: str
    bodies: list[str]
    columns: list[ColumnView]
    rows: list[RowView]
    complete: bool = Field(description="False where a part was not answered, or there was too much to read.")


class _Reader:
    """Reads the services of one column in a bounded number of requests, and notes what was not answered."""

    def __init__(self, column: Column, ask: Ask, most: int) -> None:
        self.column, self._ask, self._left = column, ask, most

    async def read(self, measures: Collection[Measure], service: str, path: str, **query: str) -> Any:
        """Return an answer; None where there is nothing at this address, or it was not answered, which is noted."""
        target = f"/v1{path}{'?' + urlencode(query) if query else ''}"
        if self._left == 0:
            self._note(measures, f"{service}{target}: too much to read")
            return None
        self._left -= 1
        status, found = await self._ask(service, target)
        if status == _FOUND:
            return found
        if status != _ABSENT:
            self._note(measures, f"{service}{target}: {status}")
        return None

    async def items(
        self, measures: Collection[Measure], service: str, path: str, **query: str
    ) -> AsyncIterator[Mapping[str, Any]]:
        """Yield the items of a list, page by page."""
        query = {"limit": str(_PAGE), **query}
        while (page := await self.read(measures, service, path, **query)) is not None:
            for item in page["items"]:
                yield item
            if not page.get("next"):
                return
            [query["after"]] = parse_qs(urlsplit(page["next"]).query)["after"]

    def leave_out(self, body: str, others: Sequence[str]) -> None:
        """Note that nothing of a body is read, which has what is others' in life."""
        self._note(list(Measure), f"{body}: it has {', '.join(others)} there, and not in life at the base")

    def _note(self, measures: Collection[Measure], words: str) -> None:
        self.column.unknown.update(measures)
        self.column.missing.append(words)


@dataclass(frozen=True, slots=True)
class Source:
    """Life or a branch: how it is asked, and the bodies through which the caller reads nothing of parties there."""

    ask: Ask
    unread: Unread = field(default_factory=dict)


async def read_column(name: str, source: Source, bodies: Sequence[str], *, most: int = MOST_REQUESTS) -> Column:
    """Read life, or a branch, as of its own day."""
    column = Column(name)
    reader = _Reader(column, source.ask, most)
    clock = await reader.read((), "registry", "/operations/clock")
    column.day = date.fromisoformat(clock["today"]) if clock else None
    for body in bodies:
        if body in source.unread:
            reader.leave_out(body, source.unread[body])
            continue
        await _read_cases(reader, body)
        await _read_notice_days(reader, body)
        await _read_mergers(reader, body)
        await _read_findings(reader, body)
        await _read_decisions(reader, body)
    await _read_cover(reader, bodies)
    await _read_acts(reader, bodies)
    for measure in _COUNTED:
        column.values[Row(measure)] = sum(row.measure is measure and bool(row.about) for row in column.values)
    return column


async def _read_cases(reader: _Reader, body: str) -> None:
    measures = (Measure.PREFERRED, Measure.NPV, Measure.BCR, Measure.LOSS)
    values = reader.column.values
    async for case in reader.items(measures, "finance", "/cases", organisation=body):
        path = f"/cases/{quote(case['case'], safe='')}/versions/{case['version']}"
        found = await reader.read(measures, "finance", f"{path}/appraisal")
        if found is None:
            continue
        reader.column.packs.update(found["provenance"]["packs"].values())
        values[Row(Measure.PREFERRED, case["case"])] = found["preferred"]
        for option in found["options"]:
            about = f"{case['case']} {option['option']}"
            for through in option["by_lens"]:
                values[Row(Measure.NPV, about, through["lens"])] = through["npv_pence"]
                values[Row(Measure.BCR, about, through["lens"])] = through["bcr"]
        if found["preferred"] is not None:
            losers = await reader.read((Measure.LOSS,), "finance", f"{path}/losers", option=found["preferred"])
            for one in losers["losers"] if losers else ():
                values[Row(Measure.LOSS, f"{case['case']} {one['party']}", losers["lens"])] = -one["gain_pence"]


async def _read_notice_days(reader: _Reader, body: str) -> None:
    calendar = await reader.read((Measure.NOTICE,), "contracts", f"/exit-calendars/{body}")
    for entry in calendar["entries"] if calendar else ():
        reader.column.values[Row(Measure.NOTICE, f"{entry['contract']} {entry['kind']}")] = entry["on"]


async def _read_mergers(reader: _Reader, body: str) -> None:
    async for merger in reader.items((Measure.DAY_ONE,), "registry", "/mergers", code=body):
        reference = merger["reference"]
        ready = await reader.read((Measure.DAY_ONE,), "registry", f"/mergers/{reference}/readiness")
        for lack in ready["missing"] if ready else ():
            reader.column.values[Row(Measure.DAY_ONE, f"{reference} {lack['message']}")] = ready["effective_on"]


async def _read_findings(reader: _Reader, body: str) -> None:
    measure = (Measure.BROKEN,)
    for service in SERVICES:
        path = "/mergers/findings" if service == "registry" else "/findings"
        async for one in reader.items(measure, service, path, party=body):
            row = Row(Measure.BROKEN, f"{one['kind']} {', '.join(one['about'])}")
            reader.column.values[row] = one["due_on"] or one["raised_on"]


async def _read_cover(reader: _Reader, bodies: Sequence[str]) -> None:
    """Read which practices and areas have no commissioner, or several; what is not stated is not known, not broken."""
    for finding in ("none", "several"):
        async for one in reader.items((Measure.BROKEN,), "registry", "/covers/findings", finding=finding):
            if not set(bodies).isdisjoint([*one["holders"], one["stated"]]):
                reader.column.values[Row(Measure.BROKEN, f"cover {finding} {one['code']}")] = finding


async def _read_decisions(reader: _Reader, body: str) -> None:
    async for one in reader.items((Measure.DECISION,), "governance", "/tasks", organisation=body):
        row = Row(Measure.DECISION, f"{one['kind']} {one['about']} by {one['organisation']}")
        reader.column.values[row] = one["due_on"] or one["since"]


async def _read_acts(reader: _Reader, bodies: Sequence[str]) -> None:
    async for one in reader.items((Measure.DAY_ONE,), "contracts", "/tasks"):
        if one["organisation"] in bodies:
            row = Row(Measure.DAY_ONE, f"{one['kind']} {one['subject']} by {one['organisation']}")
            reader.column.values[row] = one["due_on"] or "no day set"


def compared(base: str, bodies: Sequence[str], columns: Sequence[Column]) -> ComparisonView:
    """Return the columns as one table: a row for whatever any of them has."""
    order = list(Measure)
    rows = sorted(
        set(chain.from_iterable(column.values for column in columns)),
        key=lambda row: (order.index(row.measure), row.about, row.lens),
    )
    return ComparisonView(
        base=base,
        bodies=list(bodies),
        columns=[
            ColumnView(name=each.name, day=each.day, missing=each.missing, rule_packs=sorted(each.packs))
            for each in columns
        ],
        rows=[_row(row, columns) for row in rows],
        complete=not any(column.missing for column in columns),
    )


def _row(row: Row, columns: Sequence[Column]) -> RowView:
    cells = {each.name: CellView(value=each.values.get(row), known=_is_known(row, each)) for each in columns}
    return RowView(
        measure=row.measure,
        about=row.about,
        lens=row.lens,
        cells=cells,
        differs=len({(cell.value, cell.known) for cell in cells.values()}) > 1,
    )


def _is_known(row: Row, column: Column) -> bool:
    """Whether a value is known: a count is not where a part is missing, and neither is that something is absent."""
    if row.measure not in column.unknown:
        return True
    return row in column.values and not (row.measure in _COUNTED and not row.about)


def asking(client: httpx.AsyncClient, at: str, signed: str) -> Ask:
    """Return how a client asks the services, which are at an address with `{service}` in it, with a caller's token."""

    async def ask(service: str, path: str) -> Answer:
        asked = client.get(f"{at.format(service=service)}{path}", headers={"Authorization": signed})
        return await answer_of(asked)

    return ask


@asynccontextmanager
async def asking_branch(world: World, signed: str, by: Caller) -> AsyncIterator[Source]:
    """Yield how the services of a branch are asked with a caller's token."""
    transport = httpx.ASGITransport(app=world.routes)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://branch{world.prefix}") as client:
        yield Source(asking(client, "/{service}", signed), await world.sight.unread(by))


async def read_comparison(base: str, bodies: Sequence[str], sources: Mapping[str, Source]) -> ComparisonView:
    """Read life and branches at once, and compare them; `sources` has how each is asked by the planner."""
    columns = await asyncio.gather(*(read_column(name, source, bodies) for name, source in sources.items()))
    return compared(base, bodies, columns)


def as_rows(found: ComparisonView) -> list[list[Cell]]:
    """Return the table, its head first, for CSV and for the page."""
    names = [column.name for column in found.columns]
    head: list[Cell] = ["measure", "about", "lens", *names, "differs"]
    days: list[Cell] = ["day", "", "", *(str(column.day or "not known") for column in found.columns), ""]
    return [
        head,
        days,
        *(
            [
                row.measure,
                row.about,
                row.lens,
                *(_cell(row.cells[name]) for name in names),
                "yes" if row.differs else "",
            ]
            for row in found.rows
        ),
    ]


def _cell(cell: CellView) -> Cell:
    return cell.value if cell.known else "not known"


def render(found: ComparisonView) -> str:
    """Return the table as the content of a page; rows in which the columns differ are marked."""
    head, *rows = as_rows(found)
    shown = "".join(f"<th>{escape(str(one))}</th>" for one in head)
    lines = "".join(f"<tr>{''.join(f'<td>{_shown(one)}</td>' for one in row)}</tr>" for row in rows)
    missing = "".join(
        f"<li>{escape(column.name)}: {escape(words)}</li>" for column in found.columns for words in column.missing
    )
    rest = f"<h2>Not answered</h2><ul>{missing}</ul>" if missing else ""
    return (
        f'<p><a href="/">Footprint</a></p><h1>Branches of base {escape(found.base)}</h1>'
        f"<p>For {escape(', '.join(found.bodies))}. Money is in pence.</p>"
        f"<table><thead><tr>{shown}</tr></thead><tbody>{lines}</tbody></table>{rest}"
    )


def _shown(value: Cell) -> str:
    return "" if value is None else escape(f"{value:,}" if isinstance(value, int) else str(value))
