"""Routes of novations: proposed, consented to by each party, completed."""

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
    binds_one_of,
    commands_router,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.core.views import ContractView
from services.contracts.edge import EDIT_REFUSALS, Lead, expecting, shown
from services.contracts.mergers.errors import AgreementUnsettled
from services.contracts.novations import commands, queries
from services.contracts.novations.errors import ConsentMissing, NovationNotFound, NovationNotPossible
from services.contracts.novations.views import NovationView

router = commands_router(tags=["Transfers"])

_ENDED = (errors.NotSigned, errors.ContractAlreadyEnded, errors.StatedBeforeSignature)


@router.get(
    "/contracts/{reference}/novation", summary="Read a contract's novation", responses=problems(NovationNotFound)
)
async def get_novation(reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> NovationView:
    """Return the latest novation proposed, with who consented and who has not.

    The parties of the contract read it, and the body that is to enter.
    """
    return await queries.get_novation(rows, reference, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/contracts/{reference}/novation",
    status_code=201,
    summary="Propose that another body takes a party's place",
    responses=problems(
        errors.ContractNotFound,
        errors.ProposalUnconfirmed,
        NovationNotPossible,
        AgreementUnsettled,
        *_ENDED,
        errors.ChangingHands,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds_one_of("the contract's customers and its supplier", because=commands.OWN_ACT)
async def propose_novation(
    reference: Reference,
    command: commands.ProposeNovation,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> NovationView:
    """Propose a novation at common law, and consent to it for the parties for whom you act.

    It replaces an earlier proposal. A change of party by statute needs none: see the history of the contract.
    """
    await commands.propose_novation(session, reference, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_novation(await raw(session), reference, by=by, as_at=today, as_known=None)


@router.post(
    "/contracts/{reference}/novation/consents",
    status_code=201,
    summary="Consent to a novation",
    responses=problems(
        errors.ContractNotFound,
        errors.ProposalUnconfirmed,
        NovationNotFound,
        NovationNotPossible,
        errors.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds_one_of("the parties, and who takes the place of one", because=commands.OWN_ACT)
async def consent_to_novation(
    reference: Reference,
    command: commands.ConsentToNovation,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> NovationView:
    """Consent for the parties for whom you act, each once. The consent of a body binds who succeeds it."""
    await commands.consent_to_novation(session, reference, command, by=by, today=today, stated_at=stated_at)
    return await queries.get_novation(await raw(session), reference, by=by, as_at=today, as_known=None)


@router.post(
    "/contracts/{reference}/novation/completion",
    status_code=201,
    summary="Complete a novation",
    responses=problems(
        ConsentMissing,
        NovationNotFound,
        NovationNotPossible,
        AgreementUnsettled,
        *_ENDED,
        errors.CustomerNotOpen,
        errors.ReferenceTaken,
        errors.FunctionUnknown,
        errors.NoRuleInForce,
        errors.ChangingHands,
        *EDIT_REFUSALS,
    ),
)
@binds_one_of("the contract's customers and its supplier", because="every party has consented")
async def complete_novation(
    reference: Reference,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ContractView:
    """End the contract the day before and begin the one in its place, both in one transaction; return the new one.

    Every customer, the supplier and the body that enters have consented. The terms stay, to the same last day. Who
    leaves does not read the new one, and gets the one that ended.
    """
    ended, new = await commands.complete_novation(
        session, reference, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    response.headers["Location"] = f"contracts/{new.reference}"
    try:
        return await shown(session, new, response, by, today)
    except errors.ContractNotFound:
        return await shown(session, ended, response, by, today)
