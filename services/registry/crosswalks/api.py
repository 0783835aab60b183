"""Routes about crosswalks between days, restatements of figures, and what changes on a day."""

import io
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libs.common.database.connection import Reads
from libs.common.errors import Reason
from libs.common.http import csv_text
from libs.common.http.csv_text import CSV_TOO, AsCsv, table
from libs.common.http.dependencies import AsKnown, By, Page, Paging, Rows, page, problems, questions_router
from libs.common.http.paging import UnreadableCursor
from libs.common.http.problems import Unprocessable
from services.registry.core.codes import Code, Day
from services.registry.core.kinds import Kind
from services.registry.crosswalks import changes
from services.registry.crosswalks.figures import MOST_LINES, FigureGiven, TableRefused, figures_in, figures_of
from services.registry.crosswalks.restatement import restate_figures, restated_cells, restatement
from services.registry.crosswalks.rows import DayPair
from services.registry.crosswalks.tables import CrosswalkFilter, Line, Raised, System, crosswalk_row, lines
from services.registry.crosswalks.views import (
    CHANGE_HEADER,
    CROSSWALK_HEADER,
    RESTATED_HEADER,
    Basis,
    ChangeCursor,
    ChangeView,
    CrosswalkRowView,
    RestatementView,
    SeriesView,
    What,
    cells_of,
)


class FiguresGiven(BaseModel):
    """A column of codes, or a series of figures."""

    model_config = ConfigDict(extra="forbid")

    figures: list[FigureGiven] = Field(min_length=1, max_length=MOST_LINES, fail_fast=True)
    so_far: list[SeriesView] = Field(
        default=[],
        max_length=MOST_LINES,
        fail_fast=True,
        description="the `so_far` of the answer about the part of the table before this one",
    )


BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["figures"],
                "additionalProperties": False,
                "properties": {
                    "figures": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": MOST_LINES,
                        "items": FigureGiven.model_json_schema(),
                    },
                    "so_far": {
                        "type": "array",
                        "maxItems": MOST_LINES,
                        "items": {"$ref": "#/components/schemas/SeriesView"},
                    },
                },
            },
            "example": {"figures": [{"code": "07P", "amount": 12345}, {"code": "09A", "amount": "-1200.50"}]},
        },
        "text/csv": {"schema": {"type": "string"}, "example": "code,amount,day\r\n07P,12345,2020-06-30\r\n"},
    },
}
"""The OpenAPI documentation of such a request body."""


def figures_sent(body: bytes, media_type: str) -> tuple[list[FigureGiven], list[SeriesView]]:
    """Return the lines of a body, JSON or CSV by its media type, and where the part before it left off.

    Raises TableRefused, RequestValidationError.
    """
    sort = media_type.partition(";")[0].strip().lower()
    if sort == "text/csv":
        try:
            return figures_in(io.StringIO(body.decode(), newline="")), []
        except UnicodeDecodeError as error:
            raise TableRefused("a table has to be in UTF-8") from error
    if sort != "application/json":
        raise TableRefused(f"{sort or 'no media type'}: send application/json or text/csv")
    try:
        given = FiguresGiven.model_validate_json(body)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in wrong]) from error
    return given.figures, given.so_far


router = questions_router(tags=["Lineage"])

FromDay = Annotated[Day, Query(description="the day of the codes", examples=["2017-04-01"])]
ToDay = Annotated[Day, Query(description="the day to convert them to, later or earlier", examples=["2021-04-01"])]
InSystem = Annotated[System, Query(description="the system of the codes: `ods`, or `ons` as dated on their day")]


HowTo = Annotated[
    Basis,
    Query(
        description="`successions`: who followed whom; `practices`: where the practices of a body are on the other "
        "day, weighted by their lists, so that those that crossed a boundary take their people with them; a code "
        "without practices has its rows by successions, as `by` says of each row"
    ),
]


ToLevel = Annotated[
    Raised | None,
    Query(
        description="raise each body of the other day to the `stp`, `icb` or `region` that it is in on that day",
        examples=["icb"],
    ),
]


class DaysMissing(Unprocessable):
    """The days asked about are missing.

    Send either `on`, or both `from` and `to`, in this order.
    """


@router.get(
    "/crosswalks",
    response_model=Page[CrosswalkRowView],
    summary="Convert the organisations of one day into those of another",
    responses={200: CSV_TOO, **problems(UnreadableCursor)},
)
async def get_crosswalk(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    as_csv: AsCsv,
    from_day: FromDay,
    to_day: ToDay,
    codes: Annotated[
        list[Code] | None, Query(description="only these codes; repeat the parameter", max_length=500)
    ] = None,
    kind: Annotated[Kind | None, Query(description="only bodies of this kind on the first day")] = None,
    system: InSystem = "ods",
    by: HowTo = Basis.SUCCESSIONS,
    to_level: ToLevel = None,
) -> Page[CrosswalkRowView] | StreamingResponse:
    """Return a table of (code, day) to (code, day) with exact shares, forwards or backwards in time, as known.

    Without `codes` it has every organisation open on `from_day`. What cannot be converted is in the table with the
    reason. A code that closed before `from_day` is followed from its end. As CSV: the whole table.
    """
    days = DayPair(from_day, to_day, as_known)
    question = CrosswalkFilter(days, codes, kind, system, by, to_level)
    if as_csv:
        return table(f"crosswalk-{from_day}-{to_day}", CROSSWALK_HEADER, _crosswalk_cells(rows.bulk, question))
    cursor = paging.key(str, str, int)
    found: list[Line] = []
    async for part in lines(rows, question, after=cursor[0] if cursor else None):
        found.extend(line for line in part if cursor is None or line.asked != cursor[0] or line.cursor > cursor)
        if len(found) >= paging.fetch:
            break
    shown = page(found[: paging.fetch], key=lambda line: line.cursor, request=request)
    return Page(items=[crosswalk_row(line, days) for line in shown.items], next=shown.next)


async def _crosswalk_cells(rows: Reads, question: CrosswalkFilter) -> AsyncIterator[list[Sequence[csv_text.Cell]]]:
    async for part in lines(rows, question):
        yield [cells_of(crosswalk_row(line, question.days)) for line in part]


@router.post(
    "/crosswalks/restatement",
    response_model=RestatementView,
    summary="Restate codes or figures onto the organisations of another day",
    responses={200: CSV_TOO, **problems(TableRefused)},
    openapi_extra={"requestBody": BODY},
)
async def restate(
    request: Request,
    rows: Rows,
    _: By,
    as_known: AsKnown,
    as_csv: AsCsv,
    from_day: FromDay,
    to_day: ToDay,
    system: InSystem = "ods",
    by: HowTo = Basis.SUCCESSIONS,
    to_level: ToLevel = None,
) -> RestatementView | Response:
    """Restate a column of codes, or a series of figures, onto the organisations of another day. Changes nothing.

    The body is JSON, or CSV with a column `code` and optional columns `amount` and `day` (default `from_day`). An
    amount with several successors is divided by exact shares, to the last decimal place, so that the amounts of a code
    are divided as their sum is. What cannot be converted is listed apart with the reason: the input is exactly the sum
    of what was converted and what was not. A longer table is sent in parts as JSON, each with the `so_far` of the one
    before.
    """
    given, before = figures_sent(await request.body(), request.headers.get("Content-Type", ""))
    figures = figures_of(given, from_day)
    found = await restate_figures(
        rows.bulk,
        figures,
        to_day=to_day,
        as_known=as_known,
        system=system,
        by=by,
        to_level=to_level,
        before=before,
    )
    if not as_csv:
        return restatement(found, to_day=to_day, as_known=as_known, system=system)
    lines_of_it = csv_text.lines(RESTATED_HEADER, (restated_cells(line, to_day) for line in found.lines))
    return Response(lines_of_it, media_type=csv_text.MEDIA_TYPE, headers={"Vary": "Accept"})


@router.get(
    "/changes",
    response_model=Page[ChangeView],
    summary="List what changes on a day",
    responses={200: CSV_TOO, **problems(DaysMissing, UnreadableCursor)},
)
async def list_changes(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    as_csv: AsCsv,
    on: Annotated[Day | None, Query(description="on this day alone", examples=["2020-04-01"])] = None,
    first: Annotated[Day | None, Query(alias="from", description="from this day on")] = None,
    last: Annotated[Day | None, Query(alias="to", description="to this day, which is included")] = None,
    what: Annotated[What | None, Query(description="only changes of this type")] = None,
    code: Annotated[Code | None, Query(description="only of this body")] = None,
) -> Page[ChangeView] | StreamingResponse:
    """List what takes effect on a day or in a period, past or future, as known at an instant.

    Organisations that open, close or are proposed; names, kinds, parents, addresses, legal forms, remits and legal
    statuses that change; codes of other systems, roles and relations that begin or end; areas that change hands;
    successions; mergers planned or carried out. What a source only saw on a day, without stating since when it
    is so, is `observed`: it changed on some day between the sighting before and this one.
    """
    span = changes.ChangePeriod(*_span(on, first, last), what, code)
    if as_csv:
        pages = _change_cells(rows.bulk, span, as_known)
        return table(f"changes-{span.first}-{span.last}", CHANGE_HEADER, pages)
    after = None if paging.after is None else _change_cursor(paging.after)
    found = await changes.changes(rows, span, as_known=as_known, after=after, limit=paging.fetch)
    return page(found, key=lambda one: one.cursor, request=request)


async def _change_cells(
    rows: Reads, span: changes.ChangePeriod, as_known: datetime | None
) -> AsyncIterator[list[Sequence[csv_text.Cell]]]:
    async for found in changes.all_changes(rows, span, as_known=as_known):
        yield [cells_of(one) for one in found]


def _span(on: date | None, first: date | None, last: date | None) -> tuple[date, date]:
    """Return the first and the last day of the request. Raises DaysMissing."""
    if on is not None and first is None and last is None:
        return on, on
    if on is not None or first is None or last is None or last < first:
        message = "send either on, or from and to, in this order"
        raise DaysMissing(message, reasons=[Reason(message, "on")])
    return first, last


def _change_cursor(after: tuple[Any, ...]) -> ChangeCursor:
    """Read the cursor of a page of changes. Raises UnreadableCursor."""
    try:
        day, what, code, other, before, then = after
        return date.fromisoformat(day), str(what), str(code), str(other), str(before), str(then)
    except (TypeError, ValueError) as error:
        raise UnreadableCursor("after: use the link `next` of the page before") from error
