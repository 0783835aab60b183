"""States what leaving a contract saves."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller, Role
from services.finance.buy_outs import queries, rules
from services.finance.buy_outs.errors import (
    BuyOutNotAvailable,
    LoanServiceMisplaced,
    SavingNeitherGrossNorNet,
    YearsNotInOrder,
)
from services.finance.buy_outs.models import BuyOutSaving
from services.finance.core.codes import Pence
from services.finance.core.errors import refuse
from services.finance.core.models import known
from services.finance.core.sight import sight_of

Year = Annotated[int, Field(strict=True, ge=0, le=300)]


class StateBuyOutSaving(BaseModel):
    """What leaving saves a year, and whether that is before or after the cost of borrowing."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"saving_pence": 520_000_000, "basis": "gross", "first_year": 1, "last_year": 15}]
        },
    )

    saving_pence: Pence = Field(description="A year.")
    basis: Literal["gross", "net_of_borrowing"] | None = Field(
        default=None, description="Has to be said: a saving after loan service is not compared with the price."
    )
    loan_service_pence: Pence | None = Field(
        default=None, description="A year, of what was borrowed to pay the sum; only with `net_of_borrowing`."
    )
    first_year: Year = Field(default=1, description="Year 0 is the financial year in which the sum is paid.")
    last_year: Year = Field(examples=[15])
    paid_pence: Pence | None = Field(default=None, description="What was paid in all, where the buy-out has happened.")


async def state_saving(
    session: AsyncSession, contract: str, command: StateBuyOutSaving, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State what a buy-out saves, for all customers of the contract; a later statement supersedes it.

    Raises RoleMissing, BuyOutNotFound, NotYoursToDecide, and with every reason at once BuyOutNotAvailable,
    SavingNeitherGrossNorNet, LoanServiceMisplaced, YearsNotInOrder.
    """
    by.must_have(Role.FINANCE_LEAD)
    connection = await raw(session)
    sight = await sight_of(connection, by)
    terms = await queries.get_terms(connection, contract, sight=sight, as_at=today, as_known=None)
    deciders = await known.deciders(connection, terms.customers, today=today)
    await known.must_act_for(connection, deciders, by=by)
    refuse([*_why_not_available(contract, today, has_right=terms.voluntary_right), *_why_not(command)])
    session.add(
        BuyOutSaving(
            contract=contract,
            saving_pence=command.saving_pence,
            basis=command.basis or "",
            loan_service_pence=command.loan_service_pence,
            first_year=command.first_year,
            last_year=command.last_year,
            paid_pence=command.paid_pence,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    await session.flush()


def _why_not_available(contract: str, today: date, *, has_right: bool) -> list[DomainError]:
    return [] if has_right else [BuyOutNotAvailable(f"{contract} gives no right of voluntary termination on {today}")]


def _why_not(command: StateBuyOutSaving) -> list[DomainError]:
    found: list[DomainError] = []
    if command.basis is None:
        message = "say whether the saving is `gross` or `net_of_borrowing`"
        found.append(SavingNeitherGrossNorNet(message, reasons=[Reason(message, "basis")]))
    if command.loan_service_pence is not None and command.basis == rules.GROSS:
        message = "a gross saving has no loan service taken off"
        found.append(LoanServiceMisplaced(message, reasons=[Reason(message, "loan_service_pence")]))
    if command.last_year < command.first_year or command.last_year == 0:
        message = f"a saving from year {command.first_year} to year {command.last_year} has no years"
        found.append(YearsNotInOrder(message, reasons=[Reason(message, "last_year")]))
    return found
