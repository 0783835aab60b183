"""Proposes terms of an alliance, votes on them, and settles what a period cost."""

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import AllianceSettled
from libs.common.identity import Caller, NotYoursToDecide, Role
from libs.common.messaging import outbox
from services.contracts.agreements.commands import get_contracts_to_bind, lock_to_bind, parties_on
from services.contracts.alliances.errors import (
    AllianceNotFound,
    NotAnAlliance,
    PayerNotOfContract,
    TermsSettled,
)
from services.contracts.alliances.models import AllianceResult, AllianceTerms, AllianceVote
from services.contracts.alliances.queries import AllianceSight, alliance_of, must_read_alliance, periods_of
from services.contracts.alliances.rules import (
    KINDS,
    asked_for,
    due_items,
    in_force,
    settle,
    why_not_settled,
    why_not_whole,
)
from services.contracts.core.codes import MOST_ANNUAL_PENCE, Day, Document, OdsCode, Proportion
from services.contracts.core.errors import DocumentMissing, refuse
from services.contracts.core.models import Contract, Status, known
from services.contracts.core.rights import must_act_for_one_of
from services.contracts.payments.commands import make_due
from services.contracts.payments.queries import list_due

OWN_VOTE = "each member votes for itself"
FORM = "alliance"

_Cost = Annotated[int, Field(strict=True, ge=0, le=20 * MOST_ANNUAL_PENCE)]


class ProposeTerms(BaseModel):
    """Terms of an alliance from a day on: what a period is to cost, and how the difference is shared."""

    model_config = ConfigDict(extra="forbid")

    payer: OdsCode = Field(description="The customer that pays a gain and is paid a pain.")
    target_pence: _Cost = Field(description="What a period is to cost.", examples=[1_000_000_000])
    share: Proportion = Field(description="The part of the difference that the members share.", examples=["1/2"])
    weights: dict[OdsCode, Proportion] = Field(
        min_length=1,
        max_length=50,
        description="Each member's part of that; together 1.",
        examples=[{"RC9": "1/2", "RYY": "3/10", "NLL": "1/5"}],
    )
    effective_on: Day
    document: Document | None = None


class VoteOnTerms(BaseModel):
    """The vote of the members for whom the caller acts."""

    model_config = ConfigDict(extra="forbid")

    agrees: StrictBool
    member: OdsCode | None = Field(default=None, description="Only this member; left out, all for whom you act.")
    authority: Document | None = Field(default=None, description="The minute by which it decided.")


class SettlePeriod(BaseModel):
    """What a period cost. Stated again, it corrects the settlement before."""

    model_config = ConfigDict(extra="forbid")

    period_from: Day
    period_to: Day
    actual_pence: _Cost = Field(examples=[920_000_000])
    due_on: Day | None = Field(default=None, description="When gain and pain fall due; today if left out.")
    document: Document | None = None

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.period_to < self.period_from:
            raise ValueError("period_to: the last day is not before the first")
        return self


async def propose_terms(
    session: AsyncSession, reference: str, command: ProposeTerms, *, by: Caller, today: date, stated_at: datetime
) -> AllianceSight:
    """Propose terms, and agree to them for the members for whom the caller acts; return how far it reads the alliance.

    Raises ContractNotFound, NotYoursToDecide, NotAnAlliance, PayerNotOfContract, WeightsNotWhole.
    """
    by.must_have(Role.CONTRACT_LEAD)
    connection = await raw(session)
    sight = await must_read_alliance(connection, reference, by=by, as_at=today)
    [contract] = await lock_to_bind(session, [reference])
    alliance = await alliance_of(connection, sight.contract_id)
    weights = {code: Fraction(part) for code, part in command.weights.items()}
    asked = asked_for(weights, command.payer, in_force(alliance.terms, command.effective_on))
    own = await must_act_for_one_of(connection, asked, because=OWN_VOTE, by=by, today=today)
    refuse([*_why_none(contract), *await _why_not_payer(session, contract, command), *why_not_whole(weights)])
    terms = AllianceTerms(
        contract_id=contract.id,
        number=len(alliance.terms) + 1,
        payer=command.payer,
        target_pence=command.target_pence,
        share=command.share,
        weights=dict(sorted(command.weights.items())),
        effective_on=command.effective_on,
        document=command.document,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(terms)
    await session.flush()
    if not by.is_national:
        _vote(session, terms.id, own, VoteOnTerms(agrees=True), by=by, today=today, stated_at=stated_at)
    await session.flush()
    return sight


async def vote_on_terms(
    session: AsyncSession,
    reference: str,
    number: int,
    command: VoteOnTerms,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> AllianceSight:
    """Vote on terms for the members for whom the caller acts; the last vote of each counts until all have agreed.

    Returns how far the caller reads the alliance, of which it may be no member by its vote. Raises ContractNotFound,
    AllianceNotFound, NotYoursToDecide, DocumentMissing, TermsSettled.
    """
    by.must_have(Role.CONTRACT_LEAD)
    connection = await raw(session)
    sight = await must_read_alliance(connection, reference, by=by, as_at=today)
    await lock_to_bind(session, [reference])
    alliance = await alliance_of(connection, sight.contract_id)
    terms = alliance.numbered(number)
    if terms is None:
        raise AllianceNotFound(f"{reference} has no terms {number}")
    own = await _voting(connection, terms.asked, command, by=by, today=today)
    if terms.agreed_at is not None or terms is not alliance.terms[-1]:
        said = "are agreed" if terms.agreed_at is not None else "were replaced by later ones"
        raise TermsSettled(f"terms {number} {said}")
    _vote(session, terms.id, own, command, by=by, today=today, stated_at=stated_at)
    await session.flush()
    return sight


async def settle_period(
    session: AsyncSession, reference: str, command: SettlePeriod, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Settle what a period cost by the terms in force; gain and pain fall due, once an item.

    Raises ContractNotFound, NotYoursToDecide, NotUnanimous, PeriodAmiss.
    """
    [contract] = await get_contracts_to_bind(session, [reference], by=by, on=today, today=today)
    connection = await raw(session)
    # What was agreed after the settlement is stated is not known to who reads it as of then.
    alliance = await alliance_of(connection, contract.id, known=stated_at)
    first, last = command.period_from, command.period_to
    refuse(
        [
            *_why_none(contract),
            *why_not_settled(alliance.terms, first, last, await periods_of(connection, contract.id), today=today),
        ]
    )
    terms = in_force(alliance.terms, first)
    assert terms is not None
    result = AllianceResult(
        contract_id=contract.id,
        terms_id=terms.id,
        period_from=first,
        period_to=last,
        actual_pence=command.actual_pence,
        document=command.document,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(result)
    await session.flush()
    amounts = settle(terms, command.actual_pence)
    await outbox.add(session, _event(reference, result, amounts))
    due = await list_due(connection, contract.id, KINDS, known=stated_at)
    payer = await _payer_on(session, contract, terms.payer, today)
    items = due_items(reference, payer, amounts, first, command.due_on or today, due)
    await make_due(session, contract.id, reference, items, stated_at=stated_at, by=by)


def _event(reference: str, result: AllianceResult, amounts: Mapping[str, int]) -> AllianceSettled:
    return AllianceSettled(
        effective_on=result.period_to,
        stated_at=result.stated_at,
        contract=reference,
        members=tuple(amounts),
        period_from=result.period_from,
        period_to=result.period_to,
        amounts_pence=tuple(amounts.values()),
    )


def _vote(
    session: AsyncSession,
    terms_id: int,
    members: list[str],
    command: VoteOnTerms,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    session.add_all(
        AllianceVote(
            terms_id=terms_id,
            member=member,
            agrees=command.agrees,
            voted_on=today,
            authority=command.authority,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
        for member in members
    )


async def _voting(
    connection: asyncpg.Connection, asked: tuple[str, ...], command: VoteOnTerms, *, by: Caller, today: date
) -> list[str]:
    """Return the members that vote: those for whom the caller acts, or the one that it names.

    No body votes for all: a loader names one, and its minute.
    """
    if by.is_national:
        by.must_have(Role.LOADER)
        if command.member is None:
            raise NotYoursToDecide("no body votes for all members: name the one whose minute shows its vote")
        if command.authority is None:
            message = "another records this vote: name the minute that shows it"
            raise DocumentMissing(message, reasons=[Reason(message, "authority")])
    if command.member is not None and command.member not in asked:
        raise NotYoursToDecide(f"{command.member} is none of those who are asked: {', '.join(asked)}")
    voting = asked if command.member is None else [command.member]
    return await must_act_for_one_of(connection, voting, because=OWN_VOTE, by=by, today=today)


def _why_none(contract: Contract) -> list[DomainError]:
    if contract.status != Status.DRAFT and contract.form == FORM:
        return []
    message = (
        f"{contract.reference} is {'a draft' if contract.status == Status.DRAFT else f'of the form {contract.form}'}"
    )
    return [NotAnAlliance(message, reasons=[Reason(message)])]


async def _why_not_payer(session: AsyncSession, contract: Contract, command: ProposeTerms) -> list[DomainError]:
    day, customers = await _customers_on(session, contract, command.effective_on)
    if not customers or command.payer in customers:
        return []
    message = f"{command.payer} is no customer of {contract.reference} on {day}"
    return [PayerNotOfContract(message, reasons=[Reason(message, "payer")])]


async def _payer_on(session: AsyncSession, contract: Contract, payer: str, day: date) -> str:
    """Return who pays on a day: the customer that the terms name, or the one that it lives on in."""
    _, customers = await _customers_on(session, contract, day)
    if payer in customers:
        return payer
    lives_on = customers & await known.successors(await raw(session), [payer])
    return lives_on.pop() if len(lives_on) == 1 else payer


async def _customers_on(session: AsyncSession, contract: Contract, day: date) -> tuple[date, set[str]]:
    """Return the customers of a contract on the day of its term that is nearest to a day."""
    nearest = min(max(day, contract.starts_on), contract.last_day)
    parties = (await parties_on(session, [contract], nearest)).get(contract.id)
    return nearest, set(parties.customers) if parties else set()
