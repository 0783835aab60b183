"""Who reads what of contracts, by a table: party, former party, other party, supplier, replaced supplier, stranger."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from libs.common.database.connection import Database
from libs.common.events.registry import OrganisationSucceeded
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.contracts.conftest import database, harness, url
from tests.security.chains import provenances_read
from tests.support.apps import running_service
from tests.support.contracts_harness import OF_EVERY_CONTRACT, ContractsHarness, a_draft, a_lead, at, bucks_merges
from tests.support.edge import Tokens, tokens, version_in
from tests.support.waiting import until

__all__ = ["database", "harness", "tokens", "url"]

BUCKS, DUDLEY, WALSALL, SHARED, DRAFT = (
    "CSU-BUCKS-2017",
    "CSU-DUDLEY-2017",
    "CSU-WALSALL-2017",
    "SHARED2019",
    "DRAFT-2019",
)
TODAY = date(2018, 11, 1)
BEFORE, BETWEEN = "2017-06-01", "2018-05-01"
"""Before the customers merged, and after that but before another body took over the supplier."""

# 10H and 10Y merge into 14Y on 1 April 2018; 0EX takes 0CX over on 1 July 2018; 14Y ends the contract on 1 September
# 2018 from June 2019. 05C and 05Y share a service of 0DJ from April 2019, in which 0EY is replaced.
CALLERS: dict[str, tuple[str, ...]] = {
    "party": ("14Y",),
    "former party": ("10H",),
    "supplier": ("0EX",),
    "former supplier": ("0CX",),
    "other party": ("05C",),
    "supplier of the shared service": ("0DJ",),
    "replaced supplier": ("0EY",),
    "stranger": ("99X",),
    "stranger named like a contract": (SHARED,),
    "nobody's": (),
    "operator": (),
    "operator for every organisation": ("*",),
    "national": ("*",),
}
PROVENANCES = {"party", "former supplier", "stranger named like a contract"}
"""Those who are asked about the provenance of each event too."""
OPERATORS = {"operator", "operator for every organisation"}

FORMER = "10H+10Y by 0CX to 2020-03-31"
WHOLE = "10H+10Y by 0CX to 2019-06-30"
SINCE = "14Y by 0CX to 2019-06-30"
NOW = "14Y by 0EX to 2019-06-30"

CONTRACTS: dict[tuple[str, str], dict[str, str]] = {
    (BUCKS, BEFORE): {
        "party": WHOLE,
        "former party": FORMER,
        "supplier": WHOLE,
        "former supplier": FORMER,
        "national": WHOLE,
    },
    (BUCKS, BETWEEN): {
        "party": SINCE,
        "supplier": SINCE,
        "former supplier": "14Y by 0CX to 2020-03-31",
        "national": SINCE,
    },
    (BUCKS, str(TODAY)): {"party": NOW, "supplier": NOW, "national": NOW},
    (DUDLEY, str(TODAY)): dict.fromkeys(
        ("other party", "supplier of the shared service", "national"), "05C by 0DJ to 2019-03-31"
    ),
    (WALSALL, str(TODAY)): dict.fromkeys(("replaced supplier", "national"), "05Y by 0EY to 2019-03-31"),
    (SHARED, str(TODAY)): dict.fromkeys(
        ("other party", "supplier of the shared service", "national"), "05C+05Y by 0DJ to 2022-03-31"
    ),
    (DRAFT, str(TODAY)): dict.fromkeys(("other party", "national"), "05C by 0DJ to 2022-03-31"),
    ("NOT-THERE", str(TODAY)): {},
}
"""Contract and day: who reads it, and what it reads. All others get the answer about a contract that does not exist."""

OWN_DAYS = ("10H 2017-04-01/2018-03-31", "10Y 2017-04-01/2018-03-31")
ALL_DAYS = ("10H 2017-04-01/2018-03-31", "10Y 2017-04-01/2018-03-31", "14Y 2018-04-01/2019-06-30")
HISTORY: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "party": (ALL_DAYS, ("2018-04-01",)),
    "former party": (OWN_DAYS, ("2018-04-01",)),
    "supplier": (ALL_DAYS, ("2018-04-01",)),
    "former supplier": ((*OWN_DAYS, "14Y 2018-04-01/2018-06-30"), ("2018-04-01",)),
    "national": (ALL_DAYS, ("2018-04-01",)),
}
"""The customers' days, as known last, and the days of changes, that a caller reads in the history of BUCKS."""

LISTS: dict[str, tuple[set[str], set[str]]] = {
    "party": ({BUCKS}, {BUCKS}),
    "former party": ({BUCKS}, set()),
    "supplier": ({BUCKS}, {BUCKS}),
    "former supplier": ({BUCKS}, set()),
    "other party": ({DUDLEY, SHARED, DRAFT}, {DUDLEY, SHARED, DRAFT}),
    "supplier of the shared service": ({DUDLEY, SHARED}, {DUDLEY, SHARED}),
    "replaced supplier": ({WALSALL}, {WALSALL}),
    "national": ({BUCKS, DUDLEY, WALSALL, SHARED, DRAFT},) * 2,
}
"""What a caller lists as at a day before the merger, and today."""

CONSOLIDATION: dict[str, tuple[dict[str, int], int | None, int | None, int | None]] = {
    "other party": ({DUDLEY: 150_000_01, WALSALL: 70_000_00}, 220_000_01, 120_000_00, 100_000_01),
    "supplier of the shared service": ({DUDLEY: 150_000_01}, None, 120_000_00, None),
    "replaced supplier": ({WALSALL: 70_000_00}, None, None, None),
    "national": ({DUDLEY: 150_000_01, WALSALL: 70_000_00}, 220_000_01, 120_000_00, 100_000_01),
}
"""The lines, the sum of the old charges, the new charge and the saving that a caller reads of the consolidation."""

SERVED: dict[str, set[str]] = {
    "other party": {"05C"},
    "supplier of the shared service": {"05C"},
    "national": {"05C"},
}
"""The customers of 0DJ under active contracts that a caller reads."""

SIGNED, MERGED, SUCCEEDED, ENDED = "Signed 0CX", "Transferred 0CX", "Transferred 0EX", "Terminated 0EX"
EVENTS: dict[str, set[str]] = {
    "party": {SIGNED, MERGED, SUCCEEDED, ENDED},
    "former party": {SIGNED, MERGED},
    "supplier": {SIGNED, MERGED, SUCCEEDED, ENDED},
    "former supplier": {SIGNED, MERGED},
    "other party": {"Signed 0DJ", "Consolidated 0DJ"},
    "supplier of the shared service": {"Signed 0DJ"},
    "replaced supplier": {"Signed 0EY"},
    "national": {SIGNED, MERGED, SUCCEEDED, ENDED, "Signed 0DJ", "Signed 0EY", "Consolidated 0DJ"},
}
"""The events that a caller reads in the feed. The consolidation tells the old charges' sum: to the customers alone."""


@pytest.fixture
async def client(harness: ContractsHarness, url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service after all that the table is about, on 1 November 2018."""
    await harness.signed()
    await harness.signed(a_draft(reference=DUDLEY, customers=["05C"], supplier="0DJ"))
    lines = [{"function": "hr", "annual_pence": 70_000_00}]
    await harness.signed(a_draft(reference=WALSALL, customers=["05Y"], supplier="0EY", lines=lines))
    await harness.hear(bucks_merges())
    day = date(2018, 7, 1)
    await harness.hear(OrganisationSucceeded(code="0CX", successor="0EX", effective_on=day, stated_at=at(day, 0)))
    await harness.terminate(BUCKS, on=date(2018, 9, 1), last_day=date(2019, 6, 30))
    agreed = {"supplier": "0DJ", "replaces": [DUDLEY, WALSALL], "agreement": "Deed of 30 September 2018"}
    await harness.consolidate(on=date(2018, 10, 1), reference=SHARED, **agreed)
    draft = a_draft(reference=DRAFT, customers=["05C"], supplier="0DJ", last_day=date(2022, 3, 31))
    await harness.draft(draft, by=a_lead("05C"), stated=at(date(2017, 5, 1)))
    async with running_service("contracts", tokens.settings(url), DirectBus({"registry": url})) as (_, client):
        operator = tokens.header(Role.OPERATOR)
        moved = await client.put("/v1/operations/clock", json={"moved_to": str(TODAY)}, headers=operator)
        assert moved.status_code == 200, moved.text
        yield client


def header(tokens: Tokens, caller: str) -> dict[str, str]:
    """The token of a caller: a partner, so that it may read the feed, or the operator."""
    role = Role.OPERATOR if caller in OPERATORS else Role.PARTNER
    return tokens.header(role, organisations=CALLERS[caller])


def shown(contract: dict[str, Any]) -> str:
    customers = "+".join(customer["code"] for customer in contract["customers"])
    return f"{customers} by {contract['supplier']['code']} to {contract['ends_on']}"


async def test_a_contract_is_read_as_at_the_days_of_a_party(client: httpx.AsyncClient, tokens: Tokens) -> None:
    read: dict[tuple[str, str], dict[str, str]] = {}
    for reference, day in CONTRACTS:
        read[reference, day] = {}
        for caller in CALLERS:
            answer = await client.get(
                f"/v1/contracts/{reference}", params={"as_at": day}, headers=header(tokens, caller)
            )
            if answer.status_code == 200:
                read[reference, day][caller] = shown(answer.json())
                is_current = caller not in ("former party", "former supplier")
                assert (version_in(answer) is not None, answer.json()["version"] is not None) == (is_current,) * 2
                assert (answer.json()["early_end"] is None) == (not answer.json()["ends_on"] < "2020" or not is_current)
            else:
                assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (404, "contract-not-found")
                assert answer.json()["detail"] == f"no contract {reference} is known"
    assert read == CONTRACTS


@pytest.mark.parametrize("caller", ["party", "former party"])
async def test_what_was_known_earlier_is_read_without_the_version_of_now(
    client: httpx.AsyncClient, tokens: Tokens, caller: str
) -> None:
    asked = {"as_at": BEFORE, "as_known": "2018-01-01"}
    answer = await client.get(f"/v1/contracts/{BUCKS}", params=asked, headers=header(tokens, caller))
    assert shown(answer.json()) == FORMER
    assert (answer.json()["version"], version_in(answer)) == (None, None)


async def test_a_history_shows_the_days_of_a_party(client: httpx.AsyncClient, tokens: Tokens) -> None:
    read = {}
    for caller in CALLERS:
        answer = await client.get(f"/v1/contracts/{BUCKS}/history", headers=header(tokens, caller))
        if answer.status_code == 200:
            document = answer.json()
            days = tuple(
                f"{one['code']} {one['first_day']}/{one['last_day']}"
                for one in sorted(document["customers"], key=lambda one: (one["code"], one["first_day"]))
                if one["known_to"] is None
            )
            read[caller] = days, tuple(one["effective_on"] for one in document["changes_of_hands"])
        else:
            assert (answer.status_code, answer.json()["detail"]) == (404, f"no contract {BUCKS} is known")
    assert read == HISTORY


async def test_a_list_has_the_contracts_of_a_party_on_the_day(client: httpx.AsyncClient, tokens: Tokens) -> None:
    read = {}
    for caller in CALLERS:
        listed = []
        for day in (BEFORE, str(TODAY)):
            answer = await client.get("/v1/contracts", params={"as_at": day}, headers=header(tokens, caller))
            listed.append({item["reference"] for item in answer.json()["items"]})
        if any(listed):
            read[caller] = tuple(listed)
    assert read == LISTS


async def test_a_consolidation_shows_a_supplier_its_own_line_and_no_sum_of_the_others(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    read = {}
    for caller in CALLERS:
        answer = await client.get(f"/v1/consolidations/{SHARED}", headers=header(tokens, caller))
        if answer.status_code == 200:
            document = answer.json()
            lines = {line["reference"]: line["annual_pence"] for line in document["replaced"]}
            sums = (document["previous_annual_pence"], document["annual_pence"], document["saving_pence"])
            read[caller] = (lines, *sums)
            assert (document["supplier"] is None) == (caller == "replaced supplier")
            assert (document["agreement"] is None) == (caller == "supplier of the shared service")
        else:
            missing = await client.get("/v1/consolidations/NOT-THERE", headers=header(tokens, caller))
            assert (answer.status_code, missing.status_code) == (404, 404)
            assert answer.json()["detail"] == missing.json()["detail"].replace("NOT-THERE", SHARED)
    assert read == CONSOLIDATION


async def test_a_suppliers_customers_are_those_of_contracts_that_the_caller_reads(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    read = {}
    for caller in CALLERS:
        answer = await client.get("/v1/suppliers/0DJ/customers", headers=header(tokens, caller))
        if served := {one["customer"]["code"] for one in answer.json()["customers"]}:
            read[caller] = served
        assert bool(answer.json()["annual_pence"]) == bool(served)
    assert read == SERVED


async def test_the_feed_shows_an_event_to_the_organisations_that_it_names(
    client: httpx.AsyncClient, tokens: Tokens, database: Database
) -> None:
    [expected] = await database.fetch("SELECT count(*) AS events FROM outbox")

    async def is_published() -> bool:
        [row] = await database.fetch("SELECT count(*) AS events FROM event_log")
        return bool(row["events"] >= max(expected["events"], 7))

    await until(is_published)
    refused = await client.get("/v1/events", headers=header(tokens, "operator"))
    assert (refused.status_code, refused.json()["type"].rsplit("/", 1)[-1]) == (403, "role-missing")
    read = {}
    for caller in CALLERS.keys() - OPERATORS:
        answer = await client.get("/v1/events", params={"limit": 500}, headers=header(tokens, caller))
        assert answer.status_code == 200, answer.text
        events = [item["event"] for item in answer.json()["items"]]
        if caller in PROVENANCES:
            chains = await provenances_read(client, header(tokens, caller), database)
            assert chains == {event["id"] for event in events}, caller
        names = set()
        for event in events:
            act = event["type"].rsplit(".", 2)[1].removeprefix("Contract").removeprefix("Service")
            names.add(f"{act} {event['data']['supplier']}")
        if names:
            read[caller] = names
    # How a contract may be left is told with its signature, to the same.
    terms = {
        caller: {name.replace("Signed", kind) for kind in OF_EVERY_CONTRACT for name in names if "Signed" in name}
        for caller, names in EVENTS.items()
    }
    assert read == {caller: names | terms[caller] for caller, names in EVENTS.items()}


async def test_what_hangs_on_a_contract_is_read_by_its_parties_up_to_what_they_know(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    lead = tokens.header(Role.CONTRACT_LEAD, organisations=CALLERS["party"])
    report = {"title": "Annual report", "owed_by": "0EX", "due_on": "2019-03-31"}
    schedule = {"sum_pence": 100, "payees": [{"code": "0EX"}], "payer": "14Y"}
    pfi = {"kind": "pfi", "voluntary_right": False, "unitary_charge_pence": 1, "effective_on": "2017-04-01"}
    writes: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("PUT", f"/contracts/{BUCKS}/obligations/report", report),
        ("POST", f"/schedules/{BUCKS}", schedule),
        ("PUT", f"/contracts/{BUCKS}/buy-out-terms", pfi),
    )
    for method, path, body in writes:
        stated = await client.request(method, f"/v1{path}", json=body, headers=lead)
        assert stated.is_success, stated.text
    reads = {
        "obligations": f"/v1/contracts/{BUCKS}/obligations",
        "schedule": f"/v1/schedules/{BUCKS}",
        "buy-out": f"/v1/contracts/{BUCKS}/buy-out-terms",
    }
    whole = {"obligations": "1", "schedule": "200", "buy-out": "200"}
    nothing = {"obligations": "0", "schedule": "404", "buy-out": "404"}
    expected = {"party": whole, "supplier": whole, "national": whole, "former party": nothing}
    for caller in ("party", "supplier", "national", "former party", "other party", "stranger", "operator"):
        for name, path in reads.items():
            answer = await client.get(path, params={"as_at": BEFORE}, headers=header(tokens, caller))
            missing = await client.get(path.replace(BUCKS, "NEVER-2017"), headers=header(tokens, caller))
            if caller not in expected:
                details = {one.json()["detail"].replace(BUCKS, "NEVER-2017") for one in (answer, missing)}
                assert (answer.status_code, len(details)) == (404, 1), (caller, name)
                continue
            seen = str(len(answer.json()["items"])) if name == "obligations" else str(answer.status_code)
            assert seen == expected[caller][name], (caller, name)


async def test_without_a_token_nothing_is_read(client: httpx.AsyncClient) -> None:
    reads = [f"/v1/contracts/{BUCKS}", f"/v1/contracts/{BUCKS}/history", "/v1/contracts", "/v1/events"]
    for path in (*reads, f"/v1/consolidations/{SHARED}", "/v1/suppliers/0DJ/customers", "/v1/functions"):
        assert (await client.get(path)).status_code == 401


@pytest.mark.parametrize("caller", ["stranger", "supplier of the shared service", "former party", "operator"])
async def test_no_instant_tells_a_hidden_draft_from_none(
    client: httpx.AsyncClient, tokens: Tokens, caller: str
) -> None:
    for instant in (None, "2017-04-30T00:00:00Z", "2017-05-01T08:59:59Z", "2017-05-01T09:00:00Z", "2018-10-31"):
        answers = []
        for reference in (DRAFT, "NEVER-2019"):
            for path in (f"/v1/contracts/{reference}", f"/v1/contracts/{reference}/history"):
                params = {"as_known": instant} if instant else {}
                answer = await client.get(path, params=params, headers=header(tokens, caller))
                assert answer.status_code == 404
                answers.append(
                    {key: value for key, value in answer.json().items() if key not in ("request_id", "instance")}
                    | {"detail": answer.json()["detail"].replace(reference, "")}
                )
        assert answers[0] == answers[1] == answers[2] == answers[3]


async def test_nothing_below_a_contract_is_read_by_who_does_not_read_it(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    document = (await client.get("/openapi.json")).json()
    below = [
        path.replace("{kind}", "cost").replace("{sha256}", "0" * 64)
        for path, operations in document["paths"].items()
        if "get" in operations and ("/contracts/{reference}" in path or path == "/v1/schedules/{contract}")
    ]
    assert len(below) > 15
    read = []
    for caller in ("stranger", "stranger named like a contract", "other party", "former supplier", "former party"):
        for path in (*below, "/v1/achievements?contract={contract}"):
            # A history is of all days, those of who left among them.
            is_history = path.endswith("/history")
            if is_history and caller.startswith("former"):
                continue
            refusals = set()
            for reference in (BUCKS, "NEVER-2017"):
                named = path.replace("{reference}", reference).replace("{contract}", reference)
                day = "" if is_history else f"{'&' if '?' in named else '?'}as_at={TODAY}"
                answer = await client.get(named + day, headers=header(tokens, caller))
                refusals.add((answer.status_code, answer.json().get("type")))
            if len(refusals) != 1 or {status for status, _ in refusals} != {404}:
                read.append((caller, path, refusals))
    assert not read
