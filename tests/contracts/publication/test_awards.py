"""Published awards become proposals, once each; what cannot be read is reported and harms no other."""

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.identity import Role
from services.contracts.publication.awards import read_awards
from tests.contracts.publication.test_publication import client
from tests.support.edge import Tokens

__all__ = ["client"]

REAL = Path(__file__).parents[4] / "shared/data/ocds-contracts-finder-2025/contracts_finder_releases_2025.json.gz"
BUYER, SUPPLIER = {"id": "GB-NHS-05C", "name": "Dudley"}, {"id": "GB-CFS-2", "name": "A\u0000 supplier"}


def an_award(**changed: Any) -> dict[str, Any]:
    return {
        "id": "A1",
        "status": "active",
        "date": "2019-03-01T00:00:00Z",
        "suppliers": [SUPPLIER],
        "value": {"amount": 1200.5, "currency": "GBP"},
        "contractPeriod": {"startDate": "2019-04-01T00:00:00Z", "endDate": "2020-03-31T23:59:59+01:00"},
    } | changed


def a_release(*awards: Any, **changed: Any) -> dict[str, Any]:
    return {
        "ocid": "ocds-1",
        "id": "r-1",
        "date": "2019-03-01T09:00:00Z",
        "buyer": BUYER,
        "tender": {"title": "Payroll"},
        "awards": list(awards),
    } | changed


def test_an_award_is_read_as_it_is_and_what_it_does_not_say_is_not_known() -> None:
    found = read_awards([a_release(an_award())], {})
    [read] = found.proposals.values()
    assert (read.customer, read.supplier, read.supplier_as_published) == ("05C", None, "A supplier")
    assert (read.title, str(read.starts_on), str(read.last_day)) == ("Payroll", "2019-04-01", "2020-03-31")
    assert (read.value_pence, read.evidence[0].pence) == (120_050, 120_050)
    odd = an_award(
        value={"amount": 1, "currency": "EUR"}, contractPeriod={"startDate": "2020-01-01", "endDate": "2019-01-01"}
    )
    [read] = read_awards([a_release(odd, buyer={"id": "X-1"})], {"GB-CFS-2": "0CX"}).proposals.values()
    assert (read.customer, read.customer_as_published, read.supplier) == (None, "X-1", "0CX")
    assert (read.value_pence, read.starts_on, read.last_day) == (None, None, None)


def test_of_an_award_that_is_named_again_the_latest_release_counts_whatever_their_order() -> None:
    first = a_release(an_award())
    later = a_release(an_award(value={"amount": 9, "currency": "GBP"}), id="r-2", date="2019-04-01T09:00:00Z")
    for order in ([first, later], [later, first]):
        found = read_awards(order, {})
        assert (found.awards, [one.value_pence for one in found.proposals.values()]) == (2, [900])
    cancelled = a_release(an_award(status="cancelled"), id="r-3", date="2019-05-01T09:00:00Z")
    for order in ([later, cancelled], [cancelled, first, later]):
        found = read_awards(order, {})
        assert (found.not_awarded, found.proposals) == (1, {})


@pytest.mark.parametrize(
    ("release", "reasons"),
    [
        (7, ["a release is an object"]),
        ({"id": "x", "awards": {}}, ["ocid", "date", "buyer", "awards"]),
        (a_release(an_award(), date="soon"), ["date is no instant"]),
        (a_release(an_award(suppliers=[]), {"status": "active"}, 4), ["award A1", "an award has no id", "an award is"]),
        (a_release(an_award(id="a\u0000"), id="r\u0000"), ["id", "an award has no id"]),
        (a_release(an_award(value=[1], contractPeriod="May")), ["value of award A1", "contractPeriod of award A1"]),
        (a_release(an_award(status=[]), an_award(id="9" * 301), ocid="o" * 301), ["ocid", "status", "an award has no"]),
    ],
)
def test_a_release_that_cannot_be_read_gives_every_reason_and_the_others_are_taken(
    release: Any, reasons: list[str]
) -> None:
    found = read_awards([release, a_release(an_award())], {})
    [left_out] = found.left_out
    assert len(found.proposals) == 1
    assert [wanted in said for wanted, said in zip(reasons, left_out.reasons, strict=True)] == [True] * len(reasons)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "ocid", "date", "status", "buyer", "awards", "suppliers", "value", "amount", "currency"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=6,
)


@settings(max_examples=20)
@given(st.lists(_JSON, max_size=3), _JSON)
def test_whatever_is_sent_each_release_is_read_or_left_out(releases: list[Any], part: Any) -> None:
    loose = a_release(an_award(status=part, value=part), parties=[{"id": part}])
    sent = [*releases, a_release(part), loose, a_release(an_award(suppliers=[part]), buyer=part, parties=part)]
    found = read_awards(sent, {})
    assert found.releases == len(sent)
    assert all(one.reasons for one in found.left_out)
    assert len(found.proposals) <= found.awards


async def test_the_real_releases_are_proposed_once_and_become_no_contract(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    if not REAL.exists():
        pytest.skip("../shared/data is absent")
    package = json.loads(gzip.decompress(REAL.read_bytes()))
    loader = tokens.header(Role.LOADER, Role.CONTRACT_LEAD, organisations=("*",))
    refused = await client.post(
        "/v1/imports/ocds", json={"package": package}, headers=tokens.header(Role.CONTRACT_LEAD, organisations=("*",))
    )
    assert refused.status_code == 403
    broken = package | {"releases": [*package["releases"], {"id": "broken"}]}
    buyer = package["releases"][0]["buyer"]["id"]
    answer = await client.post(
        "/v1/imports/ocds", json={"package": broken, "organisations": {buyer: "05C"}}, headers=loader
    )
    assert answer.status_code == 201, answer.text
    done = answer.json()
    assert (done["releases"], done["awards"], len(done["proposed"]), done["known"]) == (201, 147, 143, [])
    assert [(one["index"], one["release"], len(one["reasons"])) for one in done["left_out"]] == [(200, "broken", 3)]
    again = (await client.post("/v1/imports/ocds", json={"package": package}, headers=loader)).json()
    assert (again["proposed"], again["known"], again["left_out"]) == ([], done["proposed"], [])
    listed = await client.get("/v1/contract-proposals", params={"limit": 500}, headers=loader)
    assert {one["state"] for one in listed.json()["items"]} == {"proposed"}
    contracts = await client.get("/v1/contracts", headers=loader)
    assert len(contracts.json()["items"]) == 1
