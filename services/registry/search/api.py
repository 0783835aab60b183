"""Routes that search organisations, list members and trees, look up many codes, and export."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date
from typing import Annotated, Literal

from fastapi import Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from libs.common.http import csv_text
from libs.common.http.dependencies import AsAt, AsKnown, By, Page, Paging, Rows, page, problems, questions_router
from libs.organisations.statements import Status
from services.registry.core import queries as answers
from services.registry.core.codes import PRINTED, Code
from services.registry.core.errors import OrganisationNotFound
from services.registry.core.kinds import Kind
from services.registry.core.levels import Level
from services.registry.edge import Levels, WithSightings
from services.registry.search import members as trees
from services.registry.search import queries
from services.registry.search.views import (
    CountsView,
    LookedUpView,
    MatchView,
    MemberView,
    SearchView,
    TreeView,
)

router = questions_router(tags=["Search"])

MOST_CODES = 5_000

CodeInPath = Annotated[Code, Path(description="ODS code", examples=["14L"])]
OfKind = Annotated[Kind | None, Query(alias="kind", description="only of this kind on the day")]
OfStatus = Annotated[Status | None, Query(alias="status", description="only those with this status on the day")]
Words = Annotated[
    str | None,
    Query(
        alias="text",
        description="words of a name that it has, had or will have; or the beginning of its code; or its code in "
        "another system",
        min_length=1,
        max_length=200,
        pattern=PRINTED,
        examples=["newcastle gateshead"],
    ),
]
Postcode = Annotated[
    str | None,
    Query(
        alias="postcode", description="a postcode or its beginning", pattern=r"^[A-Za-z0-9 ]{1,10}$", examples=["HP19"]
    ),
]
Place = Annotated[
    str | None,
    Query(
        alias="place",
        description="words of its address",
        min_length=2,
        max_length=100,
        pattern=PRINTED,
        examples=["aylesbury"],
    ),
]
Parent = Annotated[Code | None, Query(alias="parent", description="only those that belong to this code")]


class Codes(BaseModel):
    """Codes to look up."""

    model_config = ConfigDict(extra="forbid")

    codes: list[Code] = Field(max_length=MOST_CODES, fail_fast=True, examples=[["10Y", "10H", "14Y"]])


@router.get("/search", response_model=SearchView, summary="Search organisations")
async def find_organisations(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    text: Words = None,
    kind: OfKind = None,
    status: OfStatus = None,
    postcode: Postcode = None,
    place: Place = None,
    parent: Parent = None,
    *,
    levels: Levels,
    sightings: WithSightings = False,
) -> SearchView:
    """Search organisations by a word of a present or former name, by code, postcode or place.

    The filters apply to the day of the request; the words may be of a name on any day. The best matches come first: the
    code, the whole name, the beginning of a name or code, words of a name; those of one rank by code. Where nothing is
    found, `nearest` offers names that are like the words.
    """
    wanted = queries.SearchFilter(text, kind, status, postcode, place, parent, levels)
    after: tuple[int, str] | None = paging.key(int, str)
    found = await queries.search(rows, wanted, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch)
    if sightings:
        await answers.add_sightings(rows, found, as_at=as_at, as_known=as_known)
    answer = SearchView(**dict(page(found, key=lambda one: (one.rank, one.code), request=request)))
    if text is not None and not found and after is None:
        answer.nearest = await queries.nearest(rows.bulk, wanted, as_at=as_at, as_known=as_known)
    return answer


@router.get("/counts", response_model=CountsView, summary="Count organisations by kind")
async def count_organisations(rows: Rows, _: By, as_at: AsAt, as_known: AsKnown) -> CountsView:
    """Count the organisations of each kind that are proposed, open and closed on a day, as known at an instant.

    A body that changed its kind is counted under the kind of the day.
    """
    kinds = await queries.count_by_kind(rows, as_at=as_at, as_known=as_known)
    return CountsView(kinds=kinds, as_at=as_at, as_known=as_known)


@router.get(
    "/organisations/{code}/members",
    response_model=Page[MemberView],
    summary="List the members of an organisation",
    responses=problems(OrganisationNotFound),
)
async def list_members(
    code: CodeInPath,
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    kind: OfKind = None,
    status: OfStatus = None,
) -> Page[MemberView]:
    """List the organisations directly below one on a day, including those of its merged predecessors.

    A member that closed before its parent was merged stays with that parent, and is not listed here.
    """
    await answers.get_organisation(rows, code, as_at=as_at, as_known=as_known)
    found = await trees.list_members(
        rows,
        [code],
        as_at=as_at,
        as_known=as_known,
        status=status,
        kind=kind,
        after=paging.key(str, str) or ("", ""),
        limit=paging.fetch,
    )
    return page(found, key=lambda one: (one.code, one.relation), request=request)


@router.get(
    "/organisations/{code}/tree",
    response_model=TreeView,
    summary="Get the tree around an organisation",
    responses=problems(OrganisationNotFound),
)
async def get_tree(
    code: CodeInPath,
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    depth: Annotated[int, Query(ge=1, le=5, description="levels below")] = 2,
) -> TreeView:
    """Return the organisations above one, and those below it with theirs. One may be below several others."""
    await answers.get_organisation(rows, code, as_at=as_at, as_known=as_known)
    return await trees.get_tree(rows, code, as_at=as_at, as_known=as_known, depth=depth)


@router.post("/lookups", response_model=LookedUpView, summary=f"Look up to {MOST_CODES} codes up at once")
async def look_up(
    command: Codes, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown, *, sightings: WithSightings = False
) -> LookedUpView:
    """Return what each of many codes was on a day. It changes nothing: it is a POST because the list may be long."""
    found = await answers.list_organisations(
        rows,
        answers.OrganisationFilter(codes=command.codes),
        as_at=as_at,
        as_known=as_known,
        after=None,
        limit=MOST_CODES,
    )
    if sightings:
        await answers.add_sightings(rows, found, as_at=as_at, as_known=as_known)
    known = {one.code for one in found}
    return LookedUpView(organisations=found, unknown=sorted(set(command.codes) - known))


_HEADER = ("code", "kind", "status", "name", "parent", "since", "last_day", "postcode", "as_at", *Level)
_SEEN = ("status", "name", "kind", "parent")
_OF_A_SIGHTING = ("seen_on", "source", "known_since")


@router.get(
    "/exports/organisations",
    response_class=StreamingResponse,
    summary="Export organisations as CSV or JSON lines",
    responses={
        200: {
            "description": "One organisation a line.",
            "content": {"text/csv": {"schema": {"type": "string"}}, "application/x-ndjson": {}},
        }
    },
)
async def export_organisations(
    rows: Rows,
    _: By,
    as_at: AsAt,
    as_known: AsKnown,
    form: Annotated[Literal["csv", "ndjson"], Query(alias="format", description="`csv` or `ndjson`")] = "csv",
    text: Words = None,
    kind: OfKind = None,
    status: OfStatus = None,
    postcode: Postcode = None,
    place: Place = None,
    parent: Parent = None,
    *,
    levels: Levels,
    sightings: WithSightings = False,
) -> StreamingResponse:
    """Export every matching organisation, as at a day, as known at an instant, in one response.

    It is ordered by code; with `text` the best matches come first. With `sightings` a CSV also has, for status, name,
    kind and parent, on which day each was seen, by which source, and since when it is known.
    """
    wanted = queries.SearchFilter(text, kind, status, postcode, place, parent, levels)
    pages = queries.all_pages(rows.bulk, wanted, as_at=as_at, as_known=as_known, with_sightings=sightings)
    if form == "ndjson":
        return StreamingResponse(_as_lines(pages), media_type="application/x-ndjson")
    seen = tuple(f"{about}_{column}" for about in _SEEN for column in _OF_A_SIGHTING) if sightings else ()
    written = csv_text.stream((*_HEADER, *seen), _as_rows(pages, as_at))
    named = {"Content-Disposition": f'attachment; filename="organisations-{as_at}.csv"'}
    return StreamingResponse(written, media_type=csv_text.MEDIA_TYPE, headers=named)


async def _as_rows(
    pages: AsyncIterator[Sequence[MatchView]], as_at: date
) -> AsyncIterator[list[tuple[csv_text.Cell, ...]]]:
    async for found in pages:
        yield [
            (
                one.code,
                one.kind,
                one.status,
                one.name,
                one.parent,
                one.since,
                one.last_day,
                one.postcode,
                as_at,
                *(getattr(one.levels, level) for level in Level),
                *_sightings_of(one),
            )
            for one in found
        ]


def _sightings_of(one: MatchView) -> Iterator[csv_text.Cell]:
    if one.sightings is None:
        return
    by_name = {seen.about: seen for seen in one.sightings}
    for about in _SEEN:
        for column in _OF_A_SIGHTING:
            cell: csv_text.Cell = getattr(by_name.get(about), column, None)
            yield cell


async def _as_lines(pages: AsyncIterator[Sequence[MatchView]]) -> AsyncIterator[str]:
    async for found in pages:
        yield "".join(f"{json.dumps(one.model_dump(mode='json'))}\n" for one in found)
