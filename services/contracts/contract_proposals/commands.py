"""Records what sources let one infer, once each, and what a person who acts for the customer decides on it."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import asyncpg
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller, Role
from libs.common.process.clock import day_of
from services.contracts.agreements.commands import draft_contract
from services.contracts.agreements.terms import DraftContract
from services.contracts.contract_proposals.errors import ProposalDecided, ProposalNotFound
from services.contracts.contract_proposals.models import ContractProposal, ProposalDecision
from services.contracts.contract_proposals.rules import NewProposal, why_other_parties
from services.contracts.core.codes import Text
from services.contracts.core.errors import refuse
from services.contracts.core.models import Contract, known
from services.contracts.core.rights import must_act_for_customers
from services.contracts.core.sight import reads_through

_PROPOSE = """
INSERT INTO contract_proposal
       (reference, source, source_key, customer, customer_as_published, supplier, supplier_as_published, title,
        starts_on, last_day, value_pence, evidence, stated_at, recorded_by)
SELECT p.reference, p.source, p.source_key, p.customer, p.customer_as_published, p.supplier, p.supplier_as_published,
       p.title, p.starts_on, p.last_day, p.value_pence, p.evidence::jsonb, $13, $14
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
              $9::date[], $10::date[], $11::bigint[], $12::text[])
       AS p (reference, source, source_key, customer, customer_as_published, supplier, supplier_as_published, title,
             starts_on, last_day, value_pence, evidence)
    ON CONFLICT (source, source_key) DO NOTHING
RETURNING reference
"""


class ConfirmProposal(DraftContract):
    """The whole contract that the proposal is about, as a draft states it: what the evidence leaves open included."""

    model_config = ConfigDict(title="ConfirmProposal")


class RejectProposal(BaseModel):
    """Why what a source lets one infer is no contract."""

    model_config = ConfigDict(extra="forbid")

    reason: Text


async def propose_contracts(
    session: AsyncSession, proposals: Sequence[NewProposal], *, stated_at: datetime, by: Caller
) -> frozenset[str]:
    """Insert what is not proposed yet; return the references of the new ones. What is there stays as it is."""
    once = {(one.source, one.key): one for one in proposals}
    rows = [_row(one) for one in sorted(once.values(), key=lambda one: one.reference)]
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 12
    new = await (await raw(session)).fetch(_PROPOSE, *columns, stated_at, by.subject)
    return frozenset(row["reference"] for row in new)


def _row(one: NewProposal) -> tuple[Any, ...]:
    return (
        one.reference,
        one.source.value,
        one.key,
        one.customer,
        one.customer_as_published,
        one.supplier,
        one.supplier_as_published,
        one.title,
        one.starts_on,
        one.last_day,
        one.value_pence,
        json.dumps([item.model_dump(mode="json") for item in one.evidence]),
    )


async def confirm_proposal(
    session: AsyncSession, reference: str, command: ConfirmProposal, *, by: Caller, today: date, stated_at: datetime
) -> Contract:
    """Draft the contract that a proposal is about; it is signed as every draft is.

    Raises RoleMissing, ProposalNotFound, NotYoursToDecide, ProposalDecided, OtherParties, and what a draft raises.
    """
    proposal = await _to_decide(session, reference, by=by, today=today)
    connection = await raw(session)
    refuse(
        why_other_parties(
            await _with_heirs(connection, proposal.customer, today),
            await _with_heirs(connection, proposal.supplier, today),
            command.customers,
            command.supplier,
        )
    )
    contract = await draft_contract(session, command, by=by, today=today, stated_at=stated_at)
    await _decide(session, proposal, contract_id=contract.id, today=today, stated_at=stated_at, by=by)
    return contract


async def reject_proposal(
    session: AsyncSession, reference: str, command: RejectProposal, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Record that a proposal is no contract.

    Raises RoleMissing, ProposalNotFound, NotYoursToDecide, ProposalDecided.
    """
    proposal = await _to_decide(session, reference, by=by, today=today)
    await _decide(session, proposal, reason=command.reason, today=today, stated_at=stated_at, by=by)


async def _to_decide(session: AsyncSession, reference: str, *, by: Caller, today: date) -> ContractProposal:
    """Return an open proposal, locked, for who acts for its customer; of an unknown one, for a national body.

    The right is checked before the lock: a row of a proposal is never changed, so that it is still the same after it.
    """
    by.must_have(Role.CONTRACT_LEAD)
    query = select(ContractProposal).where(ContractProposal.reference == reference)
    proposal = (await session.scalars(query)).one_or_none()
    connection = await raw(session)
    codes = await reads_through(connection, by)
    if proposal is None or not (codes is None or proposal.customer in codes):
        raise ProposalNotFound(f"no proposal {reference} is known")
    if proposal.customer is not None:
        await must_act_for_customers(connection, [proposal.customer], by=by, today=today)
    await session.scalars(query.with_for_update())
    decided = await session.get(ProposalDecision, proposal.id, populate_existing=True)
    if decided is not None:
        outcome = "rejected" if decided.contract_id is None else "confirmed"
        raise ProposalDecided(f"{reference} was {outcome} on {decided.decided_on}")
    return proposal


async def _with_heirs(connection: asyncpg.Connection, code: str | None, today: date) -> frozenset[str]:
    """Return a party with who has taken it over whole; nothing where it is not known who it is."""
    return frozenset() if code is None else await known.deciders(connection, [code], today=today)


async def _decide(
    session: AsyncSession,
    proposal: ContractProposal,
    *,
    contract_id: int | None = None,
    reason: str | None = None,
    today: date,
    stated_at: datetime,
    by: Caller,
) -> None:
    session.add(
        ProposalDecision(
            proposal_id=proposal.id,
            contract_id=contract_id,
            reason=reason,
            decided_on=min(today, day_of(stated_at)),
            stated_at=max(stated_at, proposal.stated_at),
            recorded_by=by.subject,
        )
    )
    await session.flush()
