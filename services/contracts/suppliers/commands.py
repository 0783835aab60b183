"""States what a supplier is, costs and charges: by itself, by NHS England, or by its host for its own part."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Self

import asyncpg
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import SupplierChangedHands, SupplierPriced
from libs.common.identity import Caller, service_caller
from libs.common.messaging import outbox
from libs.common.temporal.history import LAST_DAY
from libs.organisations.relations import HOSTS
from services.contracts.core.codes import MOST_ANNUAL_PENCE, Day, OdsCode
from services.contracts.core.errors import refuse
from services.contracts.core.models import known
from services.contracts.core.queries import ContractFilter, list_contracts
from services.contracts.suppliers.models import COSTS, HANDS, Aspect
from services.contracts.suppliers.queries import NOW, periods_of, registered_holders
from services.contracts.suppliers.recording import lock_supplier, source_of, state_aspects
from services.contracts.suppliers.rules import (
    Scope,
    Sector,
    SupplierState,
    next_state,
    parts_of,
    period_on,
    state_text,
    whole_from,
    why_not_in_state,
)

_A_DAY = timedelta(days=1)
_MOST_HEADS = 70_000_000
"""More than the people of England: a larger number is a slip of the pen."""

Pence = Annotated[int, Field(strict=True, ge=0, le=MOST_ANNUAL_PENCE)]


class StateSupplier(BaseModel):
    """What a supplier is from a day on; what is left out stays as it was stated."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day
    state: SupplierState | None = None
    checkpoint: int | None = Field(
        default=None, strict=True, ge=1, le=9, description="With the state `checkpoint`: its number."
    )
    outcome: str | None = Field(
        default=None, max_length=1, description="With the state `checkpoint`: `A`, `B` or `C`, once it was judged."
    )
    host: OdsCode | None = Field(default=None, description="null: no body hosts it from that day on.")
    owner: OdsCode | None = Field(default=None, description="null: no other body owns it from that day on.")
    owner_sector: Sector | None = Field(default=None, description="Sector of the owner, or of a supplier without one.")
    scope: Scope | None = Field(default=None, description="Whether it offers the whole of support, or one service.")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if (self.state == SupplierState.CHECKPOINT) != (self.checkpoint is not None):
            raise ValueError("the state checkpoint and the number of the checkpoint belong together")
        if self.outcome is not None and self.checkpoint is None:
            raise ValueError("an outcome is that of a checkpoint")
        if not self.stated():
            raise ValueError("state, host, owner, owner_sector or scope: name what is stated")
        return self

    def stated(self) -> Mapping[Aspect, str]:
        """Return what is stated, as it is stored."""
        stated: dict[Aspect, str] = {}
        if self.state is not None:
            stated[Aspect.STATE] = state_text(self.state, self.checkpoint, self.outcome)
        if "host" in self.model_fields_set:
            stated[Aspect.HOST] = self.host or ""
        if "owner" in self.model_fields_set:
            stated[Aspect.OWNER] = self.owner or ""
        if self.owner_sector is not None:
            stated[Aspect.SECTOR] = self.owner_sector.value
        if self.scope is not None:
            stated[Aspect.SCOPE] = self.scope.value
        return stated


class StateCosts(BaseModel):
    """What a supplier costs and charges a year from a day on; what is left out stays as it was stated."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day
    fixed_pence: Pence | None = Field(default=None, description="Fixed cost a year.", examples=[600_000_000])
    per_head_pence: Pence | None = Field(default=None, description="Cost a head and year.", examples=[400])
    heads: int | None = Field(default=None, strict=True, ge=0, le=_MOST_HEADS, description="People that it serves.")
    price_per_head_pence: Pence | None = Field(default=None, description="Price a head and year.", examples=[1_000])
    basis: Literal["stated", "illustrative"] = Field(
        description="`stated` where a source gives the figures, `illustrative` where none does."
    )

    @model_validator(mode="after")
    def _states_something(self) -> Self:
        if len(self.stated()) == 1:
            raise ValueError("fixed_pence, per_head_pence, heads or price_per_head_pence: name what is stated")
        return self

    def stated(self) -> Mapping[Aspect, str]:
        """Return what is stated, as it is stored."""
        amounts = {
            Aspect.FIXED: self.fixed_pence,
            Aspect.PER_HEAD: self.per_head_pence,
            Aspect.HEADS: self.heads,
            Aspect.PRICE: self.price_per_head_pence,
        }
        stated = {aspect: str(amount) for aspect, amount in amounts.items() if amount is not None}
        return stated | {Aspect.BASIS: self.basis}


async def state_supplier(
    session: AsyncSession, code: str, command: StateSupplier, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State a supplier's state, host, owner or sector. Raises NotYoursToDecide, SupplierHasEnded, CheckpointUnknown.

    Publishes the whole from that day on, and again for each later day of which something else was stated.
    """
    connection = await raw(session)
    stated = command.stated()
    source = await _source_of_hands(connection, code, command, stated, by=by, today=today)
    subject = await lock_supplier(connection, code)
    until = LAST_DAY
    if command.state is not None:
        periods = await periods_of(connection, code, stated_at)
        before = period_on(periods, Aspect.STATE, command.effective_on - _A_DAY)
        refuse(why_not_in_state(stated[Aspect.STATE], command.effective_on, before))
        until = next_state(periods, stated[Aspect.STATE], command.effective_on)
    rows: dict[Aspect, tuple[str | None, date]] = {
        aspect: (value, until if aspect == Aspect.STATE else LAST_DAY) for aspect, value in stated.items()
    }
    at = await state_aspects(connection, subject, rows, command.effective_on, source=source, stated_at=stated_at, by=by)
    if not stated.keys() & set(HANDS):
        return
    whole = whole_from(await periods_of(connection, code, NOW), HANDS, command.effective_on)
    events = [
        SupplierChangedHands(
            effective_on=day,
            stated_at=at,
            supplier=code,
            owner=values.get(Aspect.OWNER, ""),
            host=values.get(Aspect.HOST, ""),
            owner_sector=values.get(Aspect.SECTOR, ""),
            status=parts_of(values.get(Aspect.STATE, ""))[0],
        )
        for day, values in whole
    ]
    await outbox.add_all(session, events)


async def state_costs(
    session: AsyncSession, code: str, command: StateCosts, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State what a supplier costs and charges. Raises NotYoursToDecide.

    Published once fixed cost, cost a head, heads and price are all known of a day.
    """
    connection = await raw(session)
    source = await source_of(connection, code, by=by, today=today)
    subject = await lock_supplier(connection, code)
    at = await state_aspects(
        connection,
        subject,
        {aspect: (value, LAST_DAY) for aspect, value in command.stated().items()},
        command.effective_on,
        source=source,
        stated_at=stated_at,
        by=by,
    )
    whole = [
        (day, values)
        for day, values in whole_from(await periods_of(connection, code, NOW), COSTS, command.effective_on)
        if len(values) == len(COSTS)
    ]
    events = [
        SupplierPriced(
            effective_on=day,
            stated_at=at,
            supplier=code,
            customers=await _customers_on(connection, code, day),
            fixed_pence=int(values[Aspect.FIXED]),
            per_head_pence=int(values[Aspect.PER_HEAD]),
            heads=int(values[Aspect.HEADS]),
            price_per_head_pence=int(values[Aspect.PRICE]),
            basis=values[Aspect.BASIS],
        )
        for day, values in whole
    ]
    await outbox.add_all(session, events)


async def _source_of_hands(
    connection: asyncpg.Connection,
    code: str,
    command: StateSupplier,
    stated: Mapping[Aspect, str],
    *,
    by: Caller,
    today: date,
) -> str:
    """Return who states this. The host states no more than that it hosts the supplier, or that it ceases to.

    One of several hosts does neither: what is stated counts for all of them.
    """
    if set(stated) == {Aspect.HOST} and not by.is_national:
        hosts = await _hosts_on(connection, code, command.effective_on)
        predecessors = await known.predecessors(connection, by.organisations)
        own = command.host is None or by.acts_for([command.host], predecessors=predecessors)
        if own and hosts and by.acts_for(hosts, predecessors=predecessors):
            by.must_act_for(hosts, predecessors=predecessors)
            return "host"
    return await source_of(connection, code, by=by, today=today)


async def _hosts_on(connection: asyncpg.Connection, code: str, day: date) -> Sequence[str]:
    """Return who hosts a supplier on a day, by its own sources, else by the registry."""
    own = period_on(await periods_of(connection, code, NOW), Aspect.HOST, day)
    if own is not None:
        return [own.value] if own.value else []
    return [one.code for one in (await registered_holders(connection, code, as_at=day))[HOSTS]]


async def _customers_on(connection: asyncpg.Connection, code: str, day: date) -> tuple[str, ...]:
    """Return the customers of a supplier on a day, as known now."""
    wanted = ContractFilter(supplier=code, status="active")
    rows = await list_contracts(connection, wanted, by=service_caller("contracts"), as_at=day, as_known=None)
    return tuple(sorted({customer.code for row in rows for customer in row["customers"]}))
