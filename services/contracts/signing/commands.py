"""Signs contracts: each party by its own act, and the contract once every signatory has signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import ContractSigned
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.catalogue import functions_on
from services.contracts.agreements.commands import customers_of, lock_to_bind
from services.contracts.agreements.shares import publish_shares, state_table, why_not_whole
from services.contracts.authorities import commands as authorities
from services.contracts.bodies.commands import warn_of_holder, why_cannot_hold
from services.contracts.bodies.queries import tier_of_customers
from services.contracts.core.acts import RecordedAct, act_of
from services.contracts.core.codes import Day, Document, OdsCode, Text
from services.contracts.core.errors import CustomerNotOpen, DocumentMissing, SignedInTheFuture, refuse
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
from services.contracts.core.rights import Expect, acted_for, must_act_for_one_of
from services.contracts.core.shares import FACETS, ShareKind, ShareTable, table_of
from services.contracts.core.sight import must_know
from services.contracts.signing.errors import AlreadySigned, NotASignatory, PartyNotNamed
from services.contracts.transfers.successions import follow_since_start

_FOLLOWED_BY = """
SELECT code, successor, effective_on FROM known_succession
 WHERE code = ANY($1) AND upper_inf(known) ORDER BY effective_on, successor
"""

_SIGNATORIES = """
SELECT cc.customer_code AS code FROM contract c JOIN contract_customer cc ON cc.contract_id = c.id
 WHERE c.reference = $1
 UNION
SELECT supplier_code FROM contract WHERE reference = $1
"""

SIGN = "contract.sign"
"""The action of governance by which a body decides to sign."""

_OWN_ACT = "each party signs for itself"


class SignContract(BaseModel):
    """The signature of the parties for whom the caller acts, or of the one that it names."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {},
                {"party": "10H", "signed_on": "2017-03-15", "document": "Contract of 15 March 2017"},
                {"authority": "Governing body, minute 17/42"},
            ]
        },
    )

    party: OdsCode | None = Field(
        default=None,
        description="The party that signs: all for whom you act if left out. A loader that acts for every organisation "
        "names it, with its `document`; a customer may name a supplier that the draft makes no signatory.",
    )
    signed_on: Day | None = Field(
        default=None, description="Day of signature; today if left out. An earlier day needs `document`."
    )
    document: Document | None = None
    authority: Text | None = Field(default=None, description="The minute by which the party decided to sign.")


@dataclass(frozen=True, slots=True)
class _Signatory:
    """A party that signs now, the side for which it does, and who records it."""

    code: str
    side: Side
    source: str


async def sign_contract(
    session: AsyncSession,
    reference: str,
    command: SignContract,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """Sign a draft for the parties for whom the caller acts; it is binding once every signatory has signed.

    A customer whose merger is known before this commits is refused, with its successor named; one whose merger is
    consumed afterwards is replaced by the reaction. Where it was open then but has merged since, the successor takes
    over at once.

    Raises ContractNotFound, NotYoursToDecide, NotADraft, AlreadySigned, NotASignatory, PartyNotNamed, CustomerNotOpen,
    SignedInTheFuture, DocumentMissing.
    """
    await _must_be_party(await raw(session), reference, by=by, today=today)
    [contract] = await lock_to_bind(session, [reference])
    await _must_be_party(await raw(session), reference, by=by, today=today)
    expect(contract.version)
    contract.must_be_draft()
    act = act_of(command.signed_on, command.document, by=by, today=today, stated_at=stated_at)
    signed = await signatures_of(session, contract)
    signatories = await _signatories(await raw(session), contract, command, signed, by=by, today=today)
    ours = [one.code for one in signatories if one.side is Side.CUSTOMER]
    refuse(
        [
            *why_not_signed_on(act),
            *await why_not_open(await raw(session), ours, days=(act.day, contract.starts_on)),
            *await why_cannot_hold(await raw(session), contract.supplier_code, contract.form, act.day),
        ]
    )
    stated_at = max(stated_at, contract.drafted_at)
    new = [
        _signature(contract, one, act, authority=command.authority, stated_at=stated_at, by=by) for one in signatories
    ]
    session.add_all(new)
    contract.version += 1
    await session.flush()
    for one in new:
        await _record_authority(session, contract, one, by=by)
    if is_signed(contract, [*signed, *new]):
        await _make_binding(session, contract, [*signed, *new], by=by)
    return contract


async def _must_be_party(connection: asyncpg.Connection, reference: str, *, by: Caller, today: date) -> None:
    """Raise RoleMissing, ContractNotFound, or NotYoursToDecide unless the caller acts for a party of the draft."""
    by.must_have(Role.CONTRACT_LEAD)
    if by.is_national:
        by.must_have(Role.LOADER)
    await must_know(connection, [reference], by=by, today=today)
    parties = {row["code"] for row in await connection.fetch(_SIGNATORIES, reference)}
    await must_act_for_one_of(connection, parties, because=_OWN_ACT, by=by, today=today)


async def signatures_of(session: AsyncSession, contract: Contract) -> list[Signature]:
    """Return the signatures of the present text, in the order in which they were recorded."""
    query = select(Signature).where(
        Signature.contract_id == contract.id, Signature.text_version == contract.text_version
    )
    return list((await session.scalars(query.order_by(Signature.id))).all())


async def _signatories(
    connection: asyncpg.Connection,
    contract: Contract,
    command: SignContract,
    signed: Sequence[Signature],
    *,
    by: Caller,
    today: date,
) -> list[_Signatory]:
    """Return who signs now. Raises PartyNotNamed, DocumentMissing, NotASignatory, AlreadySigned."""
    sides = [(code, Side.CUSTOMER) for code in customers_of(contract)] + [(contract.supplier_code, Side.SUPPLIER)]
    if by.is_national:
        _must_name_party_and_document(command)
        own, source = [code for code, _ in sides], "loader"
    else:
        own, source = await acted_for(connection, {code for code, _ in sides}, by=by, today=today), "party"
    wanted = [_Signatory(code, side, source) for code, side in sides if code in own and command.party in (None, code)]
    if not wanted and command.party == contract.supplier_code and not contract.supplier_signs:
        wanted = [_Signatory(command.party, Side.SUPPLIER, "customer")]
        refuse(_why_not_shown(command))
    if not wanted:
        message = f"{command.party} is no party of {contract.reference} for which {by.subject} signs"
        raise NotASignatory(message, reasons=[Reason(message, "party")])
    before = {(one.party_code, one.role) for one in signed}
    new = [one for one in wanted if (one.code, one.side.value) not in before]
    if not new:
        raise AlreadySigned(f"{', '.join(sorted({one.code for one in wanted}))} signed {contract.reference} already")
    return new


def _signature(
    contract: Contract,
    signatory: _Signatory,
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


async def _record_authority(session: AsyncSession, contract: Contract, signature: Signature, *, by: Caller) -> None:
    if signature.role == Side.CUSTOMER:
        await authorities.record(
            session,
            SIGN,
            contract.reference,
            signature.party_code,
            minute=signature.authority,
            on=signature.signed_on,
            stated_at=signature.stated_at,
            by=by,
        )


def _must_name_party_and_document(command: SignContract) -> None:
    found: list[DomainError] = []
    if command.party is None:
        message = "name the party whose signature the document shows"
        found.append(PartyNotNamed(message, reasons=[Reason(message, "party")]))
    refuse([*found, *_why_not_shown(command)])


def _why_not_shown(command: SignContract) -> list[DomainError]:
    """Return the refusal of a signature that another records without its document."""
    if command.document is not None:
        return []
    message = "another records this signature: name the document that shows it"
    return [DocumentMissing(message, reasons=[Reason(message, "document")])]


def is_signed(contract: Contract, signed: Sequence[Signature]) -> bool:
    """Whether every signatory has signed: all customers, and the supplier where the draft makes it one."""
    customers = {one.party_code for one in signed if one.role == Side.CUSTOMER}
    supplier = any(one.role == Side.SUPPLIER and one.party_code == contract.supplier_code for one in signed)
    return customers.issuperset(customers_of(contract)) and (supplier or not contract.supplier_signs)


async def _make_binding(session: AsyncSession, contract: Contract, signed: Sequence[Signature], *, by: Caller) -> None:
    """Make a draft binding from its last signature on, and publish it. Raises CustomerNotOpen."""
    customers = customers_of(contract)
    connection = await raw(session)
    found: dict[str, DomainError] = {}
    for one in signed:
        if one.party_code in customers and one.role == Side.CUSTOMER:
            for error in await why_not_open(connection, [one.party_code], days=(one.signed_on, contract.starts_on)):
                found.setdefault(one.party_code, error)
    refuse(list(found.values()))
    counted = [one for one in signed if one.party_code in (*customers, contract.supplier_code)]
    tables = await _tables(connection, contract, customers)
    last = max(counted, key=lambda one: (one.signed_on, one.stated_at))
    stated_at = max(one.stated_at for one in counted)
    contract.sign(last.signed_on, last.document, stated_at=stated_at)
    await _state_term_and_parties(session, contract, customers, stated_at=stated_at, by=by)
    tier = await tier_of_customers(connection, customers, as_at=contract.starts_on)
    for kind, table in tables.items():
        await state_table(connection, contract, kind, table, (), days=Days(), stated_at=stated_at, by=by)
    cost = tables.get("cost")
    signed_now = _signed(contract, customers, counted, tier, cost, stated_at)
    await outbox.add(session, signed_now, version=contract.version)
    if tables:
        host, on = contract.supplier_code, contract.starts_on
        await publish_shares(session, contract, customers, host, on=on, stated_at=stated_at)
    await warn_of_holder(
        session,
        contract.reference,
        contract.supplier_code,
        customers,
        contract.form,
        last.signed_on,
        stated_at=stated_at,
    )
    await follow_since_start(session, contract, customers, stated_at=stated_at, by=by)
    await session.refresh(contract, ["version"])


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
    signed: Sequence[Signature],
    tier: str | None,
    cost: ShareTable | None,
    stated_at: datetime,
) -> ContractSigned:
    pence = {line.function: line.annual_pence for line in contract.lines}
    return ContractSigned(
        effective_on=contract.starts_on,
        stated_at=stated_at,
        contract=contract.reference,
        title=functions_on(contract.starts_on).titles_of(contract.functions),
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
        decisions=tuple(sorted({one.authority for one in signed if one.authority})),
    )


def why_not_signed_on(signature: RecordedAct) -> list[DomainError]:
    """Return the reasons against this day of signature."""
    if signature.day <= signature.recorded_on:
        return signature.why_not_documented("signed_on")
    message = f"{signature.day} is still to come: it is recorded on {signature.recorded_on}"
    return [SignedInTheFuture(message, reasons=[Reason(message, "signed_on")])]


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
    signatories = [_Signatory(code, Side.CUSTOMER, source) for code in sorted({*customers, *(minutes or ())})]
    session.add_all(
        _signature(contract, one, signature, stated_at=stated_at, by=by, authority=(minutes or {}).get(one.code))
        for one in signatories
    )
    contract.sign(signature.day, signature.document, stated_at=stated_at)
    await _state_term_and_parties(session, contract, customers, stated_at=stated_at, by=by)


async def _state_term_and_parties(
    session: AsyncSession, contract: Contract, customers: Sequence[str], *, stated_at: datetime, by: Caller
) -> None:
    await session.flush()
    connection = await raw(session)
    term = Days(contract.starts_on, contract.last_day + timedelta(days=1))
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
