"""S35: backlog by category and footprint; a trust in two is divided by a stated key, one in none is unassigned."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.finance.conftest import database, harness, url
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.estates import Site, a_workbook, an_organisation, in_footprint, take
from tests.support.finance_harness import FinanceHarness
from tests.support.waiting import until

__all__ = ["database", "harness", "url"]

SEED: list[Site] = [
    ("RA1", "RA101", 600_000_000, 1_300_000_000, 1_000_000_000, 400_000_000),
    ("RB2", "RB201", 300_000_000, 700_000_000, 800_000_000, 500_000_000),
    ("RB2", "RB202", 100_000_000, 200_000_000, 200_000_000, 50_000_000),
    ("RC3", "RC301", 100_000_000, 100_000_000, 100_000_000, 50_000_000),
]
"""Low 1.0, moderate 2.1, significant 2.3, high 1.1, in thousand millions of pounds."""
ODD: list[Site] = [
    ("RA1", "RA101", 0, 12.34, "Not Applicable", 7),
    ("RB2", "RB201", 0.01, 0.05, 1_000_000.03, 2),
    ("RC3", "RC301", "Not Applicable", "Not Applicable", "Not Applicable", "Not Applicable"),
    ("RC3", "RC302", 5, 0, 0, 0.99),
]
WEIGHTS = {"QE1": 2, "QF7": 1}


@pytest.fixture
async def client(url: str, harness: FinanceHarness, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """Finance, which knows three trusts and two footprints, called by a national finance lead."""
    await harness.hear(
        *(an_organisation(code) for code in ("RA1", "RB2", "RC3")),
        *(an_organisation(code, "stp") for code in ("QE1", "QF7")),
        in_footprint("RA1", "QE1"),
        in_footprint("RB2", "QE1"),
        in_footprint("RB2", "QF7", relation="part of footprint"),
    )
    lead = tokens.header(Role.FINANCE_LEAD, organisations=("*",))
    async with running_service("finance", tokens.settings(url), DirectBus({"registry": url}), lead) as (_, client):
        yield client


def pence(sites: list[Site], column: int, code: str | None = None) -> int:
    """The sum of a column, in pence."""
    several: list[Any] = [row[column] for row in sites if code in (None, row[0])]
    return sum(round(one * 100) for one in several if not isinstance(one, str))


@pytest.mark.parametrize(("sites", "year"), [(SEED, "2018-19"), (ODD, "2016-17")], ids=["the seed's", "odd pence"])
async def test_s35_backlog_is_totalled_ranked_and_divided_by_a_stated_key(
    client: httpx.AsyncClient, tokens: Tokens, sites: list[Site], year: str
) -> None:
    names = ("high", "significant", "moderate", "low")
    columns = {name: pence(sites, number) for number, name in enumerate(names, 2)}
    content = a_workbook(sites, year=year)
    taken = await take(client, content, year=year)
    assert {name: taken["backlog"][f"{name}_pence"] for name in names} == columns
    assert taken["backlog"]["total_pence"] == sum(columns.values())
    if sites is SEED:
        assert taken["backlog"]["total"] == "£6,500,000,000.00"
        assert taken["backlog"]["high_and_significant_pence"] == 3_400_000_000_00
    assert await take(client, content, year=year, expect=200) == taken
    listed = await get(client, "/estates/backlog", year=year)
    own = {one["organisation"]: (one["footprints"], one["backlog"]["total_pence"]) for one in listed["items"]}
    totals = {code: sum(pence(sites, number, code) for number in range(2, 6)) for code in ("RA1", "RB2", "RC3")}
    assert own == {"RA1": (["QE1"], totals["RA1"]), "RB2": (["QE1", "QF7"], totals["RB2"]), "RC3": ([], totals["RC3"])}

    equal = await get(client, "/estates/footprints", year=year)
    assert (equal["key"], equal["divided_equally"]) == ("equal shares", ["RB2"])
    is_whole(equal, columns)
    key = {
        "effective_on": "2013-04-01",
        "source": "Catchments",
        "weights": [{"organisation": "RB2", "footprint": code, "weight": weight} for code, weight in WEIGHTS.items()],
    }
    stated = await client.put("/v1/estates/keys/06H/catchment", json=key)
    assert stated.status_code == 201, stated.text
    found = await get(client, "/estates/footprints", year=year, key="06h:catchment")
    assert (found["key"], found["key_source"], found["divided_equally"]) == ("06H:catchment", "Catchments", [])
    is_whole(found, columns)
    assert found["unassigned"]["total_pence"] == totals["RC3"]
    assert [one["organisation"] for one in found["unassigned_organisations"]] == ["RC3"]
    [first, second] = found["footprints"]
    assert [(one["footprint"], one["rank"]) for one in (first, second)] == [("QE1", 1), ("QF7", 2)]
    for number, name in enumerate(names, 2):
        whole = pence(sites, number, "RB2")
        third = second["backlog"][f"{name}_pence"]
        assert abs(3 * third - whole) < 3
        assert first["backlog"][f"{name}_pence"] == pence(sites, number, "RA1") + whole - third
    one = await get(client, "/estates/footprints/qf7", year=year, key="06H:catchment")
    assert [(part["organisation"], part["share"], part["by_key"]) for part in one["parts"]] == [("RB2", "1/3", True)]
    assert one["backlog"] == second["backlog"]

    header = tokens.header(Role.PARTNER, organisations=("RB2",))

    async def published() -> list[dict[str, Any]]:
        feed = (await client.get("/v1/events", params={"limit": 500}, headers=header)).json()
        events = [item["event"] for item in feed["items"]]
        return [event["data"] for event in events if ".BacklogRecorded.v" in event["type"]]

    told = {one["organisation"]: one for one in await until(published)}
    assert sorted(told) == ["RA1", "RB2", "RC3"]
    assert [told["RB2"][f"{name}_pence"] for name in names] == [pence(sites, number, "RB2") for number in range(2, 6)]
    assert (told["RB2"]["source"], told["RB2"]["financial_year"]) == (taken["workbook"], year)


def is_whole(found: dict[str, Any], columns: dict[str, int]) -> None:
    """The footprints and what is unassigned sum to the year's backlog, category by category."""
    parts = [*(one["backlog"] for one in found["footprints"]), found["unassigned"]]
    for name, amount in columns.items():
        assert sum(part[f"{name}_pence"] for part in parts) == found["backlog"][f"{name}_pence"] == amount


async def get(client: httpx.AsyncClient, path: str, **params: str) -> dict[str, Any]:
    """Read an answer."""
    answer = await client.get(f"/v1{path}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
