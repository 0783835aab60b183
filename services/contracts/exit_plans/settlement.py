"""Settles an agreed end: each side states what was paid of its lines, and the same amounts of both settle it."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import Reason
from libs.common.events.contracts import TerminationPriced
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from services.contracts.agreements.commands import ContractParties, get_known_contract_to_change, parties_on
from services.contracts.core.codes import MOST_ANNUAL_PENCE, OdsCode
from services.contracts.core.models import Contract
from services.contracts.core.rights import Expect, acted_for
from services.contracts.core.sight import ContractSight, reads_through, sight_of
from services.contracts.exit_plans.errors import LinesDiffer, NotAgreedYet
from services.contracts.exit_plans.views import FinalLineView, SettlementView
from services.contracts.exits.models import ExitPaper, ExitSide, OfferAct, TerminationOffer
from services.contracts.exits.parties import acting_side
from services.contracts.exits.prices.price import Component, columns_of, components_in
from services.contracts.exits.queries import NOW
from services.contracts.exits.rules import ONE_DAY
from services.contracts.part_ends.payments import AgreedPrice, settle_price
from services.contracts.terminations.errors import TerminationNotFound

_OFFER = """
SELECT o.id, o.price::text AS price, EXISTS (
       SELECT FROM termination_offer_act a
        WHERE a.offer_id = o.id AND a.act = 'acceptance' AND a.stated_at <= $3) AS is_agreed, o.leaving,
       coalesce((SELECT b.value FROM contract_supplier_belief b JOIN contract c ON c.id = b.subject_id
                  WHERE b.subject_id = o.contract_id AND (b.valid @> o.exit_day) IS TRUE AND (b.known @> $3) IS TRUE),
                (SELECT supplier_code FROM contract WHERE id = o.contract_id)) AS supplier
  FROM termination_offer o WHERE o.contract_id = $1 AND o.reference = $2 AND o.stated_at <= $3
"""
_LEAVING = """
SELECT o.exit_day, o.leaving FROM termination_offer o JOIN contract c ON c.id = o.contract_id
 WHERE c.reference = $1 AND o.reference = $2 AND cardinality(o.leaving) > 0
"""
# What each side stated last, and each customer for its own part, in the order in which they stated it.
_STATED = """
SELECT content::text AS content, stated_at
  FROM (SELECT DISTINCT ON (content ->> 'side', content -> 'of') id, content, stated_at FROM exit_paper
         WHERE contract_id = $1 AND kind = 'settlement' AND content ->> 'termination' = $2 AND stated_at <= $3
         ORDER BY content ->> 'side', content -> 'of', stated_at DESC, id DESC) last
 ORDER BY stated_at, id
"""


class FinalLine(BaseModel):
    """What was paid in the end of one line of the agreed price."""

    model_config = ConfigDict(extra="forbid")

    component: str = Field(max_length=40, pattern="^[a-z_]+$")
    payer: OdsCode
    payee: Annotated[str, Field(max_length=40, description="As the agreed line has it; empty: no organisation.")]
    pence: int = Field(strict=True, ge=0, le=MOST_ANNUAL_PENCE)


class SettleTermination(BaseModel):
    """The final amounts of the lines that a side pays or is paid: the customers all lines, or each its own."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"lines": [{"component": "contractual_payment", "payer": "10H", "payee": "0CX", "pence": 12_000_000}]}
            ]
        },
    )

    lines: list[FinalLine] = Field(max_length=500)
    party: OdsCode | None = Field(default=None, description="The supplier, where the caller acts for both sides.")

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        keys = [(one.component, one.payer, one.payee) for one in self.lines]
        if len(set(keys)) != len(keys):
            raise ValueError("each line may be named once only")
        return self


async def settle_termination(
    session: AsyncSession,
    reference: str,
    number: str,
    command: SettleTermination,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> tuple[Contract, date]:
    """State the final amounts of a side; publishes the settled price once both sides state the same of their lines.

    Of a part that customers leave with these alone are their side, also once they have left: the contract is returned
    with the day as at which the caller reads it.

    Raises ContractNotFound, NotYoursToDecide, TerminationNotFound, NotAgreedYet, LinesDiffer.
    """
    connection = await raw(session)
    part = await connection.fetchrow(_LEAVING, reference, number)
    read_on, leaving = (min(today, part["exit_day"]), part["leaving"]) if part else (today, [])
    contract = await get_known_contract_to_change(session, reference, by=by, today=read_on)
    day = min(max(read_on, contract.starts_on), contract.ends_on)
    parties = (await parties_on(session, [contract], day))[contract.id]
    apart = [] if part else await _customers_apart(connection, parties, command, by=by, today=today)
    acting = await acting_side(connection, parties, by=by, today=today, party=command.party, leaving=leaving or apart)
    expect(contract.version)
    offer = await _accepted_offer(session, contract, number)
    agreed = components_in(offer.price)
    own = agreed if acting.side == ExitSide.CUSTOMERS else of_supplier(agreed, parties.supplier)
    if apart:
        own = of_customers(agreed, parties.customers, apart)
    _must_be_these(number, own, command)
    content = command.model_dump(mode="json", exclude={"party"})
    content |= {"termination": number, "side": acting.side.value, "of": apart}
    _add(session, contract, content, by=by, today=today, stated_at=stated_at)
    contract.version += 1
    await session.flush()
    stated = amounts_by_side(await connection.fetch(_STATED, contract.id, number, stated_at))
    if is_settled(agreed, stated, parties.supplier):
        final = final_lines(agreed, stated)
        event = _settled(contract, parties.supplier, parties.customers, offer, final, stated_at)
        await outbox.add(session, event, version=contract.version)
        price = AgreedPrice(contract, number, final)
        await settle_price(session, price, stated_on=min(today, day_of(stated_at)), stated_at=stated_at, by=by)
    return contract, read_on


async def _customers_apart(
    connection: asyncpg.Connection, parties: ContractParties, command: SettleTermination, *, by: Caller, today: date
) -> list[str]:
    """Return the customers for whose own part alone the caller acts; none where it acts for all, or the supplier."""
    own = await acted_for(connection, parties.customers, by=by, today=today)
    is_apart = command.party is None and len(own) < len(parties.customers) and parties.coordinator not in own
    return own if is_apart else []


async def _accepted_offer(session: AsyncSession, contract: Contract, number: str) -> TerminationOffer:
    offer = await session.scalar(
        select(TerminationOffer).where(
            TerminationOffer.contract_id == contract.id, TerminationOffer.reference == number
        )
    )
    if offer is None:
        raise TerminationNotFound(f"{number} is no offer to end {contract.reference}")
    act = await session.scalar(select(OfferAct.act).where(OfferAct.offer_id == offer.id))
    if act != "acceptance":
        raise NotAgreedYet(f"{number} of {contract.reference} was not accepted")
    return offer


def _add(
    session: AsyncSession, contract: Contract, content: dict[str, Any], *, by: Caller, today: date, stated_at: datetime
) -> None:
    session.add(
        ExitPaper(
            contract_id=contract.id,
            kind="settlement",
            content=content,
            effective_on=today,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )


def _key(line: Component) -> tuple[str, str, str]:
    return (line.component, line.payer, line.payee)


def of_supplier(lines: Sequence[Component], supplier: str) -> list[Component]:
    """Return the lines that the supplier pays or is paid."""
    return [line for line in lines if supplier in (line.payer, line.payee)]


def of_customers(lines: Sequence[Component], customers: Collection[str], own: Collection[str]) -> list[Component]:
    """Return the lines that these customers pay, or are paid by who is no customer: each line is of one of them."""
    return [line for line in lines if (line.payer if line.payer in customers else line.payee) in own]


def _must_be_these(number: str, own: Sequence[Component], command: SettleTermination) -> None:
    """Raise LinesDiffer unless the amounts are of exactly these lines."""
    agreed = {_key(line) for line in own}
    named = {(one.component, one.payer, one.payee) for one in command.lines}
    missing = [f"{' '.join(key)}: not stated" for key in sorted(agreed - named)]
    missing += [f"{' '.join(key)}: no line of {number}" for key in sorted(named - agreed)]
    if missing:
        raise LinesDiffer("; ".join(missing), reasons=[Reason(message, "lines") for message in missing])


Amounts = Mapping[str, Mapping[tuple[str, str, str], int]]


def amounts_by_side(rows: Sequence[Mapping[str, Any]]) -> Amounts:
    """Return what each side has stated last, by line, from its statements in their order."""
    found: dict[str, dict[tuple[str, str, str], int]] = {}
    for row in rows:
        content = json.loads(row["content"])
        found.setdefault(content["side"], {}).update(
            {(one["component"], one["payer"], one["payee"]): one["pence"] for one in content["lines"]}
        )
    return found


def is_settled(agreed: Sequence[Component], stated: Amounts, supplier: str) -> bool:
    """Whether the customers have stated all lines, and the supplier the same amounts of its own."""
    customers, own = stated.get("customers"), stated.get("supplier")
    if customers is None or own is None or not all(_key(line) in customers for line in agreed):
        return False
    return all(own.get(_key(line)) == customers.get(_key(line)) for line in of_supplier(agreed, supplier))


def final_lines(agreed: Sequence[Component], stated: Amounts) -> list[Component]:
    """Return the agreed lines with the amounts that the customers have stated; several of one key share it in order.

    A price has each component, payer and payee once but for what is stranded by year: its last line takes what is left.
    """
    left = dict(stated["customers"])
    last = {_key(line): number for number, line in enumerate(agreed)}
    found = []
    for number, line in enumerate(agreed):
        rest = left[_key(line)]
        pence = rest if last[_key(line)] == number else min(line.pence, rest)
        left[_key(line)] = rest - pence
        found.append(replace(line, pence=pence))
    return found


def _settled(
    contract: Contract,
    supplier: str,
    customers: tuple[str, ...],
    offer: TerminationOffer,
    lines: Sequence[Component],
    stated_at: datetime,
) -> TerminationPriced:
    return TerminationPriced(
        effective_on=offer.exit_day + ONE_DAY,
        stated_at=stated_at,
        contract=contract.reference,
        termination=offer.reference,
        supplier=supplier,
        customers=customers,
        functions=tuple(offer.functions),
        leaving=tuple(offer.leaving),
        exit_on=offer.exit_day + ONE_DAY,
        status="settled",
        **columns_of(lines),
        recurrent_to=tuple(line.recurrent_to for line in lines),
        unpriced=(),
        pack=", ".join(offer.price["rule_packs"]),
    )


async def get_settlement(
    db: Reads, reference: str, number: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> SettlementView:
    """Return the final amounts of an end by each side; who left with a part reads what was stated of it since too.

    Raises ContractNotFound, TerminationNotFound.
    """
    sight: ContractSight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_OFFER, sight.id, number, sight.known)
    if not rows:
        raise TerminationNotFound(f"{number} is no offer to end {reference}")
    offer = rows[0]
    agreed = components_in(json.loads(offer["price"]))
    codes = await reads_through(db, by)
    is_own = codes is not None and bool(set(codes).intersection(offer["leaving"]))
    statements = await db.fetch(_STATED, sight.id, number, (as_known or NOW) if is_own else sight.known)
    stated = amounts_by_side(statements)
    settled = is_settled(agreed, stated, offer["supplier"])
    shown = {_key(line): line for line in (agreed if sight.buys else of_supplier(agreed, offer["supplier"]))}
    pence = {key: sum(line.pence for line in agreed if _key(line) == key) for key in shown}
    customers, supplier = stated.get("customers", {}), stated.get("supplier", {})
    lines = [
        FinalLineView(
            component=component,
            payer=payer,
            payee=payee,
            agreed_pence=pence[component, payer, payee],
            customers_pence=customers.get((component, payer, payee)),
            supplier_pence=supplier.get((component, payer, payee)),
        )
        for component, payer, payee in shown
    ]
    return SettlementView(
        termination=number,
        status="settled" if settled else "agreed",
        lines=lines,
        total_pence=sum(customers.get(key, pence[key]) for key in shown),
        settled_at=max(row["stated_at"] for row in statements) if settled else None,
        as_at=as_at,
        as_known=as_known,
    )
