"""Consolidates several contracts into one shared service, under one supplier, from one day: all or none."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import ServiceConsolidated
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.catalogue import functions_of
from services.contracts.agreements.commands import (
    add_contract,
    customers_of,
    get_contracts_to_bind,
    parties_on,
)
from services.contracts.agreements.terms import ConsolidateContracts
from services.contracts.authorities.commands import record, why_not_authorised
from services.contracts.core.acts import RecordedAct, act_of
from services.contracts.core.charges import charges_on
from services.contracts.core.conditions import ExitConditions, conditions_on
from services.contracts.core.errors import NotRunningThen, refuse
from services.contracts.core.models import FACET, Consolidation, Contract, Status, life
from services.contracts.exits.statements import publish_terms
from services.contracts.mergers.to_remake import why_unsettled
from services.contracts.part_ends.payments import drop_other_prices
from services.contracts.plans.errors import NotAMember
from services.contracts.plans.models import COMMIT
from services.contracts.signing.commands import why_not_signed_on
from services.contracts.signing.completion import bind, why_not_open
from services.contracts.transfers.successions import follow_since_start

AT_ONCE = "consolidation.at_once"
"""What the rule pack calls a consolidation without a plan: governance does not know of it before it is signed."""
SHARED_SERVICE = "shared_service"
"""The reason, a code of the rule pack, for which a replaced contract ends."""


async def consolidate_contracts(
    session: AsyncSession, command: ConsolidateContracts, *, by: Caller, today: date, stated_at: datetime
) -> Contract:
    """Sign one contract that replaces several, which end the day before; it has all their customers.

    The caller acts for all customers of all of them. A replaced contract with another supplier ends by notice, or by
    the agreement that the command names; one with the new supplier ends because that supplier signs the new one.

    Raises ContractNotFound, NotYoursToDecide, NotSigned, ContractAlreadyEnded, NotRunningThen, NoticeTooLate,
    CustomerNotOpen, SignedInTheFuture, DocumentMissing, AuthorityMissing, NotAMember, AgreementUnsettled,
    ReferenceTaken, FunctionUnknown, with the reasons of all contracts.
    """
    start = command.starts_on
    replaced = await get_contracts_to_bind(
        session, command.replaces, by=by, on=start, today=today, suppliers=[command.supplier]
    )
    parties = await parties_on(session, replaced, start)
    customers = sorted({code for one in replaced for code in parties[one.id].customers or customers_of(one)})
    signature = act_of(command.signed_on, command.document, by=by, today=today, stated_at=stated_at)
    connection = await raw(session)
    found: list[DomainError] = []
    others: set[str] = set()
    for contract in replaced:
        supplier = parties[contract.id].supplier
        conditions = await conditions_on(connection, contract, signature.recorded_on)
        found += _why_not_replace(contract, supplier, command, signature, conditions, stated_at)
        others.update([contract.reference] if supplier != command.supplier else [])
    found += why_not_signed_on(signature)
    found += await why_not_open(connection, customers, days=(signature.day, start))
    recorded_on = signature.recorded_on
    about = (COMMIT, command.reference, customers)
    found += await why_not_authorised(connection, *about, on=recorded_on, field="reference", form=AT_ONCE)
    found += [*_why_not_accepted(command, customers), *await why_unsettled(connection, command.replaces)]
    refuse(found)

    contract = await add_contract(session, command.reference, command, customers, stated_at=stated_at)
    minutes = {one.organisation: one.minute for one in command.acceptances}
    await bind(session, contract, customers, signature, stated_at=stated_at, by=by, minutes=minutes)
    await _record_acceptances(session, command, on=signature.recorded_on, stated_at=stated_at, by=by)
    await _end_replaced(session, replaced, contract, command, others=others, stated_at=stated_at, by=by)
    await _tell(session, contract, customers, replaced, command)
    await publish_terms(session, contract, start, stated_at=stated_at)
    await follow_since_start(session, contract, customers, stated_at=stated_at, by=by)
    await session.refresh(contract, ["version"])
    return contract


def _why_not_accepted(command: ConsolidateContracts, customers: Collection[str]) -> list[DomainError]:
    """Return a refusal for each acceptance of a body that is no customer of a contract that is replaced."""
    strangers = sorted({one.organisation for one in command.acceptances}.difference(customers))
    messages = [f"{code} is no customer of a contract that {command.reference} replaces" for code in strangers]
    return [NotAMember(message, reasons=[Reason(message, "acceptances")]) for message in messages]


async def _record_acceptances(
    session: AsyncSession, command: ConsolidateContracts, *, on: date, stated_at: datetime, by: Caller
) -> None:
    for one in command.acceptances:
        await record(
            session,
            COMMIT,
            command.reference,
            one.organisation,
            minute=one.minute,
            on=on,
            stated_at=stated_at,
            by=by,
        )


async def _tell(
    session: AsyncSession,
    contract: Contract,
    customers: Sequence[str],
    replaced: Sequence[Contract],
    command: ConsolidateContracts,
) -> None:
    """Publish the consolidation, and record the old contracts' charges with the id of the event."""
    connection, last = await raw(session), contract.starts_on - timedelta(days=1)
    previous = sum([sum((await charges_on(connection, old, last)).values()) for old in replaced])
    event = ServiceConsolidated(
        effective_on=contract.starts_on,
        stated_at=contract.drafted_at,
        contract=contract.reference,
        title=functions_of(contract).titles_of(contract.functions),
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


def _why_not_replace(
    contract: Contract,
    supplier: str,
    command: ConsolidateContracts,
    signature: RecordedAct,
    conditions: ExitConditions,
    stated_at: datetime,
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
    notice = RecordedAct(signature.recorded_on, signature.recorded_on)
    return contract.why_notice_does_not_allow(
        exit_day, notice, months=conditions.notice_months, not_before=conditions.earliest_exit_on
    )


async def _end_replaced(
    session: AsyncSession,
    replaced: Sequence[Contract],
    by_contract: Contract,
    command: ConsolidateContracts,
    *,
    others: Collection[str],
    stated_at: datetime,
    by: Caller,
) -> None:
    """End the replaced contracts. The agreement is with `others`, whose supplier does not supply the new service."""
    exit_day = command.starts_on - timedelta(days=1)
    for contract in replaced:
        agreement = command.agreement if contract.reference in others else None
        contract.end(Status.REPLACED, exit_day, reason=SHARED_SERVICE, note=None, agreement=agreement)
        contract.replaced_by = by_contract.id
    await session.flush()
    statements = [
        NewStatement(contract.id, FACET, Status.REPLACED.value, Days(command.starts_on), stated_at)
        for contract in replaced
    ]
    await life.state(await raw(session), statements, source=f"consolidation {by_contract.reference}", by=by.subject)
    for contract in replaced:
        await drop_other_prices(session, contract, stated_at=stated_at)
