"""Routes that end a contract early."""

from typing import Annotated

from fastapi import Path, Response

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
from libs.common.identity import Caller
from services.contracts.agreements.catalogue import exit_reasons_on
from services.contracts.care_models.errors import OutsideCareModel
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.core.views import ContractView, ExitReasonsView, ExitReasonView
from services.contracts.edge import EDIT_REFUSALS, Lead, expecting, shown
from services.contracts.exits import queries
from services.contracts.exits.views import ExitsView
from services.contracts.terminations import closures, commands, extensions, notices, offers, staff
from services.contracts.terminations import errors as refusals
from services.contracts.terminations.views import TerminationsView

router = commands_router(tags=["Contracts"])

_CUSTOMERS = "the contract's coordinating commissioner or all its customers, of their own part those who leave"


@router.post(
    "/contracts/{reference}/termination",
    status_code=201,
    summary="Terminate a contract",
    responses=problems(
        errors.NoticeTooLate,
        errors.NoticeNotYetServed,
        errors.DocumentMissing,
        errors.ExitReasonUnknown,
        errors.NoRuleInForce,
        errors.ExitOutsideTerm,
        errors.NotSigned,
        errors.ContractAlreadyEnded,
        errors.StatedBeforeSignature,
        refusals.NoticeFormWrong,
        refusals.NoticeUnproved,
        refusals.ExitNotOffered,
        refusals.NoticeStands,
        *EDIT_REFUSALS,
    ),
)
@binds("the contract's coordinating commissioner, or all its customers on the last day")
async def terminate_contract(
    reference: Reference,
    command: commands.TerminateContract,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ContractView:
    """End a contract early: on notice that was served in time (rule EXIT-1), or sooner by the agreement you name.

    Notice is known from now: it counts from the day on which it is recorded, whatever its paper says. Where the
    contract states exit terms, it counts as a letter, and `document` as its proof. A refusal for late notice names
    the earliest exit, and the day by which notice was due.
    """
    expect = expecting(if_match)
    contract = await commands.terminate_contract(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expect
    )
    return await shown(session, contract, response, by, today)


@router.post(
    "/contracts/{reference}/extension",
    status_code=201,
    summary="Use an option to extend a contract",
    responses=problems(
        refusals.ExtensionNotOffered,
        OutsideCareModel,
        errors.NotSigned,
        errors.ContractAlreadyEnded,
        errors.StatedBeforeSignature,
        *EDIT_REFUSALS,
    ),
)
@binds("the contract's coordinating commissioner, or all its customers")
async def extend_contract(
    reference: Reference,
    command: extensions.ExtendContract,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ContractView:
    """Extend a contract by the next option of its exit terms, which has to be used in time."""
    expect = expecting(if_match)
    contract = await extensions.extend_contract(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expect
    )
    return await shown(session, contract, response, by, today)


@router.post(
    "/contracts/{reference}/closure",
    status_code=201,
    summary="Close a contract that has ended",
    responses=problems(refusals.StillRunning, refusals.AlreadyClosed, *EDIT_REFUSALS),
)
@binds("the contract's coordinating commissioner, or all its customers")
async def close_contract(
    reference: Reference,
    command: closures.CloseContract,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ContractView:
    """State that nothing more is expected of a contract whose service has ended."""
    expect = expecting(if_match)
    contract = await closures.close_contract(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expect
    )
    return await shown(session, contract, response, by, today)


@router.get("/exit-reasons", summary="List the reasons for ending a contract", responses=problems(errors.NoRuleInForce))
async def list_exit_reasons(_: By, as_at: AsAt) -> ExitReasonsView:
    """List the codes that an early end recorded on the day can give as its reason, with their rule pack."""
    found = exit_reasons_on(as_at)
    reasons = [ExitReasonView(code=code, title=title) for code, title in found.titles.items()]
    return ExitReasonsView(rule_pack=found.pack.id, citation=found.pack.citation, reasons=reasons)


_PARTY_REFUSALS = (errors.NotSigned, errors.ContractAlreadyEnded, errors.StatedBeforeSignature, *EDIT_REFUSALS)


@router.post(
    "/contracts/{reference}/notices",
    status_code=201,
    summary="Serve notice",
    responses=problems(
        refusals.NoticeFormWrong,
        refusals.NoticeUnproved,
        refusals.ExitNotOffered,
        refusals.NoticeStands,
        errors.NoticeTooLate,
        errors.NoticeNotYetServed,
        errors.DocumentMissing,
        errors.ExitOutsideTerm,
        errors.ExitReasonUnknown,
        errors.NoRuleInForce,
        errors.PartUnknown,
        *_PARTY_REFUSALS,
    ),
)
@binds(_CUSTOMERS + " (`leaving`), or its supplier where it serves the notice")
async def serve_notice(
    reference: Reference,
    command: notices.ServeNotice,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ExitsView:
    """Serve notice: the contract ends with its day by due work, unless it is withdrawn with the other side's consent.

    It may name a part: lines (`functions`), for which the coordinating commissioner or all customers decide, or the
    customers whose own part ends (`leaving`), for whom each decides alone. The rest continues.

    What counts is the day of deemed service by the contract's own rule, and never one before the notice was recorded.
    Without effect it is refused with every reason; with `without_effect` it is kept with its faults, as what was
    served, and changes nothing.
    """
    notice = await notices.serve_notice(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    response.headers["Location"] = f"../{reference}/exits#{notice.reference}"
    return await _exits_shown(session, reference, response, by, today)


@router.post(
    "/contracts/{reference}/notices/{notice}/withdrawal",
    status_code=201,
    summary="Withdraw a notice, or agree to it",
    responses=problems(refusals.NoticeNotFound, refusals.NoticeSpent, refusals.WithdrawalNotAgreed, *EDIT_REFUSALS),
)
@binds(_CUSTOMERS + ", or its supplier where it acts")
async def withdraw_notice(
    reference: Reference,
    notice: Annotated[str, Path(max_length=60, description="Its id, from `GET /contracts/{reference}/exits`.")],
    command: notices.WithdrawNotice,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> ExitsView:
    """Withdraw a notice: the contract continues as if it had not been served.

    The other side agrees first, by the same route, or the side that served it names the document of the agreement.
    """
    await notices.withdraw_notice(
        session, reference, notice, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    return await _exits_shown(session, reference, response, by, today)


async def _exits_shown(session: Write, reference: str, response: Response, by: Caller, today: Today) -> ExitsView:
    seen, view = await queries.get_exits(await raw(session), reference, by=by, as_at=today, as_known=None)
    if seen.row["version"] is not None:
        etag(response, seen.row["version"])
    return view


Termination = Annotated[str, Path(max_length=60, description="Its id, from `GET /contracts/{reference}/terminations`.")]


@router.get(
    "/contracts/{reference}/terminations",
    summary="List the offers to end a contract",
    responses=problems(errors.ContractNotFound),
)
async def list_terminations(
    reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> TerminationsView:
    """Return every offer with its price and what came of it. The supplier reads the lines that it pays or is paid."""
    return await offers.list_terminations(rows, reference, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/contracts/{reference}/terminations",
    status_code=201,
    summary="Offer to end a contract at a price",
    responses=problems(
        errors.ExitOutsideTerm,
        errors.ExitReasonUnknown,
        errors.NoRuleInForce,
        errors.PartUnknown,
        refusals.NoticeStands,
        *_PARTY_REFUSALS,
    ),
)
@binds(_CUSTOMERS + " (`leaving`), or its supplier where it makes the offer")
async def offer_termination(
    reference: Reference,
    command: offers.OfferTermination,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> TerminationsView:
    """Offer to end the contract with a day. The price follows from the contract's terms and its staff list.

    As notice may, it may name a part: lines (`functions`), or the customers whose own part ends (`leaving`).

    It binds no one until the other side accepts it, and can be recalled until then.
    """
    offer = await offers.offer_termination(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    response.headers["Location"] = f"terminations#{offer.reference}"
    return await _terminations_shown(session, reference, response, by, today)


@router.post(
    "/contracts/{reference}/terminations/{termination}/acceptance",
    status_code=201,
    summary="Accept an offer to end a contract",
    responses=problems(
        refusals.TerminationNotFound,
        refusals.OfferSettled,
        refusals.OfferIsYourOwn,
        refusals.NoticeStands,
        errors.ExitOutsideTerm,
        errors.NoRuleInForce,
        *_PARTY_REFUSALS,
    ),
)
@binds(_CUSTOMERS + ", or its supplier where it accepts")
async def accept_termination(
    reference: Reference,
    termination: Termination,
    command: offers.AcceptTermination,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> TerminationsView:
    """Accept an offer of the other side: the contract ends with its day, at its price.

    Where the other side acts on paper, the side that offered names its acceptance in `document`.
    """
    await offers.accept_termination(
        session, reference, termination, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
    return await _terminations_shown(session, reference, response, by, today)


@router.delete(
    "/contracts/{reference}/terminations/{termination}",
    status_code=204,
    summary="Recall an offer to end a contract",
    responses=problems(refusals.TerminationNotFound, refusals.OfferSettled, *EDIT_REFUSALS),
)
@binds(_CUSTOMERS + ", or its supplier where it made the offer")
async def recall_termination(
    reference: Reference,
    termination: Termination,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> None:
    """Recall an offer that was not accepted. It stays listed as recalled."""
    await offers.recall_termination(
        session, reference, termination, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )


async def _terminations_shown(
    session: Write, reference: str, response: Response, by: Caller, today: Today
) -> TerminationsView:
    connection = await raw(session)
    seen = await queries.get_seen(connection, reference, by=by, as_at=today, as_known=None)
    if seen.row["version"] is not None:
        etag(response, seen.row["version"])
    return await offers.list_terminations(connection, reference, by=by, as_at=today, as_known=None)


@router.put(
    "/contracts/{reference}/staff-list",
    status_code=204,
    summary="State who works for a contract",
    responses=problems(errors.FunctionUnknown, errors.NotSigned, *EDIT_REFUSALS),
)
@binds("the contract's customers, or its supplier where it states them")
async def state_staff(
    reference: Reference,
    command: staff.StateStaff,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    if_match: IfMatch,
) -> None:
    """State the whole list from a day, by ids, pay and years without names; the price of an end follows from it."""
    await staff.state_staff(
        session, reference, command, by=by, today=today, stated_at=stated_at, expect=expecting(if_match)
    )
