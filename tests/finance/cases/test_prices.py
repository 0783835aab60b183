"""Prices over HTTP: vintages of deflators, values of units, and what has neither; sums by fractions of the test's own.

The indices and values are read from the packs' files, by a way that imports nothing of the services.
"""

import tomllib
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from tests.finance.appraisals.schedules import PACKS, RULES
from tests.support.cases import a_case
from tests.support.edge import Tokens
from tests.support.finance_client import kind

VERSION = "/v1/cases/PRICES-1/versions/1"
MARCH, JUNE = "gdp-deflators-2026-03", "gdp-deflators-2026-06"
RATE = Fraction(1035, 1000)


def a_pack(name: str, pack: str) -> dict[str, Any]:
    """The values of a pack, as its file has them."""
    packs = tomllib.loads((RULES / name).read_text(encoding="utf-8"))["pack"]
    [values] = [each["values"] for each in packs if each["id"] == pack]
    return dict(values)


def indices(vintage: str) -> dict[int, Fraction]:
    """The indices of a vintage by the year in which a financial year begins, forecasts chained to the outturn."""
    values = a_pack("deflators.toml", vintage)
    found = {int(year[:4]): Fraction(index) for year, index in values["indices"].items()}
    for year, percent in sorted(values["forecast_growth_percent"].items()):
        found[int(year[:4])] = found[int(year[:4]) - 1] * (100 + Fraction(percent)) / 100
    return found


def discounted(real: Iterable[Fraction]) -> int:
    """The present value in whole pence."""
    return round(sum((amount / RATE**year for year, amount in enumerate(real)), Fraction(0)))


def a_line(line: str, **more: Any) -> dict[str, Any]:
    """A benefit that recurs from year 0, for society."""
    return {"line": line, "title": line, "type": "societal", "recurrent": True} | more


async def stated(client: httpx.AsyncClient, *lines: dict[str, Any], **content: Any) -> httpx.Response:
    """State a case of Cambridgeshire with these lines."""
    case = a_case(**content)
    case["options"][1]["lines"] = list(lines)
    return await client.post("/v1/cases", json={"case": "PRICES-1", "organisation": "06H", "content": case})


async def clock(client: httpx.AsyncClient, tokens: Tokens, day: str) -> None:
    """Move the clock of the service to a day."""
    moved = await client.put(
        "/v1/operations/clock", json={"moved_to": day}, headers=tokens.header(Role.OPERATOR, organisations=())
    )
    assert moved.status_code == 200, moved.text


async def values_of(client: httpx.AsyncClient, **params: str) -> tuple[dict[str, int], dict[str, Any]]:
    """The present value of each line, and the whole answer."""
    shown = (await client.get(f"{VERSION}/appraisal", params=params)).json()
    return {item["input"]: item["present_value_pence"] for item in shown["options"][0]["items"]}, shown


async def test_nominal_amounts_and_price_years_come_to_the_base_years_prices_by_the_vintage_known(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    pence, years = 123_456_789, 14
    lines = [
        a_line("nominal", amount_pence=pence, prices="nominal"),
        a_line("indexed", amount_pence=pence, indexation="1/50"),
        a_line("of-2013", amount_pence=pence, prices="year", price_year="2013-14"),
        a_line("real", amount_pence=pence),
    ]

    def expected(vintage: str) -> dict[str, int]:
        index, base = indices(vintage), 2016
        to_base = [index[base] / index[base + year] for year in range(years)]
        return {
            "nominal": discounted(pence * factor for factor in to_base),
            "indexed": discounted(pence * Fraction(51, 50) ** year * to_base[year] for year in range(years)),
            "of-2013": discounted([pence * index[2016] / index[2013]] * years),
            "real": discounted([Fraction(pence)] * years),
        }

    await clock(client, tokens, "2026-04-02")
    assert (await stated(client, *lines, years=years)).status_code == 201
    published = await client.post(f"{VERSION}/publication", headers={"If-Match": '"1"'})
    assert published.status_code == 201
    await clock(client, tokens, "2026-07-02")
    copy = (await client.get(VERSION)).json()["content"]
    again = await client.post("/v1/cases/PRICES-1/versions", json=copy)
    assert again.status_code == 201, again.text

    frozen, shown = await values_of(client)
    assert frozen == expected(MARCH)
    assert shown["provenance"]["packs"]["deflator"] == MARCH
    assert shown["warnings"] == [f"Prices after 2024-25 are forecasts of {MARCH}."]
    later = (await client.get("/v1/cases/PRICES-1/versions/2/appraisal")).json()
    assert {item["input"]: item["present_value_pence"] for item in later["options"][0]["items"]} == expected(JUNE)
    assert later["provenance"]["packs"]["deflator"] == JUNE
    assert expected(MARCH)["nominal"] != expected(JUNE)["nominal"]


async def test_a_draft_is_deflated_by_the_vintage_that_was_known_or_by_the_one_that_it_names(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    await clock(client, tokens, "2026-04-02")
    line = a_line("nominal", amounts_pence=[0, 0, 0, 50_000_000_01], recurrent=False, prices="nominal")
    assert (await stated(client, line, base_year="2022-23")).status_code == 201
    for vintage, as_known in ((MARCH, "2026-06-29"), (JUNE, "2026-07-01")):
        index = indices(vintage)
        found, shown = await values_of(client, as_known=as_known)
        assert found == {"nominal": round(50_000_000_01 * index[2022] / index[2025] / RATE**3)}
        assert shown["provenance"]["packs"]["deflator"] == vintage
    await clock(client, tokens, "2026-07-02")
    case = (await client.get(VERSION)).json()["content"] | {"deflator": MARCH}
    assert (await client.put(VERSION, json=case, headers={"If-Match": '"1"'})).status_code == 200
    assert (await values_of(client))[1]["provenance"]["packs"]["deflator"] == MARCH


@pytest.mark.parametrize(
    ("change", "problem", "words"),
    [
        ({"prices": "nominal", "first_year": 8}, "price-year-without-deflator", "no index of 2031-32"),
        ({"prices": "year", "price_year": "1999-00"}, "price-year-without-deflator", "no index of 1999-00"),
        ({"amount_pence": None, "unit": "tonne", "quantity": "1"}, "pack-not-known", "unit-value-tonne"),
        (
            {"amount_pence": None, "unit": "qaly", "quantity": "1", "unit_value": "low"},
            "pack-not-known",
            "no range",
        ),
        (
            {"amount_pence": None, "unit": "carbon", "quantity": "1", "first_year": 28},
            "pack-not-known",
            "values of 2020 to 2050, and none of 2051",
        ),
    ],
)
async def test_what_no_vintage_and_no_pack_has_is_refused(
    client: httpx.AsyncClient, tokens: Tokens, change: dict[str, Any], problem: str, words: str
) -> None:
    await clock(client, tokens, "2026-07-02")
    line = a_line("line", amount_pence=100) | change
    refused = await stated(client, line, base_year="2023-24", years=40)
    assert kind(refused) == problem, refused.text
    assert words in refused.text


async def test_before_any_vintage_is_known_a_nominal_amount_is_refused(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    await clock(client, tokens, "2026-03-30")
    lines = [
        a_line("nominal", amount_pence=100, prices="nominal"),
        a_line("old", amount_pence=100, prices="year", price_year="2013-14"),
        a_line("emissions", unit="carbon", quantity="1"),
    ]
    refused = await stated(client, *lines, base_year="2025-26")
    assert refused.status_code == 409
    fields = {reason["field"].rsplit(".", 1)[-1] for reason in refused.json()["reasons"]}
    assert fields == {"nominal", "old", "emissions"}
    for vintage in ("gdp-deflators-2062-03", MARCH):
        named = await stated(client, lines[0], base_year="2025-26", deflator=vintage)
        assert kind(named) == "pack-not-known"


@pytest.mark.parametrize("which", ["low", "central", "high"])
async def test_benefits_in_units_are_valued_in_the_prices_of_the_base_year(
    client: httpx.AsyncClient, tokens: Tokens, which: str
) -> None:
    await clock(client, tokens, "2026-07-02")
    lines = [
        a_line("tonnes", unit="carbon", quantity="12.5", unit_value=which, first_year=1, ramp=["1/2", "1"]),
        a_line("people", unit="wellby", quantity="1/3", unit_value=which),
        a_line("health", unit="qaly", quantity="10", first_year=1),
    ]
    assert (await stated(client, *lines, base_year="2026-27", years=11)).status_code == 201
    index = indices(JUNE)
    carbon = a_pack("unit_values.toml", "carbon-2023")["by_year"]
    wellby = a_pack("unit_values.toml", "wellby-2021")["pence"]
    tonnes = [Fraction(25, 2) * carbon[str(2026 + year)][which] for year in range(11)]
    ramp = [0, Fraction(1, 2), *[1] * 9]
    health = round(sum(70_000_000 / Fraction(1015, 1000) ** year for year in range(1, 11)))
    found, shown = await values_of(client)
    assert found == {
        "tonnes": discounted(ramp[year] * tonnes[year] * index[2026] / index[2022] for year in range(11)),
        "people": discounted([Fraction(wellby[which], 3) * index[2026] / index[2019]] * 11),
        "health": health,
    }
    # Golden 23, whose unit has no price year.
    assert health // 100 == 6_455_529
    packs = shown["provenance"]["packs"]
    assert (packs["unit-value-carbon"], packs["unit-value-wellby"]) == ("carbon-2023", "wellby-2021")
    assert packs["deflator"] == JUNE


async def test_a_unit_has_the_prices_of_its_pack_and_no_others(client: httpx.AsyncClient) -> None:
    for change in ({"prices": "nominal"}, {"indexation": "1/50"}, {"prices": "year", "price_year": "2013-14"}):
        refused = await stated(client, a_line("people", unit="qaly", quantity="1") | change)
        assert (refused.status_code, "prices of its rule pack" in refused.text) == (422, True)
    refused = await stated(client, a_line("money", amount_pence=1, unit_value="low"))
    assert (refused.status_code, "unit_value belongs to a unit" in refused.text) == (422, True)


def test_every_vintage_and_every_value_of_a_unit_can_be_read() -> None:
    deflators = [pack for pack in PACKS.values() if pack.subject == "deflator"]
    assert {pack.id for pack in deflators} == {MARCH, JUNE}
    for pack in deflators:
        index = indices(pack.id)
        assert sorted(index) == list(range(2000, 2031))
        assert pack.citation
        assert pack.stated_at
