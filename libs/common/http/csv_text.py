"""CSV tables (RFC 4180, UTF-8) that are safe to open in a spreadsheet: no cell is run as a formula."""

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from libs.common.http.accept import preferred

MEDIA_TYPE = "text/csv; charset=utf-8"

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters of a cell that a spreadsheet would evaluate as a formula, those of full width included."""

Cell = str | int | Decimal | date | datetime | bool | None


def cell(value: Cell) -> str:
    """Format a value as a cell: empty for None, ISO days, and an apostrophe before text that looks like a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, date):
        return value.isoformat()
    return f"'{value}" if value.startswith(_FORMULA) else value


def lines(header: Sequence[str], cells: Iterable[Sequence[Cell]]) -> str:
    """Return a whole table as text."""
    return _written([header]) + rows(cells)


def rows(cells: Iterable[Sequence[Cell]]) -> str:
    """Return rows of a table as text, without a header."""
    return _written([cell(value) for value in row] for row in cells)


async def stream(header: Sequence[str], pages: AsyncIterable[Iterable[Sequence[Cell]]]) -> AsyncIterator[str]:
    """Yield a table page by page, so that a long one is never in memory as a whole."""
    yield _written([header])
    async for page in pages:
        yield rows(page)


def _written(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


CSV_TOO: dict[str, Any] = {"content": {"text/csv": {"schema": {"type": "string"}}}}
"""OpenAPI content entry of a route that also returns CSV."""


async def as_csv(
    request: Request,
    response: Response,
    form: Annotated[
        Literal["json", "csv"] | None,
        Query(
            alias="format", description="`csv` returns the list as a table, not a page; `Accept: text/csv` does too."
        ),
    ] = None,
) -> bool:
    """See `AsCsv`."""
    response.headers["Vary"] = "Accept"
    if form is not None:
        return form == "csv"
    # Who takes neither gets JSON all the same: an answer that can be read is better than none.
    return preferred(request.headers.get("Accept", ""), ("application/json", "text/csv")) == "text/csv"


AsCsv = Annotated[bool, Depends(as_csv)]
"""Whether the caller asked for CSV: the whole list and not only a page."""


def table(name: str, header: Sequence[str], pages: AsyncIterable[Iterable[Sequence[Cell]]]) -> StreamingResponse:
    """Return a table that is streamed while it is read; `name` is the file name without its extension."""
    named = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Vary": "Accept"}
    return StreamingResponse(stream(header, pages), media_type=MEDIA_TYPE, headers=named)
