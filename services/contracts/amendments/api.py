"""Routes of amendments."""

from fastapi import Response

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    commands_router,
    etag,
    problems,
)
from services.contracts.amendments import commands, queries
from services.contracts.amendments import errors as refusals
from services.contracts.amendments.views import AmendmentsView
from services.contracts.authorities.errors import AuthorityMissing
from services.contracts.care_models.errors import OutsideCareModel
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.core.models import Contract
from services.contracts.edge import EDIT_REFUSALS, Lead, expecting

router = commands_router(tags=["Contracts"])


@router.get(
    "/contracts/{reference}/amendments",
    summary="List the amendments of a contract",
    responses=problems(errors.ContractNotFound),
)
async def list_amendments(reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> AmendmentsView:
    """Return every amendment with its reasons, in the order in which they were stated.

    The lines of a day are those of the contract itself: a later amendment of an earlier day replaces what was stated.
    """
    return await queries.list_amendments(rows, reference, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/contracts/{reference}/amendments",
    status_code=201,
    summary="Amend a contract",
    responses=problems(
        refusals.ModificationTooLarge,
        refusals.ModificationGroundUnknown,
        refusals.TermsDisagree,
        OutsideCareModel,
        AuthorityMissing,
        errors.FunctionUnknown,
        errors.NoRuleInForce,
        errors.DocumentMissing,
        errors.ExitOutsideTerm,
        errors.NotSigned,
        errors.ContractAlreadyEnded,
        errors.StatedBeforeSignature,
        *EDIT_REFUSALS,
    ),
)
@binds("the contract's coordinating commissioner, or all its customers on the day")
async def amend_contract(
    reference: Reference,
    command: commands.AmendContract,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> AmendmentsView:
    """Change the lines, notice or exit terms of a signed contract from a day, for all its customers.

    What is left out stays, and so does the signed text. Guarantors and hosts are changed so too. The scope and the
    longest term of a care model stay too: a line that it excludes is refused, and so are exit terms beyond its end.

    How far a change may go follows from the day on which the contract's procurement began (rule EXIT-6): where no
    procurement of its customers is recorded, the day of its signature counts.
    """
    amendment = await commands.amend_contract(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    response.headers["Location"] = f"amendments#{amendment.reference}"
    connection = await raw(session)
    contract = await session.get_one(Contract, amendment.contract_id)
    etag(response, contract.version)
    return await queries.list_amendments(connection, reference, by=by, as_at=today, as_known=None)
