"""Sectors and lenses over HTTP: two times, who names and reads a set, and how refusals look."""

import hashlib
from typing import Any

import httpx
import pytest

from libs.common.database.connection import raw
from libs.common.events.registry import OrganisationRelated
from libs.common.identity import Role
from services.finance.parties.commands import MOST_MEMBERS
from tests.support.edge import Tokens, version_in
from tests.support.finance_client import kind
from tests.support.finance_harness import ENGLAND_OPENED, FinanceHarness, at

PATH = "/v1/lenses/06H/acute"
BODY = {"effective_on": "2017-04-01", "members": ["10Y", "06H"]}


async def test_a_sector_is_shown_with_what_it_follows_from(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/parties/06h/sectors", params={"as_at": "2017-04-01"})
    shown = answer.json()
    assert (shown["party"], shown["sector"], shown["rule_pack"]) == ("06H", "public", "sectors-2013")
    assert [(one["sector"], one["basis"], one["because"]) for one in shown["periods"]][-1] == (
        *("public", "kind"),
        ["ccg", "sectors-2013"],
    )
    assert (await client.get("/v1/parties/06H/sectors", params={"as_known": "2013-03-31"})).json()[
        "sector"
    ] == "unknown"
    assert kind(await client.get("/v1/parties/ZZZ/sectors")) == "party-not-found"


async def test_a_set_is_named_changed_from_a_day_on_and_read_as_known(client: httpx.AsyncClient) -> None:
    first = await client.put(PATH, json=BODY)
    assert (first.status_code, first.headers["ETag"]) == (201, '"1"')
    assert first.json()["periods"][0]["members"] == ["06H", "10Y"]
    assert kind(await client.put(PATH, json=BODY | {"members": ["06H"]})) == "precondition-missing"
    changed = await client.put(
        PATH, json={"effective_on": "2018-04-01", "members": ["06H"]}, headers={"If-Match": '"1"'}
    )
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert [(one["first_day"], one["last_day"], one["members"]) for one in changed.json()["periods"]] == [
        ("2017-04-01", "2018-03-31", ["06H", "10Y"]),
        ("2018-04-01", None, ["06H"]),
    ]
    listed = (await client.get("/v1/lenses", params={"as_at": "2017-05-01"})).json()["items"]
    assert [one["lens"] for one in listed] == [
        "public_sector",
        "uk_society",
        "organisation:CODE",
        "footprint:CODE",
        "set:06H:acute",
    ]
    assert listed[-1]["members"] == ["06H", "10Y"]
    read = await client.get(PATH)
    assert (read.json(), version_in(read)) == (changed.json(), 2)
    assert kind(await client.get(PATH, params={"as_known": "2013-05-01"})) == "lens-not-found"


async def test_a_set_may_have_as_many_members_as_are_taken(client: httpx.AsyncClient, harness: FinanceHarness) -> None:
    codes = sorted(hashlib.sha256(str(number).encode()).hexdigest()[:12].upper() for number in range(MOST_MEMBERS))
    async with harness.database.begin() as session:
        await (await raw(session)).execute("INSERT INTO known_party (code) SELECT unnest($1::text[])", codes)
    body = BODY | {"members": codes}
    first = await client.put(PATH, json=body)
    assert (first.status_code, first.json()["periods"][0]["members"]) == (201, codes)
    again = await client.put(PATH, json=body | {"effective_on": "2018-04-01"}, headers={"If-Match": '"1"'})
    assert {tuple(one["members"]) for one in again.json()["periods"]} == {tuple(codes)}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"members": []}, {"members"}),
        ({"members": ["06H", "06h"]}, {"members"}),
        ({"members": ["0-H", "06H"], "effective_on": "1899-01-01"}, {"members.0", "effective_on"}),
        ({"more": 1}, {"more"}),
    ],
)
async def test_what_is_no_set_is_refused_by_field(
    client: httpx.AsyncClient, body: dict[str, Any], fields: set[str]
) -> None:
    answer = await client.put(PATH, json=BODY | body)
    assert (answer.status_code, {reason["field"] for reason in answer.json()["reasons"]}) == (422, fields)


async def test_every_unknown_party_is_named_and_only_its_own_lead_names_or_reads_a_set(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    unknown = await client.put(PATH, json=BODY | {"members": ["ZZ1", "06H", "ZZ2"]})
    assert (kind(unknown), [one["message"] for one in unknown.json()["reasons"]]) == (
        "party-unknown",
        ["ZZ1 is not known", "ZZ2 is not known"],
    )
    stranger = tokens.header(Role.FINANCE_LEAD, organisations=("10G",))
    assert kind(await client.put(PATH, json=BODY, headers=stranger)) == "not-yours-to-decide"
    await client.put(PATH, json=BODY)
    assert kind(await client.get(PATH, headers=stranger)) == "lens-not-found"
    assert (await client.get("/v1/lenses", params={"shipped": "false"}, headers=stranger)).json()["items"] == []


async def test_a_lens_is_read_page_by_page(client: httpx.AsyncClient, harness: FinanceHarness) -> None:
    await harness.hear(
        OrganisationRelated(
            effective_on=ENGLAND_OPENED, stated_at=at(ENGLAND_OPENED), code="06H", relation="hosts", other="0CX"
        )
    )
    for name in ("b", "a"):
        await client.put(f"/v1/lenses/06H/{name}", json=BODY)
    first = (await client.get("/v1/lenses", params={"limit": 1, "shipped": "false"})).json()
    assert [one["lens"] for one in first["items"]] == ["set:06H:a"]
    second = (await client.get(first["next"])).json()
    assert ([one["lens"] for one in second["items"]], second["next"]) == (["set:06H:b"], None)
