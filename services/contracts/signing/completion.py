"""Makes drafts binding once every signatory has signed, and publishes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import CommitmentMade, ContractSigned
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.catalogue import functions_of
from services.contracts.agreements.commands import customers_of
from services.contracts.agreements.shares import publish_shares, state_table, why_not_whole
from services.contracts.bodies.commands import warn_of_holder
from services.contracts.bodies.queries import tier_of_customers
from services.contracts.core.acts import RecordedAct
from services.contracts.core.errors import CustomerNotOpen, refuse
from services.contracts.core.models import (
    FACET,
    Contract,
    Side,
    Signature,
    Status,
    coordination,
    customership,
    known,
    life,
)
from services.contracts.core.shares import FACETS, ShareKind, ShareTable, table_of
from services.contracts.exits.statements import publish_terms
from services.contracts.transfers.successions import follow_since_start

_FOLLOWED_BY = """
SELECT code, successor, effective_on FROM known_succession
 WHERE code = ANY($1) AND upper_inf(known) ORDER BY effective_on, successor
"""


@dataclass(frozen=True, slots=True)
class Signatory:
    """A party that signs now, the side for which it does, and who records it."""

    code: str
    side: Side
    source: str


async def signatures_of(session: AsyncSession, contract: Contract) -> list[Signature]:
    """Return the signatures of the present text, in the order in which they were recorded."""
    query = select(Signature).where(
        Signature.contract_id == contract.id, Signature.text_version == contract.text_version
    )
    return list((await session.scalars(query.order_by(Signature.id))).all())


def signature_of(
    contract: Contract,
    signatory: Signatory,
    act: RecordedAct,
    *,
    stated_at: datetime,
    by: Caller,
    authority: str | None = None,
) -> Signature:
    return Signature(
        contract_id=contract.id,
        party_code=signatory.code,
        role=signatory.side.value,
        text_version=contract.text_version,
        signed_on=act.day,
        stated_at=stated_at,
        source=signatory.source,
        recorded_by=by.subject,
        document=act.document,
        authority=authority,
    )


def is_signed(contract: Contract, signed: Sequence[Signature]) -> bool:
    """Whether every signatory has signed: all customers, and the supplier where the draft makes it one."""
    customers = {one.party_code for one in signed if one.role == Side.CUSTOMER}
    supplier = any(one.role == Side.SUPPLIER and one.party_code == contract.supplier_code for one in signed)
    return customers.issuperset(customers_of(contract)) and (supplier or not contract.supplier_signs)


async def settle_signatures(
    session: AsyncSession, contract: Contract, signed: Sequence[Signature], *, by: Caller
) -> None:
    """Make a draft that all have signed binding, or conditional where a customer signed before it was established.

    Raises CustomerNotOpen.
    """
    customers = customers_of(contract)
    connection = await raw(session)
    found: dict[str, DomainError] = {}
    proposed = set()
    for one in signed:
        if one.party_code not in customers or one.role != Side.CUSTOMER:
            continue
        if await is_proposed(connection, one.party_code, on=one.signed_on):
            proposed.add(one.party_code)
            continue
        for error in await why_not_open(connection, [one.party_code], days=(one.signed_on, contract.starts_on)):
            found.setdefault(one.party_code, error)
    refuse(list(found.values()))
    counted = [one for one in signed if one.party_code in (*customers, contract.supplier_code)]
    if proposed:
        await _tables(connection, contract, customers)  # What is committed is never revised.
        await _commit(session, contract, counted, sorted(proposed))
        return
    last = max(counted, key=lambda one: (one.signed_on, one.stated_at))
    stated_at = max(one.stated_at for one in counted)
    await make_binding(
        session, contract, counted, on=last.signed_on, document=last.document, stated_at=stated_at, by=by
    )


async def is_proposed(connection: asyncpg.Connection, code: str, *, on: date) -> bool:
    """Whether a body is proposed on a day, and not open."""
    return (await known.status(connection, code, as_at=on)).status == "proposed"


async def _commit(
    session: AsyncSession, contract: Contract, signed: Sequence[Signature], proposed: Sequence[str]
) -> None:
    """Keep a contract as conditional: it runs on no day, nothing is charged, and all whom it names read it."""
    day, stated_at = max(one.signed_on for one in signed), max(one.stated_at for one in signed)
    contract.committed_at, contract.not_established = stated_at, list(proposed)
    if contract.awarded_on is None:
        contract.awarded_on, contract.awarded_at = day, stated_at
    await session.flush()
    event = CommitmentMade(
        effective_on=day,
        stated_at=stated_at,
        contract=contract.reference,
        supplier=contract.supplier_code,
        customers=tuple(customers_of(contract)),
        not_established=tuple(proposed),
        signed_on=day,
        starts_on=contract.starts_on,
        last_day=contract.last_day,
        annual_pence=contract.annual_pence,
    )
    await outbox.add(session, event, version=contract.version)


async def make_binding(
    session: AsyncSession,
    contract: Contract,
    counted: Sequence[Signature],
    *,
    on: date,
    document: str | None,
    stated_at: datetime,
    by: Caller,
    minutes: Sequence[str] = (),
) -> None:
    """Make a draft binding from a day on, that of the last signature or ratification, and publish it."""
    customers = customers_of(contract)
    connection = await raw(session)
    tables = await _tables(connection, contract, customers)
    contract.sign(on, document, stated_at=stated_at)
    await _state_term_and_parties(session, contract, customers, stated_at=stated_at, by=by)
    tier = await tier_of_customers(connection, customers, as_at=contract.starts_on)
    for kind, table in tables.items():
        await state_table(connection, contract, kind, table, (), days=Days(), stated_at=stated_at, by=by)
    cost = tables.get("cost")
    minutes = sorted({*minutes, *(one.authority for one in counted if one.authority)})
    signed_now = _signed(contract, customers, minutes, tier, cost, stated_at)
    await outbox.add(session, signed_now, version=contract.version)
    await publish_terms(session, contract, first_day_of(contract), stated_at=stated_at)
    if tables:
        host, first = contract.supplier_code, first_day_of(contract)
        await publish_shares(session, contract, customers, host, on=first, stated_at=stated_at)
    await warn_of_holder(
        session,
        contract.reference,
        contract.supplier_code,
        customers,
        contract.form,
        on,
        stated_at=stated_at,
    )
    await follow_since_start(session, contract, customers, stated_at=stated_at, by=by)
    await session.refresh(contract, ["version"])


def first_day_of(contract: Contract) -> date:
    """Return the first day of service: of a contract that was conditional none before its ratification."""
    if contract.committed_at is None or contract.signed_on is None:
        return contract.starts_on
    return max(contract.starts_on, contract.signed_on)


async def _tables(
    connection: asyncpg.Connection, contract: Contract, customers: Sequence[str]
) -> dict[ShareKind, ShareTable]:
    """Return the tables of the draft, with a successor in the place of its predecessors. Raises SharesNotWhole."""
    tables: dict[ShareKind, ShareTable] = {}
    found: list[DomainError] = []
    for kind in FACETS:
        if (text := (contract.drafted_shares or {}).get(kind)) is None:
            continue
        table = table_of(text)
        for code in sorted(table.holders.difference(customers)):
            followed = await known.successors(connection, [code])
            table = table.moved([code], sorted(followed.intersection(customers)))
        found += why_not_whole(table, customers, may_leave=False)
        tables[kind] = table
    refuse(found)
    return tables


def _signed(
    contract: Contract,
    customers: Sequence[str],
    minutes: Sequence[str],
    tier: str | None,
    cost: ShareTable | None,
    stated_at: datetime,
) -> ContractSigned:
    pence = {line.function: line.annual_pence for line in contract.lines}
    return ContractSigned(
        effective_on=first_day_of(contract),
        stated_at=stated_at,
        contract=contract.reference,
        title=functions_of(contract).titles_of(contract.functions),
        supplier=contract.supplier_code,
        customers=tuple(customers),
        functions=contract.functions,
        last_day=contract.last_day,
        annual_pence=contract.annual_pence,
        customer_shares=cost.fractions(customers) if cost else (),
        function_pence=tuple(pence[function] for function in contract.functions),
        function_tiers=(tier,) * len(contract.functions) if tier else (),
        value_basis=contract.value_basis,
        indexation=contract.indexation or "",
        price_year=contract.price_year or "",
        form=contract.form or "",
        procurement=contract.procurement or "",
        decisions=tuple(minutes),
    )


async def why_not_open(
    connection: asyncpg.Connection, customers: Sequence[str], *, days: Sequence[date]
) -> list[DomainError]:
    """Return one refusal for each customer that is not open on one of the days. They are locked."""
    followers: dict[str, str] = {}
    for row in await connection.fetch(_FOLLOWED_BY, list(customers)):
        followers[row["code"]] = f"; {row['successor']} succeeded it on {row['effective_on']}"
    shut: dict[str, str] = {}
    for day in sorted(set(days)):
        found = await known.statuses(connection, customers, as_at=day)
        for code, customer in found.items():
            if customer.status != "open":
                name = f" ({customer.name})" if customer.name else ""
                follower = followers.get(code, "") if customer.status == "closed" else ""
                shut.setdefault(code, f"{code}{name} is {customer.status} on {day}{follower}")
    return [CustomerNotOpen(message, reasons=[Reason(message, "customers")]) for message in shut.values()]


async def bind(
    session: AsyncSession,
    contract: Contract,
    customers: Sequence[str],
    signature: RecordedAct,
    *,
    stated_at: datetime,
    by: Caller,
    minutes: Mapping[str, str] | None = None,
) -> None:
    """Sign a draft for all its customers at once, and state its term and its customers.

    For who acts for all of them, or has the acceptance of each: `minutes` are then those by which they accepted, of
    customers that join later too.
    """
    source = "loader" if by.is_national else "party"
    signatories = [Signatory(code, Side.CUSTOMER, source) for code in sorted({*customers, *(minutes or ())})]
    session.add_all(
        signature_of(contract, one, signature, stated_at=stated_at, by=by, authority=(minutes or {}).get(one.code))
        for one in signatories
    )
    contract.sign(signature.day, signature.document, stated_at=stated_at)
    await _state_term_and_parties(session, contract, customers, stated_at=stated_at, by=by)


async def _state_term_and_parties(
    session: AsyncSession, contract: Contract, customers: Sequence[str], *, stated_at: datetime, by: Caller
) -> None:
    await session.flush()
    connection = await raw(session)
    term = Days(first_day_of(contract), contract.last_day + timedelta(days=1))
    active = NewStatement(contract.id, FACET, Status.ACTIVE.value, term, stated_at)
    await life.state(connection, [active], source="signature", by=by.subject)
    ids = [customer.id for customer in contract.named_customers if customer.customer_code in customers]
    # Without bounds in time, so that a transfer before the start, stated in the same instant, still counts.
    await customership.state(
        connection,
        [NewStatement(customer, FACET, "customer", Days(), stated_at) for customer in ids],
        source="signature",
        by=by.subject,
    )
    if len(customers) > 1:
        lead = await _coordinator(connection, contract, customers)
        statement = NewStatement(contract.id, FACET, lead, Days(), stated_at)
        await coordination.state(connection, [statement], source="signature", by=by.subject)


async def _coordinator(connection: asyncpg.Connection, contract: Contract, customers: Sequence[str]) -> str:
    """Return the coordinating commissioner, or who succeeded it since the draft, or the first customer."""
    drafted = contract.coordinator_code
    if drafted is not None and drafted in customers:
        return drafted
    lineage = await known.successors(connection, [drafted]) if drafted else frozenset()
    return min(lineage.intersection(customers) or customers)
