"""Series and bridges over HTTP, from postings, counts and successions that arrive in two orders."""

from collections.abc import AsyncIterator
from datetime import date
from fractions import Fraction
from typing import Any

import httpx
import pytest

from libs.common.events import Event
from libs.common.events.registry import (
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    OrganisationSucceeded,
    PopulationPublished,
)
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.finance.series.plans import list_agreed
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.finance_harness import EVERYTHING, FinanceHarness, a_merger, at

MERGED = date(2017, 4, 1)
A, B, C, OTHER = "10H", "10Y", "14Y", "06H"
EVENTS: list[Event] = [
    a_merger(C, A, B, on=MERGED),
    PopulationPublished(
        effective_on=date(2016, 4, 1), stated_at=at(MERGED), code=A, basis="registered", people=205_001
    ),
    PopulationPublished(
        effective_on=date(2016, 4, 1), stated_at=at(MERGED), code=B, basis="registered", people=330_000
    ),
    OrganisationSucceeded(
        effective_on=date(2018, 10, 1),
        stated_at=at(MERGED),
        code=OTHER,
        successor=C,
        shape="boundary_change",
        share="1/7",
    ),
]
POSTED = {
    A: [
        ("x1", "2016-06-30", 10_000_000_00),
        ("assets", "2017-03-31", 1_500_000_00),
        ("debts", "2017-03-31", -300_000_00),
    ],
    B: [("y1", "2017-03-31", 6_000_000_00), ("debts", "2017-03-31", -300_000_00)],
    C: [("z1", "2017-05-01", 15_200_000_00)],
    OTHER: [("o1", "2018-05-01", 700_000_01)],
}
MAPPED = {"x1": "N1", "y1": "N1", "z1": "N1", "o1": "N2", "assets": "N8", "debts": "N9"}


@pytest.fixture
async def client(url: str, harness: FinanceHarness, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """Finance, called by a national lead."""
    lead = tokens.header(Role.FINANCE_LEAD, organisations=("*",))
    async with running_service(
        "finance", tokens.settings(url), DirectBus({"registry": url, "contracts": url}), lead
    ) as (
        _,
        client,
    ):
        for code in POSTED:
            await harness.hear_of_ccgs(code)
        for code, lines in POSTED.items():
            await post(
                client,
                "/account-mappings",
                organisation=code,
                mappings=[
                    {"local_code": local, "account": MAPPED[local], "effective_on": "2013-04-01"} for local, *_ in lines
                ],
            )
            postings = [{"local_code": local, "posted_on": on, "amount_pence": pence} for local, on, pence in lines]
            await post(client, "/postings", organisation=code, reference="all", postings=postings)
        yield client


async def post(client: httpx.AsyncClient, path: str, **body: Any) -> Any:
    answer = await client.post(f"/v1{path}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def series(client: httpx.AsyncClient, **asked: str) -> dict[tuple[str, str, str], int]:
    params = {"from_year": "2016-17", "to_year": "2018-19", "boundaries_on": "2017-04-01"} | asked
    answer = await client.get("/v1/series", params=params)
    assert answer.status_code == 200, answer.text
    return {
        (row["organisation"], row["financial_year"], row["account"]): row["amount"] for row in answer.json()["items"]
    }


async def bridge(client: httpx.AsyncClient, code: str, year: str, **asked: str) -> Any:
    params = {"organisation": code, "year": year, "boundaries_on": "2017-04-01"} | asked
    answer = await client.get("/v1/bridges", params=params)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown["management"] == shown["statutory"] + sum(line["amount"] for line in shown["lines"])
    return shown


@pytest.mark.parametrize("events", [EVENTS, [*reversed(EVENTS), *EVENTS]], ids=["in order", "reversed and again"])
async def test_rca_5_both_series_the_bridge_and_the_gain_on_absorption(
    client: httpx.AsyncClient, harness: FinanceHarness, events: list[Event]
) -> None:
    await harness.hear(*events)
    own = {
        (A, "2016-17", "N1"): 10_000_000_00,
        (B, "2016-17", "N1"): 6_000_000_00,
        (C, "2017-18", "N1"): 15_200_000_00,
        (OTHER, "2018-19", "N2"): 700_000_01,
    }
    assert await series(client) == own
    merged = {
        (C, "2016-17", "N1"): 16_000_000_00,
        (C, "2017-18", "N1"): 15_200_000_00,
        (OTHER, "2018-19", "N2"): 700_000_01,
    }
    assert await series(client, series="management") == merged
    later = await series(client, series="management", boundaries_on="2018-10-01")
    assert (later[OTHER, "2018-19", "N2"], later[C, "2018-19", "N2"]) == (600_000_01, 100_000_00)
    assert sum(later.values()) == sum(own.values())

    shown = await bridge(client, C, "2016-17")
    assert (shown["statutory"], shown["management"]) == (0, 16_000_000_00)
    assert [(line["kind"], line["body"], line["share"]) for line in shown["lines"]] == [
        ("merger", A, "1"),
        ("merger", B, "1"),
    ]
    assert (await bridge(client, A, "2016-17"))["management"] == 0
    [gain] = (await bridge(client, C, "2017-18"))["absorptions"]
    assert [one["net_assets_pence"] for one in gain["predecessors"]] == [1_200_000_00, -300_000_00]
    assert (gain["gain_pence"], gain["gain"]) == (900_000_00, "£900,000.00")
    part = await bridge(client, C, "2018-19", boundaries_on="2018-10-01")
    assert [(line["kind"], line["body"], line["share"], line["amount"]) for line in part["lines"]] == [
        ("boundary_change", OTHER, "1/7", 100_000_00)
    ]

    people = await series(client, measure="population", series="management")
    assert people == {(C, "2016-17", ""): 535_001}
    before = await series(client, measure="population", series="management", as_known="2017-03-01")
    assert before == {}


async def test_a_code_mapped_anew_after_a_close_is_a_line_of_the_bridge(client: httpx.AsyncClient) -> None:
    closed = await post(client, "/closes", organisation=C, period="2017-05")
    assert closed["total_pence"] == 15_200_000_00
    anew = [{"local_code": "z1", "account": "N3", "effective_on": "2013-04-01"}]
    await post(client, "/account-mappings", organisation=C, mappings=anew)
    assert await series(client, organisation=C) == {(C, "2017-18", "N1"): 15_200_000_00}
    assert await series(client, organisation=C, series="management") == {(C, "2017-18", "N3"): 15_200_000_00}
    lines = (await bridge(client, C, "2017-18"))["lines"]
    assert [(line["kind"], line["account"], line["amount"]) for line in lines] == [
        ("remapped_account", "N1", -15_200_000_00),
        ("remapped_account", "N3", 15_200_000_00),
    ]
    priced = await bridge(client, C, "2017-18", prices_of="2016-17")
    real = round(15_200_000_00 * Fraction("73.5353") / Fraction("74.4665"))
    assert (priced["lines"][-1]["kind"], priced["management"]) == ("price_base", real)
    assert "gdp-deflators-2026-06" in priced["packs"]
    refused = await client.get("/v1/bridges", params={"organisation": C, "year": "2017-18", "prices_of": "1999-00"})
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (409, "no-deflator")


async def test_a_body_reads_its_own_series_and_those_of_its_predecessors(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    await harness.hear(*EVENTS)
    asked = {"from_year": "2016-17", "to_year": "2018-19"}
    for code, seen in {C: {A, B, C}, A: {A}}.items():
        header = tokens.header(Role.PARTNER, organisations=(code,))
        rows = (await client.get("/v1/series", params=asked, headers=header)).json()["items"]
        assert {row["organisation"] for row in rows} == seen
    header = tokens.header(Role.PARTNER, organisations=(A,))
    for path in ("/v1/bridges?year=2016-17", "/v1/bridges?year=2017-18&measure=net_assets"):
        assert (await client.get(f"{path}&organisation={C}", headers=header)).status_code == 404


async def test_a_planned_series_follows_agreed_mergers_until_they_are_withdrawn_or_carried_out(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    agreed_on, day, put_off = date(2018, 5, 1), date(2019, 4, 1), date(2020, 4, 1)
    of = {"merger": "M-PLAN", "successor": "15N", "predecessors": (A, B)}
    agreed = CCGMergerAgreed(
        **of,
        successor_name="",
        parts=(OTHER,),
        part_shares=("1/7",),
        effective_on=day,
        stated_at=at(agreed_on),
    )
    redated = CCGMergerRedated(**of, previously_on=day, effective_on=put_off, stated_at=at(date(2018, 6, 1)))
    withdrawn = CCGMergerWithdrawn(**of, effective_on=date(2018, 7, 1), stated_at=at(date(2018, 7, 1)))
    await harness.hear(withdrawn, redated, agreed, agreed, redated, withdrawn)

    async def of_all(boundaries: date, as_known: str, planned: bool = True) -> dict[str, int]:
        asked = {"series": "management", "boundaries_on": boundaries.isoformat(), "as_known": as_known}
        rows = await series(client, **asked, planned=str(planned).lower())
        return {body: sum(pence for key, pence in rows.items() if key[0] == body) for body, _, _ in rows}

    # Postings were stated now: whatever is asked as known is asked of a day to come.
    later = {"agreed": "2018-05-15", "redated": "2018-06-15", "withdrawn": "2018-07-15"}
    assert await of_all(day, later["agreed"]) == {}
    found = await plans_known(harness, *later.values())
    assert found == [[("15N", day)], [("15N", put_off)], []]
    assert set(await of_all(put_off, "2100-01-01")) == {A, B, C, OTHER}
    await harness.hear(agreed.model_copy(update={"effective_on": day, "stated_at": at(date(2018, 8, 1))}))
    whole = await of_all(day, "2100-01-01")
    assert whole == {"15N": 16_100_000_00, C: 15_200_000_00, OTHER: 600_000_01}
    assert set(await of_all(day, "2100-01-01", planned=False)) == {A, B, C, OTHER}
    lines = (await bridge(client, "15N", "2018-19", boundaries_on=day.isoformat(), planned="true"))["lines"]
    assert [(line["body"], line["share"], line["amount"], line["merger"]) for line in lines] == [
        (OTHER, "1/7", 100_000_00, "M-PLAN")
    ]
    await harness.hear(a_merger("15N", A, B, on=day, reference="M-PLAN"))
    assert await plans_known(harness, "2100-01-01") == [[]]


async def test_an_agreed_merger_shows_no_body_the_figures_of_those_that_it_is_to_take_over(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    day = date(2099, 4, 1)
    await harness.hear(
        CCGMergerAgreed(
            merger="M-PLAN",
            successor=A,
            successor_name="",
            predecessors=(A, B),
            parts=(OTHER,),
            part_shares=("1/7",),
            effective_on=day,
            stated_at=at(date(2018, 5, 1)),
        )
    )
    asked = {"from_year": "2016-17", "to_year": "2018-19", "series": "management", "boundaries_on": day.isoformat()}
    shown = {}
    for organisations in ((A,), (A, B), (A, B, OTHER)):
        header = tokens.header(Role.PARTNER, organisations=organisations)
        answer = await client.get("/v1/series", params=asked | {"planned": "true"}, headers=header)
        rows = answer.json()["items"]
        shown[organisations] = sum(row["amount"] for row in rows if row["organisation"] == A)
        path = f"/v1/bridges?organisation={A}&year=2018-19&planned=true&boundaries_on={day}"
        bridged = (await client.get(path, headers=header)).json()
        assert {line["body"] for line in bridged["lines"]} <= set(organisations)
    assert shown == {(A,): 10_000_000_00, (A, B): 10_000_000_00, (A, B, OTHER): 16_100_000_00}


async def test_a_succession_of_a_day_to_come_shows_the_successor_no_figures_yet(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    about = {"code": B, "successor": A, "shape": "merger", "share": "1"}
    await harness.hear(OrganisationSucceeded(**about, effective_on=date(2099, 4, 1), stated_at=at(date(2018, 5, 1))))
    asked = {"from_year": "2016-17", "to_year": "2018-19", "series": "management", "boundaries_on": "2099-04-01"}
    shown = {}
    for organisations in ((A,), (A, B)):
        header = tokens.header(Role.PARTNER, organisations=organisations)
        rows = (await client.get("/v1/series", params=asked, headers=header)).json()["items"]
        shown[organisations] = {row["organisation"]: row["amount"] for row in rows}
    assert shown == {(A,): {A: 10_000_000_00}, (A, B): {A: 16_000_000_00}}


async def plans_known(harness: FinanceHarness, *days: str) -> list[list[tuple[str, date]]]:
    return [
        [
            (one.successor, one.effective_on)
            for one in await list_agreed(harness.database, sight=EVERYTHING, as_known=at(date.fromisoformat(day)))
        ]
        for day in days
    ]
