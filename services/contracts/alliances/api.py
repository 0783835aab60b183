"""Routes about alliances."""

from typing import Annotated

from fastapi import Path

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    binds_one_of,
    commands_router,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.alliances import commands, errors, queries
from services.contracts.alliances.views import AllianceView
from services.contracts.core.codes import Reference
from services.contracts.core.errors import ChangingHands, ContractNotFound, DocumentMissing, ProposalUnconfirmed
from services.contracts.edge import Lead

router = commands_router(tags=["Alliances"])

_RIGHTS = (ContractNotFound, ProposalUnconfirmed, errors.AllianceNotFound, ChangingHands, NotYoursToDecide, RoleMissing)
_MEMBERS = "the alliance's members"


@router.get(
    "/alliances/{contract}",
    summary="Read an alliance",
    responses=problems(ContractNotFound, errors.AllianceNotFound),
)
async def get_alliance(contract: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> AllianceView:
    """Return its terms with who agreed, who is against and who is silent, and what each period came to.

    The contract's parties and the members read it.
    """
    return await queries.get_alliance(rows, contract, by=by, as_at=as_at, as_known=as_known)


@router.post(
    "/alliances/{contract}/terms",
    status_code=201,
    summary="Propose terms of an alliance",
    responses=problems(errors.NotAnAlliance, errors.PayerNotOfContract, errors.WeightsNotWhole, *_RIGHTS),
)
@binds_one_of(_MEMBERS, because=commands.OWN_VOTE)
async def propose_terms(
    contract: Reference,
    command: commands.ProposeTerms,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> AllianceView:
    """Propose terms from a day on, and agree to them for the members for whom you act.

    They are in force once every member has agreed, those too that they leave out. They replace terms that wait.
    """
    sight = await commands.propose_terms(session, contract, command, by=by, today=today, stated_at=stated_at)
    return await queries.alliance_seen(await raw(session), contract, sight, as_at=today)


@router.post(
    "/alliances/{contract}/terms/{number}/votes",
    status_code=201,
    summary="Vote on terms of an alliance",
    responses=problems(errors.TermsSettled, DocumentMissing, *_RIGHTS),
)
@binds_one_of(_MEMBERS, because=commands.OWN_VOTE)
async def vote_on_terms(
    contract: Reference,
    number: Annotated[int, Path(ge=1, le=10_000, description="The number of the terms.")],
    command: commands.VoteOnTerms,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> AllianceView:
    """Agree or refuse for the members for whom you act. The last vote of each counts until all have agreed.

    A loader records the vote of the `member` that it names, with the minute that shows it.
    """
    sight = await commands.vote_on_terms(session, contract, number, command, by=by, today=today, stated_at=stated_at)
    return await queries.alliance_seen(await raw(session), contract, sight, as_at=today)


@router.post(
    "/alliances/{contract}/results",
    status_code=201,
    summary="Settle a period of an alliance",
    responses=problems(errors.NotAnAlliance, errors.NotUnanimous, errors.PeriodAmiss, *_RIGHTS),
)
@binds("the contract's customers")
async def settle_period(
    contract: Reference,
    command: commands.SettlePeriod,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> AllianceView:
    """State what a period cost: gain and pain fall due by the terms to which every member agreed, to the penny.

    The same period stated again is corrected by items of the difference.
    """
    await commands.settle_period(session, contract, command, by=by, today=today, stated_at=stated_at)
    day = max(today, command.period_to)
    return await queries.get_alliance(await raw(session), contract, by=by, as_at=day, as_known=None)
