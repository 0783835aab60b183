"""Begins procurements, and states their stages and bidders."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import ProcurementStated
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.catalogue import functions_on
from services.contracts.authorities import commands as authorities
from services.contracts.core.codes import MOST_ANNUAL_PENCE, Day, Document, FunctionCode, OdsCode, Reference
from services.contracts.core.errors import FunctionUnknown, refuse
from services.contracts.core.models import FACET, known
from services.contracts.core.rights import must_act_for_customers
from services.contracts.core.sight import must_know
from services.contracts.procurements.errors import (
    BidderBuys,
    ContractOfOthers,
    ProcurementExists,
    StageOutOfOrder,
    WinnerDoesNotBid,
)
from services.contracts.procurements.models import Milestone, Procurement, bids, course
from services.contracts.procurements.queries import believed_of, get_procurement
from services.contracts.procurements.rules import (
    Stage,
    next_stage,
    regimes_on,
    services_on,
    standing_on,
    standings_from,
    why_not_at,
    why_not_under,
)

AWARD = "contract.award"
"""The action that a body decides on when it awards."""

_CUSTOMERS = """
SELECT cc.customer_code AS code FROM contract c JOIN contract_customer cc ON cc.contract_id = c.id
 WHERE c.reference = $1
"""

_MOMENT = timedelta(microseconds=1)
_LATEST = """
SELECT max(stated_at) FROM (
    SELECT stated_at FROM procurement_statement WHERE subject_id = $1
     UNION ALL
    SELECT s.stated_at FROM procurement_bidder o JOIN procurement_bidder_statement s ON s.subject_id = o.id
     WHERE o.procurement_id = $1) stated
"""
_INTRODUCE = """
INSERT INTO procurement_bidder (procurement_id, bidder) VALUES ($1, $2)
    ON CONFLICT (procurement_id, bidder) DO UPDATE SET bidder = EXCLUDED.bidder RETURNING id
"""


class BeginProcurement(BaseModel):
    """A procurement that begins with its design."""

    model_config = ConfigDict(extra="forbid")

    reference: Reference
    buyers: list[OdsCode] = Field(min_length=1, max_length=50)
    run_by: OdsCode | None = Field(default=None, description="Who runs it for the buyers; left out: the one buyer.")
    functions: list[FunctionCode] = Field(
        min_length=1, max_length=50, description="Functions of the catalogue, or health services of the rule pack."
    )
    regime: str = Field(max_length=20, description="A regime of the rule pack of `begun_on`.", examples=["pcr_2015"])
    value_pence: int = Field(
        strict=True, ge=0, le=20 * MOST_ANNUAL_PENCE, description="For the whole life of what is bought."
    )
    begun_on: Day

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for name in ("buyers", "functions"):
            if len(set(getattr(self, name))) != len(getattr(self, name)):
                raise ValueError(f"{name}: each may be named once only")
        if self.run_by is None and len(self.buyers) > 1:
            raise ValueError("run_by: with several buyers, name who runs it")
        return self


class StateStage(BaseModel):
    """The stage that a procurement has reached."""

    model_config = ConfigDict(extra="forbid")

    stage: Stage
    effective_on: Day | None = Field(default=None, description="Its first day; today if left out.")
    winner: OdsCode | None = Field(default=None, description="With `award_proposed` and `awarded`: a bidder.")
    contract: Reference | None = Field(default=None, description="With `awarded`: the contract, once it is drafted.")
    minute: Document | None = Field(
        default=None,
        description="With `awarded`: the minute of the buyers' decision, unverified until published.",
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if (self.stage in (Stage.AWARD_PROPOSED, Stage.AWARDED)) != (self.winner is not None):
            raise ValueError("winner: an award has one, and no other stage")
        if self.stage != Stage.AWARDED and (self.contract or self.minute):
            raise ValueError("contract and minute belong to the stage awarded")
        return self


class StateBidder(BaseModel):
    """A body that bids, or did. A later statement corrects an earlier one on its days."""

    model_config = ConfigDict(extra="forbid")

    bidder: OdsCode
    bids_from: Day = Field(description="The first day on which it bids, or is expected to.")
    withdrawn_on: Day | None = Field(
        default=None, description="The first day on which it no longer bids; `bids_from`: it never did."
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.withdrawn_on is not None and self.withdrawn_on < self.bids_from:
            raise ValueError("withdrawn_on is before bids_from")
        return self


async def begin_procurement(
    session: AsyncSession, command: BeginProcurement, *, by: Caller, today: date, stated_at: datetime
) -> Procurement:
    """Begin a procurement with its design. Raises NotYoursToDecide, ProcurementExists, RegimeUnknown, FunctionUnknown.

    The caller acts for every buyer.
    """
    connection = await raw(session)
    await must_act_for_customers(connection, command.buyers, by=by, today=today)
    day = command.begun_on
    found = [*_why_not_procured(command.functions, day), *why_not_under(command.regime, day)]
    if day > (recorded_on := min(today, day_of(stated_at))):
        message = f"design on {day} is still to come: it is recorded on {recorded_on}"
        found.append(StageOutOfOrder(message, reasons=[Reason(message, "begun_on")]))
    refuse(found)
    procurement = Procurement(
        reference=command.reference,
        buyers=sorted(command.buyers),
        run_by=command.run_by or command.buyers[0],
        functions=sorted(command.functions),
        regime=command.regime,
        rule_pack=regimes_on(day)[0],
        value_pence=command.value_pence,
        begun_on=day,
        stated_at=stated_at,
    )
    try:
        async with session.begin_nested():
            session.add(procurement)
            await session.flush()
    except IntegrityError as error:
        if "uq_procurement_reference" not in str(error):
            raise
        raise ProcurementExists(f"{command.reference} is taken") from error
    design = NewStatement(procurement.id, Milestone.STAGE, Stage.DESIGN.value, Days(day), stated_at)
    await course.state(connection, [design], source="buyers", by=by.subject)
    await _publish(session, procurement, day, at=stated_at)
    return procurement


async def _why_not_theirs(connection: asyncpg.Connection, procurement: Procurement, contract: str) -> list[DomainError]:
    """Return the reason against a contract of which no buyer, or a body that took one over, is a customer."""
    customers = {row["code"] for row in await connection.fetch(_CUSTOMERS, contract)}
    buyers = {*procurement.buyers, *await known.successors(connection, procurement.buyers)}
    if customers & buyers:
        return []
    message = f"{contract} is no contract of {', '.join(sorted(procurement.buyers))}"
    return [ContractOfOthers(message, reasons=[Reason(message, "contract")])]


async def state_stage(
    session: AsyncSession, reference: str, command: StateStage, *, by: Caller, today: date, stated_at: datetime
) -> Procurement:
    """State the stage of a procurement. Raises ProcurementNotFound, NotYoursToDecide, StageOutOfOrder.

    It lasts until the next stage that was stated. An award records each buyer's act with the minute that it names.
    Raises WinnerDoesNotBid and ContractOfOthers too.
    """
    procurement = await _get_to_change(session, reference, by=by, today=today)
    connection = await raw(session)
    if command.contract is not None:
        await must_know(connection, [command.contract], by=by, today=today)
    recorded_on = min(today, day_of(stated_at))
    day = command.effective_on or recorded_on
    periods, bidding = await believed_of(connection, procurement.id)
    standing = standing_on(periods, bidding, day)
    until, after = next_stage(periods, command.stage, day)
    found = why_not_at(command.stage, day, before=standing.stage or None, after=after, recorded_on=recorded_on)
    if command.contract is not None:
        found += await _why_not_theirs(connection, procurement, command.contract)
    if command.winner is not None and command.winner not in standing.bidders:
        message = f"{command.winner} does not bid in {reference} on {day}"
        found.append(WinnerDoesNotBid(message, reasons=[Reason(message, "winner")]))
    refuse(found)
    at = await _after_all(connection, procurement.id, stated_at)
    days = Days(day, until)
    stated = {
        Milestone.STAGE: command.stage.value,
        Milestone.WINNER: command.winner,
        Milestone.CONTRACT: command.contract,
    }
    rows = [NewStatement(procurement.id, about, value, days, stated_at) for about, value in stated.items()]
    await course.state(connection, rows, source="buyers", by=by.subject)
    await _publish(session, procurement, day, at=at)
    if command.stage == Stage.AWARDED:
        for buyer in procurement.buyers:
            await authorities.record(
                session, AWARD, reference, buyer, minute=command.minute, on=day, stated_at=stated_at, by=by
            )
    return procurement


async def state_bidder(
    session: AsyncSession, reference: str, command: StateBidder, *, by: Caller, today: date, stated_at: datetime
) -> Procurement:
    """State who bids, and on which days. Raises ProcurementNotFound, NotYoursToDecide, BidderBuys."""
    procurement = await _get_to_change(session, reference, by=by, today=today)
    connection = await raw(session)
    if command.bidder in (*procurement.buyers, procurement.run_by):
        message = f"{command.bidder} buys in {reference}, or runs it"
        refuse([BidderBuys(message, reasons=[Reason(message, "bidder")])])
    at = await _after_all(connection, procurement.id, stated_at)
    subject = await connection.fetchval(_INTRODUCE, procurement.id, command.bidder)
    first, last = command.bids_from, command.withdrawn_on
    rows = [NewStatement(subject, FACET, "bids", Days(first) if last is None else Days(first, last), stated_at)]
    if last is not None:
        rows = [*(rows if last > first else []), NewStatement(subject, FACET, None, Days(last), stated_at)]
    await bids.state(connection, rows, source="buyers", by=by.subject)
    await _publish(session, procurement, first, at=at)
    return procurement


def _why_not_procured(functions: Sequence[str], day: date) -> list[DomainError]:
    """Return one refusal for each code that is neither a function of support nor a health service of the day."""
    catalogue, services = functions_on(day), services_on(day)
    unknown = [one for one in functions if one not in catalogue.names and one not in services]
    messages = [f"{one} is none of the functions of {catalogue.pack.id}, and no health service" for one in unknown]
    return [FunctionUnknown(one, reasons=[Reason(one, "functions")]) for one in messages]


async def _get_to_change(session: AsyncSession, reference: str, *, by: Caller, today: date) -> Procurement:
    """Return a procurement, locked, that the caller runs or in which it acts for every buyer.

    Raises RoleMissing, then ProcurementNotFound where it may not know of it, then NotYoursToDecide.
    """
    by.must_have(Role.CONTRACT_LEAD)
    connection = await raw(session)
    await get_procurement(connection, reference, by=by, as_at=today, as_known=None)
    asked = select(Procurement).where(Procurement.reference == reference).with_for_update()
    procurement = (await session.scalars(asked, execution_options={"populate_existing": True})).one()
    runs = await known.deciders(connection, [procurement.run_by], today=today)
    predecessors = await known.predecessors(connection, by.organisations)
    if by.acts_for(runs, predecessors=predecessors):
        by.must_act_for(runs, predecessors=predecessors)
    else:
        await must_act_for_customers(connection, procurement.buyers, by=by, today=today)
    return procurement


async def _after_all(connection: asyncpg.Connection, procurement: int, stated_at: datetime) -> datetime:
    """Return the instant of the events: after all that was stated before, since each says the whole."""
    latest: datetime | None = await connection.fetchval(_LATEST, procurement)
    return stated_at if latest is None else max(stated_at, latest + _MOMENT)


async def _publish(session: AsyncSession, procurement: Procurement, first: date, *, at: datetime) -> None:
    """Publish the whole from a day on, and again for each later day of which something else was stated."""
    periods, bidding = await believed_of(await raw(session), procurement.id)
    events = [
        ProcurementStated(
            effective_on=day,
            stated_at=at,
            procurement=procurement.reference,
            buyers=tuple(procurement.buyers),
            bidders=standing.bidders,
            stage=standing.stage,
            functions=tuple(procurement.functions),
            run_by=procurement.run_by,
            regime=procurement.regime,
            value_pence=procurement.value_pence,
            contract=standing.contract,
            winner=standing.winner,
        )
        for day, standing in standings_from(periods, bidding, max(first, procurement.begun_on))
    ]
    await outbox.add_all(session, events)
