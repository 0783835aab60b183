"""Which terms of a buy-out are refused."""

import pytest

from services.contracts.buy_outs.rules import why_not_bought_out


@pytest.mark.parametrize(
    ("right", "methods", "amounts", "equity", "refused"),
    [
        (True, ["discounted_distributions"], ["debt_pence"], ["distributions_pence", "irr"], []),
        (True, ["base_case_irr"], [], ["distributions_pence", "irr"], []),
        (True, ["market_value"], ["debt_pence"], ["equity_value_pence"], []),
        (True, [], ["debt_pence"], [], ["EquityMethodAmbiguous"]),
        (True, ["market_value", "base_case_irr"], [], ["irr"], ["EquityMethodAmbiguous"]),
        (True, ["higher_of"], [], [], ["EquityMethodAmbiguous"]),
        (True, ["higher_of", "market_value"], [], [], ["EquityMethodAmbiguous"]),
        (True, ["discounted_distributions"], [], [], ["BuyOutTermMissing"] * 2),
        (True, ["market_value"], [], ["irr"], ["EquityMethodAmbiguous", "BuyOutTermMissing"]),
        (True, ["base_case_irr"], [], ["distributions_pence", "irr", "equity_value_pence"], ["EquityMethodAmbiguous"]),
        (False, [], [], [], []),
        (False, ["market_value"], ["debt_pence"], ["irr"], ["NoVoluntaryRight"] * 3),
    ],
)
def test_one_method_with_its_terms_or_no_right_and_none(
    right: bool, methods: list[str], amounts: list[str], equity: list[str], refused: list[str]
) -> None:
    found = why_not_bought_out(voluntary_right=right, methods=methods, amounts=amounts, equity=equity, blank=[])
    assert [type(one).__name__ for one in found] == refused
    assert all(one.reasons[0].field for one in found)


def test_an_amount_that_is_left_out_is_not_taken_for_none() -> None:
    equity, blank = ["distributions_pence", "irr"], ["other_pence", "tax_gross_up_pence"]
    found = why_not_bought_out(
        voluntary_right=True, methods=["base_case_irr"], amounts=["debt_pence"], equity=equity, blank=blank
    )
    assert [(type(one).__name__, one.reasons[0].field) for one in found] == [
        ("BuyOutTermMissing", "other_pence"),
        ("BuyOutTermMissing", "tax_gross_up_pence"),
    ]
    assert why_not_bought_out(voluntary_right=False, methods=[], amounts=[], equity=[], blank=blank) == []
