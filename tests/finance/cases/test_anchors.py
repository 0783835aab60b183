"""What the models in use today cannot do, over HTTP: many benefits and risks, long horizons, an outsourcing's bias."""

from fractions import Fraction
from typing import Any

import httpx
import pytest

from tests.support.cases import a_case
from tests.support.finance_client import kind

LAST = 183
"""From 2016-17 to the last year that can be named, 2199-00."""


def factors() -> list[Fraction]:
    """The discount factors of the years, chained by bands."""
    chained = [Fraction(1)]
    for year in range(1, LAST + 1):
        rate = next(rate for last, rate in ((30, 35), (75, 30), (125, 25), (200, 20)) if year <= last)
        chained.append(chained[-1] / (1 + Fraction(rate, 1000)))
    return chained


async def test_forty_benefits_thirty_risks_and_a_hundred_and_eighty_years_are_appraised(
    client: httpx.AsyncClient,
) -> None:
    benefits: list[dict[str, Any]] = [
        {"line": f"benefit-{number}", "title": f"Benefit {number}", "type": "non_cash_releasing", "recurrent": True}
        | {"amount_pence": 1_000_01 * number, "first_year": number}
        for number in range(1, 41)
    ]
    risks: list[dict[str, Any]] = [
        {"risk": f"risk-{number}", "title": f"Risk {number}", "probability": "1/3", "owner": "Chief finance officer"}
        | {"impact_pence": 7_77 * number, "first_year": 60, "last_year": 60 + number}
        for number in range(1, 31)
    ]
    content = a_case(years=LAST + 1)
    content["options"][1] |= {"lines": benefits, "risks": risks}
    stated = await client.post("/v1/cases", json={"case": "LONG-1", "organisation": "06H", "content": content})
    assert stated.status_code == 201, stated.text
    shown = (await client.get("/v1/cases/LONG-1/versions/1/appraisal")).json()["options"][0]

    chained = factors()
    expected = {f"benefit-{n}": 1_000_01 * n * sum(chained[n:]) for n in range(1, 41)}
    expected |= {f"risk-{n}": -Fraction(7_77 * n, 3) * sum(chained[60 : 61 + n]) for n in range(1, 31)}
    assert {item["input"]: item["present_value_pence"] for item in shown["items"]} == {
        name: round(value) for name, value in expected.items()
    }
    assert shown["measures"]["npv_pence"] == round(sum(expected.values()))
    assert shown["lower_rate"]["npv_pence"] > shown["measures"]["npv_pence"]


@pytest.mark.parametrize(("category", "status"), [("outsourcing", 409), ("equipment_development", 201)])
async def test_outsourcing_has_no_bias_on_its_duration(client: httpx.AsyncClient, category: str, status: int) -> None:
    content = a_case()
    content["options"][1]["works"] = {"months": 28, "bias": {"mix": [{"category": category}]}}
    stated = await client.post("/v1/cases", json={"case": "WORKS-1", "organisation": "06H", "content": content})
    assert stated.status_code == status, stated.text
    if status == 409:
        assert kind(stated) == "pack-not-known"
        assert "no bound on its duration" in stated.text
