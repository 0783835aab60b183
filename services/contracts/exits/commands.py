"""Publishes what an end of a contract would cost, because a customer asks for it."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import TerminationPriced
from libs.common.identity import Caller
from libs.common.messaging import outbox
from services.contracts.agreements.parts import part_of
from services.contracts.core.codes import Day, FunctionCode
from services.contracts.core.errors import NotSigned
from services.contracts.core.rights import must_act_for_one_of
from services.contracts.exits.prices import estimates
from services.contracts.exits.prices.price import Price, columns_of
from services.contracts.exits.queries import Seen, customers_of, get_seen
from services.contracts.exits.rules import ONE_DAY

OWN_CASE = "an estimate binds no party"


class PublishEstimate(BaseModel):
    """The estimate to be published: the price of an end, of the whole contract or of some lines."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"exit_on": "2018-04-01"}]})

    exit_on: Day = Field(description="The first day without service.")
    functions: list[FunctionCode] = Field(
        default_factory=list, max_length=100, description="Only these lines end; empty: all."
    )

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len(set(self.functions)) != len(self.functions):
            raise ValueError("each function may be named once only")
        return self


async def publish_estimate(
    session: AsyncSession, reference: str, command: PublishEstimate, *, by: Caller, today: date, stated_at: datetime
) -> Price:
    """Publish what an end would cost to the customers and not to the supplier; one of the same end replaces it.

    Raises RoleMissing, ContractNotFound, NotYoursToDecide, NotSigned, ExitOutsideTerm, PartUnknown.
    """
    connection = await raw(session)
    seen = await get_seen(connection, reference, by=by, as_at=today, as_known=None)
    await must_act_for_one_of(connection, customers_of(seen), because=OWN_CASE, by=by, today=today)
    if seen.row["signed_on"] is None:
        raise NotSigned(f"{reference} is a draft")
    last_day = command.exit_on - ONE_DAY
    part = part_of(command.functions, ())
    estimates.must_be_in(seen, last_day, part)
    staff = await estimates.staff_of(connection, reference, by=by, as_at=today, as_known=None)
    price = estimates.price_on(seen, last_day, asked_on=today, as_known=None, staff=staff, part=part)
    await outbox.add(session, _priced(seen, command, price, stated_at))
    return price


def _priced(seen: Seen, command: PublishEstimate, price: Price, stated_at: datetime) -> TerminationPriced:
    reference, functions = seen.row["reference"], tuple(sorted(command.functions))
    return TerminationPriced(
        effective_on=command.exit_on,
        stated_at=stated_at,
        contract=reference,
        termination="/".join(("estimate", reference, command.exit_on.isoformat(), *functions)),
        supplier="",
        customers=tuple(customers_of(seen)),
        functions=functions,
        leaving=(),
        exit_on=command.exit_on,
        status="estimate",
        **columns_of(price.components),
        recurrent_to=tuple(line.recurrent_to for line in price.components),
        unpriced=tuple(price.unpriced),
        pack=", ".join(sorted(price.packs)),
    )
