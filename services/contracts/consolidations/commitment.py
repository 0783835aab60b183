"""Commits the members to a plan, in one transaction: the shared contract is signed, every way out is agreed.

This is the pivot. Any refusal leaves everything as it was; after it the plan only goes forward.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import lcm

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import ConsolidationAgreed, ContractSigned
from libs.common.messaging import outbox
from libs.common.money import apportion
from libs.common.temporal.history import Days
from services.contracts.agreements.catalogue import functions_on
from services.contracts.agreements.commands import add_contract, lock_to_bind
from services.contracts.agreements.shares import publish_shares, state_table
from services.contracts.authorities.commands import why_not_authorised
from services.contracts.bodies.queries import tiers_of_functions
from services.contracts.consolidations.commands import SHARED_SERVICE
from services.contracts.core.acts import act_of
from services.contracts.core.codes import Document
from services.contracts.core.errors import ContractAlreadyEnded, refuse
from services.contracts.core.models import Contract
from services.contracts.core.rights import Expect
from services.contracts.core.shares import ShareTable
from services.contracts.exits.statements import publish_terms
from services.contracts.mergers.to_remake import why_unsettled
from services.contracts.part_ends.payments import ON_THE_END, AgreedPrice, plan_price
from services.contracts.plans.assessment import termination_of
from services.contracts.plans.changes import Statement, add_acts, get_plan_to_change, reread
from services.contracts.plans.commands import why_not_brought
from services.contracts.plans.contracts import OldContract, day_before, leaving_of, load_contracts
from services.contracts.plans.errors import NotYetApproved, NotYetFeasible
from services.contracts.plans.feasibility import way_out
from services.contracts.plans.models import COMMIT, ExitChoice, Kind, PlanState, Preparation
from services.contracts.plans.prices import lines_of, priced
from services.contracts.plans.queries import Plan
from services.contracts.plans.rules import (
    Step,
    accepted_revision,
    by_contract,
    joined_parts,
    prepared,
    state,
    submission,
    waiting_for,
)
from services.contracts.signing.completion import bind, why_not_open
from services.contracts.terminations.errors import NoticeUnproved
from services.contracts.terminations.notices import PlanNotice, serve_for_plan
from services.contracts.transfers.successions import follow_since_start

_LEAVING = """
SELECT s.contract, p.reference
  FROM plan_step s JOIN plan_revision r ON r.id = s.revision_id JOIN consolidation_plan p ON p.id = r.plan_id
  JOIN plan_act c ON c.plan_id = p.id AND c.kind = 'committed' AND c.revision = r.number
 WHERE s.contract = ANY($1) AND p.id <> $2 ORDER BY s.contract
"""


class CommitPlan(BaseModel):
    """The commitment of all members to the current revision."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{}, {"document": "Agreement of 12 January 2018"}]}
    )

    document: Document | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """What a shared contract charges those of its members that have joined: each pays its part of the whole."""

    annual_pence: int
    customers: tuple[str, ...]
    customer_shares: tuple[str, ...]
    functions: tuple[str, ...]
    function_pence: tuple[int, ...]


async def commit_plan(
    session: AsyncSession, reference: str, command: CommitPlan, statement: Statement, *, expect: Expect
) -> Plan:
    """Sign the shared contract, serve notice or agree the price of each old one, all or none.

    Every member has accepted the current revision, so that one of them may do it for all. Raises ConsolidationNotFound,
    NotYoursToDecide, PlanEnded, PastThePivot, NotYetFeasible, NotYetApproved, NotAMember, CustomerNotOpen,
    AuthorityMissing, ReferenceTaken, ContractAlreadyEnded, AgreementUnsettled, NoticeUnproved,
    ChangingHands.
    """
    plan = await get_plan_to_change(session, reference, statement, expect=expect)
    must_be_approved(plan)
    connection, today = await raw(session), statement.today
    current, shared = plan.history.current, plan.shared
    await lock_to_bind(session, current.contracts, suppliers=[shared.supplier, *current.members])
    on = day_before(shared.starts_on)
    contracts = await load_contracts(session, current.contracts, on=on, locked=True)
    refuse(
        [
            *why_not_brought(contracts, current.members, statement),
            *await _why_leaving_already(connection, plan),
            *await why_unsettled(connection, current.contracts),
            *_why_not_left(plan, contracts, today=today),
            *_why_not_begun(plan, contracts),
            *_why_unproved(plan, contracts, command),
            *await why_not_open(connection, current.members, days=(today, max(today, shared.starts_on))),
            *await _why_not_authorised(connection, plan, on=today),
        ]
    )
    first = first_customers(plan, contracts)
    contract = await add_contract(session, shared.reference, shared, current.members, stated_at=statement.stated_at)
    signature = act_of(None, command.document, by=statement.by, today=today, stated_at=statement.stated_at)
    minutes = {member: acceptance_of(plan, member) for member in current.members}
    await bind(session, contract, first, signature, stated_at=statement.stated_at, by=statement.by, minutes=minutes)
    contract.version += 1
    await add_acts(session, plan.id, current.number, statement, {"kind": Kind.COMMITTED.value})
    await outbox.add(session, await _signed(session, plan, contract, first, statement))
    await publish_terms(session, contract, contract.starts_on, stated_at=statement.stated_at)
    await _agree_ways_out(session, plan, contracts, statement, document=command.document)
    await outbox.add(session, _agreed(plan, contract, first, statement))
    await agree_shares(session, contract, weights_of(plan), first, statement, on=contract.starts_on)
    await follow_since_start(session, contract, first, stated_at=statement.stated_at, by=statement.by)
    return await reread(session, plan)


def must_be_approved(plan: Plan) -> None:
    """Raise NotYetFeasible or NotYetApproved, with each member that has not accepted the current revision."""
    now = state(plan.history)
    if now is PlanState.PLANNED:
        raise NotYetFeasible(f"{plan.reference} has not been assessed")
    if submission(plan.history) is None:
        raise NotYetApproved(f"{plan.reference} has not been submitted")
    if missing := waiting_for(plan.history):
        number = plan.history.current.number
        raise NotYetApproved(
            f"{plan.reference}: {', '.join(missing)} did not accept revision {number}",
            reasons=[Reason(f"{one} did not accept revision {number}", "members") for one in missing],
        )


async def _why_not_authorised(db: Reads, plan: Plan, *, on: date) -> list[DomainError]:
    """Return a refusal for each member without a decision on the revision that it accepted, where the pack asks it."""
    found: list[DomainError] = []
    for member in plan.history.current.members:
        found += await why_not_authorised(
            db,
            COMMIT,
            plan.reference,
            [member],
            on=on,
            field="members",
            revision=accepted_revision(plan.history, member),
        )
    return found


async def _why_leaving_already(db: Reads, plan: Plan) -> list[DomainError]:
    """Return a refusal for each contract that leaves by another plan, to which its members have committed."""
    rows = await db.fetch(_LEAVING, list(plan.history.current.contracts), plan.id)
    messages = [f"{row['contract']} ends by {row['reference']}" for row in rows]
    return [ContractAlreadyEnded(message, reasons=[Reason(message, "contracts")]) for message in messages]


def _why_not_left(plan: Plan, contracts: Sequence[OldContract], *, today: date) -> list[DomainError]:
    """Return the reasons why contracts can no longer be left as the members accepted it."""
    steps, found = by_contract(plan.history.current.steps), list[DomainError]()
    for one in contracts:
        step = steps[one.reference]
        message = _not_paid(plan, step) if step.choice is ExitChoice.PAY else _not_free(plan, one, step, today)
        if message:
            found.append(NotYetFeasible(message, reasons=[Reason(message, "contracts")]))
    return found


def _why_unproved(plan: Plan, contracts: Sequence[OldContract], command: CommitPlan) -> list[DomainError]:
    """Return a refusal for each contract that asks for proof of service, where no document gives it."""
    steps = by_contract(plan.history.current.steps)
    messages = [
        f"{one.reference} asks for proof of service"
        for one in contracts
        if steps[one.reference].choice is ExitChoice.WAIT
        and leaving_of(one).terms.proof_required
        and command.document is None
    ]
    return [NoticeUnproved(message, reasons=[Reason(message, "document")]) for message in messages]


def _why_not_begun(plan: Plan, contracts: Sequence[OldContract]) -> list[DomainError]:
    """Return a refusal where no member would be a customer on the first day, because the first to move withdrew."""
    if first_customers(plan, contracts):
        return []
    message = f"no contract moves on {plan.shared.starts_on}: revise the plan's first day, or pay for one of them"
    return [NotYetFeasible(message, reasons=[Reason(message, "contracts")])]


def _not_free(plan: Plan, old: OldContract, step: Step, today: date) -> str:
    way = way_out(old, go_live_on=plan.shared.starts_on, today=today)
    if way.earliest_exit_on <= day_before(step.exit_on):
        return ""
    return f"{old.reference} can be left by {way.earliest_exit_on} at the earliest, not by {day_before(step.exit_on)}"


def _not_paid(plan: Plan, step: Step) -> str:
    agreement = prepared(plan.history, step.contract).get(Preparation.AGREEMENT)
    if agreement is None:
        return f"{step.contract}: its supplier has not agreed to end by {day_before(step.exit_on)}"
    if step.price_pence is None or agreement.price_pence != step.price_pence:
        return f"{step.contract}: the price that its supplier agreed to is not the one that the members accepted"
    return ""


def first_customers(plan: Plan, contracts: Sequence[OldContract]) -> list[str]:
    """Return the members that move on the first day: those whose contracts do, and those that have none."""
    steps, first = by_contract(plan.history.current.steps), plan.shared.starts_on
    days: dict[str, date] = {}
    for one in contracts:
        for code in one.customers:
            days[code] = min(days.get(code, date.max), steps[one.reference].move_on)
    return [member for member in plan.history.current.members if days.get(member, first) <= first]


def charge_of(plan: Plan, weights: Mapping[str, Fraction], joined: Collection[str]) -> Charge:
    """Return what the shared contract charges those who have joined, of the whole charge divided by weights."""
    lines = sorted(plan.shared.lines, key=lambda line: line.function)
    whole = sum(line.annual_pence for line in lines)
    annual, customers, shares = joined_parts(whole, sorted(weights.items()), joined)
    parts = apportion(annual, [line.annual_pence for line in lines]) if whole else [0] * len(lines)
    return Charge(annual, customers, shares, tuple(line.function for line in lines), tuple(parts))


async def agree_shares(
    session: AsyncSession,
    contract: Contract,
    weights: Mapping[str, Fraction],
    joined: Sequence[str],
    at: Statement,
    *,
    on: date,
) -> None:
    """State and publish the table by which those who have joined divide the charge from a day."""
    unit = lcm(*(weights[code].denominator for code in joined))
    parts = {code: int(weights[code] * unit) for code in joined}
    table = ShareTable(sum(parts.values()), parts)
    days = Days() if on <= contract.starts_on else Days(on)
    await state_table(await raw(session), contract, "cost", table, (), days=days, stated_at=at.stated_at, by=at.by)
    await publish_shares(session, contract, joined, contract.supplier_code, on=on, stated_at=at.stated_at)


def weights_of(plan: Plan) -> dict[str, Fraction]:
    """Return the share of each member in the whole charge."""
    current = plan.history.current
    return {member: current.share(member) for member in current.members}


def acceptance_of(plan: Plan, member: str) -> str:
    """Return the decision or minute by which a member accepted the revision that counts for it."""
    number = accepted_revision(plan.history, member)
    acts = (act for act in plan.history.of(Kind.ACCEPTED, Kind.APPROVED) if act.member == member)
    return next((act.decision or act.document for act in acts if act.revision == number), "")


def decisions_of(plan: Plan) -> tuple[str, ...]:
    """Return the decisions and minutes by which the members accepted."""
    return tuple(sorted({acceptance_of(plan, member) for member in plan.history.current.members} - {""}))


async def _agree_ways_out(
    session: AsyncSession, plan: Plan, contracts: Sequence[OldContract], statement: Statement, *, document: str | None
) -> None:
    """Serve the notice or agree the price by which each contract ends; a term that ends by itself needs neither."""
    steps = by_contract(plan.history.current.steps)
    for one in contracts:
        step, termination = steps[one.reference], termination_of(plan, one.reference)
        if step.choice is ExitChoice.PAY:
            price = priced(
                one,
                step,
                termination=termination,
                status="agreed",
                on=statement.today,
                stated_at=statement.stated_at,
            )
            await outbox.add(session, price)
            agreed = AgreedPrice(one.contract, termination, lines_of(one, step))
            await plan_price(session, agreed, waits_for=ON_THE_END, stated_at=statement.stated_at)
            continue
        notice = PlanNotice(termination, plan.reference, day_before(step.exit_on), SHARED_SERVICE, document)
        await serve_for_plan(
            session,
            one.contract,
            one.parties,
            notice,
            by=statement.by,
            today=statement.today,
            stated_at=statement.stated_at,
        )


async def _signed(
    session: AsyncSession, plan: Plan, contract: Contract, first: Sequence[str], statement: Statement
) -> ContractSigned:
    shared, charge = plan.shared, charge_of(plan, weights_of(plan), first)
    return ContractSigned(
        effective_on=shared.starts_on,
        stated_at=statement.stated_at,
        contract=contract.reference,
        title=functions_on(shared.starts_on, care_model=shared.care_model is not None).titles_of(charge.functions),
        supplier=shared.supplier,
        customers=charge.customers,
        functions=charge.functions,
        last_day=shared.last_day,
        annual_pence=charge.annual_pence,
        customer_shares=charge.customer_shares,
        function_pence=charge.function_pence,
        function_tiers=await tiers_of_functions(
            await raw(session), charge.customers, charge.functions, as_at=shared.starts_on
        ),
        value_basis=shared.value_basis,
        decisions=decisions_of(plan),
    )


def _agreed(plan: Plan, contract: Contract, first: Sequence[str], statement: Statement) -> ConsolidationAgreed:
    steps = by_contract(plan.history.current.steps)
    return ConsolidationAgreed(
        effective_on=statement.today,
        stated_at=statement.stated_at,
        plan=plan.reference,
        contract=contract.reference,
        supplier=plan.shared.supplier,
        customers=plan.history.current.members,
        replaced=plan.history.current.contracts,
        move_on=tuple(steps[one].move_on for one in plan.history.current.contracts),
        functions=charge_of(plan, weights_of(plan), first).functions,
        annual_pence=plan.history.current.annual_pence,
        previous_annual_pence=plan.previous_pence,
        initiative=plan.reference,
        decisions=decisions_of(plan),
    )
