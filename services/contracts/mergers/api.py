"""Routes that read what mergers move, and the functions that a body then has twice."""

from typing import Annotated

from fastapi import Path, Query

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    binds_one_of,
    commands_router,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.core.codes import OdsCode, Reference
from services.contracts.core.errors import ContractNotFound, ProposalUnconfirmed
from services.contracts.edge import Lead
from services.contracts.mergers import queries, to_remake
from services.contracts.mergers.errors import (
    AgreementAlreadySettled,
    AgreementNotFlagged,
    MergerNotFound,
    SchemeUnknown,
)
from services.contracts.mergers.views import AgreementsToRemakeView, MergerPreviewView, OverlapsView

router = commands_router(tags=["Transfers"])

MergerReference = Annotated[
    str, Path(max_length=40, description="The registry's reference of the merger.", examples=["M-14Y"])
]


@router.get("/overlaps", summary="List the functions that a body buys twice", responses=problems())
async def list_overlaps(
    rows: Rows,
    by: By,
    organisation: Annotated[OdsCode, Query(description="ODS code of the customer.")],
    as_at: AsAt,
    as_known: AsKnown,
) -> OverlapsView:
    """List each function for which a body has several contracts that run on the day, of those that you may see.

    A merger brings them about: `offered` are the contracts to put into one shared service.
    """
    return await queries.list_overlaps(rows, organisation, by=by, as_at=as_at, as_known=as_known)


@router.get("/merger-previews/{merger}", summary="Preview what a merger moves", responses=problems(MergerNotFound))
async def get_merger_preview(merger: MergerReference, rows: Rows, by: By, as_known: AsKnown) -> MergerPreviewView:
    """Return the contracts that a merger moves on its day, and the overlaps of the merged body, of those you may see.

    From the agreement of the merger on; nothing moves before it is carried out. Its day may be moved and the merger
    withdrawn: the preview follows. Once it is carried out, no contract is left to move; their histories have them.
    """
    return await queries.get_merger_preview(rows, merger, by=by, as_known=as_known)


@router.get(
    "/agreements-to-remake",
    summary="List the agreements that no merger moves",
    responses=problems(),
)
async def list_agreements_to_remake(
    rows: Rows,
    by: By,
    as_at: AsAt,
    as_known: AsKnown,
    about: Annotated[
        str | None, Query(max_length=60, description="Only of this body, or by this merger.", examples=["14Y"])
    ] = None,
    settled: Annotated[bool, Query(description="Those that were settled too.")] = False,
) -> AgreementsToRemakeView:
    """List section 75 and data-sharing agreements of bodies that end, or will, of those that you may see.

    They name legal bodies: until a party states what became of one, it keeps its old party and counts as unsettled.
    """
    found = await queries.list_agreements_to_remake(
        rows, about=about, with_settled=settled, by=by, as_at=as_at, as_known=as_known
    )
    return AgreementsToRemakeView(agreements=found, as_at=as_at, as_known=as_known)


@router.post(
    "/agreements-to-remake/{agreement}/settlement",
    status_code=201,
    summary="State what became of an agreement",
    responses=problems(
        ContractNotFound,
        ProposalUnconfirmed,
        AgreementNotFlagged,
        AgreementAlreadySettled,
        SchemeUnknown,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds_one_of("the agreement's parties", because="each party knows what became of it")
async def settle_agreement(
    agreement: Reference,
    command: to_remake.SettleAgreement,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> AgreementsToRemakeView:
    """State that an agreement was remade, is saved by a scheme, or ended.

    It takes effect with the merger, or at once where that has been: what is saved passes to the successor; what was
    remade or ended ends the day before.
    """
    await to_remake.settle_agreement(session, agreement, command, by=by, today=today, stated_at=stated_at)
    found = await queries.list_agreements_to_remake(
        await raw(session), about=None, with_settled=True, by=by, as_at=today, as_known=None
    )
    own = [one for one in found if one.agreement == agreement]
    return AgreementsToRemakeView(agreements=own, as_at=today, as_known=None)
