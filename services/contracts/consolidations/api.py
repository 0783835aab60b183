"""Routes about consolidations: several contracts become one shared service."""

from typing import Annotated

from fastapi import Response

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    allowed,
    binds,
    commands_router,
    problems,
)
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.contracts.agreements.terms import ConsolidateContracts
from services.contracts.authorities.errors import AuthorityMissing
from services.contracts.consolidations import commands
from services.contracts.core import errors
from services.contracts.core import queries as reads
from services.contracts.core.codes import Reference
from services.contracts.core.views import ConsolidationView

router = commands_router(tags=["Consolidations"])


@router.post(
    "/consolidations",
    status_code=201,
    summary="Consolidate contracts into one shared service",
    responses=problems(
        errors.ContractNotFound,
        errors.NotSigned,
        errors.ContractAlreadyEnded,
        errors.NotRunningThen,
        errors.NoticeTooLate,
        errors.CustomerNotOpen,
        errors.SignedInTheFuture,
        errors.DocumentMissing,
        AuthorityMissing,
        errors.ReferenceTaken,
        errors.FunctionUnknown,
        errors.NoRuleInForce,
        errors.ChangingHands,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the customers of every contract that is replaced")
async def consolidate_contracts(
    command: ConsolidateContracts,
    response: Response,
    session: Write,
    by: Annotated[Caller, allowed(Role.CONTRACT_LEAD)],
    today: Today,
    stated_at: StatedAt,
) -> ConsolidationView:
    """Sign one contract that replaces several from one day, all or none.

    You act for every customer of each. The replaced contracts end the day before: those of other suppliers by notice,
    which counts from the day on which this is recorded, or by the agreement you name. The customers of all of them
    become the customers of the new one. The answer shows what it saves a year; a saving is the old charges less the new
    one.
    """
    contract = await commands.consolidate_contracts(session, command, by=by, today=today, stated_at=stated_at)
    response.headers["Location"] = f"consolidations/{contract.reference}"
    found = await reads.get_consolidation(
        await raw(session), contract.reference, by=by, as_at=command.starts_on, as_known=None
    )
    return ConsolidationView.model_validate(found)


@router.get(
    "/consolidations/{reference}",
    summary="Read a consolidation",
    responses=problems(errors.ConsolidationNotFound),
)
async def get_consolidation(
    reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> ConsolidationView:
    """Return the contracts that a shared service replaced, and what it saves; parties' names as at the day.

    A supplier reads of the replaced contracts those that it supplied itself.
    """
    found = await reads.get_consolidation(rows, reference, by=by, as_at=as_at, as_known=as_known)
    return ConsolidationView.model_validate(found)
