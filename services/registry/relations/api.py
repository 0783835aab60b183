"""Routes about relations between organisations."""

from typing import Annotated

from fastapi import Query, Request

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
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, Role
from services.registry.core.errors import NoChange, OrganisationNotFound
from services.registry.core.links import Relation
from services.registry.core.queries import get_organisation
from services.registry.edge import CodeInPath
from services.registry.relations import commands, queries
from services.registry.relations.errors import RelationNotAllowed
from services.registry.relations.queries import Direction
from services.registry.relations.views import RelatedView

router = commands_router(tags=["Relations"])

Decider = Annotated[Caller, allowed(Role.REGISTRAR, Role.NHS_ENGLAND)]


@router.get(
    "/organisations/{code}/relations",
    response_model=Page[RelatedView],
    summary="List the relations of an organisation",
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
    direction: Annotated[Direction, Query(description="`from` this organisation, `to` it, or both")] = "both",
) -> Page[RelatedView]:
    """List members, owners with their shares, footprints and hosts as at a day, as known at an instant.

    `relation=part of footprint&direction=to` gives the members of a footprint. A closed organisation has no relations.
    """
    await get_organisation(rows, code, as_at=as_at, as_known=as_known)
    found = await queries.list_relations(
        rows,
        code,
        relation=relation,
        direction=direction,
        as_at=as_at,
        as_known=as_known,
        after=None if paging.after is None else _cursor(paging.after),
        limit=paging.fetch,
    )
    return page(found, key=lambda one: (one.relation, one.code, one.other), request=request)


@router.post(
    "/organisations/{code}/relations",
    status_code=201,
    response_model=RelatedView,
    summary="Relate an organisation to another",
    responses=problems(OrganisationNotFound, RelationNotAllowed, NoChange),
)
@binds("{code}", "other")
async def relate(
    code: CodeInPath, command: commands.Relate, session: Write, by: Decider, stated_at: StatedAt
) -> RelatedView:
    """State that from a day the organisation is a member of, owns, hosts, commissions or is part of another.

    An organisation may have the same relation to several others at once. On no day may the shares of its owners sum to
    more than 1. A later statement with another share replaces the earlier one for its days. The membership of a
    practice in its commissioner is not a relation: a practice has exactly one commissioner, its parent.
    """
    return await commands.relate(session, code, command, by=by, stated_at=stated_at)


@router.post(
    "/organisations/{code}/relations/ending",
    response_model=RelatedView,
    summary="End a relation",
    responses=problems(OrganisationNotFound, NoChange),
)
@binds("{code}", "the other unless a member leaves")
async def end_relation(
    code: CodeInPath, command: commands.EndRelation, session: Write, by: Decider, stated_at: StatedAt
) -> RelatedView:
    """State the first day without the relation. Earlier days keep it."""
    return await commands.end_relation(session, code, command, by=by, stated_at=stated_at)


def _cursor(after: tuple[object, ...]) -> tuple[str, str, str]:
    """Read the cursor: relation, code and other. Raises UnreadableCursor."""
    if len(after) != 3:
        raise UnreadableCursor("after: use the link `next` of the page before")
    relation, code, other = (str(part) for part in after)
    return relation, code, other
