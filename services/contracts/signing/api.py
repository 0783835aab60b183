"""Routes that sign a contract."""

from fastapi import Response

from libs.common.http.dependencies import IfMatch, StatedAt, Today, Write, binds_one_of, commands_router, problems
from services.contracts.authorities.errors import AuthorityMissing
from services.contracts.bodies.errors import FormCannotHold
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.core.views import ContractView
from services.contracts.edge import EDIT_REFUSALS, Lead, expecting, shown
from services.contracts.signing import commands, ratifications
from services.contracts.signing import errors as refusals

router = commands_router(tags=["Contracts"])


@router.post(
    "/contracts/{reference}/ratification",
    status_code=201,
    summary="Ratify a conditional contract",
    responses=problems(
        refusals.NotConditional,
        refusals.NotEstablished,
        refusals.PartyNotNamed,
        AuthorityMissing,
        errors.SignedInTheFuture,
        errors.DocumentMissing,
        errors.ChangingHands,
        *EDIT_REFUSALS,
    ),
)
@binds_one_of("the customers that were not established", because="each body ratifies for itself")
async def ratify_contract(
    reference: Reference,
    command: ratifications.RatifyContract,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ContractView:
    """Decide on a contract that your body signed before it was established: ratify or refuse it.

    It is signed as of the ratification, and runs on no day before. A refusal ends it without notice or payment. Who
    acts for every organisation records, as a loader, one body's decision with its document.
    """
    expect = expecting(if_match)
    contract = await ratifications.ratify_contract(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expect
    )
    return await shown(session, contract, response, by, today)


@router.post(
    "/contracts/{reference}/signature",
    status_code=201,
    summary="Sign a contract",
    responses=problems(
        errors.NotADraft,
        errors.CustomerNotOpen,
        errors.SignedInTheFuture,
        errors.DocumentMissing,
        errors.ChangingHands,
        FormCannotHold,
        refusals.AlreadySigned,
        refusals.NotASignatory,
        refusals.PartyNotNamed,
        *EDIT_REFUSALS,
    ),
)
@binds_one_of("the draft's customers and its supplier", because="each party signs for itself")
async def sign_contract(
    reference: Reference,
    command: commands.SignContract,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ContractView:
    """Sign a draft for the parties for whom you act: it is binding once every signatory has signed.

    Every customer signs, and the supplier where the draft makes it a signatory. Customers must be open on their day of
    signature and on the first day of service. A closed one is refused with its successor named. A customer that merges
    at the same time never stays: either this is refused, or the successor takes over as soon as the merger's event is
    consumed. GMS and PMS are refused to a supplier whose legal form of that day may not hold them; where no source
    says whether it may, a finding warns. A signature is known from now: one of an earlier day names the document that
    shows it. Who acts for every organisation records, as a loader, one party's signature with its document.
    """
    expect = expecting(if_match)
    contract = await commands.sign_contract(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expect
    )
    return await shown(session, contract, response, by, today)
