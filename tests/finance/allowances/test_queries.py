"""Allowances over HTTP: who may see what, and how they explain themselves."""

from datetime import date

import httpx
import pytest

from libs.common.events.contracts import ContractSigned
from libs.common.identity import Role
from tests.support.edge import Tokens
from tests.support.finance_client import PATH, kind, put
from tests.support.finance_harness import FinanceHarness, at, bucks_merges


async def test_an_allowance_explains_itself(client: httpx.AsyncClient, harness: FinanceHarness) -> None:
    await put(client)
    await harness.hear(
        ContractSigned(
            effective_on=date(2013, 4, 1),
            stated_at=at(date(2013, 1, 10)),
            contract="CSU-1",
            title="Commissioning support",
            supplier="0CX",
            customers=("06H", "10Y"),
            functions=("payroll",),
            last_day=date(2016, 3, 31),
            annual_pence=50_000_000_00,
        )
    )
    found = (await client.get("/v1/allowances/06H/2013-14")).json()
    assert (found["amount"], found["as_set"]["rate"], found["as_set"]["rate_found"]) == (
        "£21,400,000.00",
        "£25.00",
        True,
    )
    assert found["parts"][0] | {"population": 0} == {
        "first_day": "2013-04-01",
        "last_day": "2014-03-31",
        "days": 365,
        "amount_pence": 2_140_000_000,
        "amount": "£21,400,000.00",
        "population": 0,
        "pack": "rca-2013-14",
        "merger": None,
    }
    assert found["explanation"][0] == (
        "856,000 people (GP registered lists) at £25.00 a head: £21,400,000.00 (rca-2013-14)."
    )
    assert "split equally" in found["explanation"][-1]
    charged = found["support_charges"]
    assert (charged["amount"], charged["items"][0]["shared_among"]) == ("£25,000,000.00", ["06H", "10Y"])
    [warning] = found["warnings"]
    assert warning.startswith(
        "Support charges of £25,000,000.00 exceed the allowance of £21,400,000.00 by £3,600,000.00."
    )


async def test_a_year_without_a_rate_says_so(client: httpx.AsyncClient) -> None:
    await put(client, PATH.replace("2013-14", "2018-19"))
    found = (await client.get("/v1/allowances/06H/2018-19")).json()
    assert (found["as_set"]["rate_found"], found["as_set"]["pack"]) == (False, "rca-2015-16")
    assert "No national rate was found for 2018-19: rca-2015-16, the last one before, was used." in found["explanation"]


async def test_a_merger_shows_on_both_sides_and_in_the_history(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    await harness.state("10Y", "2018-19", 1000)
    await harness.state("10H", "2018-19", 1000)
    await harness.hear(bucks_merges(date(2018, 10, 1)))
    heir = tokens.header(Role.PARTNER, organisations=("14Y",))
    before = (await client.get("/v1/allowances/10Y/2018-19", headers=heir)).json()
    after = (await client.get("/v1/allowances/14Y/2018-19", headers=heir)).json()
    assert before["as_set"]["amount_pence"] == 2_207_000
    assert before["moved"] == after["moved"]
    assert [one["predecessor"] for one in after["moved"][0]["released"]] == ["10H", "10Y"]
    assert after["as_set"] is None
    assert after["explanation"][0] == "No population was stated for 14Y in 2018-19: its allowance came from others."
    history = (await client.get("/v1/allowances/10Y/2018-19/history", headers=heir)).json()
    assert [(part["last_day"], part["known_to"] is None) for part in history["parts"]] == [
        ("2019-03-31", False),
        ("2018-09-30", True),
    ]
    assert [len(history[name]) for name in ("as_set", "moved")] == [1, 1]


async def test_a_callers_list_holds_its_own_and_what_lives_on_in_it(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    for code in ("06H", "10Y", "10H"):
        await harness.state(code, "2018-19", 1000)
    await harness.hear(bucks_merges(date(2018, 10, 1)))

    async def codes(*organisations: str, **params: str) -> list[str]:
        who = tokens.header(Role.PARTNER, organisations=organisations)
        answer = await client.get("/v1/allowances", params=params, headers=who)
        assert answer.status_code == 200, answer.text
        return [item["organisation"] for item in answer.json()["items"]]

    assert await codes("*") == ["06H", "10H", "10Y", "14Y"]
    assert await codes("14Y") == ["10H", "10Y", "14Y"]
    assert await codes("10Y") == ["10Y"]
    assert await codes("*", year="2017-18") == []
    assert await codes("*", organisation="10H") == ["10H"]
    assert await codes("14Y", as_at="2018-09-30") == ["10H", "10Y"]
    assert await codes("14Y", as_at="2018-10-01") == ["14Y"]
    assert await codes("*", as_known="2018-09-30") == ["06H", "10H", "10Y"]
    assert await codes("*", as_known="2018-01-31") == []


async def test_a_foreign_organisations_figures_are_not_shown(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    await harness.state("10H", "2018-19", 1000)
    await harness.hear(bucks_merges(date(2018, 10, 1)))
    for path in (
        "/v1/allowances/{code}/2018-19",
        "/v1/allowances/{code}/2018-19/history",
        "/v1/organisations/{code}/populations/2018-19",
    ):
        for code in ("10H", "14Y"):
            answers = [await client.get(path.format(code=one)) for one in (code, "99X")]
            assert [answer.status_code for answer in answers] == [404, 404]
            assert kind(answers[0]) == kind(answers[1])
            assert answers[0].json()["detail"] == answers[1].json()["detail"].replace("99X", code)
    assert (await client.get("/v1/allowances?organisation=10H")).json()["items"] == []


async def test_pages_follow_each_other_without_gap_or_repetition(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    for year in ("2013-14", "2014-15", "2015-16"):
        for code in ("06H", "10Y"):
            await harness.state(code, year, 1000)
    link, seen = "/v1/allowances?limit=4", []
    while link:
        answer = (await client.get(link, headers=tokens.header(Role.PARTNER))).json()
        seen += [(item["organisation"], item["financial_year"]) for item in answer["items"]]
        link = answer["next"]
    assert seen == [(code, year) for code in ("06H", "10Y") for year in ("2013-14", "2014-15", "2015-16")]


@pytest.mark.parametrize("after", ["x", "WzFd", "WyJhIiwgImIiXQ", "WyJhIiwgOTk5OTk5OTk5OTk5XQ"])
async def test_a_cursor_of_no_page_is_refused(client: httpx.AsyncClient, after: str) -> None:
    answer = await client.get("/v1/allowances", params={"after": after})
    assert (answer.status_code, kind(answer)) == (400, "unreadable-cursor")


async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    for path, slug in (
        ("/v1/allowances/06H/2013-14", "allowance-not-found"),
        ("/v1/allowances/06H/2013-14/history", "allowance-not-found"),
        (PATH, "population-not-found"),
    ):
        answer = await client.get(path)
        assert (answer.status_code, kind(answer)) == (404, slug)


async def test_rule_packs_are_listed_with_their_sources(client: httpx.AsyncClient) -> None:
    packs = (await client.get("/v1/rule-packs")).json()
    assert [(pack["id"], pack["rate"]) for pack in packs] == [
        ("rca-2013-14", "£25.00"),
        ("rca-draft-2011-10", "£25.00"),
        ("rca-draft-2012-01", "£25.00"),
        ("rca-2014-15", "£24.73"),
        ("rca-2015-16", "£22.07"),
        ("icb-envelope-2025-26", "£18.76"),
    ]
    assert all(pack["citation"] and pack["note"] for pack in packs)


async def test_every_operation_has_a_summary_a_tag_and_its_refusals(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    ours = [
        operation
        for path, operations in document["paths"].items()
        if path.startswith(("/v1/allowances", "/v1/organisations", "/v1/rule-packs"))
        for operation in operations.values()
    ]
    assert len(ours) >= 7
    for operation in ours:
        assert operation["summary"]
        assert operation["tags"]
        assert {"401", "403", "422"} <= set(operation["responses"])
