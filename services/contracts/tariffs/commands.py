"""Publishes tariffs, and states which of a contract's lines are priced by one."""

from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.identity import Caller, Role
from libs.common.process.clock import day_of
from services.contracts.agreements.catalogue import functions_on
from services.contracts.agreements.commands import get_contracts_to_bind
from services.contracts.core.codes import Day, Document, Number, OdsCode
from services.contracts.core.errors import refuse
from services.contracts.core.models import known
from services.contracts.tariffs import queries
from services.contracts.tariffs.errors import LineUnknown, TariffUnknown
from services.contracts.tariffs.models import LineTariff, Tariff

MOST_PENCE_PER_HEAD = 1_000_000
"""£10,000 a head and year: a larger price is a slip of the pen."""

Tier = Literal["below_minimum", "cluster", "scale", "national"]


class PublishTariff(BaseModel):
    """A price a head and year for a function in a tier, from a day on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "publisher": "0CX",
                    "function": "payroll",
                    "tier": "cluster",
                    "pence_per_head": "27.5",
                    "effective_on": "2018-04-01",
                }
            ]
        },
    )

    publisher: OdsCode
    function: Annotated[str, Field(max_length=40, description="A function of the catalogue, see `GET /functions`.")]
    tier: Tier
    pence_per_head: Number | None = Field(description="Exact pence; null withdraws the tariff from that day on.")
    effective_on: Day
    document: Document | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.pence_per_head is not None and not 0 <= Fraction(self.pence_per_head) <= MOST_PENCE_PER_HEAD:
            raise ValueError(f"a price a head is from 0 to {MOST_PENCE_PER_HEAD} pence")
        return self


class PriceLine(BaseModel):
    """By whose tariff a line is priced."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"publisher": "0CX"}]})

    publisher: OdsCode | None = Field(description="null: by the contract again.")
    effective_on: Day | None = Field(default=None, description="The day from which it is; today if left out.")


async def publish_tariff(
    session: AsyncSession, command: PublishTariff, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State a tariff, for its publisher. Raises RoleMissing, NotYoursToDecide, FunctionUnknown, NoRuleInForce."""
    by.must_have(Role.CONTRACT_LEAD)
    connection = await raw(session)
    await known.must_act_for(connection, await known.deciders(connection, [command.publisher], today=today), by=by)
    functions_on(command.effective_on).must_include([command.function])
    session.add(Tariff(stated_at=stated_at, recorded_by=by.subject, **command.model_dump()))
    await session.flush()


async def price_line(
    session: AsyncSession,
    reference: str,
    function: str,
    command: PriceLine,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """State by whose tariff a contract's line is priced, for all its customers.

    Raises ContractNotFound, NotYoursToDecide, LineUnknown, TariffUnknown.
    """
    [contract] = await get_contracts_to_bind(session, [reference], by=by, on=today, today=today)
    day = command.effective_on or min(today, day_of(stated_at))
    found: list[LineUnknown | TariffUnknown] = []
    if function not in contract.functions:
        message = f"{reference} has no line for {function}: it has {', '.join(contract.functions)}"
        found.append(LineUnknown(message, reasons=[Reason(message, "function")]))
    elif command.publisher is not None:
        tariffs = await queries.list_tariffs(
            await raw(session), function=function, publisher=command.publisher, as_at=day, as_known=None
        )
        if not tariffs.items:
            message = f"{command.publisher} has no tariff for {function} on {day}"
            found.append(TariffUnknown(message, reasons=[Reason(message, "publisher")]))
    refuse(found)
    session.add(
        LineTariff(
            contract_id=contract.id,
            function=function,
            publisher=command.publisher,
            effective_on=day,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    await session.flush()
