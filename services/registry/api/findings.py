"""Routes about what is odd in all that sources said."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel, Field

from libs.common.http.dependencies import AsKnown, By, Page, Paging, Rows, commands_router, page, problems
from libs.common.http.paging import UnreadableCursor
from services.registry import findings
from services.registry.api.views import View
from services.registry.findings import Sort
from services.registry.organisations import CODE

router = commands_router(tags=["Findings"])


class FindingView(View):
    """Something odd that was taken as it arrived."""

    sort: Sort
    code: str = Field(examples=["P84676"])
    other: str = Field(description="the other body that it is about; empty where there is none", examples=["00W"])
    source: str = Field(description="the source that it is about; empty where it is about several")
    first_day: date | None = Field(examples=["2017-04-01"])
    last_day: date | None = Field(examples=["2017-07-04"])
    words: str = Field(examples=["stays in 00W to 2017-07-04, which closed on 2017-03-31"])


class FindingsCountView(BaseModel):
    """How much is odd in one way."""

    sort: Sort
    meaning: str
    findings: int


class FindingsCountsView(BaseModel):
    """How much is odd in each way."""

    as_known: datetime | None = Field(description="null: as known now")
    sorts: list[FindingsCountView]


@router.get("/findings/counts", response_model=FindingsCountsView, summary="How much is odd in the sources")
async def count_findings(rows: Rows, _: By, as_known: AsKnown) -> FindingsCountsView:
    """How many findings there are of each sort, by all that was said until an instant, and what the sort means."""
    counted = await findings.count(rows, as_known=as_known)
    return FindingsCountsView(
        as_known=as_known,
        sorts=[
            FindingsCountView(sort=sort, meaning=findings.MEANINGS[sort], findings=number)
            for sort, number in counted.items()
        ],
    )


@router.get(
    "/findings",
    response_model=Page[FindingView],
    summary="What is odd in the sources",
    responses=problems(UnreadableCursor),
)
async def list_findings(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    sort: Annotated[Sort, Query(description="what is odd: `GET /findings/counts` explains each")],
    source: Annotated[
        str | None,
        Query(
            description="only about this source, or this family of sources",
            pattern=r"^[\x21-\x7e]{1,200}$",
            examples=["ods-epcmem"],
        ),
    ] = None,
    code: Annotated[str | None, Query(description="only about this body", pattern=CODE)] = None,
) -> Page[FindingView]:
    """Findings of one sort: computed from all that sources said until an instant, in whatever order that was taken.

    A finding changes nothing: what it is about stands as it arrived. Who covers a practice or an area twice or not at
    all is told by `GET /covers/findings`, and where sources disagree by `GET /conflicts`.
    """
    after = paging.key(str, str, str, str)
    found = await findings.find(
        rows, sort, as_known=as_known, source=source, code=code, after=after, limit=paging.fetch
    )
    return page([FindingView.model_validate(one) for one in found], key=_key, request=request)


def _key(one: FindingView) -> tuple[str, ...]:
    return one.code, one.other, one.source, one.first_day.isoformat() if one.first_day else ""
