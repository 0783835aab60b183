"""Offers to end a contract at a price: made by one side, priced by component, binding once the other side accepts."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.events.contracts import TerminationPriced
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from services.contracts.agreements.catalogue import exit_reasons_on
from services.contracts.agreements.commands import ContractParties, get_known_contract_to_change, parties_on
from services.contracts.authorities import commands as authorities
from services.contracts.core.codes import MOST_ANNUAL_PENCE, Day, Document, OdsCode, Text
from services.contracts.core.errors import refuse
from services.contracts.core.models import Contract, Status
from services.contracts.core.rights import Expect
from services.contracts.core.sight import ON_THE_DAY, PARTY, reads_through
from services.contracts.exits.models import ExitSide, OfferAct, TerminationOffer
from services.contracts.exits.prices.estimates import price_on, staff_of
from services.contracts.exits.prices.price import Component, Price, columns_of
from services.contracts.exits.queries import NOW, get_seen
from services.contracts.exits.rules import ONE_DAY
from services.contracts.terminations.commands import publish_end
from services.contracts.terminations.errors import OfferIsYourOwn, OfferSettled, TerminationNotFound
from services.contracts.terminations.notices import TERMINATE
from services.contracts.terminations.parties import ActingSide, acting_side
from services.contracts.terminations.views import TerminationView

_OFFERS = f"""
SELECT o.reference, o.side, o.offered_by, o.exit_day, o.reason, o.price::text AS price, o.offered_on, o.stated_at,
       a.act, a.acted_on, c.reference AS contract, party.buying @> $1::date AS is_customer,
       coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND (b.valid @> $1::date) IS TRUE AND (b.known @> sight.known) IS TRUE),
                c.supplier_code) AS supplier
  FROM contract c {PARTY}
  JOIN termination_offer o ON o.contract_id = c.id
  LEFT JOIN termination_offer_act a ON a.offer_id = o.id AND a.stated_at <= sight.known AND a.acted_on <= $1::date
 WHERE {ON_THE_DAY} AND c.reference = $3 AND o.stated_at <= sight.known AND o.offered_on <= $1::date
 ORDER BY o.id
"""  # noqa: S608  (what is put in is ours)


class OfferTermination(BaseModel):
    """An offer to end a contract with a day, at the price that follows from its terms."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"last_day": "2016-12-31", "reason": "shared_service"}]}
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

    Raises ContractNotFound, NotYoursToDecide, NotSigned, ContractAlreadyEnded, ExitOutsideTerm, ExitReasonUnknown.
    """
    contract, parties, acting = await _acting(session, reference, command.offered_by, by, today)
    expect(contract.version)
    refuse([*contract.why_not_end(stated_at), *contract.why_not_exit_on(command.last_day)])
    exit_reasons_on(day_of(stated_at)).title_of(command.reason)
    connection = await raw(session)
    seen = await get_seen(connection, reference, by=by, as_at=today, as_known=None)
    staff = await staff_of(connection, reference, by=by, as_at=today, as_known=None)
    price = price_on(
        seen, command.last_day, asked_on=today, as_known=None, staff=staff, payment_pence=command.payment_pence
    )
    offer = _new_offer(contract, acting, command, price, today, stated_at=stated_at, by=by)
    session.add(offer)
    contract.version += 1
    await session.flush()
    if acting.side == ExitSide.CUSTOMERS:
        event = _priced(contract, parties, offer, "estimate", stated_at=stated_at)
        await outbox.add(session, event, version=contract.version)
    return offer


def _new_offer(
    contract: Contract,
    acting: ActingSide,
    command: OfferTermination,
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
        functions=[],
        leaving=[],
        reason=command.reason,
        price={
            "components": [_stored(line) for line in price.components],
            "unpriced": list(price.unpriced),
            "rule_packs": sorted(price.packs),
        },
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

    Raises ContractNotFound, NotYoursToDecide, TerminationNotFound, OfferSettled, OfferIsYourOwn, ContractAlreadyEnded.
    """
    contract, parties, acting = await _acting(session, reference, command.party, by, today)
    expect(contract.version)
    offer = await _open_offer(session, contract, number)
    if offer.side == acting.side and command.document is None:
        raise OfferIsYourOwn(f"{number} of {reference} is an offer of its {offer.side}")
    found = [*contract.why_not_end(stated_at), *contract.why_not_exit_on(offer.exit_day)]
    found += await authorities.why_not_authorised(
        await raw(session), TERMINATE, reference, acting.codes, on=today, field="minute"
    )
    refuse(found)
    other = parties.supplier if offer.side == ExitSide.CUSTOMERS else parties.customers[0]
    _settle(session, offer, "acceptance", other, command.document, today, stated_at, by)
    title = exit_reasons_on(day_of(stated_at)).title_of(offer.reason)
    contract.end(Status.TERMINATED, offer.exit_day, reason=offer.reason, note=None, agreement=f"Offer {number}")
    await session.flush()
    components = components_in(offer.price)
    event = _priced(contract, parties, offer, "agreed", stated_at=stated_at)
    await outbox.add(session, event, version=contract.version)
    await publish_end(
        session, contract, title, stated_at=stated_at, by=by, termination=offer.reference, components=components
    )
    for code in acting.codes:
        await authorities.record(
            session, TERMINATE, reference, code, minute=command.minute, on=today, stated_at=stated_at, by=by
        )
    return offer


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
    contract, parties, _ = await _acting(session, reference, None, by, today)
    expect(contract.version)
    offer = await _open_offer(session, contract, number)
    party = parties.supplier if offer.side == ExitSide.SUPPLIER else None
    acting = await acting_side(await raw(session), parties, by=by, today=today, party=party)
    if acting.side != offer.side:
        raise TerminationNotFound(f"{number} is no offer of your side of {reference}")
    _settle(session, offer, "recall", acting.code, None, today, stated_at, by)
    contract.version += 1
    await session.flush()


async def list_terminations(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> list[TerminationView]:
    """Return the offers to end a contract: their customers read the whole price, the supplier its own lines."""
    await get_seen(db, reference, by=by, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_OFFERS, as_at, as_known or NOW, reference, await reads_through(db, by))
    return [_view(row) for row in rows]


def _view(row: Any) -> TerminationView:
    price = json.loads(row["price"])
    if not row["is_customer"]:
        own = [line for line in price["components"] if row["supplier"] in (line["payer"], line["payee"])]
        price = {"components": own, "unpriced": [], "rule_packs": []}
    status = {None: "offered", "acceptance": "accepted", "recall": "recalled"}[row["act"]]
    return TerminationView.model_validate(
        {
            **row,
            **price,
            "termination": row["reference"],
            "last_day": row["exit_day"],
            "exit_on": row["exit_day"] + ONE_DAY,
            "status": status,
            "total_pence": sum(line["pence"] for line in price["components"]),
        }
    )


async def _acting(
    session: AsyncSession, reference: str, party: str | None, by: Caller, today: date
) -> tuple[Contract, ContractParties, ActingSide]:
    contract = await get_known_contract_to_change(session, reference, by=by, today=today)
    parties = (await parties_on(session, [contract], max(today, contract.starts_on)))[contract.id]
    return contract, parties, await acting_side(await raw(session), parties, by=by, today=today, party=party)


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


def _priced(
    contract: Contract, parties: ContractParties, offer: TerminationOffer, status: str, *, stated_at: datetime
) -> TerminationPriced:
    lines: Sequence[Component] = components_in(offer.price)
    return TerminationPriced(
        effective_on=offer.exit_day + ONE_DAY,
        stated_at=stated_at,
        contract=contract.reference,
        termination=offer.reference,
        supplier="" if status == "estimate" else parties.supplier,
        customers=parties.customers,
        functions=(),
        leaving=(),
        exit_on=offer.exit_day + ONE_DAY,
        status=status,
        **columns_of(lines),
        recurrent_to=tuple(line.recurrent_to for line in lines),
        unpriced=tuple(offer.price["unpriced"]),
        pack=", ".join(offer.price["rule_packs"]),
    )


def _stored(line: Component) -> dict[str, Any]:
    return asdict(line) | {"due_on": line.due_on.isoformat(), "recurrent_to": None}


def components_in(price: dict[str, Any]) -> list[Component]:
    """Return the lines of a price as it was stored."""
    return [
        Component(**line | {"due_on": date.fromisoformat(line["due_on"]), "recurrent_to": None})
        for line in price["components"]
    ]
