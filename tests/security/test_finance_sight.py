"""Who reads what of finance, by a table: body, predecessor, successor, other body, stranger, operator, national."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from libs.common.database.connection import Database
from libs.common.events.contracts import ContractSigned
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.finance.conftest import database, harness, url
from tests.security.chains import provenances_read
from tests.support.apps import running_service
from tests.support.cases import a_case
from tests.support.edge import Tokens, tokens
from tests.support.finance_harness import FinanceHarness, at, bucks_merges
from tests.support.waiting import until

__all__ = ["database", "harness", "tokens", "url"]

YEAR, MERGED = "2018-19", date(2018, 10, 1)
MERGER = "14Y00"
"""A reference of a merger, which looks like the code of an organisation."""

# 10H (1,000 people) and 10Y (3,000) merge into 14Y on 1 October 2018; on 1 December the population of 10Y is corrected.
CALLERS: dict[str, tuple[str, ...]] = {
    "successor": ("14Y",),
    "predecessor": ("10H",),
    "other predecessor": ("10Y",),
    "other body": ("06H",),
    "supplier": ("0CX",),
    "stranger": ("99X",),
    "named like the merger": (MERGER,),
    "nobody's": (),
    "operator": (),
    "operator for every organisation": ("*",),
    "national": ("*",),
}
PROVENANCES = {"successor", "other predecessor"}
"""Those who are asked about the provenance of each event too."""
OPERATORS = {"operator", "operator for every organisation"}

SET_10H, SET_10Y = 1000 * 2207, 4000 * 2207
OUT_10H, OUT_10Y = 1_100_477, 4_401_907
"""What each has until the merger and releases from it on: 182 days of 365."""

ALLOWANCES: dict[str, dict[str, tuple[int | None, int, bool]]] = {
    "10H": {
        "successor": (SET_10H, SET_10H - OUT_10H, True),
        "predecessor": (SET_10H, SET_10H - OUT_10H, True),
        "national": (SET_10H, SET_10H - OUT_10H, True),
    },
    "10Y": {
        "successor": (SET_10Y, SET_10Y - OUT_10Y, True),
        "other predecessor": (SET_10Y, SET_10Y - OUT_10Y, True),
        "national": (SET_10Y, SET_10Y - OUT_10Y, True),
    },
    "14Y": {"successor": (None, OUT_10H + OUT_10Y, False), "national": (None, OUT_10H + OUT_10Y, False)},
    "06H": {"other body": (5000 * 2207, 5000 * 2207, False), "national": (5000 * 2207, 5000 * 2207, False)},
}
"""Of each body and caller: the allowance as set, after the merger, and whether a contract is charged to it."""

WHOLE = (OUT_10H + OUT_10Y, 5000, {"10H": OUT_10H, "10Y": OUT_10Y}, True)
MOVED: dict[str, dict[str, tuple[int | None, int | None, dict[str, int], bool]]] = {
    "10H": {"successor": WHOLE, "national": WHOLE, "predecessor": (None, None, {"10H": OUT_10H}, False)},
    "10Y": {"successor": WHOLE, "national": WHOLE, "other predecessor": (None, None, {"10Y": OUT_10Y}, False)},
    "14Y": {"successor": WHOLE, "national": WHOLE},
}
"""What the merger moved, as read beside the allowance of a body: amount, people, released by whom, event and cause."""

LISTS: dict[str, set[str]] = {
    "successor": {"10H", "10Y", "14Y"},
    "predecessor": {"10H"},
    "other predecessor": {"10Y"},
    "other body": {"06H"},
    "national": {"06H", "10H", "10Y", "14Y"},
}

HISTORY_OF_10H: dict[str, list[bool]] = {"successor": [False, True], "national": [False, True], "predecessor": [True]}
"""The moves in its history, by whether they are known still: a correction for 10Y is none for who sees 10H alone."""

DOCUMENTS = {"other body", "national"}
"""Those who read the draft of a case of 06H, and so may have its report as a document."""

EVENTS: dict[str, set[str]] = {
    "successor": {"AllowanceSet 10H", "AllowanceSet 10Y", "AllowanceRestated 14Y"},
    "predecessor": {"AllowanceSet 10H"},
    "other predecessor": {"AllowanceSet 10Y"},
    "other body": {"AllowanceSet 06H"},
    "national": {"AllowanceSet 06H", "AllowanceSet 10H", "AllowanceSet 10Y", "AllowanceRestated 14Y"},
}


@pytest.fixture
async def client(harness: FinanceHarness, url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service after all that the table is about."""
    for code, population in (("10H", 1000), ("10Y", 3000), ("06H", 5000)):
        await harness.state(code, YEAR, population, source=f"lists of {code}")
    await harness.hear(
        ContractSigned(
            effective_on=date(2018, 4, 1),
            stated_at=at(date(2018, 3, 1)),
            contract="CSU-1",
            title="Payroll",
            supplier="0CX",
            customers=("10H", "10Y"),
            functions=("payroll",),
            last_day=date(2019, 3, 31),
            annual_pence=1000_00,
        )
    )
    await harness.hear(bucks_merges(MERGED).model_copy(update={"merger": MERGER}))
    await harness.state("10Y", YEAR, 4000, source="lists of 10Y, corrected", stated=at(date(2018, 12, 1)))
    bus = DirectBus({"registry": url, "contracts": url, "governance": url})
    async with running_service("finance", tokens.settings(url), bus) as (_, client):
        yield client


def header(tokens: Tokens, caller: str) -> dict[str, str]:
    """The token of a caller: a partner, so that it may read the feed, or the operator."""
    role = Role.OPERATOR if caller in OPERATORS else Role.PARTNER
    return tokens.header(role, organisations=CALLERS[caller])


async def read(client: httpx.AsyncClient, tokens: Tokens, path: str) -> dict[str, Any]:
    """What each caller reads there; who reads nothing is answered 404 in the words about a body without figures."""
    documents = {}
    for caller in CALLERS:
        answer = await client.get(path, headers=header(tokens, caller))
        if answer.status_code == 200:
            documents[caller] = answer.json()
        else:
            code = path.split("/")[3]
            missing = await client.get(path.replace(code, "ZZZ9"), headers=header(tokens, caller))
            assert (answer.status_code, missing.status_code) == (404, 404)
            assert answer.json()["detail"] == missing.json()["detail"].replace("ZZZ9", code)
            assert answer.json()["type"] == missing.json()["type"]
    return documents


@pytest.mark.parametrize("code", ALLOWANCES)
async def test_an_allowance_is_read_by_its_body_and_who_took_it_over(
    client: httpx.AsyncClient, tokens: Tokens, code: str
) -> None:
    found = await read(client, tokens, f"/v1/allowances/{code}/{YEAR}")
    seen = {
        caller: (
            document["as_set"] and document["as_set"]["amount_pence"],
            document["amount_pence"],
            bool(document["support_charges"]["items"]) and document["as_set"] is not None,
        )
        for caller, document in found.items()
    }
    assert seen == ALLOWANCES[code]


@pytest.mark.parametrize("code", MOVED)
async def test_a_predecessor_reads_what_it_released_and_nothing_of_the_others(
    client: httpx.AsyncClient, tokens: Tokens, code: str
) -> None:
    found = await read(client, tokens, f"/v1/allowances/{code}/{YEAR}")
    seen = {}
    for caller, document in found.items():
        [moved] = document["moved"]
        released = {one["predecessor"]: one["amount_pence"] for one in moved["released"]}
        has_cause = moved["event"] is not None and moved["caused_by"] is not None
        seen[caller] = moved["amount_pence"], moved["population"], released, has_cause
        words = " ".join(document["explanation"])
        assert ("£55,023.84" in words) == (moved["amount_pence"] is not None)
        for other, amount in (("10H", "£11,004.77"), ("10Y", "£44,019.07")):
            assert (f"{other} ({amount})" in words) == (other in released)
    assert seen == MOVED[code]


async def test_a_history_has_no_move_that_changed_for_another_alone(client: httpx.AsyncClient, tokens: Tokens) -> None:
    found = await read(client, tokens, f"/v1/allowances/10H/{YEAR}/history")
    seen = {caller: [one["known_to"] is None for one in document["moved"]] for caller, document in found.items()}
    assert seen == HISTORY_OF_10H


@pytest.mark.parametrize("code", ALLOWANCES)
async def test_a_population_and_its_source_are_read_by_who_reads_the_allowance(
    client: httpx.AsyncClient, tokens: Tokens, code: str
) -> None:
    found = await read(client, tokens, f"/v1/organisations/{code}/populations/{YEAR}")
    assert set(found) == {caller for caller, (as_set, *_) in ALLOWANCES[code].items() if as_set is not None}


async def test_a_list_has_the_allowances_that_a_caller_reads(client: httpx.AsyncClient, tokens: Tokens) -> None:
    for filters in ({}, {"year": YEAR}, {"as_known": "2100-01-01"}):
        seen = {}
        for caller in CALLERS:
            answer = await client.get("/v1/allowances", params=filters, headers=header(tokens, caller))
            if codes := {item["organisation"] for item in answer.json()["items"]}:
                seen[caller] = codes
        assert seen == LISTS
    for caller in CALLERS:
        for code in ALLOWANCES:
            answer = await client.get("/v1/allowances", params={"organisation": code}, headers=header(tokens, caller))
            assert {item["organisation"] for item in answer.json()["items"]} == LISTS.get(caller, set()) & {code}


async def test_the_feed_shows_a_restatement_to_the_successor_alone(
    client: httpx.AsyncClient, tokens: Tokens, database: Database
) -> None:
    async def is_published() -> bool:
        [row] = await database.fetch("SELECT count(*) AS events FROM outbox")
        return bool(row["events"] == 0)

    await until(is_published)
    refused = await client.get("/v1/events", headers=header(tokens, "operator"))
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (403, "role-missing")
    seen = {}
    for caller in CALLERS.keys() - OPERATORS:
        answer = await client.get("/v1/events", params={"limit": 500}, headers=header(tokens, caller))
        events = [item["event"] for item in answer.json()["items"]]
        if caller in PROVENANCES:
            chains = await provenances_read(client, header(tokens, caller), database)
            assert chains == {event["id"] for event in events}, caller
        if names := {f"{one['type'].rsplit('.', 2)[1]} {one['data']['organisation']}" for one in events}:
            seen[caller] = names
    assert seen == EVENTS


async def test_a_document_is_read_by_its_caller_alone(client: httpx.AsyncClient, tokens: Tokens) -> None:
    lead = tokens.header(Role.FINANCE_LEAD, organisations=("06H",))
    stated = {"case": "SHARED-1", "organisation": "06H", "content": a_case()}
    assert (await client.post("/v1/cases", json=stated, headers=lead)).status_code == 201
    path, body = "/v1/cases/SHARED-1/versions/1/report", {"format": "xlsx"}
    own = {}
    for caller in CALLERS:
        answer = await client.post(path, json=body, headers=header(tokens, caller))
        assert answer.status_code == (202 if caller in DOCUMENTS else 404), caller
        if answer.status_code == 202:
            own[caller] = answer.json()["document"]
    colleague = tokens.header(Role.PARTNER, subject="a colleague", organisations=("06H",))
    headers = {caller: header(tokens, caller) for caller in CALLERS} | {"colleague": colleague}
    for owner, document in own.items():
        for caller, given in headers.items():
            for end in ("", "/content"):
                answer = await client.get(f"/v1/documents/{document}{end}", headers=given)
                hidden = (answer.status_code, answer.json()["detail"]) if answer.status_code == 404 else None
                expected = None if caller == owner else (404, f"you have requested no document {document}")
                assert hidden == expected, (owner, caller)


async def test_without_a_token_nothing_is_read(client: httpx.AsyncClient) -> None:
    for path in ("/v1/allowances", f"/v1/allowances/10H/{YEAR}", f"/v1/organisations/10H/populations/{YEAR}"):
        assert (await client.get(path)).status_code == 401


@pytest.mark.parametrize("caller", ["stranger", "predecessor", "operator"])
async def test_no_instant_tells_a_hidden_figure_from_none(
    client: httpx.AsyncClient, tokens: Tokens, caller: str
) -> None:
    for instant in ("2018-01-31", "2018-02-01T09:00:00Z", "2018-12-01T09:00:00Z"):
        for path in ("/v1/allowances/{}/2018-19", "/v1/organisations/{}/populations/2018-19"):
            answers = set()
            for code in ("10Y", "14Y", "ZZZ9"):
                params = {"as_known": instant}
                answer = await client.get(path.format(code), params=params, headers=header(tokens, caller))
                answers.add((answer.status_code, answer.json()["type"], answer.json()["detail"].replace(code, "")))
            assert len(answers) == 1
            assert {status for status, *_ in answers} == {404}
