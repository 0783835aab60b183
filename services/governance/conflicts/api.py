"""Routes about conflicts at items, and the papers of proposals."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.http.transactions import SteppedRoute
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.conflicts import awards, items, papers
from services.governance.conflicts.errors import NotAnAward, PapersNotYours
from services.governance.conflicts.views import (
    AddedPaperView,
    ChairView,
    ConflictView,
    EdgeView,
    ElsewhereView,
    ItemConflictsView,
    MemberView,
    OwnerView,
    PaperReadersView,
    PaperReaderView,
    PapersView,
    PaperView,
    PrincipleView,
    ProcurementDecisionSummary,
    ProcurementDecisionView,
)
from services.governance.core.codes import BodyReference
from services.governance.decisions.errors import DecisionNotFound
from services.governance.decisions.queries import DecisionFilter
from services.governance.edge import Lead, OrganisationFilter
from services.governance.interests.rules import Conflict
from services.governance.meetings.commands import ItemRef
from services.governance.meetings.errors import ItemNotFound
from services.governance.proposals.errors import ProposalNotFound, ProposalNotOpen

router = commands_router(tags=["Conflicts"])
papers_router = APIRouter(tags=["Conflicts"], route_class=SteppedRoute)
"""Reads that record themselves: the transaction of each is its own, committed before the papers are sent."""

ProposalPath = Annotated[str, Path(pattern=r"^PR-[A-Za-z0-9-]{1,40}$", description="Its reference.")]


DecisionPath = Annotated[
    str,
    Path(description="Its id.", pattern=r"^D-[0-9a-f-]{36}$", examples=["D-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"]),
]


@router.post(
    "/proposals/{proposal}/papers",
    status_code=201,
    summary="Add a paper to a proposal",
    responses=problems(ProposalNotFound, ProposalNotOpen, NotYoursToDecide, RoleMissing),
)
@binds("the organisation that proposes", "the body that took it over")
async def add_paper(
    proposal: ProposalPath, command: papers.AddPaper, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> AddedPaperView:
    """Name a paper by its title, SHA-256 and where it lies. It is given to members whom no conflict excludes."""
    made = await papers.add_paper(session, proposal, command, by=by, today=today, stated_at=stated_at)
    return AddedPaperView(paper=made.reference, proposal=proposal, stage=made.stage, added_on=made.added_on)


@papers_router.get(
    "/proposals/{proposal}/papers",
    summary="Read a proposal's papers",
    responses=problems(ProposalNotFound, PapersNotYours),
)
async def get_papers(proposal: ProposalPath, rows: Rows, by: By, today: Today) -> PapersView:
    """Return the papers for a member, a deputy, or a governance lead of those who propose or are asked; recorded.

    What a conflict of the caller's person withholds is counted, and nothing else of it is shown.
    """
    async with rows.begin() as session:
        given = await papers.give_papers(session, proposal, by=by, today=today)
    return PapersView(
        proposal=proposal,
        papers=[PaperView.model_validate(row) for row in given.papers],
        withheld=given.withheld,
        because=None if given.because is None else conflict_view(given.because),
    )


@router.get(
    "/proposals/{proposal}/papers/readers",
    summary="Read who had a proposal's papers",
    responses=problems(ProposalNotFound, PapersNotYours),
)
async def get_paper_readers(proposal: ProposalPath, rows: Rows, by: By, today: Today) -> PaperReadersView:
    """Return who had which paper, and from whom it was recalled because a conflict came to be known later."""
    found = await papers.list_readers(rows, proposal, by=by, today=today)
    return PaperReadersView(proposal=proposal, readers=[PaperReaderView.model_validate(row) for row in found])


@router.get(
    "/items/{item}/conflicts",
    summary="Read who is conflicted at an item",
    responses=problems(ItemNotFound),
)
async def get_item_conflicts(
    item: Annotated[ItemRef, Path(description="The id that `POST /meetings/{meeting}/items` returned.")],
    rows: Rows,
    by: By,
    as_known: AsKnown,
) -> ItemConflictsView:
    """Return each conflicted member and deputy with the path to a party, the pack's action and what the chair decided.

    Where no clause of the quorum can be met by those who are left, who else may decide is named.
    """
    found = await items.conflicts_at_item(rows, item, by=by, as_known=as_known)
    return ItemConflictsView(
        **{name: found.item[name] for name in ("item", "meeting", "body", "held_on")},
        as_known=as_known,
        members=member_views(found.conflicts, found.decided, found.excluded),
        withheld=found.withheld,
        can_be_quorate=found.can_be_quorate,
        elsewhere=[ElsewhereView(holder=holder, free=free) for holder, free in found.elsewhere.items()],
        principles=[PrincipleView.model_validate(one) for one in items.principles_on(found.item["held_on"])],
    )


@router.get("/procurement-decisions", summary="List procurement decisions", responses=problems())
async def list_procurement_decisions(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
    body: Annotated[BodyReference | None, Query(description="Of this body.")] = None,
) -> Page[ProcurementDecisionSummary]:
    """List the decisions to award contracts that were taken by the day; `organisation` is one that is bound."""
    found = await awards.list_awards(
        rows,
        DecisionFilter(organisation=organisation, body=body),
        as_at=as_at,
        as_known=as_known,
        after=paging.key(str),
        limit=paging.fetch,
    )
    views = [ProcurementDecisionSummary.model_validate(row) for row in found]
    return page(views, key=lambda view: view.decision, request=request)


@router.get(
    "/procurement-decisions/{decision}",
    summary="Read a procurement decision with its conflicts",
    responses=problems(DecisionNotFound, NotAnAward),
)
async def get_procurement_decision(
    decision: DecisionPath, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> ProcurementDecisionView:
    """Return who took part in a decision to award, who was excluded and why, and the contract value per owner.

    Of an item in private, who does not read it sees the own conflict alone.
    """
    found = await awards.get_award(rows, decision, by=by, as_at=as_at, as_known=as_known)
    return ProcurementDecisionView(
        **ProcurementDecisionSummary.model_validate(found.decision).model_dump(),
        item=found.item,
        took_part=list(found.took_part),
        members=member_views(found.conflicts, found.decided, found.excluded),
        withheld=found.withheld,
        owners=[
            OwnerView(
                party=one.party,
                owner=one.owner,
                share=None if one.share is None else str(one.share),
                contract_value_pence=one.value_pence,
            )
            for one in found.owners
        ],
        principles=[PrincipleView.model_validate(one) for one in items.principles_on(found.decision["taken_on"])],
    )


def member_views(
    conflicts: Mapping[str, Conflict], decided: Mapping[str, Mapping[str, Any]], excluded: Collection[str]
) -> list[MemberView]:
    """Return each person with a conflict, or on whose interest was decided, as shown."""
    return [
        MemberView(
            person=person,
            conflict=conflict_view(conflicts[person]) if person in conflicts else None,
            decided=ChairView.model_validate(dict(decided[person])) if person in decided else None,
            excluded=person in excluded,
        )
        for person in sorted({*conflicts, *decided})
    ]


def conflict_view(conflict: Conflict) -> ConflictView:
    """Return a conflict as shown, with its path."""
    return ConflictView(
        person=conflict.person,
        party=conflict.party,
        type=conflict.type,
        is_direct=conflict.path.is_direct,
        path=[
            EdgeView(edge=edge.id, holder=edge.holder, relation=edge.relation, other=edge.other, share=str(edge.share))
            for edge in conflict.path.edges
        ],
        share=str(conflict.path.share),
        action=conflict.action,
        pack=conflict.pack,
    )
