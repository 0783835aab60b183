"""Consolidates several contracts into one shared service, under one supplier, from one day: all or none."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Forbidden, Reason
from libs.common.events.contracts import ServiceConsolidated
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.commands import (
    add_contract,
    customers_of,
    customers_on,
    get_contracts_to_bind,
    must_act_for_customers,
    supplier_on,
)
from services.contracts.agreements.terms import ConsolidateContracts
from services.contracts.core.errors import NotRunningThen, refuse
from services.contracts.core.models import FACET, Consolidation, Contract, Status, life
from services.contracts.signing.commands import bind, why_not_open, why_not_signed_on
from services.contracts.transfers.successions import follow_since_start


async def consolidate_contracts(
    session: AsyncSession, command: ConsolidateContracts, *, by: Caller, today: date, stated_at: datetime
) -> Contract:
    """Sign one contract that replaces several, which end the day before; it has all their customers.

    A replaced contract with another supplier ends by notice, or by the agreement that the command names; one with the
    new supplier ends because that supplier signs the new one.

    Raises ContractNotFound, NotSigned, ContractAlreadyEnded, NotRunningThen, NoticeTooLate, CustomerNotOpen,
    ReferenceTaken, FunctionUnknown, NotYoursToDecide, with the reasons of all contracts.
    """
    replaced = await get_contracts_to_bind(session, command.replaces, suppliers=[command.supplier])
    customers = await _customers_to_act_for(session, replaced, on=command.starts_on, by=by)
    signed_on = command.signed_on or today
    found: list[DomainError] = []
    for contract in replaced:
        supplier = await supplier_on(session, contract, command.starts_on)
        found += _why_not_replace(contract, supplier, command, today, stated_at)
    found += why_not_signed_on(signed_on, today=today)
    found += await why_not_open(await raw(session), customers, days=(signed_on, command.starts_on))
    refuse(found)

    contract = await add_contract(session, command.reference, command, customers, stated_at=stated_at)
    await bind(session, contract, customers, signed_on=signed_on, stated_at=stated_at, by=by)
    await _end_replaced(session, replaced, contract, command, stated_at=stated_at, by=by)
    await _tell(session, contract, customers, replaced, command)
    await follow_since_start(session, contract, customers, stated_at=stated_at, by=by)
    await session.refresh(contract, ["version"])
    return contract


async def _tell(
    session: AsyncSession,
    contract: Contract,
    customers: Sequence[str],
    replaced: Sequence[Contract],
    command: ConsolidateContracts,
) -> None:
    """Publish the consolidation, and record the old contracts' charges with the id of the event."""
    previous = sum(old.annual_pence for old in replaced)
    event = ServiceConsolidated(
        effective_on=contract.starts_on,
        stated_at=contract.drafted_at,
        contract=contract.reference,
        title=contract.title,
        supplier=contract.supplier_code,
        customers=tuple(customers),
        functions=contract.functions,
        replaced=tuple(command.replaces),
        last_day=contract.last_day,
        annual_pence=contract.annual_pence,
        previous_annual_pence=previous,
    )
    told = await outbox.add(session, event, version=contract.version)
    session.add(
        Consolidation(
            contract_id=contract.id,
            previous_annual_pence=previous,
            agreement=command.agreement,
            event=told,
            stated_at=contract.drafted_at,
        )
    )
    await session.flush()


async def _customers_to_act_for(
    session: AsyncSession, contracts: Sequence[Contract], *, on: date, by: Caller
) -> list[str]:
    """Return the customers of all the contracts on a day. Raises NotYoursToDecide with every contract that is not."""
    everybody: set[str] = set()
    foreign: list[DomainError] = []
    for contract in contracts:
        customers = await customers_on(session, contract, on) or customers_of(contract)
        everybody.update(customers)
        try:
            await must_act_for_customers(session, customers, by=by)
        except Forbidden as error:
            message = f"{contract.reference}: {error.message}"
            foreign.append(type(error)(message, reasons=[Reason(message, "replaces")]))
    refuse(foreign)
    return sorted(everybody)


def _why_not_replace(
    contract: Contract, supplier: str, command: ConsolidateContracts, today: date, stated_at: datetime
) -> list[DomainError]:
    """Return the reasons why a contract cannot be replaced."""
    found = contract.why_not_end(stated_at)
    if found:
        return found
    exit_day = command.starts_on - timedelta(days=1)
    if not contract.starts_on <= exit_day <= contract.last_day:
        message = f"{contract.reference} runs from {contract.starts_on} to {contract.last_day}, not up to {exit_day}"
        return [NotRunningThen(message, reasons=[Reason(message, "replaces")])]
    by_agreement = command.agreement is not None or supplier == command.supplier
    if by_agreement or exit_day == contract.last_day:
        return []
    return contract.why_notice_does_not_allow(exit_day, served_on=today, today=today)


async def _end_replaced(
    session: AsyncSession,
    replaced: Sequence[Contract],
    by_contract: Contract,
    command: ConsolidateContracts,
    *,
    stated_at: datetime,
    by: Caller,
) -> None:
    exit_day = command.starts_on - timedelta(days=1)
    for contract in replaced:
        contract.end(
            Status.REPLACED, exit_day, reason=f"replaced by {by_contract.reference}", agreement=command.agreement
        )
        contract.replaced_by = by_contract.id
    await session.flush()
    statements = [
        NewStatement(contract.id, FACET, Status.REPLACED.value, Days(command.starts_on), stated_at)
        for contract in replaced
    ]
    await life.state(await raw(session), statements, source=f"consolidation {by_contract.reference}", by=by.subject)
