"""Moves each contract of a plan to the shared service on its day: due work, one contract a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.contracts import ContractTerminated, ContractVaried, ServiceConsolidated
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.catalogue import exit_reasons_on, functions_of
from services.contracts.agreements.commands import lock_to_bind
from services.contracts.bodies.queries import standing_bodies, tiers_of_functions
from services.contracts.consolidations.commands import SHARED_SERVICE
from services.contracts.consolidations.commitment import Charge, agree_shares, charge_of, decisions_of, weights_of
from services.contracts.core.models import (
    FACET,
    Consolidation,
    Contract,
    ContractCustomer,
    Status,
    coordination,
    customership,
    known,
    life,
)
from services.contracts.exits.prices.price import columns_of
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind
from services.contracts.part_ends.payments import AgreedPrice, drop_other_prices, drop_price, price_falls_due
from services.contracts.plans.assessment import termination_of
from services.contracts.plans.changes import Statement, add_acts, lock_plans, reread
from services.contracts.plans.contracts import OldContract, day_before, load_contracts
from services.contracts.plans.models import ExitChoice, Kind, Preparation
from services.contracts.plans.prices import lines_of
from services.contracts.plans.queries import Plan
from services.contracts.plans.rules import Step, by_contract, moved, prepared
from services.contracts.signing.completion import why_not_open
from services.contracts.terminations.notices import carry_out

# A move that was blocked on a day is tried again on a later one.
_NEXT = """
SELECT r.plan_id, s.contract
  FROM plan_step s JOIN plan_revision r ON r.id = s.revision_id
  JOIN plan_act c ON c.plan_id = r.plan_id AND c.kind = 'committed' AND c.revision = r.number
 WHERE s.move_on <= $1
   AND NOT EXISTS (SELECT FROM plan_act a WHERE a.plan_id = r.plan_id AND a.contract = s.contract
                      AND (a.kind = 'moved' OR a.kind = 'blocked' AND a.effective_on >= $1))
 ORDER BY s.move_on, s.contract LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class _Move:
    """One contract of a plan, whose customers move into the shared contract on the step's day."""

    plan: Plan
    step: Step
    old: OldContract
    shared: Contract
    statement: Statement
    customers: Sequence[str]
    """Who moves: its customers, or who succeeded them by then."""


async def move_next(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Move the next contract that is due by a day; return how many, 0 where none is due.

    A contract whose customers are not all open then stays where it is, as a finding, and is tried again.
    """
    row = await (await raw(session)).fetchrow(_NEXT, up_to)
    if row is None:
        return 0
    [plan] = await lock_plans(session, [row["plan_id"]])
    step = by_contract(plan.history.current.steps)[row["contract"]]
    await lock_to_bind(session, [step.contract, plan.shared.reference])
    last_day = day_before(step.exit_on)
    # A price is the one that was agreed: of the staff and the shares as known at the commitment.
    [committed] = plan.history.of(Kind.COMMITTED)
    [old] = await load_contracts(session, [step.contract], on=last_day, as_known=committed.stated_at)
    [shared] = await load_contracts(session, [plan.shared.reference], on=step.move_on)
    statement = Statement(today=up_to, stated_at=stated_at, by=by)
    customers = sorted(set((await standing_bodies(await raw(session), old.customers, on=step.move_on)).values()))
    shut = await why_not_open(await raw(session), customers, days=[step.move_on])
    if shut:
        act = {"kind": Kind.BLOCKED.value, "contract": step.contract, "detail": shut[0].message}
        await add_acts(session, plan.id, plan.history.current.number, statement, act)
        await raise_findings(session, [_late(plan, step, old, on=up_to)], stated_at=stated_at)
        return 1
    move = _Move(plan, step, old, shared.contract, statement, customers)
    await _move(session, move, already=shared.parties.customers)
    return 1


async def _move(session: AsyncSession, move: _Move, *, already: Sequence[str]) -> None:
    """End the old contract, let its customers join the shared one, and sum up after the last."""
    events: list[Event] = []
    if ends := move.old.contract.status == Status.SIGNED:
        events.append(_terminated(move, await _end(session, move)))
    joining = [code for code in move.customers if code not in already]
    if joining:
        charge = await _join(session, move, joining, already)
        tiers = await tiers_of_functions(
            await raw(session), charge.customers, charge.functions, as_at=move.step.move_on
        )
        events.append(_varied(move, charge, tiers))
    await outbox.add_all(session, events)
    await _pay(session, move, ends=ends)
    act = {"kind": Kind.MOVED.value, "contract": move.step.contract, "effective_on": move.step.move_on}
    await add_acts(session, move.plan.id, move.plan.history.current.number, move.statement, act)
    settled = move.statement.stated_at
    await clear_findings(
        session, [_key(move.plan, move.step)], on=move.statement.today, reason="moved", stated_at=settled
    )
    plan = await reread(session, move.plan)
    if moved(plan.history) == set(plan.history.current.contracts):
        await _sum_up(session, move, plan)


def _late(plan: Plan, step: Step, old: OldContract, *, on: date) -> NewFinding:
    return NewFinding(
        key=_key(plan, step),
        kind=FindingKind.LATE,
        about=(plan.reference, step.contract),
        parties=plan.history.current.members,
        text=f"{step.contract} was to move on {step.move_on} by {plan.reference}: {', '.join(old.customers)} not open",
        effective_on=on,
        due_on=step.move_on,
    )


def _key(plan: Plan, step: Step) -> str:
    return f"{FindingKind.LATE}:{plan.reference}:{step.contract}"


async def _end(session: AsyncSession, move: _Move) -> str:
    """End the old contract, by its notice where one was served; return the notice's reference, empty for none."""
    contract, step, at = move.old.contract, move.step, move.statement
    agreed = prepared(move.plan.history, step.contract).get(Preparation.AGREEMENT)
    agreement = agreed.document if agreed is not None and step.choice is ExitChoice.PAY else None
    contract.end(Status.REPLACED, day_before(step.exit_on), reason=SHARED_SERVICE, note=None, agreement=agreement)
    contract.replaced_by = move.shared.id
    notice = await carry_out(session, termination_of(move.plan, step.contract), by=at.by, stated_at=at.stated_at)
    if notice is not None:
        contract.notice_served_on, contract.notice_document = notice.served_on, notice.document
    await session.flush()
    ended = NewStatement(contract.id, FACET, Status.REPLACED.value, Days(step.exit_on), at.stated_at)
    await life.state(await raw(session), [ended], source=f"consolidation {move.plan.reference}", by=at.by.subject)
    return notice.reference if notice is not None else ""


async def _pay(session: AsyncSession, move: _Move, *, ends: bool) -> None:
    """Make due what the members agreed to pay for an end by the move, else nothing of it: it had ended otherwise."""
    at, step, contract = move.statement, move.step, move.old.contract
    lines = lines_of(move.old, step) if step.choice is ExitChoice.PAY else []
    price = AgreedPrice(contract, termination_of(move.plan, contract.reference), lines)
    if not ends:
        await drop_price(session, price, stated_at=at.stated_at)
        return
    await price_falls_due(session, price, stated_at=at.stated_at, by=at.by)
    await drop_other_prices(session, contract, but=price.termination, stated_at=at.stated_at)


async def _join(session: AsyncSession, move: _Move, joining: Sequence[str], already: Sequence[str]) -> Charge:
    """PlanState that customers of the old contract are customers of the shared one, and return what it charges then."""
    of_code = {one.customer_code: one for one in move.shared.named_customers}
    move.shared.named_customers.extend(ContractCustomer(customer_code=code) for code in joining if code not in of_code)
    move.shared.version += 1
    await session.flush()
    query = select(ContractCustomer).where(
        ContractCustomer.contract_id == move.shared.id, ContractCustomer.customer_code.in_(joining)
    )
    statements = [
        NewStatement(one.id, FACET, "customer", Days(move.step.move_on), move.statement.stated_at)
        for one in (await session.scalars(query)).all()
    ]
    connection, at = await raw(session), move.statement
    await customership.state(connection, statements, source="signature", by=at.by.subject)
    if len(already) == 1:
        # From the second customer on a contract has a coordinating commissioner.
        lead = NewStatement(move.shared.id, FACET, already[0], Days(move.step.move_on), at.stated_at)
        await coordination.state(connection, [lead], source="signature", by=at.by.subject)
    weights, all_then = await _weights_then(session, move.plan, {*joining, *already}), sorted({*joining, *already})
    await agree_shares(session, move.shared, weights, all_then, at, on=move.step.move_on)
    return charge_of(move.plan, weights, all_then)


async def _weights_then(session: AsyncSession, plan: Plan, customers: set[str]) -> dict[str, Fraction]:
    """Return the share of each body: a customer that succeeded members pays what they would have paid."""
    weights, connection = weights_of(plan), await raw(session)
    for code in sorted(customers.difference(weights)):
        before = await known.predecessors(connection, [code])
        weights[code] = sum((weights.pop(one) for one in sorted(before) if one in weights), Fraction(0))
    return weights


def _terminated(move: _Move, notice: str) -> ContractTerminated:
    step, old = move.step, move.old
    is_paid = step.choice is ExitChoice.PAY
    lines = lines_of(old, step) if is_paid else []
    return ContractTerminated(
        effective_on=step.exit_on,
        stated_at=move.statement.stated_at,
        contract=old.reference,
        supplier=old.parties.supplier,
        customers=old.customers,
        reason=exit_reasons_on(step.exit_on).title_of(SHARED_SERVICE),
        termination=termination_of(move.plan, old.reference) if is_paid else "",
        notice=notice,
        into=move.shared.reference,
        **columns_of(lines),
    )


def _varied(move: _Move, charge: Charge, tiers: tuple[str, ...]) -> ContractVaried:
    return ContractVaried(
        effective_on=move.step.move_on,
        stated_at=move.statement.stated_at,
        contract=move.shared.reference,
        supplier=move.shared.supplier_code,
        customers=charge.customers,
        customer_shares=charge.customer_shares,
        functions=charge.functions,
        function_pence=charge.function_pence,
        function_tiers=tiers,
        annual_pence=charge.annual_pence,
        last_day=move.shared.last_day,
        reason="joined",
        amendment="",
        previous_supplier="",
        decisions=decisions_of(move.plan),
    )


async def _sum_up(session: AsyncSession, move: _Move, plan: Plan) -> None:
    """Publish the whole of what was consolidated, once the last contract has moved."""
    last = max(step.move_on for step in plan.history.current.steps)
    [shared] = await load_contracts(session, [plan.shared.reference], on=last)
    weights = await _weights_then(session, plan, set(shared.customers))
    charge = charge_of(plan, weights, shared.customers)
    event = ServiceConsolidated(
        effective_on=last,
        stated_at=move.statement.stated_at,
        contract=shared.reference,
        title=functions_of(shared.contract).titles_of(charge.functions),
        supplier=shared.parties.supplier,
        customers=charge.customers,
        functions=charge.functions,
        replaced=plan.history.current.contracts,
        last_day=shared.contract.last_day,
        annual_pence=charge.annual_pence,
        previous_annual_pence=plan.previous_pence,
        customer_shares=charge.customer_shares,
        function_pence=charge.function_pence,
        initiative=plan.reference,
        plan=plan.reference,
        summary=True,
    )
    told = await outbox.add(session, event)
    session.add(
        Consolidation(
            contract_id=shared.contract.id,
            previous_annual_pence=plan.previous_pence,
            event=told,
            stated_at=move.statement.stated_at,
        )
    )
    act = {"kind": Kind.CONSOLIDATED.value, "effective_on": last}
    await add_acts(session, plan.id, plan.history.current.number, move.statement, act)
