"""Routes about how bodies stand to each other."""

from datetime import date
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field

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
from services.registry.core.links import Relation
from services.registry.edge import CodeInPath, View
from services.registry.relations import commands
from services.registry.relations.commands import Direction
from services.registry.relations.errors import RelationNotAllowed

router = commands_router(tags=["Relations"])

Decider = Annotated[Caller, allowed(Role.REGISTRAR, Role.NHS_ENGLAND)]


class RelatedView(View):
    """A body stands in a relation to another."""

    code: str = Field(examples=["RCF"])
    relation: Relation = Field(examples=["part of footprint"])
    other: str = Field(examples=["QWO"])
    share: str | None = Field(description="an exact fraction; null: the relation has no share", examples=["1/3"])
    since: date | None = Field(description="the first day of the relation", examples=["2016-12-01"])
    last_day: date | None = Field(description="the last day, where one is known", examples=["2019-03-31"])


@router.get(
    "/organisations/{code}/relations",
    response_model=Page[RelatedView],
    summary="How an organisation stands to others",
    responses=problems(OrganisationNotFound, UnreadableCursor),
)
async def list_relations(
    code: CodeInPath,
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    relation: Annotated[Relation | None, Query(description="only this relation")] = None,
    direction: Annotated[Direction, Query(description="`from` it to others, from others `to` it, or both")] = "both",
) -> Page[RelatedView]:
    """Members, owners with their shares, footprints, hosts: as at a day, as known at an instant, in both directions.

    `relation=part of footprint&direction=to` of a footprint gives its members. A body that has closed stands in none.
    """
    await answers.get_organisation(rows, code, as_at=as_at, as_known=as_known)
    found = await commands.list_relations(
        rows,
        code,
        relation=relation,
        direction=direction,
        as_at=as_at,
        as_known=as_known,
        after=None if paging.after is None else _place(paging.after),
        limit=paging.fetch,
    )
    shown = [RelatedView.model_validate(one) for one in found]
    return page(shown, key=lambda one: (one.relation, one.code, one.other), request=request)


@router.post(
    "/organisations/{code}/relations",
    status_code=201,
    response_model=RelatedView,
    summary="Relate an organisation to another",
    responses=problems(OrganisationNotFound, RelationNotAllowed, NoChange),
)
async def relate(
    code: CodeInPath, command: commands.Relate, session: Write, by: Decider, stated_at: StatedAt
) -> commands.Related:
    """Say that from a day it is a member of, owns, hosts, commissions or is part of another, perhaps by a share.

    A body may stand in a relation to several others at once. The shares by which a body is owned are together at most
    the whole on every day. Said again with another share, the later word holds for its days. That a practice is a
    member of a commissioner is no such relation: it is in exactly one, its parent.
    """
    return await commands.relate(session, code, command, by=by, stated_at=stated_at)


@router.post(
    "/organisations/{code}/relations/ending",
    response_model=RelatedView,
    summary="End a relation",
    responses=problems(OrganisationNotFound, NoChange),
)
async def end_relation(
    code: CodeInPath, command: commands.EndRelation, session: Write, by: Decider, stated_at: StatedAt
) -> commands.Related:
    """Say that from a day it stands in this relation to the other no more. What was before stays answerable."""
    return await commands.end_relation(session, code, command, by=by, stated_at=stated_at)


def _place(after: tuple[object, ...]) -> tuple[str, str, str]:
    """Return the relation, code and other after which a page begins. Raises UnreadableCursor."""
    if len(after) != 3:
        raise UnreadableCursor("after: use the link that the page before gave")
    relation, code, other = (str(part) for part in after)
    return relation, code, other
