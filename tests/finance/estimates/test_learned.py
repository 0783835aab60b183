"""The realisation of an estimate: the whole, a part that is chosen, or what the savings ledger has learned."""

from typing import Any

from libs.common.identity import Role
from tests.finance.budgets.conftest import Budgets
from tests.support.edge import Tokens

YEAR = "2018-19"
# By initiative: what was forecast, and what of it arrived.
OUTCOMES = {"A-1": (1_000_000, 700_000), "B-1": (500_000, 200_000), "C-1": (300_000, 300_000)}


async def estimate(budgets: Budgets, realisation: str, **headers: str) -> Any:
    asked: dict[str, Any] = {
        "baseline": ["hr:120000000", "it:100000001", "estates:700"],
        "realisation": realisation,
        "as_at": "2019-04-01",
    }
    return await budgets.call("GET", "/estimates", params=asked, headers=headers)


async def test_what_arrived_of_earlier_savings_is_the_realisation_of_their_function(
    budgets: Budgets, tokens: Tokens
) -> None:
    for ref, (forecast, arrived) in OUTCOMES.items():
        line = await budgets.set_line("10H", YEAR, amount_pence=2_000_000, account=f"52{ref[0].encode()[0]}")
        of = {"organisation": "10H", "function": "hr", "financial_year": YEAR}
        saving = of | {"amount_pence": forecast, "recurrent": True}
        await budgets.call("POST", f"/initiatives/{ref}/savings", json=saving)
        await budgets.call(
            "POST", f"/initiatives/{ref}/savings/claims", json=of | {"line": line, "amount_pence": forecast}
        )
        await budgets.post("10H", YEAR, line, "reductions", amount_pence=arrived)

    learned = await estimate(budgets, "learned")
    assert (learned["realisation"], learned["realisation_source"]) == (None, "learned")
    hr, it, estates = learned["functions"]
    # 1.2 of 1.8 million arrived; 30 to 50 % of £1.2m, and two thirds of that.
    assert (hr["realisation"], hr["realisation_source"]) == ("2/3", "learned")
    assert hr["learned"] == {"count": 3, "lowest": "2/5", "median": "7/10", "highest": "1"}
    assert hr["saving"] == {"low_pence": 24_000_000, "mid_pence": 32_000_000, "high_pence": 40_000_000}
    assert (it["realisation"], it["realisation_source"], it["learned"]) == ("1", "full", None)
    assert it["saving"] == {"low_pence": 25_000_000, "mid_pence": 32_500_000, "high_pence": 40_000_000}
    assert (estates["benchmark"], estates["saving"]) == ("no benchmark", None)
    assert learned["saving"]["low_pence"] == 49_000_000

    chosen = await estimate(budgets, "7/10")
    assert {(one["realisation"], one["realisation_source"]) for one in chosen["functions"]} == {("7/10", "chosen")}
    assert (chosen["realisation"], chosen["realisation_source"]) == ("7/10", "chosen")

    stranger = await estimate(budgets, "learned", **tokens.header(Role.PARTNER, organisations=("11C",)))
    assert [one["realisation_source"] for one in stranger["functions"]] == ["full"] * 3
