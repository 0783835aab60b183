"""Workbooks over HTTP: once, by whom, as known; what is odd, as pages and as tables; keys."""

import csv
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from libs.common.events.registry import OrganisationSucceeded
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.finance.conftest import database, harness, url
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.estates import a_workbook, an_organisation, at, in_footprint, take
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness

__all__ = ["database", "harness", "url"]

FIRST = a_workbook(
    [("RA1", "RA101", 1, 2, 3, 4), ("RA1", "RA102", "x", 0, 0, 0), ("RZ9", "RZ901", 5, 0, 0, 0)],
    [("RA1", "RA101", "PFI 1", 1, 2, 3, -4), ("RZ9", "RZ901", "PFI 1", 10, 20, 30, 40)],
)
SECOND = a_workbook([("RA1", "RA101", 10, 2, 3, 4), ("=RA1", "RA102", 0, 0, 0, 0)])
KEY = {
    "effective_on": "2017-04-01",
    "source": "heads",
    "weights": [{"organisation": "RA1", "footprint": "QE1", "weight": 1}],
}


@pytest.fixture
async def client(url: str, harness: FinanceHarness, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """Finance, which knows a trust in a footprint since 2018, called by a national finance lead who loads the past."""
    await harness.hear(
        an_organisation("RA1"), an_organisation("QE1", "stp"), in_footprint("RA1", "QE1", since=date(2018, 4, 1))
    )
    lead = tokens.header(Role.FINANCE_LEAD, Role.LOADER, organisations=("*",))
    async with running_service("finance", tokens.settings(url), DirectBus({"registry": url}), lead) as (_, client):
        yield client


async def get(client: httpx.AsyncClient, path: str, *, expect: int = 200, **params: Any) -> Any:
    """Read an answer."""
    answer = await client.get(f"/v1/estates/{path}", params=params)
    assert answer.status_code == expect, answer.text
    return answer.json() if expect == 200 else kind(answer)


async def test_a_later_workbook_supersedes_for_whom_it_names_and_what_was_known_stays(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    first = await take(client, FIRST, headers={"Stated-At": "2017-10-01"})
    assert first["findings"] == ["RZ9: no organisation of this code is known"]
    assert (first["organisations"], first["sites"], first["schemes"], first["rows_with_finding"]) == (2, 2, 2, 2)
    second = await take(client, SECOND, headers={"Stated-At": "2018-10-01"})
    assert second["findings"] == [
        "RZ9 is named for 2016-17 by an earlier workbook and not by this one: its figures stay"
    ]
    year: dict[str, Any] = {"year": "2016-17"}
    now = await get(client, "backlog", **year, as_at="2018-04-01")
    assert [(one["organisation"], one["backlog"]["high_pence"], one["footprints"]) for one in now["items"]] == [
        ("RA1", 1_000, ["QE1"]),
        ("RZ9", 500, []),
    ]
    before = await get(client, "backlog", **year, as_known="2018-01-01", as_at="2018-03-31", organisation="ra1")
    assert [(one["backlog"]["high_pence"], one["footprints"]) for one in before["items"]] == [(100, [])]
    assert (await get(client, "backlog", **year, as_known="2017-01-01"))["items"] == []
    assert await get(client, "footprints", expect=404, **year, as_known="2017-01-01") == "backlog-not-found"
    assert await get(client, "footprints/QE1", expect=404, **year, as_at="2018-03-31") == "footprint-backlog-not-found"
    earlier = f"workbooks/{first['workbook']}"
    assert await get(client, earlier, expect=404, as_known="2017-01-01") == "workbook-not-found"
    # The schemes of a body are those of the workbook that counts for it.
    schemes = await get(client, "schemes", **year)
    assert [(one["organisation"], one["debt_pence"]) for one in schemes["items"]] == [("RZ9", 2_000)]
    total = await get(client, "schemes/total", **year, as_known="2018-01-01")
    assert (total["schemes"], total["declared_saving_pence"], total["financing_pence"]) == (2, 3_600, None)

    # Of one instant the workbook that was taken later counts.
    for _ in range(2):
        assert await take(client, FIRST, expect=200, headers={"Stated-At": "2018-10-01"}) == first
    # Stated again it counts again for whom the other one superseded it, and then once.
    assert await take(client, FIRST) == first
    assert await take(client, FIRST, expect=200) == first
    for known, high in (("2018-12-01", 1_000), (None, 100)):
        when: dict[str, Any] = year | ({"as_known": known} if known else {})
        found = await get(client, "backlog", **when, as_at="2018-04-01", organisation="RA1")
        assert [one["backlog"]["high_pence"] for one in found["items"]] == [high]
    refused = await client.post("/v1/estates/workbooks", params={"year": "2017-18", "file": "a.xlsx"}, content=FIRST)
    assert (kind(refused), refused.json()["reasons"][0]["field"]) == ("workbook-of-another-year", "year")
    late = await client.post("/v1/estates/workbooks", params={"year": "2198-99", "file": "a.xlsx"}, content=FIRST)
    assert kind(late) == "year-not-begun"
    own = tokens.header(Role.FINANCE_LEAD, organisations=("RA1",))
    other = await client.post("/v1/estates/workbooks", params=year | {"file": "a"}, content=FIRST, headers=own)
    assert (kind(other), "RZ9" in other.json()["detail"]) == ("not-yours-to-decide", True)
    listed = await get(client, "workbooks", limit="1")
    assert [one["workbook"] for one in listed["items"]] == [first["workbook"]]
    following = (await client.get(listed["next"])).json()
    assert [one["workbook"] for one in following["items"]] == [second["workbook"]]


async def test_every_row_is_reported_and_a_table_has_the_same_rows(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    taken = await take(client, FIRST)
    where = f"workbooks/{taken['workbook']}/rows"
    page = await get(client, where, limit="2")
    rows = [*page["items"], *(await client.get(page["next"])).json()["items"]]
    rows += (await client.get((await client.get(page["next"])).json()["next"])).json()["items"]
    assert [(one["sheet"], one["line"], one["verdict"]) for one in rows] == [
        *(("schemes", 3, "taken"), ("schemes", 4, "taken")),
        *(("sites", 3, "taken"), ("sites", 4, "refused"), ("sites", 5, "taken")),
    ]
    assert [one["finding"] for one in rows if one["finding"]] == [
        "declared_saving is less than nothing: -4",
        "high: 'x' is no amount",
    ]
    refused = await get(client, where, verdict="refused", with_finding="true", organisation="RA1")
    assert refused["items"] == [rows[3]]
    table = (await client.get(f"/v1/estates/{where}", params={"format": "csv"})).text
    read = list(csv.DictReader(table.splitlines()))
    assert [(row["sheet"], int(row["line"]), row["verdict"], row["finding"]) for row in read] == [
        (one["sheet"], one["line"], one["verdict"], one["finding"]) for one in rows
    ]
    assert (read[2]["high_pence"], read[2]["debt_pence"], read[0]["debt_pence"]) == ("100", "", "200")
    assert await by_footprint(client) == {"QE1": 1_000, "unassigned": 500}
    # Who was taken over on the first day of the year goes by its successor.
    first = date(2016, 4, 1)
    await harness.hear(OrganisationSucceeded(effective_on=first, stated_at=at(first), code="RZ9", successor="RA1"))
    assert await by_footprint(client) == {"QE1": 1_500, "unassigned": 0}


async def by_footprint(client: httpx.AsyncClient) -> dict[str, int]:
    """The backlog of each footprint, by the table."""
    table = (await client.get("/v1/estates/footprints", params={"year": "2016-17", "format": "csv"})).text
    return {row["footprint"]: int(row["total_pence"]) for row in csv.DictReader(table.splitlines())}


async def test_a_key_is_changed_from_a_day_on_by_who_read_it(client: httpx.AsyncClient, tokens: Tokens) -> None:
    path = "/v1/estates/keys/06h/Heads"
    first = await client.put(path, json=KEY)
    assert (first.status_code, first.json()["key"], first.headers["ETag"]) == (201, "06H:heads", '"1"')
    assert kind(await client.put(path, json=KEY | {"source": "b"})) == "precondition-missing"
    changed = KEY | {"source": "floors", "effective_on": "2018-04-01"}
    again = await client.put(path, json=changed, headers={"If-Match": '"1"'})
    assert [one["source"] for one in again.json()["periods"]] == ["heads", "floors"]
    on = [(await get(client, "keys", as_at=day))["items"] for day in ("2017-03-31", "2017-04-01", "2018-04-01")]
    assert [[(one["source"], one["organisations"]) for one in items] for items in on] == [
        *([], [("heads", 1)], [("floors", 1)]),
    ]
    weights = [*KEY["weights"], *KEY["weights"]]
    twice = await client.put(path, json=KEY | {"weights": weights}, headers={"If-Match": '"2"'})
    assert (twice.status_code, "once" in twice.text) == (422, True)
    empty = [{"organisation": "RA1", "footprint": "QE1", "weight": 0}]
    assert "all weights of RA1 are 0" in (await client.put(path, json=KEY | {"weights": empty})).text
    stranger = tokens.header(Role.FINANCE_LEAD, organisations=("10H",))
    assert kind(await client.put(path, json=KEY, headers=stranger)) == "not-yours-to-decide"
    await take(client, FIRST)
    missing = await get(client, "footprints", expect=404, year="2016-17", key="06H:none")
    assert missing == "estate-key-not-found"
