"""Routes about instruments."""

from typing import Annotated

from fastapi import Path, Query, Request

from libs.common.database.connection import raw
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
    binds_one_of,
    commands_router,
    page,
    problems,
)
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.governance.core import errors as common
from services.governance.core.codes import Action, BodyReference, OrganisationCode
from services.governance.core.models import known
from services.governance.edge import Lead, OrganisationFilter
from services.governance.instruments import commands, departures, errors, queries
from services.governance.instruments.models import InstrumentKind
from services.governance.instruments.rules import forms_on, kinds_of_instrument, why_not
from services.governance.instruments.views import FormsView, FormView, InstrumentView
from services.governance.pooled_funds.commands import ProposeShares

router = commands_router(tags=["Instruments"])

InstrumentPath = Annotated[
    str,
    Path(
        pattern=r"^IN-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        description="The reference that `POST /instruments` returned.",
    ),
]
_MADE = (
    common.NoPower,
    common.NotAMember,
    common.OrganisationNotOpen,
    common.DocumentMissing,
    common.BodyExists,
    common.NotInCatalogue,
    common.PostExists,
    common.RoleWithoutSeat,
    errors.NotAParty,
    common.HostDominates,
    common.SharesNotWhole,
    NotYoursToDecide,
    RoleMissing,
)


@router.get("/instruments", summary="List instruments", responses=problems())
async def list_instruments(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_at: AsAt,
    as_known: AsKnown,
    organisation: OrganisationFilter = None,
    kind: Annotated[InstrumentKind | None, Query(description="Of one kind only.")] = None,
    body: Annotated[BodyReference | None, Query(description="Under which this joint body decides.")] = None,
) -> Page[InstrumentView]:
    """List instruments, those too that wait for agreement or have ended, ordered by reference."""
    found = await queries.list_instruments(
        rows,
        as_at=as_at,
        as_known=as_known,
        organisation=organisation,
        kind=kind,
        body=body,
        after=paging.key(str),
        limit=paging.fetch,
    )
    return page(
        [InstrumentView.model_validate(row) for row in found], key=lambda view: view.instrument, request=request
    )


@router.get("/instruments/{instrument}", summary="Read an instrument", responses=problems(errors.InstrumentNotFound))
async def get_instrument(
    instrument: InstrumentPath, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown
) -> InstrumentView:
    """Return an instrument with its parties of the day, who has agreed, and the host's part of the votes."""
    return InstrumentView.model_validate(await queries.get_instrument(rows, instrument, as_at=as_at, as_known=as_known))


@router.get("/instrument-kinds", summary="Find which instruments some organisations may make", responses=problems())
async def list_kinds(
    rows: Rows,
    _: By,
    as_at: AsAt,
    parties: Annotated[list[OrganisationCode], Query(min_length=2, max_length=50, description="ODS codes.")],
    function: Annotated[Action | None, Query(description="What it would be for.")] = None,
) -> FormsView:
    """List each kind of instrument: whether the law of the day allows it to these parties, or why not.

    A joint committee needs a power in force; a regulator that is no party to it can advise, or be bought from.
    """
    kinds = {code: one.kind for code, one in (await known.statuses(rows, parties, as_at=as_at)).items()}
    allowed = {form.kind: form for form in reversed(forms_on(as_at, kinds))}
    functions = [function] if function else []
    views = []
    for kind in kinds_of_instrument():
        form = allowed.get(kind)
        silent = sorted(code for code, what in kinds.items() if form and not form.votes(what, functions))
        views.append(
            FormView(
                kind=kind,
                allowed=form is not None,
                why_not="" if form else why_not(kind, as_at, kinds),
                pack=form.pack if form else "",
                title=form.title if form else "",
                citation=form.citation if form else "",
                note=form.note if form else "",
                binding=form.binding if form else "",
                elsewhere=form.elsewhere if form else "",
                without_vote=silent,
            )
        )
    return FormsView(as_at=as_at, parties=sorted(set(parties)), kinds=views)


@router.post(
    "/instruments",
    status_code=201,
    summary="Propose an instrument",
    responses=problems(*_MADE, common.SafeguardsMissing, common.BodyNotFound),
)
@binds_one_of("parties", because="each party agrees by its own act, and the instrument is made when all have")
async def make_instrument(
    command: commands.MakeInstrument, session: Write, by: Lead, today: Today, stated_at: StatedAt
) -> InstrumentView:
    """Propose an instrument: the parties that you act for agree, and it is made when the last one has.

    Publishes `InstrumentMade`, `BodyEstablished` for the joint body of its constitution, and `PooledFundAgreed`.
    """
    made = await commands.make_instrument(session, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, made.reference, made.first_day)


@router.post(
    "/instruments/{instrument}/agreements",
    status_code=201,
    summary="Agree to an instrument, its new constitution or shares",
    responses=problems(
        *(*_MADE, errors.InstrumentNotFound, errors.InstrumentNotStanding, errors.NothingToAgree),
        common.BodyNotStanding,
    ),
)
@binds("organisation", "the body that took it over")
async def agree_instrument(
    instrument: InstrumentPath,
    command: commands.AgreeInstrument,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> InstrumentView:
    """Agree for one party, by its own act. The last agreement makes it, from its first day.

    To what counts from a later day, the parties of that day agree. Seats and shares of a party that has left since they
    were proposed are refused then.
    """
    found = await commands.get_instrument_to_change(session, instrument, [command.organisation], by=by, today=today)
    await commands.agree_instrument(session, found, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, instrument, max(today, found.first_day))


@router.post(
    "/instruments/{instrument}/constitutions",
    status_code=201,
    summary="Propose another constitution",
    responses=problems(
        *_MADE, errors.InstrumentNotFound, errors.InstrumentNotStanding, common.BodyNotStanding, common.BodyNotFound
    ),
)
@binds("organisation", "the body that took it over")
async def propose_constitution(
    instrument: InstrumentPath,
    command: commands.ProposeConstitution,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> InstrumentView:
    """Propose seats and terms of reference of the joint body from a day on; they are so when all parties agree."""
    found = await commands.get_instrument_to_change(session, instrument, [command.organisation], by=by, today=today)
    await commands.propose_constitution(session, found, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, instrument, command.first_day)


@router.post(
    "/instruments/{instrument}/shares",
    status_code=201,
    summary="Propose other shares of a pooled fund",
    responses=problems(
        errors.InstrumentNotFound,
        errors.InstrumentNotStanding,
        errors.NotAParty,
        common.NoPower,
        common.SharesNotWhole,
        common.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisation", "the body that took it over")
async def propose_shares(
    instrument: InstrumentPath,
    command: ProposeShares,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> InstrumentView:
    """Propose shares of all parties from a day on; they count when all agree. Publishes `PooledFundAgreed` again.

    What was agreed before counts until that day.
    """
    found = await commands.get_instrument_to_change(session, instrument, [command.organisation], by=by, today=today)
    await commands.propose_shares(session, found, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, instrument, command.first_day)


@router.post(
    "/instruments/{instrument}/departures",
    status_code=201,
    summary="Leave an instrument",
    responses=problems(
        errors.InstrumentNotFound,
        errors.NotAParty,
        errors.InstrumentNotStanding,
        common.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("organisation", "the body that took it over")
async def leave_instrument(
    instrument: InstrumentPath,
    command: departures.LeaveInstrument,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> InstrumentView:
    """Leave after a last day, with its seats and what it delegated. Without its host, or with one party, it ends.

    A host that has too much of the votes from then on is a finding (`dominance`).
    """
    found = await commands.get_instrument_to_change(session, instrument, [command.organisation], by=by, today=today)
    await departures.leave_instrument(session, found, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, instrument, command.last_day)


@router.post(
    "/instruments/{instrument}/ending",
    status_code=201,
    summary="End an instrument",
    responses=problems(
        errors.InstrumentNotFound,
        errors.InstrumentNotStanding,
        common.ReasonNotListed,
        common.DocumentMissing,
        NotYoursToDecide,
        RoleMissing,
    ),
)
@binds("the instrument's parties", "the body that took one over")
async def end_instrument(
    instrument: InstrumentPath,
    command: departures.EndInstrument,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> InstrumentView:
    """End it for all parties, with the joint body that decides under it. Publishes `InstrumentEnded`."""
    parties = await commands.parties_of(session, instrument, command.last_day)
    found = await commands.get_instrument_to_change(session, instrument, parties, by=by, today=today)
    await departures.end_instrument(session, found, command, by=by, today=today, stated_at=stated_at)
    return await _shown(session, instrument, command.last_day)


async def _shown(session: Write, instrument: str, as_at: AsAt) -> InstrumentView:
    await session.flush()
    row = await queries.get_instrument(await raw(session), instrument, as_at=as_at, as_known=None)
    return InstrumentView.model_validate(row)
