"""States schedules and achievements, and makes due what they say."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.identity import Caller, Role
from libs.common.process.clock import day_of
from libs.common.rulepacks import in_force
from services.contracts.agreements.commands import get_contracts_to_bind, parties_on
from services.contracts.core.acts import act_of
from services.contracts.core.codes import Day, Document, OdsCode, Proportion, Reference
from services.contracts.core.errors import NoRuleInForce, NotSigned, SignedInTheFuture, refuse
from services.contracts.core.models import Contract, Status
from services.contracts.core.packs import PACKS
from services.contracts.core.rights import must_act_for_customers
from services.contracts.core.sight import sight_of
from services.contracts.payments.commands import make_due_under, plan_payments
from services.contracts.payments.queries import due_under, list_planned, planned_under
from services.contracts.schedules import queries
from services.contracts.schedules.errors import AchievementUnknown, PayerNotACustomer
from services.contracts.schedules.models import Achievement, PaymentSchedule
from services.contracts.schedules.rules import KINDS, ScheduleTerms, falls_due, planned, with_withdrawn

MOST_PENCE = 10**13
"""£100bn: a larger sum is a slip of the pen."""
AT_ONCE = 500
"""Contracts whose payments fall due in one transaction."""
_LOCK = "SELECT FROM contract WHERE id = ANY($1) ORDER BY id FOR UPDATE"


class Payee(BaseModel):
    """Who is paid under a schedule, and its part in proportion to the others."""

    model_config = ConfigDict(extra="forbid")

    code: OdsCode
    weight: int = Field(default=1, strict=True, ge=0, le=10**9, description="Its part in proportion to the others'.")


class StateSchedule(BaseModel):
    """A contract's sum for the whole term: a part in advance at the start, the balance on achievement."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"sum_pence": 800_000_000, "payees": [{"code": "NET01"}, {"code": "NET02"}], "payer": "14Y"}]
        },
    )

    sum_pence: int = Field(strict=True, ge=0, le=MOST_PENCE, description="The sum for the whole term, in pence.")
    payees: list[Payee] = Field(min_length=1, max_length=500)
    payer: OdsCode | None = Field(default=None, description="The customer that pays; may be left out if there is one.")
    advance: Proportion | None = Field(default=None, description="The part in advance; left out, the rule pack's.")
    balance_on: Day | None = Field(
        default=None, description="The day from which balances are due; left out, the last day of the term."
    )
    document: Document | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        codes = [payee.code for payee in self.payees]
        if len(set(codes)) != len(codes):
            raise ValueError("each payee may be named once only")
        if not any(payee.weight for payee in self.payees):
            raise ValueError("weights must not all be zero")
        return self


class StateAchievement(BaseModel):
    """What a payee achieved of what was agreed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "contract": "BUCKS-CHILTERN-2016",
                    "payee": "0CX",
                    "achievement": "17/20",
                    "document": "Review of 31 March 2018",
                }
            ]
        },
    )

    contract: Reference
    payee: OdsCode
    achievement: Proportion
    achieved_on: Day | None = Field(
        default=None, description="Day of measurement; today if left out. An earlier day needs `document`."
    )
    document: Document | None = None


async def state_schedule(
    session: AsyncSession, reference: str, command: StateSchedule, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State how a signed contract is paid, for all its customers; what is due by today falls due at once.

    Stated again, it replaces the one before, and what fell due already is corrected. Raises ContractNotFound,
    NotYoursToDecide, NotSigned, PayerNotACustomer, NoRuleInForce.
    """
    [contract] = await get_contracts_to_bind(session, [reference], by=by, on=today, today=today)
    if contract.status == Status.DRAFT:
        refuse([NotSigned(f"{reference} is a draft")])
    stated_on = min(today, day_of(stated_at))
    payer = await _payer(session, contract, command.payer, today)
    advance, pack = _advance(command, contract.starts_on)
    schedule = PaymentSchedule(
        contract_id=contract.id,
        payer=payer,
        payees=[payee.code for payee in command.payees],
        weights=[payee.weight for payee in command.payees],
        sum_pence=command.sum_pence,
        advance=str(advance),
        pack=pack,
        document=command.document,
        advance_on=max(contract.starts_on, stated_on),
        balance_on=max(command.balance_on or contract.last_day, stated_on),
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(schedule)
    before = await list_planned(await raw(session), contract.id, KINDS, known=queries.NOW)
    items = with_withdrawn(planned(_terms(reference, schedule)), before)
    await plan_payments(session, contract, items, stated_at=stated_at)
    await settle(session, {contract.id: reference}, stated_on=stated_on, up_to=today, stated_at=stated_at, by=by)


async def state_achievement(
    session: AsyncSession, command: StateAchievement, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State what a payee achieved, for its payer: its balance falls due, or is corrected where it fell due already.

    Raises RoleMissing, ContractNotFound, NotYoursToDecide, AchievementUnknown, DocumentMissing, SignedInTheFuture.
    """
    by.must_have(Role.CONTRACT_LEAD)
    connection = await raw(session)
    sight = await sight_of(connection, command.contract, by=by, as_at=today, as_known=None)
    payers = await queries.payers_of(connection, [sight.id])
    if payers:
        payer = (await queries.present_payers(connection, payers, today))[sight.id]
        await must_act_for_customers(connection, [payer], by=by, today=today)
    contract = await session.get_one(Contract, sight.id, with_for_update=True, populate_existing=True)
    items = await list_planned(connection, sight.id, KINDS, known=queries.NOW)
    act = act_of(command.achieved_on, command.document, by=by, today=today, stated_at=stated_at)
    found = act.why_not_documented("achieved_on")
    if act.day > act.recorded_on:
        message = f"{act.day} is still to come: it is recorded on {act.recorded_on}"
        found.append(SignedInTheFuture(message, reasons=[Reason(message, "achieved_on")]))
    if not any(one.condition and one.payee == command.payee for one in items):
        message = f"no balance of {command.contract} waits for what {command.payee} achieves"
        found.append(AchievementUnknown(message, reasons=[Reason(message, "payee")]))
    refuse(found)
    session.add(
        Achievement(
            contract_id=contract.id,
            payee=command.payee,
            achievement=command.achievement,
            achieved_on=act.day,
            document=command.document,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    await session.flush()
    contracts = {contract.id: contract.reference}
    await settle(session, contracts, stated_on=act.recorded_on, up_to=today, stated_at=stated_at, by=by)


async def settle(
    session: AsyncSession,
    contracts: Mapping[int, str],
    *,
    stated_on: date,
    up_to: date,
    stated_at: datetime,
    by: Caller,
) -> int:
    """Make due what schedules and achievements of locked contracts say by a day; return how much.

    `contracts` are their references by id. It asks as often for many contracts as for one.
    """
    connection = await raw(session)
    running = await queries.begun(connection, contracts, up_to)
    payers = {key: payer for key, payer in (await queries.payers_of(connection, contracts)).items() if key in running}
    if not payers:
        return 0
    present = await queries.present_payers(connection, payers, max(up_to, stated_on))
    ids = sorted(payers)
    items = await planned_under(connection, ids, KINDS, known=queries.NOW)
    achievements = await queries.achievements_of(connection, ids)
    due = await due_under(connection, ids, KINDS, known=queries.NOW)
    new = {
        key: falls_due(
            items.get(key, []),
            achievements.get(key, {}),
            due.get(key, []),
            payer=present[key],
            stated_on=stated_on,
            up_to=up_to,
        )
        for key in ids
    }
    return await make_due_under(session, contracts, new, stated_at=stated_at, by=by)


async def payments_fall_due(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Make due what schedules say by a day, the next batch of contracts. Part of the due work."""
    connection = await raw(session)
    after = 0
    while contracts := await queries.list_with_due(connection, up_to, after=after, limit=AT_ONCE):
        await connection.fetch(_LOCK, list(contracts))
        done = await settle(session, contracts, stated_on=date.min, up_to=up_to, stated_at=stated_at, by=by)
        if done:
            return done
        after = max(contracts)
    return 0


def _terms(reference: str, schedule: PaymentSchedule) -> ScheduleTerms:
    return ScheduleTerms(
        contract=reference,
        payer=schedule.payer,
        payees=tuple(schedule.payees),
        weights=tuple(schedule.weights),
        sum_pence=schedule.sum_pence,
        advance=Fraction(schedule.advance),
        advance_on=schedule.advance_on,
        balance_on=schedule.balance_on,
    )


async def _payer(session: AsyncSession, contract: Contract, named: str | None, today: date) -> str:
    day = min(max(today, contract.starts_on), contract.ends_on)
    customers: Sequence[str] = (await parties_on(session, [contract], day))[contract.id].customers
    if named is None and len(customers) == 1:
        return customers[0]
    if named is None or named not in customers:
        message = f"{named or 'nothing'} is none of the customers {', '.join(customers)} on {day}"
        raise PayerNotACustomer(message, reasons=[Reason(message, "payer")])
    return named


def _advance(command: StateSchedule, day: date) -> tuple[Fraction, str | None]:
    """Return the part in advance, and the pack that gives it where the contract does not."""
    if command.advance is not None:
        return Fraction(command.advance), None
    packs = in_force(PACKS, day, subject="network-payments")
    if not packs:
        raise NoRuleInForce(f"no rule on network-payments is in force on {day}: state the part in `advance`")
    return Fraction(packs[0].values["advance"]), packs[0].id
