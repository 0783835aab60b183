"""Events of contracts for tests of finance: a contract signed, and what its end costs."""

from datetime import date
from typing import Any

from libs.common.events.contracts import ContractSigned, TerminationPriced
from tests.support.finance_harness import at


def a_contract_signed(contract: str = "CSU-1", *, customers: tuple[str, ...] = ("10H",), **more: Any) -> ContractSigned:
    """A support contract from April 2015 to March 2021, of £1m a year."""
    fields = {
        "effective_on": date(2015, 4, 1),
        "stated_at": at(date(2015, 3, 1)),
        "title": "Support",
        "supplier": "0CX",
        "functions": ("payroll",),
        "last_day": date(2021, 3, 31),
        "annual_pence": 100_000_000,
    }
    return ContractSigned(contract=contract, customers=customers, **fields | more)


def a_termination(
    contract: str = "CSU-1",
    *,
    pence: int,
    termination: str = "T-1",
    status: str = "agreed",
    stated: date = date(2016, 6, 1),
    due_on: date = date(2016, 4, 1),
    payer: str = "10H",
    **more: Any,
) -> TerminationPriced:
    """What the end of a contract costs: one payment to its supplier."""
    fields = {
        "customers": (payer,),
        "functions": (),
        "leaving": (),
        "exit_on": due_on,
        "components": ("contractual_payment",),
        "natures": ("transfer",),
        "payers": (payer,),
        "payees": ("0CX",),
        "component_pence": (pence,),
        "due_on": (due_on,),
        "recurrent_to": (None,),
        "unpriced": (),
        "pack": "exit-prices-2013",
    }
    return TerminationPriced(
        effective_on=stated,
        stated_at=at(stated),
        contract=contract,
        termination=termination,
        status=status,
        supplier="" if status == "estimate" else "0CX",
        **fields | more,
    )
