"""States the triggers of exits, and publishes a shift of cost by the will of those who would leave."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import Code
from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.events.finance import CostShiftFound
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.finance.core.errors import refuse
from services.finance.core.models import known
from services.finance.core.sight import sight_of
from services.finance.cost_shifts.models import ONE_FACET, published_cost_shift, triggers
from services.finance.cost_shifts.queries import get_cost_shift
from services.finance.cost_shifts.rules import MOST_IN_ORDER
from services.finance.cost_shifts.views import CostShiftView, PublishedCostShiftView
from services.finance.parties.errors import PartyUnknown
from services.finance.parties.queries import unknown_parties

MOST_A_HEAD = 10**8
"""£1,000,000 a head and year."""

PerHead = Annotated[int, Field(strict=True, ge=0, le=MOST_A_HEAD, description="Pence a head and year.")]

_INTRODUCE = """
INSERT INTO exit_trigger AS t (organisation, supplier, version) VALUES ($1, $2, 0)
    ON CONFLICT (organisation, supplier) DO UPDATE SET supplier = t.supplier
RETURNING id, version
"""
_COUNT = "UPDATE exit_trigger SET version = version + 1 WHERE id = $1 RETURNING version"
_ONE_BY_ONE = "SELECT pg_advisory_xact_lock(hashtextextended('published_cost_shift ' || $1, 0))"


class StateExitTrigger(BaseModel):
    """Above which price a head the organisation would leave, from a day on."""

    model_config = ConfigDict(extra="forbid")

    effective_on: WrittenDay = Field(examples=["2017-04-01"])
    price_per_head_pence: PerHead | None = Field(description="null: it would leave at no price.", examples=[1500])


class PlannedExit(BaseModel):
    """A customer that would leave, and what its replacement costs a head."""

    model_config = ConfigDict(extra="forbid")

    organisation: Code
    replacement_per_head_pence: PerHead


class PublishCostShift(BaseModel):
    """The exits of which the shift of cost is published."""

    model_config = ConfigDict(extra="forbid")

    exits: tuple[PlannedExit, ...] = Field(min_length=1, max_length=MOST_IN_ORDER)

    @field_validator("exits")
    @classmethod
    def _each_once(cls, exits: tuple[PlannedExit, ...]) -> tuple[PlannedExit, ...]:
        if len({one.organisation for one in exits}) < len(exits):
            raise ValueError("name each customer once")
        return exits


async def _must_act_for(session: AsyncSession, codes: list[str], *, by: Caller, today: date) -> None:
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    await known.must_act_for(connection, await known.deciders(connection, codes, today=today), by=by)


async def state_exit_trigger(
    session: AsyncSession,
    command: StateExitTrigger,
    *,
    organisation: str,
    supplier: str,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Callable[[int], None],
) -> int:
    """State a trigger from a day on, and return its version; `expect` raises on one that was not read.

    Raises NotYoursToDecide, and PartyUnknown with every code that is not known.
    """
    await _must_act_for(session, [organisation], by=by, today=today)
    connection = await raw(session)
    refuse([_not_known(code) for code in await unknown_parties(connection, [organisation, supplier])])
    row = await connection.fetchrow(_INTRODUCE, organisation, supplier)
    assert row is not None
    expect(row["version"])
    price = command.price_per_head_pence
    value = None if price is None else str(price)
    statement = NewStatement(row["id"], ONE_FACET, value, Days(command.effective_on), stated_at)
    stated = await triggers.state(connection, [statement], source="command", by=by.subject)
    return int(await connection.fetchval(_COUNT, row["id"])) if stated.new else int(row["version"])


def _not_known(code: str) -> PartyUnknown:
    message = f"{code} is not known"
    return PartyUnknown(message, reasons=[Reason(message)])


async def publish_cost_shift(
    session: AsyncSession,
    supplier: str,
    command: PublishCostShift,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> PublishedCostShiftView:
    """Publish the shift of cost of some exits as it is today. The caller acts for every customer that would leave.

    Raises NotYoursToDecide, and what computing it raises.
    """
    await _must_act_for(session, [one.organisation for one in command.exits], by=by, today=today)
    connection = await raw(session)
    sight = await sight_of(connection, by)
    replacements = {one.organisation: one.replacement_per_head_pence for one in command.exits}
    shift = await get_cost_shift(
        connection, supplier, replacements, sight=sight, as_at=today, as_known=None, field="exits"
    )
    await connection.execute(_ONE_BY_ONE, supplier)
    latest = select(func.max(published_cost_shift.c.version)).where(published_cost_shift.c.supplier == supplier)
    version = (await session.scalar(latest) or 0) + 1
    event = await outbox.add(session, _event(shift, version, today, stated_at), version=version)
    await session.execute(
        insert(published_cost_shift).values(
            supplier=supplier,
            version=version,
            content=shift.model_dump_json(),
            digest=shift.digest,
            stated_at=stated_at,
            event=event,
            recorded_by=by.subject,
        )
    )
    return PublishedCostShiftView(supplier=supplier, version=version, event=event, stated_at=stated_at, shift=shift)


def _event(shift: CostShiftView, version: int, today: date, stated_at: datetime) -> CostShiftFound:
    gains = {one.code: one.gain_pence for one in shift.parties}
    return CostShiftFound(
        effective_on=today,
        stated_at=stated_at,
        subject=shift.supplier,
        version=version,
        lens=shift.nets[-1].lens,
        gainers=tuple(shift.gainers),
        gains_pence=tuple(gains[code] for code in shift.gainers),
        losers=tuple(shift.losers),
        losses_pence=tuple(-gains[code] for code in shift.losers),
        net_pence=shift.nets[-1].net_pence,
    )
