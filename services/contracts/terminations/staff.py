"""States who works for a contract, by ids, pay and years; the later list of a day replaces the earlier."""

from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from services.contracts.agreements.commands import get_known_contract_to_change, parties_on
from services.contracts.core.codes import Day, OdsCode
from services.contracts.core.errors import FunctionUnknown, NotSigned
from services.contracts.core.models import Status
from services.contracts.core.rights import Expect
from services.contracts.exits.models import ExitPaper
from services.contracts.exits.parties import acting_side

_MOST_PAY = 10**8


class StaffRow(BaseModel):
    """One employee who works for the contract. No name: the id means nothing outside the employer."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern="^[A-Za-z0-9-]{1,20}$")]
    annual_pay_pence: Annotated[int, Field(strict=True, ge=0, le=_MOST_PAY)]
    years: int = Field(strict=True, ge=0, le=60, description="Complete years of reckonable service.")
    week_pay_pence: Annotated[int, Field(strict=True, ge=0, le=_MOST_PAY)] | None = None
    whole_time: str = Field(default="1/1", pattern=r"^[1-9][0-9]{0,3}/[1-9][0-9]{0,3}$")
    function: str = Field(default="", max_length=40, description="The line that he or she works for; empty: all.")
    moves: StrictBool = Field(default=False, description="Redeployed, or transferred with the undertaking.")


class StateStaff(BaseModel):
    """The whole list of the staff who work for a contract, from a day."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"effective_on": "2016-04-01", "staff": [{"id": "E1", "annual_pay_pence": 4_500_000, "years": 12}]}
            ]
        },
    )

    effective_on: Day
    staff: list[StaffRow] = Field(max_length=2000)
    party: OdsCode | None = Field(default=None, description="The supplier, where the caller acts for both sides.")

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len({row.id for row in self.staff}) != len(self.staff):
            raise ValueError("each id may be named once only")
        if any(Fraction(row.whole_time) > 1 for row in self.staff):
            raise ValueError("whole_time is more than 1")
        return self


async def state_staff(
    session: AsyncSession,
    reference: str,
    command: StateStaff,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> None:
    """State the staff list of a contract. Raises ContractNotFound, NotYoursToDecide, NotSigned, FunctionUnknown."""
    contract = await get_known_contract_to_change(session, reference, by=by, today=today)
    parties = (await parties_on(session, [contract], max(today, contract.starts_on)))[contract.id]
    await acting_side(await raw(session), parties, by=by, today=today, party=command.party)
    expect(contract.version)
    if contract.status == Status.DRAFT:
        raise NotSigned(f"{reference} is a draft")
    unknown = {row.function for row in command.staff} - {"", *contract.functions}
    if unknown:
        raise FunctionUnknown(f"{', '.join(sorted(unknown))}: no line of {reference}")
    content = command.model_dump(mode="json", include={"staff"})
    session.add(
        ExitPaper(
            contract_id=contract.id,
            kind="staff",
            content=content,
            effective_on=command.effective_on,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    contract.version += 1
    await session.flush()
