"""ERIC's four workbooks: each category to the pound, every row with a verdict, 2016-17 by footprint, PFI schemes."""

import csv
import gzip
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.common.events.registry import OrganisationSucceeded
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.finance.conftest import database, harness, url
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.estates import at, in_footprint, take
from tests.support.finance_harness import FinanceHarness

__all__ = ["database", "harness", "url"]

MAPPED = date(2019, 4, 3)
FILES = {
    "2013-14": "ERIC_2013-14_HospitalEstatesAndFacilitiesStatistics_9896.xls.gz",
    "2014-15": "ERIC_2014-15_HospitalEstatesAndFacilitiesStatistics_11120.xls.gz",
    "2015-16": "ERIC_2015-16_HospitalEstatesAndFacilitiesStatistics_12611.xls.gz",
    "2016-17": "ERIC_2016-17_HospitalEstatesAndFacilitiesStatistics_13944.xls.gz",
}
BACKLOG = {
    "2013-14": (356_610_464, 1_016_673_513, 1_426_581_376, 1_241_809_546),
    "2014-15": (457_975_848, 1_062_095_570, 1_551_301_434, 1_266_546_724),
    "2015-16": (775_532_105, 1_567_896_771, 1_516_385_648, 1_114_891_570),
    "2016-17": (947_110_283, 1_791_774_688, 1_798_365_187, 1_008_240_715),
}
"""High, significant, moderate, low, in pounds."""
TOTALS = {"2013-14": 4_041_674_899, "2014-15": 4_337_919_576, "2015-16": 4_974_706_094, "2016-17": 5_545_490_873}
SITES = {"2013-14": (1378, 0), "2014-15": (1251, 0), "2015-16": (1214, 147), "2016-17": (1213, 162)}
"""Sites, and those without a figure."""
SCHEMES = {
    "2015-16": (151, 90, {"financing": 1_179_796_525}),
    "2016-17": (
        *(139, 84),
        {
            "debt": 655_178_680,
            "contingent_rent": 239_834_112,
            "lifecycle": 114_695_213,
            "declared_saving": 33_026_882,
        },
    ),
}


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a file."""
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


@pytest.fixture
async def client(url: str, harness: FinanceHarness, tokens: Tokens, shared: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Finance, which knows the partners of STPs of April 2019 and the successions of trusts since 2016."""
    mapping = rows(shared / "stp-partner-mapping-2019-04" / "stp_partner_relationships_long.csv")
    trusts = {(row["partner_code"], row["stp_code"]) for row in mapping if row["partner_type"] == "TRUST"}
    successions = rows(shared / "ods-succession" / "trust_successions_all.csv")
    await harness.hear(
        *(in_footprint(code, stp, since=MAPPED) for code, stp in sorted(trusts)),
        *(
            OrganisationSucceeded(
                effective_on=date.fromisoformat(row["effective_date"]),
                stated_at=at(MAPPED),
                code=row["old_code"],
                successor=row["new_code"],
            )
            for row in successions
            if row["old_code"] != row["new_code"] and row["effective_date"] >= "2016-04-01"
        ),
    )
    lead = tokens.header(Role.FINANCE_LEAD, organisations=("*",))
    async with running_service("finance", tokens.settings(url), DirectBus({"registry": url}), lead) as (_, client):
        yield client


async def read(client: httpx.AsyncClient, path: str, **params: str) -> dict[str, Any]:
    """Read an answer."""
    answer = await client.get(f"/v1/estates/{path}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_four_years_to_the_pound_and_2016_17_by_footprint(client: httpx.AsyncClient, shared: Path) -> None:
    taken = {}
    for year, file in FILES.items():
        content = gzip.decompress((shared / "eric-estates" / file).read_bytes())
        taken[year] = await take(client, content, year=year, file=file.removesuffix(".gz"))
    years = {one["financial_year"]: one for one in (await read(client, "years"))["years"]}
    names = ("high", "significant", "moderate", "low")
    for year, pounds in BACKLOG.items():
        assert tuple(years[year]["backlog"][f"{name}_pence"] for name in names) == tuple(100 * one for one in pounds)
        assert years[year]["backlog"]["total_pence"] == 100 * TOTALS[year]
        assert (years[year]["sites"], years[year]["sites_without_figure"]) == SITES[year]
    verdicts = {(one["sheet"], one["verdict"]): one["rows"] for one in taken["2015-16"]["verdicts"]}
    assert verdicts == {
        ("sites", "taken"): 1067,
        ("sites", "no_figure"): 147,
        ("sites", "subtotal"): 239,
        ("schemes", "taken"): 151,
    }
    for year, (schemes, organisations, sums) in SCHEMES.items():
        total = await read(client, "schemes/total", year=year)
        assert (total["schemes"], total["organisations"]) == (schemes, organisations)
        assert {name: total[f"{name}_pence"] for name in sums} == {name: 100 * one for name, one in sums.items()}
    assert total["financing_pence"] is None

    where = f"workbooks/{taken['2015-16']['workbook']}/rows"
    subtotals = await read(client, where, verdict="subtotal", with_finding="true", limit="500")
    odd = [one["finding"] for one in subtotals["items"] if "its rows sum to it" not in one["finding"]]
    assert odd == [
        "R1A Result: left out; it is £3,813,392.00 less than its rows: as much as row 3, R1A AGGRE",
        "Grand Total: left out; it is £3,813,392.00 less than its rows: as much as row 3, R1A AGGRE",
    ]
    await by_footprint(client)


async def by_footprint(client: httpx.AsyncClient) -> None:
    """2016-17: what comes to footprints in which way, and the sum."""
    asked = {"year": "2016-17", "as_at": str(MAPPED)}
    found = await read(client, "footprints", **asked)
    manners = {one["manner"]: (one["organisations"], one["backlog"]["total_pence"] // 100) for one in found["manners"]}
    assert manners == {
        "one": (186, 5_003_283_303),
        "several": (36, 323_898_476),
        "successor_in_one": (9, 198_438_606),
        "successor_in_several": (4, 13_034_724),
        "unassigned": (1, 6_835_764),
    }
    assert [one["organisation"] for one in found["unassigned_organisations"]] == ["RP4"]
    sums = Counter[str]()
    for backlog in (*(one["backlog"] for one in found["footprints"]), found["unassigned"]):
        sums.update(backlog | {"total": 0})
    assert sums["total_pence"] == found["backlog"]["total_pence"] == 100 * TOTALS["2016-17"]
    assert len(found["footprints"]) == 42
    first = next(one for one in found["footprints"] if one["rank"] == 1)
    parts = await read(client, f"footprints/{first['footprint']}", **asked)
    assert parts["backlog"] == first["backlog"]
    table = await client.get("/v1/estates/backlog", params=asked | {"format": "csv"})
    listed = {row["organisation"]: row for row in csv.DictReader(table.text.splitlines())}
    assert sum(int(row["total_pence"]) for row in listed.values()) == 100 * TOTALS["2016-17"]
    assert (listed["R1E"]["footprints"], listed["R1E"]["successors"]) == ("QNC QOC", "RRE")
    assert {part["organisation"] for part in parts["parts"]} == {
        code for code, row in listed.items() if first["footprint"] in row["footprints"].split()
    }
