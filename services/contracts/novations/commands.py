"""Proposes a novation, records the consent of each party, and carries it out once all have consented."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import ContractSigned, ContractTerminated
from libs.common.identity import Caller, NotYoursToDecide, Role
from libs.common.messaging import outbox
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.catalogue import exit_reasons_on, functions_of
from services.contracts.agreements.commands import add_contract, lock_to_bind
from services.contracts.agreements.parts import described
from services.contracts.agreements.shares import coordinator_on, publish_shares, state_table
from services.contracts.agreements.terms import Terms
from services.contracts.agreements.variations import tables_on
from services.contracts.core.acts import act_of
from services.contracts.core.charges import charges_on
from services.contracts.core.codes import Day, Document, OdsCode, Reference
from services.contracts.core.conditions import conditions_on
from services.contracts.core.errors import DocumentMissing, refuse
from services.contracts.core.models import FACET, Contract, Status, life
from services.contracts.core.rights import Expect, acted_for, must_act_for_one_of
from services.contracts.core.shares import ShareTable
from services.contracts.core.sight import must_know
from services.contracts.exits.rules import Leaving
from services.contracts.exits.statements import leaving_on, publish_terms
from services.contracts.mergers.to_remake import why_unsettled
from services.contracts.novations.errors import ConsentMissing, NovationNotFound, NovationNotPossible
from services.contracts.novations.models import Novation, NovationCompletion, NovationConsent
from services.contracts.novations.queries import Parties, missing_consents, must_read_novation, parties_of
from services.contracts.part_ends.commands import standing_ends
from services.contracts.part_ends.payments import drop_other_prices
from services.contracts.signing.completion import bind, why_not_open
from services.contracts.transfers.successions import follow_since_start

NOVATED = "novated"
"""The reason, a code of the rule pack, for which a novated contract ends."""
OWN_ACT = "each party consents for itself"

# The plan to which all have committed and that has not moved the contract yet.
_MOVING = """
SELECT p.reference FROM plan_step s JOIN plan_revision r ON r.id = s.revision_id
  JOIN plan_act c ON c.plan_id = r.plan_id AND c.kind = 'committed' AND c.revision = r.number
  JOIN consolidation_plan p ON p.id = r.plan_id
 WHERE s.contract = $1
   AND NOT EXISTS (SELECT FROM plan_act a WHERE a.plan_id = r.plan_id AND a.contract = s.contract AND a.kind = 'moved')
"""

_LATEST = select(Novation).order_by(Novation.id.desc()).limit(1)


class _Act(BaseModel):
    """What every act of a party may name."""

    model_config = ConfigDict(extra="forbid")

    authority: Document | None = Field(default=None, description="The minute by which the party decided.")
    document: Document | None = Field(default=None, description="The paper that shows it; a loader names it.")


class ProposeNovation(_Act):
    """Another body takes a party's place from a day on, under a contract with the same terms."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "into": "CSU-BUCKS-2018",
                    "role": "supplier",
                    "leaving": "0CX",
                    "entering": "0DJ",
                    "takes_effect_on": "2018-10-01",
                }
            ]
        }
    )

    into: Reference = Field(description="The reference of the contract that begins.")
    role: Literal["customer", "supplier"]
    leaving: OdsCode
    entering: OdsCode
    takes_effect_on: Day = Field(description="First day of the contract that begins; the old one ends the day before.")

    @model_validator(mode="after")
    def _changes_a_party(self) -> Self:
        if self.leaving == self.entering:
            raise ValueError("the body that enters is the one that leaves")
        return self


class ConsentToNovation(_Act):
    """The consent of the parties for whom the caller acts; a loader names one, with its document."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}, {"authority": "Minute 14/18"}]})

    party: OdsCode | None = Field(default=None, description="Only this party; left out, all for whom you act.")


async def propose_novation(
    session: AsyncSession, reference: str, command: ProposeNovation, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Propose that a body takes a party's place; it replaces an earlier proposal, with the consents to it.

    The parties for whom the caller acts consent by it. Raises ContractNotFound, NotYoursToDecide, NovationNotPossible,
    AgreementUnsettled.
    """
    contract = await _locked(session, reference, entering=command.entering, by=by, today=today)
    parties = await parties_of(await raw(session), reference, command.takes_effect_on)
    leaving = await leaving_on(session, contract, command.takes_effect_on)
    refuse(
        [
            *contract.why_not_end(stated_at),
            *_why_not(contract, leaving, command, parties, today=today),
            *await _why_moving(await raw(session), contract),
            *await _why_ending(session, contract),
            *await why_unsettled(await raw(session), [reference]),
        ]
    )
    novation = Novation(
        contract_id=contract.id,
        into=command.into,
        role=command.role,
        leaving=command.leaving,
        entering=command.entering,
        takes_effect_on=command.takes_effect_on,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(novation)
    await session.flush()
    if not by.is_national:
        own = await acted_for(await raw(session), [*parties.all, command.entering], by=by, today=today)
        await _consent(session, novation, own, command, by=by, today=today, stated_at=stated_at)


async def consent_to_novation(
    session: AsyncSession, reference: str, command: ConsentToNovation, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Record the consent of those parties for whom the caller acts, once each.

    Raises NovationNotFound, NotYoursToDecide, DocumentMissing.
    """
    by.must_have(Role.CONTRACT_LEAD)
    connection = await raw(session)
    await must_read_novation(connection, reference, by=by, today=today)
    novation = await _novation(session, reference)
    if novation is None:
        raise NovationNotFound(f"no novation of {reference} is known")
    parties = await parties_of(connection, reference, novation.takes_effect_on)
    own = await _consenting(connection, [*parties.all, novation.entering], command, by=by, today=today)
    refuse(await _why_closed(session, novation))
    await _consent(session, novation, own, command, by=by, today=today, stated_at=stated_at)


async def complete_novation(
    session: AsyncSession, reference: str, *, by: Caller, today: date, stated_at: datetime, expect: Expect
) -> tuple[Contract, Contract]:
    """End a contract the day before and begin the one in its place, with everybody's consent, in one transaction.

    Returns both. Raises ContractNotFound, NotYoursToDecide, NovationNotFound, ConsentMissing, NovationNotPossible,
    CustomerNotOpen, ReferenceTaken.
    """
    found = await _novation(session, reference)
    contract = await _locked(session, reference, entering=found.entering if found else None, by=by, today=today)
    expect(contract.version)
    novation = await _novation(session, reference)
    if novation is None or found is None or novation.id != found.id:
        raise NovationNotFound(f"no novation of {reference} is known, or another was proposed just now")
    connection = await raw(session)
    parties = await parties_of(connection, reference, novation.takes_effect_on)
    supplier, customers = _after(novation, parties)
    leaving = await leaving_on(session, contract, novation.takes_effect_on)
    refuse(
        [
            *await _why_closed(session, novation),
            *contract.why_not_end(stated_at),
            *_why_not(contract, leaving, novation, parties, today=today),
            *await _why_moving(connection, contract),
            *await _why_ending(session, contract),
            *await _why_not_consented(session, novation, parties),
            *await why_unsettled(connection, [reference]),
            *await why_not_open(connection, customers, days=(today, novation.takes_effect_on)),
        ]
    )
    new = await _begin(session, contract, novation, customers, supplier, stated_at=stated_at)
    signature = act_of(None, None, by=by, today=today, stated_at=stated_at)
    await bind(session, new, customers, signature, stated_at=stated_at, by=by)
    new.version += 1
    await _end(session, contract, new, parties, novation.takes_effect_on, stated_at=stated_at, by=by)
    session.add(NovationCompletion(novation_id=novation.id, contract_id=new.id, stated_at=stated_at))
    await _publish(session, contract, new, novation, customers, stated_at=stated_at, by=by)
    await follow_since_start(session, new, customers, stated_at=stated_at, by=by)
    await session.refresh(new, ["version"])
    return contract, new


async def _begin(
    session: AsyncSession,
    contract: Contract,
    novation: Novation,
    customers: Sequence[str],
    supplier: str,
    *,
    stated_at: datetime,
) -> Contract:
    """Insert the contract that begins, with the terms of the one that ends."""
    day = novation.takes_effect_on
    lead = await coordinator_on(await raw(session), contract, day)
    new = await add_contract(
        session,
        novation.into,
        await _terms(session, contract, day, supplier),
        customers,
        stated_at=stated_at,
        coordinator=novation.entering if lead == novation.leaving else lead,
        continues=contract,
    )
    new.notice_rule = contract.notice_rule
    return new


async def _publish(
    session: AsyncSession,
    contract: Contract,
    new: Contract,
    novation: Novation,
    customers: Sequence[str],
    *,
    stated_at: datetime,
    by: Caller,
) -> None:
    """Publish the contract that begins, with the shares that it takes over."""
    cost = await _take_over_shares(session, contract, new, novation, stated_at=stated_at, by=by)
    await outbox.add(session, _signed(new, customers, contract, cost, stated_at), version=new.version)
    await publish_terms(session, new, new.starts_on, stated_at=stated_at)
    if cost is not None:
        day, host = novation.takes_effect_on, new.supplier_code
        await publish_shares(session, new, customers, host, on=day, stated_at=stated_at)


async def _locked(session: AsyncSession, reference: str, *, entering: str | None, by: Caller, today: date) -> Contract:
    """Return the contract, locked with its parties and who enters, for who acts for one of its parties."""
    await _must_be_party(await raw(session), reference, by=by, today=today)
    [contract] = await lock_to_bind(session, [reference], suppliers=[entering] if entering else [])
    await _must_be_party(await raw(session), reference, by=by, today=today)
    return contract


async def _must_be_party(connection: asyncpg.Connection, reference: str, *, by: Caller, today: date) -> None:
    by.must_have(Role.CONTRACT_LEAD)
    await must_know(connection, [reference], by=by, today=today)
    parties = await parties_of(connection, reference, today)
    await must_act_for_one_of(connection, parties.all, because=OWN_ACT, by=by, today=today)


async def _novation(session: AsyncSession, reference: str) -> Novation | None:
    query = _LATEST.join(Contract, Contract.id == Novation.contract_id).where(Contract.reference == reference)
    return (await session.scalars(query)).one_or_none()


async def _why_closed(session: AsyncSession, novation: Novation) -> list[DomainError]:
    done = await session.get(NovationCompletion, novation.id)
    return [NovationNotPossible(f"the novation into {novation.into} was completed")] if done else []


def _why_not(
    contract: Contract, leaving: Leaving, change: ProposeNovation | Novation, parties: Parties, *, today: date
) -> list[DomainError]:
    """Return the reasons against this change of a party on its day."""
    reasons: list[Reason] = []
    day = change.takes_effect_on
    ends_on = _ends_on(contract, leaving, day)
    if not contract.starts_on < day <= ends_on:
        term = f"{contract.reference} runs from {contract.starts_on} to {ends_on}"
        reasons.append(Reason(f"{term}: none of it is left to novate on {day}", "takes_effect_on"))
    if day < today:
        reasons.append(Reason(f"{day} has passed: a novation takes effect today or later", "takes_effect_on"))
    there = [parties.supplier] if change.role == "supplier" else list(parties.customers)
    if change.leaving not in there:
        reasons.append(Reason(f"{change.leaving} is no {change.role} of {contract.reference} on {day}", "leaving"))
    if change.entering in there:
        reasons.append(Reason(f"{change.entering} is {change.role} of {contract.reference} already", "entering"))
    return [NovationNotPossible(reason.message, reasons=[reason]) for reason in reasons]


async def _why_moving(connection: asyncpg.Connection, contract: Contract) -> list[DomainError]:
    """Return the reason against a novation where a plan to which all have committed moves the contract."""
    plan = await connection.fetchval(_MOVING, contract.reference)
    return [NovationNotPossible(f"{contract.reference} moves into another by the plan {plan}")] if plan else []


async def _why_ending(session: AsyncSession, contract: Contract) -> list[DomainError]:
    """Return a reason for each end that stands: the contract that begins would not know of it."""
    found: list[DomainError] = []
    for one in await standing_ends(await raw(session), contract):
        what = described(contract.reference, one.part)
        message = f"{one.cause} ends {what} with {one.exit_day}: withdraw it, or novate after that day"
        found.append(NovationNotPossible(message, reasons=[Reason(message, "takes_effect_on")]))
    return found


async def _consenting(
    connection: asyncpg.Connection, parties: Sequence[str], command: ConsentToNovation, *, by: Caller, today: date
) -> list[str]:
    """Return the parties for whom the caller consents. No body consents for all: a loader names one, and its paper."""
    if by.is_national:
        by.must_have(Role.LOADER)
        if command.party is None:
            raise NotYoursToDecide("no body consents for all parties: name the one whose document shows its consent")
        if command.document is None:
            message = "another records this consent: name the document that shows it"
            raise DocumentMissing(message, reasons=[Reason(message, "document")])
    asked = [command.party] if command.party else parties
    own = await must_act_for_one_of(connection, asked, because=OWN_ACT, by=by, today=today)
    strangers = set(own).difference(parties)
    if strangers:
        raise NotYoursToDecide(f"{', '.join(sorted(strangers))} is no party to this novation")
    return own


async def _consent(
    session: AsyncSession,
    novation: Novation,
    parties: Sequence[str],
    act: _Act,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    rows = [
        {
            "novation_id": novation.id,
            "party_code": code,
            "consented_on": today,
            "stated_at": stated_at,
            "recorded_by": by.subject,
            "document": act.document,
            "authority": act.authority,
        }
        for code in sorted(set(parties))
    ]
    # Each consents once: a repetition, also one that is sent at the same time, changes nothing.
    if rows:
        await session.execute(insert(NovationConsent).values(rows).on_conflict_do_nothing())


async def _consents(session: AsyncSession, novation: Novation) -> list[str]:
    query = select(NovationConsent.party_code).where(NovationConsent.novation_id == novation.id)
    return list((await session.scalars(query)).all())


async def _why_not_consented(session: AsyncSession, novation: Novation, parties: Parties) -> list[DomainError]:
    missing = await missing_consents(
        await raw(session), [*parties.all, novation.entering], await _consents(session, novation)
    )
    messages = [f"{code} has not consented to the novation into {novation.into}" for code in missing]
    return [ConsentMissing(message, reasons=[Reason(message)]) for message in messages]


def _after(novation: Novation, parties: Parties) -> tuple[str, list[str]]:
    """Return the supplier and the customers of the contract that begins."""
    if novation.role == "supplier":
        return novation.entering, list(parties.customers)
    return parties.supplier, sorted({*parties.customers, novation.entering} - {novation.leaving})


def _ends_on(contract: Contract, leaving: Leaving, day: date) -> date:
    """Return the last day of the term in which a day lies; of a contract that renews also of a later one."""
    return contract.exit_day or max(contract.ends_on, leaving.term_end(leaving.term_on(day)))


async def _terms(session: AsyncSession, contract: Contract, starts_on: date, supplier: str) -> Terms:
    """Return the terms of a contract from a day on, which are those that it had.

    What is counted from its first day is stated as a day, so that its term and its minimum term do not begin anew.
    """
    connection, leaving = await raw(session), await leaving_on(session, contract, starts_on)
    charges = await charges_on(connection, contract, starts_on)
    conditions = await conditions_on(connection, contract, starts_on)
    first_exit = leaving.minimum_ends_on
    exit_terms = leaving.terms.model_dump(mode="json") | {"initial_months": None, "minimum_months": None}
    changed: dict[str, Any] = {
        "supplier": supplier,
        "starts_on": starts_on,
        "last_day": _ends_on(contract, leaving, starts_on),
        "notice_months": conditions.notice_months,
        "other_parties": conditions.other_parties,
        "exit_terms": None if conditions.exit_terms is None else exit_terms,
        "earliest_exit_on": first_exit if first_exit and first_exit >= starts_on else None,
        "lines": [{"function": code, "annual_pence": pence} for code, pence in charges.items()],
        "care_model": None,
    }
    kept = {name: getattr(contract, name) for name in Terms.model_fields if name not in changed}
    return Terms.model_validate(kept | changed)


async def _end(
    session: AsyncSession,
    contract: Contract,
    new: Contract,
    parties: Parties,
    day: date,
    *,
    stated_at: datetime,
    by: Caller,
) -> None:
    """End the contract that is novated the day before, and publish what takes its place."""
    contract.end(Status.REPLACED, day - timedelta(days=1), reason=NOVATED, note=None, agreement=None)
    contract.replaced_by = new.id
    await session.flush()
    ended = NewStatement(contract.id, FACET, Status.REPLACED.value, Days(day), stated_at)
    await life.state(await raw(session), [ended], source=f"novation into {new.reference}", by=by.subject)
    event = ContractTerminated(
        effective_on=day,
        stated_at=stated_at,
        contract=contract.reference,
        supplier=parties.supplier,
        customers=parties.customers,
        reason=exit_reasons_on(day).title_of(NOVATED),
        into=new.reference,
    )
    await outbox.add(session, event, version=contract.version)
    await drop_other_prices(session, contract, stated_at=stated_at)


async def _take_over_shares(
    session: AsyncSession, old: Contract, new: Contract, novation: Novation, *, stated_at: datetime, by: Caller
) -> ShareTable | None:
    """State the tables of shares of the contract that ends, with who enters in its place; return that of cost."""
    connection = await raw(session)
    tables = await tables_on(connection, old, novation.takes_effect_on)
    if novation.role == "customer":
        tables = {kind: table.moved([novation.leaving], [novation.entering]) for kind, table in tables.items()}
    for kind, table in tables.items():
        await state_table(connection, new, kind, table, (), days=Days(), stated_at=stated_at, by=by)
    return tables.get("cost")


def _signed(
    new: Contract, customers: Sequence[str], old: Contract, cost: ShareTable | None, stated_at: datetime
) -> ContractSigned:
    pence = {line.function: line.annual_pence for line in new.lines}
    return ContractSigned(
        effective_on=new.starts_on,
        stated_at=stated_at,
        contract=new.reference,
        title=functions_of(new).titles_of(new.functions),
        supplier=new.supplier_code,
        customers=tuple(customers),
        functions=new.functions,
        last_day=new.last_day,
        annual_pence=new.annual_pence,
        function_pence=tuple(pence[function] for function in new.functions),
        customer_shares=cost.fractions(customers) if cost else (),
        value_basis=new.value_basis,
        indexation=new.indexation or "",
        price_year=new.price_year or "",
        form=new.form or "",
        procurement=new.procurement or "",
        out_of=old.reference,
    )
