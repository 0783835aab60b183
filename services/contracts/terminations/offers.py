"""Offers to end a contract at a price: made by one side, priced by component, binding once the other side accepts."""

import uuid
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from services.contracts.agreements.catalogue import exit_reasons_on
from services.contracts.agreements.commands import ContractParties, get_known_contract_to_change, parties_on
from services.contracts.agreements.parts import ContractPart, part_of, why_no_part
from services.contracts.agreements.variations import division_on
from services.contracts.authorities import commands as authorities
from services.contracts.core.codes import MOST_ANNUAL_PENCE, Day, Document, OdsCode, Text
from services.contracts.core.errors import ExitOutsideTerm, refuse
from services.contracts.core.models import Contract, Status
from services.contracts.core.rights import Expect
from services.contracts.core.sight import ON_THE_DAY, PARTY, reads_through
from services.contracts.exits.models import ExitSide, OfferAct, TerminationOffer
from services.contracts.exits.parties import ActingSide, acting_side
from services.contracts.exits.prices.estimates import price_on, staff_of
from services.contracts.exits.prices.price import Price, components_in, stored
from services.contracts.exits.queries import NOW, get_seen
from services.contracts.exits.rules import ONE_DAY
from services.contracts.part_ends.commands import NamesPart, StandingEnd, priced
from services.contracts.part_ends.payments import ON_THE_END, AgreedPrice, plan_price
from services.contracts.part_ends.queries import list_ended_parts, price_of_row
from services.contracts.terminations.commands import publish_end
from services.contracts.terminations.errors import OfferIsYourOwn, OfferSettled, TerminationNotFound
from services.contracts.terminations.notices import TERMINATE, why_not_beside_another
from services.contracts.terminations.views import TerminationsView, TerminationView

_OFFERS = f"""
SELECT o.reference, o.side, o.offered_by, o.exit_day, o.functions, o.leaving, o.reason, o.price::text AS price,
       o.offered_on, o.stated_at, a.act, a.acted_on, c.reference AS contract, party.buying @> $1::date AS is_customer,
       coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND (b.valid @> $1::date) IS TRUE AND (b.known @> sight.known) IS TRUE),
                c.supplier_code) AS supplier
  FROM contract c {PARTY}
  JOIN termination_offer o ON o.contract_id = c.id
  LEFT JOIN termination_offer_act a ON a.offer_id = o.id AND a.stated_at <= sight.known AND a.acted_on <= $1::date
 WHERE {ON_THE_DAY} AND c.reference = $3 AND o.stated_at <= sight.known AND o.offered_on <= $1::date
 ORDER BY o.id
"""  # noqa: S608  (what is put in is ours)


class OfferTermination(NamesPart):
    """An offer to end a contract or a part of it with a day, at the price that follows from its terms."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"last_day": "2016-12-31", "reason": "shared_service"},
                {"last_day": "2016-12-31", "reason": "in_house", "functions": ["payroll"]},
            ]
        },
    )

    last_day: Day = Field(description="The last day of service.")
    reason: str = Field(max_length=40, pattern="^[a-z_]+$", description="A code of `GET /exit-reasons`.")
    payment_pence: int | None = Field(
        default=None,
        strict=True,
        ge=0,
        le=MOST_ANNUAL_PENCE,
        description="The contractual payment that is offered; left out: the one of the contract's terms.",
    )
    offered_by: OdsCode | None = Field(
        default=None, description="The supplier, where the caller acts for both sides; else it follows from the caller."
    )


class AcceptTermination(BaseModel):
    """The acceptance of an offer by the other side."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"minute": "Governing body 12/16"}]})

    document: Document | None = Field(
        default=None, description="The paper by which the other side accepts, where its own side records it."
    )
    party: OdsCode | None = Field(default=None, description="The supplier, where the caller acts for both sides.")
    minute: Text | None = Field(default=None, description="The minute by which it was decided.")


async def offer_termination(
    session: AsyncSession,
    reference: str,
    command: OfferTermination,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> TerminationOffer:
    """Offer to end a contract. Publishes the estimate for the customers where they make the offer.

    Raises ContractNotFound, NotYoursToDecide, NotSigned, ContractAlreadyEnded, ExitOutsideTerm, ExitReasonUnknown,
    PartUnknown, NoticeStands.
    """
    contract, parties = await _locked(session, reference, by, today)
    connection = await raw(session)
    acting = await acting_side(
        connection, parties, by=by, today=today, party=command.offered_by, leaving=command.leaving
    )
    expect(contract.version)
    division = await division_on(connection, contract, parties, max(today, contract.starts_on))
    part = command.part(division)
    refuse(
        [
            *why_no_part(reference, part, division.charges, division.customers),
            *await _why_not_then(
                session, contract, StandingEnd("", part, command.last_day), today=today, stated_at=stated_at
            ),
        ]
    )
    exit_reasons_on(day_of(stated_at)).title_of(command.reason)
    price = await _price(connection, reference, command, part, by=by, today=today)
    offer = _new_offer(contract, acting, command, part, price, today, stated_at=stated_at, by=by)
    session.add(offer)
    contract.version += 1
    await session.flush()
    if acting.side == ExitSide.CUSTOMERS:
        event = priced(contract, parties, _ending(offer), offer.price, "estimate", stated_at=stated_at)
        await outbox.add(session, event, version=contract.version)
    return offer


async def _price(
    connection: Reads, reference: str, command: OfferTermination, part: ContractPart, *, by: Caller, today: date
) -> Price:
    """Return what the offered end costs, by the terms and the staff list of today."""
    seen = await get_seen(connection, reference, by=by, as_at=today, as_known=None)
    staff = await staff_of(connection, reference, by=by, as_at=today, as_known=None)
    payment = command.payment_pence
    return price_on(
        seen, command.last_day, asked_on=today, as_known=None, staff=staff, part=part, payment_pence=payment
    )


def _new_offer(
    contract: Contract,
    acting: ActingSide,
    command: OfferTermination,
    part: ContractPart,
    price: Price,
    today: date,
    *,
    stated_at: datetime,
    by: Caller,
) -> TerminationOffer:
    return TerminationOffer(
        reference=f"T-{uuid.uuid4()}",
        contract_id=contract.id,
        side=acting.side.value,
        offered_by=acting.code,
        exit_day=command.last_day,
        functions=sorted(part.functions),
        leaving=sorted(part.leaving),
        reason=command.reason,
        price=stored(price),
        offered_on=min(today, day_of(stated_at)),
        stated_at=stated_at,
        recorded_by=by.subject,
    )


async def accept_termination(
    session: AsyncSession,
    reference: str,
    number: str,
    command: AcceptTermination,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> TerminationOffer:
    """Accept an offer of the other side: the contract ends with its day, which cannot be taken back.

    A part of it ends by due work on the day. Raises ContractNotFound, NotYoursToDecide, TerminationNotFound,
    OfferSettled, OfferIsYourOwn, ContractAlreadyEnded, ExitOutsideTerm, NoticeStands.
    """
    contract, parties = await _locked(session, reference, by, today)
    leaving = await _leaving_by(session, contract, number)
    acting = await acting_side(await raw(session), parties, by=by, today=today, party=command.party, leaving=leaving)
    expect(contract.version)
    offer = await _open_offer(session, contract, number)
    if offer.side == acting.side and command.document is None:
        raise OfferIsYourOwn(f"{number} of {reference} is an offer of its {offer.side}")
    ending = _ending(offer)
    found = await _why_not_then(session, contract, ending, today=today, stated_at=stated_at)
    found += await authorities.why_not_authorised(
        await raw(session), TERMINATE, reference, acting.codes, on=today, field="minute"
    )
    refuse(found)
    customer = acting.code if acting.side == ExitSide.CUSTOMERS else (leaving or parties.customers)[0]
    other = parties.supplier if offer.side == ExitSide.CUSTOMERS else customer
    _settle(session, offer, "acceptance", other, command.document, today, stated_at, by)
    await _agreed(session, contract, parties, offer, ending, stated_at=stated_at, by=by)
    for code in acting.codes:
        await authorities.record(
            session, TERMINATE, reference, code, minute=command.minute, on=today, stated_at=stated_at, by=by
        )
    return offer


async def _agreed(
    session: AsyncSession,
    contract: Contract,
    parties: ContractParties,
    offer: TerminationOffer,
    ending: StandingEnd,
    *,
    stated_at: datetime,
    by: Caller,
) -> None:
    """Publish what was agreed, plan what is paid for it, and end the contract; a part ends on its day."""
    is_whole, reference = ending.part.is_whole, offer.reference
    title = exit_reasons_on(day_of(stated_at)).title_of(offer.reason)
    if is_whole:
        contract.end(Status.TERMINATED, offer.exit_day, reason=offer.reason, note=None, agreement=f"Offer {reference}")
    else:
        contract.version += 1
    await session.flush()
    event = priced(contract, parties, ending, offer.price, "agreed", stated_at=stated_at)
    await outbox.add(session, event, version=contract.version)
    price, waits_for = AgreedPrice(contract, reference, components_in(offer.price)), "" if is_whole else ON_THE_END
    await plan_price(session, price, waits_for=waits_for, stated_at=stated_at)
    if is_whole:
        await publish_end(session, contract, title, stated_at=stated_at, by=by, price=price)


async def recall_termination(
    session: AsyncSession,
    reference: str,
    number: str,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> None:
    """Recall an offer before it is accepted. Raises TerminationNotFound, OfferSettled, NotYoursToDecide."""
    contract, parties = await _locked(session, reference, by, today)
    leaving = await _leaving_by(session, contract, number)
    await acting_side(await raw(session), parties, by=by, today=today, party=None, leaving=leaving)
    expect(contract.version)
    offer = await _open_offer(session, contract, number)
    party = parties.supplier if offer.side == ExitSide.SUPPLIER else None
    acting = await acting_side(await raw(session), parties, by=by, today=today, party=party, leaving=leaving)
    if acting.side != offer.side:
        raise TerminationNotFound(f"{number} is no offer of your side of {reference}")
    _settle(session, offer, "recall", acting.code, None, today, stated_at, by)
    contract.version += 1
    await session.flush()


async def list_terminations(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> TerminationsView:
    """Return the offers to end a contract, and what of it has ended, each with its price.

    The customers read the whole price, the supplier its own lines.
    """
    await get_seen(db, reference, by=by, as_at=as_at, as_known=as_known)
    asked = as_at, as_known or NOW, reference, await reads_through(db, by)
    offers = [_view(row) for row in await db.fetch(_OFFERS, *asked)]
    ended = await list_ended_parts(db, reference, by=by, as_at=as_at, as_known=as_known)
    return TerminationsView(reference=reference, terminations=offers, ended_parts=ended, as_at=as_at, as_known=as_known)


def _view(row: Any) -> TerminationView:
    status = {None: "offered", "acceptance": "accepted", "recall": "recalled"}[row["act"]]
    return TerminationView.model_validate(
        {
            **row,
            **price_of_row(row),
            "termination": row["reference"],
            "last_day": row["exit_day"],
            "exit_on": row["exit_day"] + ONE_DAY,
            "status": status,
        }
    )


async def _locked(session: AsyncSession, reference: str, by: Caller, today: date) -> tuple[Contract, ContractParties]:
    contract = await get_known_contract_to_change(session, reference, by=by, today=today)
    parties = (await parties_on(session, [contract], max(today, contract.starts_on)))[contract.id]
    return contract, parties


async def _leaving_by(session: AsyncSession, contract: Contract, number: str) -> list[str]:
    """Return the customers whose own part an offer ends: they alone decide for their side."""
    offers = TerminationOffer.contract_id == contract.id, TerminationOffer.reference == number
    return await session.scalar(select(TerminationOffer.leaving).where(*offers)) or []


def _ending(offer: TerminationOffer) -> StandingEnd:
    return StandingEnd(offer.reference, part_of(offer.functions, offer.leaving), offer.exit_day)


async def _why_not_then(
    session: AsyncSession, contract: Contract, ending: StandingEnd, *, today: date, stated_at: datetime
) -> list[DomainError]:
    """Return the reasons against an agreed end: its day is outside the term or over, or another end stands."""
    found = [*contract.why_not_end(stated_at), *contract.why_not_exit_on(ending.exit_day)]
    if ending.exit_day < (on := min(today, day_of(stated_at))):
        message = f"{ending.exit_day}, with which {contract.reference} would end, has passed on {on}"
        found.append(ExitOutsideTerm(message, reasons=[Reason(message, "last_day")]))
    if not ending.part.is_whole:
        found += await why_not_beside_another(session, contract, ending.part, ending.exit_day)
    return found


async def _open_offer(session: AsyncSession, contract: Contract, number: str) -> TerminationOffer:
    offer = await session.scalar(
        select(TerminationOffer).where(
            TerminationOffer.contract_id == contract.id, TerminationOffer.reference == number
        )
    )
    if offer is None:
        raise TerminationNotFound(f"{number} is no offer to end {contract.reference}")
    act = await session.scalar(select(OfferAct).where(OfferAct.offer_id == offer.id))
    if act is not None:
        raise OfferSettled(f"{number} of {contract.reference}: {act.act} on {act.acted_on}")
    return offer


def _settle(
    session: AsyncSession,
    offer: TerminationOffer,
    act: str,
    party: str,
    document: str | None,
    today: date,
    stated_at: datetime,
    by: Caller,
) -> None:
    session.add(
        OfferAct(
            offer_id=offer.id,
            act=act,
            party=party,
            document=document,
            acted_on=min(today, day_of(stated_at)),
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
