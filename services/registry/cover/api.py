"""Routes about who covers which practices and areas."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Path, Query, Request
from pydantic import BaseModel, Field

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Page,
    Paging,
    Rows,
    StatedAt,
    Write,
    allowed,
    commands_router,
    page,
    problems,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, Role
from services.registry.core import queries as answers
from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.core.views import View
from services.registry.cover import commands, queries
from services.registry.cover.errors import CoverBroken
from services.registry.cover.queries import Wrong
from services.registry.cover.rules import Sort, law_on
from services.registry.edge import CodeInPath

router = commands_router(tags=["Cover"])

Decider = Annotated[Caller, allowed(Role.NHS_ENGLAND, Role.REGISTRAR)]


class CoverOfView(View):
    """What one commissioner covers after the command."""

    code: str = Field(examples=["16C"])
    practices: int | None = Field(description="null: its practices were left as they are", examples=[83])
    areas: int | None = Field(description="null: its areas were left as they are", examples=[416])
    practices_gained: int = Field(description="how many another body covered before, or none", examples=[1])
    areas_gained: int = Field(examples=[4])


class CoverStatedView(View):
    """What a command about cover changed."""

    effective_on: date
    rule_pack: str | None = Field(
        description="the pack of rules that the cover was checked by on that day", examples=["cover-ccg-s14a-2012"]
    )
    commissioners: list[CoverOfView]


class CoverView(View):
    """How much a commissioner covers on a day."""

    code: str = Field(examples=["16C"])
    name: str | None = Field(examples=["NHS Tees Valley CCG"])
    practices: int = Field(description="open general practices", examples=[83])
    areas: int | None = Field(description="LSOAs of 2011; null: unknown on that day", examples=[416])
    people: int | None = Field(description="its registered population; null: unknown on that day", examples=[712000])


class CoveredView(BaseModel):
    """A practice or an area that a commissioner covers."""

    code: str = Field(examples=["A81001"])


class CoveredPage(Page[CoveredView]):
    """Some of what a commissioner covers."""

    known: bool = Field(description="false: nothing is stated of the areas that it covers on that day")


class BreachView(View):
    """A practice or an area that is not covered exactly once on a day."""

    about: Literal["practice", "area"]
    code: str = Field(examples=["E01012018"])
    finding: Wrong = Field(description="`unknown`: nothing is stated of that day", examples=["none"])
    holders: list[str] = Field(description="who covers it, where that is several")
    stated: str | None = Field(description="the body that is stated for it, which need not be open", examples=["00W"])


class FindingsPage(Page[BreachView]):
    """Some of what is not covered exactly once, and how much there is of it altogether."""

    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    rule_pack: str | None = Field(description="null: no law ruled cover on that day", examples=["cover-ccg-s14a-2012"])
    practices: int = Field(description="how many practices are found in all", examples=[0])
    areas: int = Field(description="how many areas are found in all", examples=[0])


@router.get(
    "/covers", response_model=Page[CoverView], summary="Who covers how much", responses=problems(UnreadableCursor)
)
async def list_covers(
    request: Request, rows: Rows, _: By, paging: Paging, as_at: AsAt, as_known: AsKnown
) -> Page[CoverView]:
    """Every open commissioner on a day with its practices and areas counted, in the order of their codes.

    What a body covered that merged into another is counted with that other. Areas are known from April 2021 on.
    """
    [after] = paging.key(str) or (None,)
    found = await queries.list_covers(rows, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch)
    return page([CoverView.model_validate(one) for one in found], key=lambda one: one.code, request=request)


@router.get(
    "/covers/findings",
    response_model=FindingsPage,
    summary="What is not covered exactly once",
    responses=problems(UnreadableCursor),
)
async def list_cover_findings(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    about: Annotated[Literal["practice", "area"] | None, Query(description="only practices, or only areas")] = None,
    finding: Annotated[Wrong | None, Query(description="only those in none, in several, or unknown")] = None,
) -> FindingsPage:
    """Every practice and area in no commissioner or in several on a day: what imports brought, and none was refused."""
    found = await queries.findings(rows, as_at=as_at, as_known=as_known)
    wanted = [one for one in found if about in {None, one.about} and finding in {None, one.finding}]
    after = paging.key(str, str)
    rest = [BreachView.model_validate(one) for one in wanted if after is None or (one.about, one.code) > after]
    shown = page(rest[: paging.fetch], key=lambda one: (one.about, one.code), request=request)
    law = law_on(as_at)
    return FindingsPage(
        items=shown.items,
        next=shown.next,
        as_at=as_at,
        as_known=as_known,
        rule_pack=law.id if law else None,
        practices=sum(one.about == "practice" for one in wanted),
        areas=sum(one.about == "area" for one in wanted),
    )


@router.get(
    "/covers/{code}/{sort}",
    response_model=CoveredPage,
    summary="What a commissioner covers",
    responses=problems(OrganisationNotFound, UnreadableCursor),
)
async def list_covered(
    code: CodeInPath,
    sort: Annotated[Sort, Path(description="its practices, or its areas", examples=["practices"])],
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
) -> CoveredPage:
    """The open practices, or the areas, that a body covers on a day, in the order of their codes."""
    await answers.get_organisation(rows, code, as_at=as_at, as_known=as_known)
    [after] = paging.key(str) or (None,)
    found = await queries.covered_by(rows, code, sort, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch)
    shown = page([CoveredView(code=one) for one in found or ()], key=lambda one: one.code, request=request)
    return CoveredPage(items=shown.items, next=shown.next, known=found is not None)


@router.post(
    "/covers",
    status_code=201,
    response_model=CoverStatedView,
    summary="State what commissioners cover",
    responses=problems(CoverBroken, NoChange),
)
async def state_cover(
    command: commands.StateCover, session: Write, by: Decider, stated_at: StatedAt
) -> commands.CoverStated:
    """Let some commissioners cover exactly these practices and areas from a day on (NHS Act 2006 s.14E, s.14F).

    The lists are complete: a practice goes from one CCG to another by a command that lists both. What would be in none
    or in two, on that day or a later one, is refused, and every practice and area is named.
    """
    return await commands.state_cover(session, command, by=by, stated_at=stated_at)
