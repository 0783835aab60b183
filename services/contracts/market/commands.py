"""Assesses suppliers, by NHS England, and states what they would take over and how much they offer, by themselves."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import SupplierAssessed
from libs.common.identity import Caller, Role, service_caller
from libs.common.messaging import outbox
from services.contracts.agreements.catalogue import functions_on
from services.contracts.core.codes import Day, OdsCode
from services.contracts.core.errors import refuse
from services.contracts.core.models import known
from services.contracts.market.due import find_for
from services.contracts.market.queries import customers_on, next_offer
from services.contracts.market.rules import (
    Assessment,
    Offer,
    ReplaceBy,
    Result,
    assess,
    is_to_be_replaced,
    market_pack,
    replacement_deadlines,
    why_not_in_catalogue,
    why_not_offered,
)
from services.contracts.suppliers.models import Aspect
from services.contracts.suppliers.queries import NOW, periods_of
from services.contracts.suppliers.recording import lock_supplier, source_of, state_aspects
from services.contracts.suppliers.rules import next_value

_ONE_DAY = timedelta(days=1)

_Id = Annotated[str, Field(min_length=1, max_length=40)]


class AssessSupplier(BaseModel):
    """What an assessment found: a result for each criterion of the pack of the day."""

    model_config = ConfigDict(extra="forbid")

    assessed_on: Day
    results: dict[_Id, Result] = Field(
        min_length=1,
        max_length=50,
        description="By criterion: `met`, `at_risk` or `not_met`.",
        examples=[{"leadership": "met", "customer": "met", "business": "at_risk", "delivery": "met"}],
    )
    last_day: Day | None = Field(default=None, description="With a stop: the last day on which the supplier serves.")


class StateOffer(BaseModel):
    """What a supplier would take over from a day on, for commissioners whose own supplier fails."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day
    until: Day | None = Field(default=None, description="The last day of the offer; null: until further notice.")
    functions: dict[_Id, list[_Id]] = Field(
        max_length=100,
        description="Functions of the catalogue, each with the criteria of its minimum standard that are met. "
        "Empty: nothing is offered any longer.",
        examples=[{"payroll": ["paid_on_time", "errors_below_bound", "pension_returns"]}],
    )
    commissioners: list[OdsCode] = Field(default_factory=list, max_length=500, description="For whom.")
    regions: list[OdsCode] = Field(
        default_factory=list, max_length=20, description="Regions in which it offers: for every commissioner of them."
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.functions and not (self.commissioners or self.regions):
            raise ValueError("commissioners or regions: name for whom it is offered")
        if self.until is not None and self.until < self.effective_on:
            raise ValueError("until: the last day of the offer is not before its first")
        return self


async def assess_supplier(
    session: AsyncSession, code: str, command: AssessSupplier, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Record an assessment; the outcome follows from the results.

    It lasts until the next one. Raises RoleMissing, NotYoursToDecide and every reason against it.
    Publishes SupplierAssessed; a stop that is to come raises a finding for each customer and route.
    """
    by.must_have(Role.NHS_ENGLAND)
    connection = await raw(session)
    await known.must_act_for(connection, [code], by=by)
    pack = market_pack(command.assessed_on, subject="supplier-assessment")
    found, reasons = assess(pack, command.results, on=command.assessed_on, last_day=command.last_day)
    refuse(reasons)
    if found is None:
        return
    subject = await lock_supplier(connection, code)
    periods = await periods_of(connection, code, NOW)
    until = next_value(periods, Aspect.ASSESSMENT, command.assessed_on)
    at = await state_aspects(
        connection,
        subject,
        {Aspect.ASSESSMENT: (found.model_dump_json(), until)},
        command.assessed_on,
        source="nhs_england",
        stated_at=stated_at,
        by=by,
    )
    await outbox.add_all(session, [await _told(session, code, found, at)])
    if is_to_be_replaced(found, on=today, until=until):
        await find_for(session, code, found, stated_at=stated_at)


async def state_offer(
    session: AsyncSession, code: str, command: StateOffer, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State what a supplier would take over. Raises NotYoursToDecide, FunctionUnknown, CriterionUnknown."""
    connection = await raw(session)
    source = await source_of(connection, code, by=by, today=today)
    catalogue = functions_on(command.effective_on)
    standard = market_pack(command.effective_on, subject="minimum-standard")
    refuse(
        [
            *why_not_in_catalogue(command.functions, catalogue.names, catalogue.pack.id),
            *why_not_offered(standard, command.functions),
        ]
    )
    subject = await lock_supplier(connection, code)
    value = _offer(command.functions, command).model_dump_json() if command.functions else None
    following = await next_offer(connection, code, command.effective_on)
    end = following if command.until is None else min(following, command.until + _ONE_DAY)
    await state_aspects(
        connection,
        subject,
        {Aspect.OFFER: (value, end)},
        command.effective_on,
        source=source,
        stated_at=stated_at,
        by=by,
    )


def _offer(functions: Mapping[str, list[str]], command: StateOffer) -> Offer:
    return Offer(
        functions={one: tuple(sorted(set(met))) for one, met in sorted(functions.items())},
        commissioners=tuple(sorted(set(command.commissioners))),
        regions=tuple(sorted(set(command.regions))),
    )


async def _told(session: AsyncSession, code: str, found: Assessment, at: datetime) -> SupplierAssessed:
    """Return the event of an assessment, with the customers of a stop and by when they begin."""
    customers: list[str] = []
    deadlines: list[ReplaceBy] = []
    if found.last_day is not None:
        pack = market_pack(found.assessed_on, subject="replacement-lead-time")
        deadlines = replacement_deadlines(pack, found.last_day)
        customers = await customers_on(await raw(session), code, found.last_day, by=service_caller("contracts"))
    return SupplierAssessed(
        effective_on=found.assessed_on,
        stated_at=at,
        supplier=code,
        customers=tuple(customers),
        pack=found.pack,
        criteria=tuple(found.results),
        results=tuple(found.results.values()),
        outcome=found.outcome,
        stop_on=found.last_day,
        routes=tuple(one.route for one in deadlines),
        replace_by=tuple(one.begin_by for one in deadlines),
    )
