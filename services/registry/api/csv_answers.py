"""Answers that are given as JSON or as CSV, whichever the caller asks for."""

from collections.abc import AsyncIterable, Iterable, Sequence
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse

from libs.common.http import csv_text

CSV_TOO: dict[str, Any] = {"content": {"text/csv": {"schema": {"type": "string"}}}}
"""What OpenAPI says of a route that also answers in CSV."""


async def _as_csv(
    request: Request,
    form: Annotated[
        Literal["json", "csv"] | None,
        Query(alias="format", description="`csv` for all of it as a table; by `Accept: text/csv` too."),
    ] = None,
) -> bool:
    if form is not None:
        return form == "csv"
    accepted = request.headers.get("Accept", "").lower()
    return "text/csv" in accepted and "application/json" not in accepted


AsCsv = Annotated[bool, Depends(_as_csv)]
"""Whether the caller wants the answer as CSV, all of it and not only a page."""


def table(
    name: str, header: Sequence[str], pages: AsyncIterable[Iterable[Sequence[csv_text.Cell]]]
) -> StreamingResponse:
    """Return a table that is written while it is read; `name` is the file's, without its ending."""
    named = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(csv_text.stream(header, pages), media_type=csv_text.MEDIA_TYPE, headers=named)
