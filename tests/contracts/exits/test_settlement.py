"""The final amounts of an end, put together from what each side, and each customer for its part, has stated."""

import json
from collections.abc import Mapping
from datetime import date
from itertools import permutations
from typing import Any

import pytest

from services.contracts.exit_plans.settlement import (
    amounts_by_side,
    final_lines,
    is_settled,
    of_customers,
    of_supplier,
)
from services.contracts.exits.prices.price import Component, ComponentName

CUSTOMERS = ("10H", "10Y")


def line(component: ComponentName, payer: str, payee: str, pence: int) -> Component:
    return Component(
        component=component,
        nature="transfer" if payee else "resource",
        payer=payer,
        payee=payee,
        pence=pence,
        due_on=date(2018, 4, 1),
        basis="",
    )


AGREED = [
    line("contractual_payment", "10H", "0CX", 70),
    line("contractual_payment", "10Y", "0CX", 30),
    line("reprocurement", "10Y", "", 9),
    line("redundancy", "0CX", "10H", 5),
]


def stated(side: str, lines: list[Component], *, less: int = 0) -> Mapping[str, Any]:
    content = {
        "side": side,
        "lines": [
            {"component": one.component, "payer": one.payer, "payee": one.payee, "pence": one.pence - less}
            for one in lines
        ],
    }
    return {"content": json.dumps(content)}


def test_each_line_is_of_one_customer() -> None:
    first, second = (of_customers(AGREED, CUSTOMERS, [code]) for code in CUSTOMERS)
    assert first == [AGREED[0], AGREED[3]]
    assert second == [AGREED[1], AGREED[2]]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_it_is_settled_once_every_customer_and_the_supplier_have_stated_the_same(order: tuple[int, ...]) -> None:
    parts = [of_customers(AGREED, CUSTOMERS, [code]) for code in CUSTOMERS]
    said = [
        stated("customers", parts[0]),
        stated("customers", parts[1]),
        stated("supplier", of_supplier(AGREED, "0CX")),
    ]
    rows: list[Mapping[str, Any]] = []
    for number, place in enumerate(order):
        rows.append(said[place])
        assert is_settled(AGREED, amounts_by_side(rows), "0CX") == (number == len(said) - 1)
    assert final_lines(AGREED, amounts_by_side(rows)) == AGREED
    assert not is_settled(AGREED, amounts_by_side([*rows, stated("customers", parts[1], less=1)]), "0CX")
