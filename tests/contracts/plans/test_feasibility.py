"""How a contract of a plan can be left: free of charge and when, or at a price."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.contracts.agreements.commands import ContractParties
from services.contracts.core.conditions import ExitConditions
from services.contracts.core.models import Contract, ContractLine
from services.contracts.plans.contracts import OldContract
from services.contracts.plans.feasibility import way_out
from services.contracts.plans.models import ExitChoice


def an_old_contract(last_day: date, **terms: Any) -> OldContract:
    contract = Contract(
        reference="OLD-2017",
        title="Payroll",
        supplier_code="0CX",
        starts_on=date(2017, 4, 1),
        last_day=last_day,
        notice_months=6,
        value_basis="illustrative",
        drafted_at=datetime(2017, 1, 1, tzinfo=UTC),
        exit_terms=terms or None,
        lines=[ContractLine(function="payroll", annual_pence=1_200_000)],
    )
    conditions = ExitConditions.model_validate({"notice_months": contract.notice_months, "exit_terms": terms or None})
    charges = {line.function: line.annual_pence for line in contract.lines}
    return OldContract(contract, ContractParties("0CX", ("10H",)), charges, conditions)


@pytest.mark.parametrize(
    ("last_day", "terms", "go_live_on", "exit_on", "move_on"),
    [
        # Notice in time; a term that ends by itself before; notice that comes too late.
        (date(2020, 3, 31), {}, date(2018, 4, 1), date(2018, 4, 1), date(2018, 4, 1)),
        (date(2018, 3, 31), {}, date(2018, 7, 1), date(2018, 4, 1), date(2018, 7, 1)),
        (date(2020, 3, 31), {}, date(2018, 1, 1), date(2018, 3, 2), date(2018, 3, 2)),
        # One that renews goes on beyond its first term, and ends with a term only.
        (date(2018, 3, 31), {"renewal_months": 12}, date(2019, 1, 1), date(2019, 4, 1), date(2019, 4, 1)),
    ],
)
def test_who_waits_leaves_on_the_first_day_that_is_free(
    last_day: date, terms: dict[str, Any], go_live_on: date, exit_on: date, move_on: date
) -> None:
    way = way_out(an_old_contract(last_day, **terms), go_live_on=go_live_on, today=date(2017, 9, 1))
    step = way.step(ExitChoice.WAIT)
    assert (step.exit_on, step.move_on, step.price_pence) == (exit_on, move_on, 0)
