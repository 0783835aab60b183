"""S20: two commissioners with different local codes merge, and every posting is on one national chart."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from libs.common.events import Event
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.finance.conftest import database, harness, url
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.finance_harness import FinanceHarness, a_merger
from tests.support.waiting import until

__all__ = ["database", "harness", "url"]

MERGED, PERIOD = date(2017, 4, 1), "2017-03"

# Of each body its local codes, each with an amount in pounds and its account; then a code that is not mapped.
SEED = {
    "10H": {"A-5001": ("1204310.55", "N1"), "A-5002": ("88120.07", "N2")},
    "10Y": {"B-77": ("640000.00", "N1"), "B-78": ("15569.38", "N2")},
}
ODD = {
    "10H": {"x.1": ("-0.01", "N7"), "x.2": ("99999999.99", "N5"), "x.3": ("0.03", "N7")},
    "10Y": {"9/9": ("7.77", "N5")},
}
SUMS = {"N1": 184431055, "N2": 10368945}
"""What S20 expects, in pence."""


def pence(pounds: str) -> int:
    return int(pounds.replace(".", ""))


@pytest.fixture
async def client(url: str, harness: FinanceHarness, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ARG001
    """Finance, called by the lead of 14Y, the successor."""
    lead = tokens.header(Role.FINANCE_LEAD, organisations=("14Y",))
    bus = DirectBus({"registry": url, "contracts": url})
    async with running_service("finance", tokens.settings(url), bus, lead) as (_, client):
        yield client


@pytest.mark.parametrize(
    ("ledgers", "twice"), [(SEED, False), (ODD, True)], ids=["the seed's", "odd pence, told twice"]
)
async def test_s20_what_is_mapped_closes_and_what_is_not_is_listed(
    client: httpx.AsyncClient,
    harness: FinanceHarness,
    tokens: Tokens,
    ledgers: dict[str, dict[str, tuple[str, str]]],
    twice: bool,
) -> None:
    merger: Event = a_merger("14Y", "10H", "10Y", on=MERGED)
    await harness.hear(*[merger] * (2 if twice else 1))
    expected: dict[str, int] = {}
    for code, accounts in ledgers.items():
        lines = [posting(local, pence(pounds)) for local, (pounds, _) in accounts.items()]
        sent = await post(client, "/postings", organisation=code, reference="gl", postings=lines)
        assert sent["total_pence"] == sum(line["amount_pence"] for line in lines)
        again = await post(client, "/postings", expect=200, organisation=code, reference="GL", postings=lines)
        assert again == sent
        mappings = [mapping(local, account) for local, (_, account) in accounts.items()]
        await post(client, "/account-mappings", organisation=code, mappings=mappings)
        for pounds, account in accounts.values():
            expected[account] = expected.get(account, 0) + pence(pounds)
    before = (await client.get("/v1/account-mappings", params={"organisation": "10Y", "as_known": "2017-03-01"})).json()
    assert before["items"] == []

    extra = posting("B-79", 100)
    await post(client, "/postings", organisation="10Y", reference="late", postings=[extra])
    close: dict[str, Any] = {"organisation": "14Y", "period": PERIOD, "series": "management"}
    blocked = await post(client, "/closes", expect=409, **close)
    assert blocked["type"].endswith("close-blocked")
    assert blocked["reasons"] == [
        {"message": "B-79 of 10Y: £1.00 in 1 postings has no account", "field": "B-79"},
    ]
    told = await published(client, tokens, "LedgerCloseBlocked")
    assert (told["organisation"], told["period"], told["series"]) == tuple(close.values())
    assert (told["unmapped"], told["unmapped_pence"], told["postings"]) == (["B-79"], [100], [1])

    await post(client, "/account-mappings", organisation="10Y", mappings=[mapping("b-79", "n2")])
    expected["N2"] = expected.get("N2", 0) + 100
    closed = await post(client, "/closes", **close)
    assert {line["account"]: line["amount_pence"] for line in closed["lines"]} == expected
    total = sum(pence(pounds) for accounts in ledgers.values() for pounds, _ in accounts.values()) + 100
    assert (closed["total_pence"], closed["postings"]) == (total, sum(map(len, ledgers.values())) + 1)
    if ledgers is SEED:
        assert expected == SUMS | {"N2": SUMS["N2"] + 100}
        assert closed["total"] == "£1,948,001.00"
    told = await published(client, tokens, "LedgerClosed")
    assert (told["organisation"], told["period"], told["series"], told["total_pence"]) == (*close.values(), total)
    listed = (await client.get("/v1/closes", params={"organisation": "14Y"})).json()["items"]
    assert listed == [closed]

    refused = await post(client, "/postings", expect=409, organisation="10H", reference="x", postings=[extra])
    assert (refused["type"].rsplit("/", 1)[-1], refused["reasons"][0]["field"]) == (
        "period-closed",
        "postings.0.posted_on",
    )
    refused = await post(client, "/closes", expect=409, **close)
    assert refused["type"].endswith("period-closed")


async def published(client: httpx.AsyncClient, tokens: Tokens, name: str) -> dict[str, Any]:
    """The fields of the only event of this name, once it is in the log."""
    header = tokens.header(Role.PARTNER, organisations=("14Y",))

    async def told() -> list[dict[str, Any]]:
        feed = (await client.get("/v1/events", params={"limit": 500}, headers=header)).json()
        events = [item["event"] for item in feed["items"]]
        return [event["data"] for event in events if f".{name}.v" in event["type"]]

    [event] = await until(told)
    return dict(event)


def posting(local_code: str, amount_pence: int, on: str = f"{PERIOD}-15") -> dict[str, Any]:
    return {"local_code": local_code, "posted_on": on, "amount_pence": amount_pence}


def mapping(local_code: str, account: str | None, effective_on: str = "2013-04-01") -> dict[str, Any]:
    return {"local_code": local_code, "account": account, "effective_on": effective_on}


async def post(client: httpx.AsyncClient, path: str, *, expect: int = 201, **body: Any) -> Any:
    answer = await client.post(f"/v1{path}", json=body)
    assert answer.status_code == expect, answer.text
    return answer.json()
