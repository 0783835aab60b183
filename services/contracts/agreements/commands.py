"""Creates, revises and deletes drafts; finds and locks contracts for any change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.identity import Caller, Role
from libs.common.process.clock import day_of
from services.contracts.agreements.errors import AlreadyAwarded, CoordinatorMissing
from services.contracts.agreements.terms import DraftContract, ReviseContract, Terms
from services.contracts.core.errors import ChangingHands, ReferenceTaken
from services.contracts.core.models import Contract, ContractCustomer, known
from services.contracts.core.rights import Expect, must_act_for_one_of, must_decide
from services.contracts.core.sight import must_all_exist, must_know

_ATTEMPTS = 5

_BINDS_NOBODY = "a draft binds none of the customers that it names"


_PARTIES = """
SELECT cc.customer_code AS code FROM contract c JOIN contract_customer cc ON cc.contract_id = c.id
 WHERE c.reference = ANY($1)
 UNION
SELECT supplier_code FROM contract WHERE reference = ANY($1)
"""

_PARTIES_ON = """
SELECT c.id,
       coalesce((SELECT value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND b.valid @> $2::date AND upper_inf(b.known)),
                c.supplier_code) AS supplier,
       (SELECT value FROM contract_coordinator_belief b
         WHERE b.subject_id = c.id AND b.valid @> $2::date AND upper_inf(b.known)) AS coordinator,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id
              WHERE cc.contract_id = c.id AND b.valid @> $2::date AND upper_inf(b.known)
              ORDER BY cc.customer_code) AS customers
  FROM contract c WHERE c.id = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class ContractParties:
    """The supplier and the customers of a signed contract on a day, as known now; the customers sorted.

    `coordinator` is the coordinating commissioner; None where there is none, as for a single customer.
    """

    supplier: str
    customers: tuple[str, ...]
    coordinator: str | None = None


async def draft_contract(
    session: AsyncSession, command: DraftContract, *, by: Caller, today: date, stated_at: datetime
) -> Contract:
    """Create a draft.

    Raises ReferenceTaken, FunctionUnknown, OutsideCareModel, NoRuleInForce, CoordinatorMissing, NotYoursToDecide.

    Its author acts for at least one of its customers and may name others: they read it once it is awarded. They have to
    be open only when it is signed: a body may prepare for its own opening.
    """
    own = await must_act_for_one_of(await raw(session), command.customers, because=_BINDS_NOBODY, by=by, today=today)
    return await add_contract(
        session,
        command.reference,
        command,
        command.customers,
        stated_at=stated_at,
        drafted_for=own,
        coordinator=_coordinator(command, own),
        supplier_signs=command.supplier_signs,
    )


def _coordinator(command: ReviseContract, own: Sequence[str]) -> str | None:
    """Return the coordinating commissioner of a draft; None for a single customer. Raises CoordinatorMissing."""
    if len(command.customers) == 1:
        return None
    if command.coordinating_commissioner is not None:
        return command.coordinating_commissioner
    if len(own) == 1 or len(own) == len(command.customers):
        return own[0]
    message = f"name which of {', '.join(command.customers)} coordinates the contract"
    raise CoordinatorMissing(message, reasons=[Reason(message, "coordinating_commissioner")])


async def add_contract(
    session: AsyncSession,
    reference: str,
    terms: Terms,
    customers: Sequence[str],
    *,
    stated_at: datetime,
    drafted_for: Sequence[str] | None = None,
    coordinator: str | None = None,
    supplier_signs: bool = False,
    continues: Contract | None = None,
) -> Contract:
    """Insert a draft of these terms. Raises ReferenceTaken, FunctionUnknown, OutsideCareModel, NoRuleInForce.

    `drafted_for` are the customers for whom its author acts, by default all. Without a `coordinator` the first of
    several customers is it. `continues` is the contract whose place it takes, of the same care model.
    """
    contract = Contract(
        reference=reference,
        title=terms.title,
        supplier_code=terms.supplier,
        starts_on=terms.starts_on,
        last_day=terms.last_day,
        notice_months=0,
        value_basis=terms.value_basis,
        drafted_at=stated_at,
        drafted_for=list(customers if drafted_for is None else drafted_for),
        coordinator_code=coordinator or (min(customers) if len(customers) > 1 else None),
        supplier_signs=supplier_signs,
    )
    terms.put_into(contract, continues=continues)
    contract.named_customers = [ContractCustomer(customer_code=code) for code in customers]
    try:
        async with session.begin_nested():
            session.add(contract)
            await session.flush()
    except IntegrityError as error:
        if "uq_contract_reference" not in str(error):
            raise
        raise ReferenceTaken(f"{reference} is taken") from error
    return contract


async def revise_contract(
    session: AsyncSession, reference: str, command: ReviseContract, *, by: Caller, today: date, expect: Expect
) -> Contract:
    """Replace the terms of a draft.

    Raises NotADraft, FunctionUnknown, OutsideCareModel, NoRuleInForce, NotYoursToDecide.

    The caller acts for all customers for whom it was drafted, and for one of those after. Signatures of the text before
    no longer count: the new one is signed anew.
    """
    own = await must_act_for_one_of(await raw(session), command.customers, because=_BINDS_NOBODY, by=by, today=today)
    contract = await get_contract_to_change(session, reference, by=by, on=today, today=today, expect=expect)
    contract.must_be_draft()
    command.put_into(contract)
    kept = {customer.customer_code: customer for customer in contract.named_customers}
    contract.named_customers = [kept.get(code) or ContractCustomer(customer_code=code) for code in command.customers]
    contract.drafted_for = own
    contract.coordinator_code, contract.supplier_signs = _coordinator(command, own), command.supplier_signs
    contract.text_version += 1
    contract.version += 1
    await session.flush()
    return contract


async def award_contract(
    session: AsyncSession, reference: str, *, by: Caller, today: date, stated_at: datetime, expect: Expect
) -> Contract:
    """Offer a draft to all whom it names: they read it from now on, and may sign. Raises NotADraft, AlreadyAwarded."""
    contract = await get_contract_to_change(session, reference, by=by, on=today, today=today, expect=expect)
    contract.must_be_draft()
    if contract.awarded_on is not None:
        raise AlreadyAwarded(f"{reference} was awarded on {contract.awarded_on}")
    contract.awarded_on, contract.awarded_at = min(today, day_of(stated_at)), max(stated_at, contract.drafted_at)
    contract.version += 1
    await session.flush()
    return contract


async def delete_draft(session: AsyncSession, reference: str, *, by: Caller, today: date, expect: Expect) -> None:
    """Delete a draft, which binds no party, with what was signed of it. Raises NotADraft, NotYoursToDecide."""
    contract = await get_contract_to_change(session, reference, by=by, on=today, today=today, expect=expect)
    contract.must_be_draft()
    await session.delete(contract)
    await session.flush()


def customers_of(contract: Contract) -> list[str]:
    """Return the customers of a draft, sorted; of a signed contract all present and former ones."""
    return sorted(customer.customer_code for customer in contract.named_customers)


async def parties_on(session: AsyncSession, contracts: Sequence[Contract], day: date) -> dict[int, ContractParties]:
    """Return the parties of signed contracts on a day, as known now, by the contract's id."""
    rows = await (await raw(session)).fetch(_PARTIES_ON, [contract.id for contract in contracts], day)
    return {row["id"]: ContractParties(row["supplier"], tuple(row["customers"]), row["coordinator"]) for row in rows}


async def get_contract_to_change(
    session: AsyncSession,
    reference: str,
    *,
    by: Caller,
    on: date,
    today: date,
    expect: Expect,
    coordinated: bool = False,
) -> Contract:
    """Return one contract, locked, for who acts for all its customers on a day.

    `coordinated` where its coordinating commissioner alone may decide too.

    Raises RoleMissing, ContractNotFound, NotYoursToDecide, and what `expect` raises for its version, in this order.
    """
    connection = await raw(session)
    await must_decide(connection, [reference], by=by, on=on, today=today, coordinated=coordinated)
    [contract] = await lock_contracts(session, [reference])
    await must_decide(connection, [reference], by=by, on=on, today=today, coordinated=coordinated)
    expect(contract.version)
    return contract


async def get_known_contract_to_change(session: AsyncSession, reference: str, *, by: Caller, today: date) -> Contract:
    """Return one contract, locked, for a contract lead who may know it: its right to act is the command's to check.

    Raises RoleMissing, then ContractNotFound.
    """
    by.must_have(Role.CONTRACT_LEAD)
    await must_know(await raw(session), [reference], by=by, today=today)
    [contract] = await lock_contracts(session, [reference])
    return contract


async def get_contracts_to_bind(
    session: AsyncSession,
    references: Sequence[str],
    *,
    by: Caller,
    on: date,
    today: date,
    suppliers: Collection[str] = (),
) -> list[Contract]:
    """Return contracts, locked, with their known parties and the successors of these locked too.

    The caller acts for all their customers on a day, before the locks and under them.

    For every command that makes a contract binding on its parties: no merger can be consumed between the check that
    they are open and the commit. The known organisations are locked first, as by the consumer of the registry's events,
    which locks the contracts second; if a party changes in between, the locks are released and taken again. `suppliers`
    are further bodies to lock, of a contract that is yet to be added.

    Raises RoleMissing, ContractNotFound, NotYoursToDecide, ChangingHands.
    """
    connection = await raw(session)
    await must_decide(connection, references, by=by, on=on, today=today)
    contracts = await lock_to_bind(session, references, suppliers=suppliers)
    await must_decide(connection, references, by=by, on=on, today=today)
    return contracts


async def lock_to_bind(
    session: AsyncSession, references: Sequence[str], *, suppliers: Collection[str] = ()
) -> list[Contract]:
    """Lock contracts with their known parties and the successors of these, whoever may bind them.

    Raises ContractNotFound, ChangingHands.
    """
    connection = await raw(session)
    for _ in range(_ATTEMPTS):
        async with session.begin_nested() as attempt:
            locked = await _lineage(connection, references, suppliers)
            await known.lock(connection, locked)
            contracts = await lock_contracts(session, references)
            if await _lineage(connection, references, suppliers) <= locked:
                return contracts
            await attempt.rollback()
    raise ChangingHands(f"{', '.join(references)}: merger follows merger")


async def _lineage(
    connection: asyncpg.Connection, references: Sequence[str], suppliers: Collection[str]
) -> frozenset[str]:
    parties = {*suppliers, *(row["code"] for row in await connection.fetch(_PARTIES, list(references)))}
    return frozenset(parties) | await known.successors(connection, parties)


async def lock_contracts(session: AsyncSession, references: Sequence[str]) -> list[Contract]:
    """Return contracts, locked, in the order of their ids. Raises ContractNotFound."""
    query = (
        select(Contract)
        .where(Contract.reference.in_(references))
        .order_by(Contract.id)
        .with_for_update()
        .execution_options(populate_existing=True)
        .options(selectinload(Contract.lines), selectinload(Contract.named_customers))
    )
    contracts = list((await session.scalars(query)).all())
    must_all_exist(references, {contract.reference for contract in contracts})
    return contracts
