"""States the terms of a buy-out."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.contracts import BuyOutTermsStated
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from services.contracts.agreements.commands import get_contracts_to_bind, parties_on
from services.contracts.buy_outs.models import BuyOutTerms
from services.contracts.buy_outs.rules import why_not_bought_out
from services.contracts.core.codes import Day, Document, Proportion
from services.contracts.core.errors import NotSigned, refuse
from services.contracts.core.models import Contract, Status

MOST_PENCE = 10**13
"""£100bn: a larger amount is a slip of the pen."""

Pence = Annotated[int, Field(strict=True, ge=0, le=MOST_PENCE)]

AMOUNTS = (
    "debt_pence",
    "swap_break_pence",
    "redundancy_pence",
    "subcontract_pence",
    "balances_pence",
    "other_pence",
    "tax_gross_up_pence",
)
EQUITY = ("distributions_pence", "irr", "equity_value_pence")


class StateBuyOutTerms(BaseModel):
    """What the contract says of a buy-out: a right with one method of valuing equity, or no right and no amounts."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "pfi",
                    "voluntary_right": True,
                    "equity_methods": ["discounted_distributions"],
                    "debt_pence": 4_000_000_000,
                    "swap_break_pence": 350_000_000,
                    "redundancy_pence": 120_000_000,
                    "subcontract_pence": 60_000_000,
                    "distributions_pence": [200_000_000] * 5,
                    "irr": "3/25",
                    "balances_pence": 200_000_000,
                    "other_pence": 0,
                    "tax_gross_up_pence": 0,
                    "unitary_charge_pence": 800_000_000,
                }
            ]
        },
    )

    kind: Literal["pfi", "lift"]
    voluntary_right: StrictBool = Field(description="Whether the contract gives a right of voluntary termination.")
    equity_methods: list[Literal["base_case_irr", "market_value", "discounted_distributions", "higher_of"]] = Field(
        default=[], max_length=4, description="Exactly one, and not `higher_of`; none without a voluntary right."
    )
    debt_pence: Pence | None = Field(
        default=None, description="Base senior debt with interest. With a voluntary right each amount is stated, 0 too."
    )
    swap_break_pence: int | None = Field(
        default=None, strict=True, ge=-MOST_PENCE, le=MOST_PENCE, description="Negative where it is a gain."
    )
    redundancy_pence: Pence | None = None
    subcontract_pence: Pence | None = Field(default=None, description="Breakage costs of sub-contractors.")
    distributions_pence: list[Pence] = Field(
        default=[], max_length=60, description="Base-case distributions that are still to come, by year."
    )
    irr: Proportion | None = Field(default=None, description="The base-case rate of return, exact.")
    equity_value_pence: Pence | None = Field(
        default=None, description="With `market_value`: the open-market value of shares and junior debt."
    )
    balances_pence: Pence | None = Field(default=None, description="Account balances, taken off.")
    other_pence: Pence | None = Field(default=None, description="Other costs that the contract names.")
    tax_gross_up_pence: Pence | None = None
    unitary_charge_pence: Pence = Field(description="The charge a year.")
    effective_on: Day | None = Field(default=None, description="The day from which it holds; today if left out.")
    document: Document | None = None


async def state_buy_out_terms(
    session: AsyncSession, reference: str, command: StateBuyOutTerms, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """State the terms of a buy-out from a day on, for all customers; publish them with the parties of that day.

    Raises ContractNotFound, NotYoursToDecide, NotSigned, EquityMethodAmbiguous, NoVoluntaryRight, BuyOutTermMissing.
    """
    [contract] = await get_contracts_to_bind(session, [reference], by=by, on=today, today=today)
    found = why_not_bought_out(
        voluntary_right=command.voluntary_right,
        methods=command.equity_methods,
        amounts=_stated(command, AMOUNTS),
        equity=_stated(command, EQUITY),
        blank=[name for name in AMOUNTS if getattr(command, name) is None],
    )
    if contract.status == Status.DRAFT:
        found = [NotSigned(f"{reference} is a draft"), *found]
    refuse(found)
    on = command.effective_on or min(today, day_of(stated_at))
    terms = _row(contract, command, on=on, stated_at=stated_at, by=by.subject)
    session.add(terms)
    await session.flush()
    await _publish(session, contract, terms)


def _stated(command: StateBuyOutTerms, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if getattr(command, name) not in (0, None, [])]


def _row(contract: Contract, command: StateBuyOutTerms, *, on: date, stated_at: datetime, by: str) -> BuyOutTerms:
    value = command.equity_value_pence
    return BuyOutTerms(
        contract_id=contract.id,
        effective_on=on,
        kind=command.kind,
        voluntary_right=command.voluntary_right,
        equity_method=next(iter(command.equity_methods), ""),
        distributions_pence=command.distributions_pence if value is None else [value],
        irr=command.irr or "",
        unitary_charge_pence=command.unitary_charge_pence,
        term_ends_on=contract.last_day,
        document=command.document,
        stated_at=stated_at,
        recorded_by=by,
        debt_pence=command.debt_pence or 0,
        swap_break_pence=command.swap_break_pence or 0,
        redundancy_pence=command.redundancy_pence or 0,
        subcontract_pence=command.subcontract_pence or 0,
        balances_pence=command.balances_pence or 0,
        other_pence=command.other_pence or 0,
        tax_gross_up_pence=command.tax_gross_up_pence or 0,
    )


async def _publish(session: AsyncSession, contract: Contract, terms: BuyOutTerms) -> None:
    day = min(max(terms.effective_on, contract.starts_on), contract.last_day)
    parties = (await parties_on(session, [contract], day))[contract.id]
    event = BuyOutTermsStated(
        effective_on=terms.effective_on,
        stated_at=terms.stated_at,
        contract=contract.reference,
        supplier=parties.supplier,
        customers=parties.customers,
        kind=terms.kind,
        voluntary_right=terms.voluntary_right,
        equity_method=terms.equity_method,
        debt_pence=terms.debt_pence,
        swap_break_pence=terms.swap_break_pence,
        redundancy_pence=terms.redundancy_pence,
        subcontract_pence=terms.subcontract_pence,
        distributions_pence=tuple(terms.distributions_pence),
        irr=terms.irr,
        balances_pence=terms.balances_pence,
        other_pence=terms.other_pence,
        tax_gross_up_pence=terms.tax_gross_up_pence,
        unitary_charge_pence=terms.unitary_charge_pence,
        term_ends_on=terms.term_ends_on,
    )
    await outbox.add(session, event)
