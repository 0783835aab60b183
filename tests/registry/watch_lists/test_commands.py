"""A list of bodies and footprints, and what was told about them since."""

from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.registry_client import RegistryClient


@pytest.fixture(autouse=True)
async def economy(registry: RegistryClient) -> None:
    """A footprint with two CCGs, and one elsewhere."""
    await registry.move_clock("2016-04-01")
    await registry.open("QHM", kind="stp", on="2016-04-01")
    await registry.open("00F", "00G", "10Y")
    for code in ("00F", "00G"):
        parent = {"parent": "QHM", "effective_on": "2016-04-01"}
        await registry.change(f"/organisations/{code}/parent", version=1, body=parent)


async def watch(registry: RegistryClient, **what: Any) -> dict[str, Any]:
    made: dict[str, Any] = await registry.call("POST", "/watch-lists", json={"name": "North East", **what}, expect=201)
    return made


async def changes(registry: RegistryClient, number: int, **asked: Any) -> tuple[list[str], dict[str, Any]]:
    feed = await registry.call("GET", f"/watch-lists/{number}/changes", params=asked)
    return [item["event"]["type"].split(".")[-2] for item in feed["items"]], feed


async def test_a_footprint_is_followed_with_all_below_it(registry: RegistryClient) -> None:
    made = await watch(registry, footprints=["QHM"])
    bodies = await registry.call("GET", f"/watch-lists/{made['id']}/bodies")
    assert bodies["watched"] == ["00F", "00G", "QHM"]
    earlier = await registry.call("GET", f"/watch-lists/{made['id']}/bodies", params={"as_known": "2016-03-31"})
    assert earlier["watched"] == ["QHM"]


async def test_changes_are_those_of_watched_bodies_after_a_place_that_never_expires(registry: RegistryClient) -> None:
    made = await watch(registry, footprints=["QHM"])
    await registry.told()
    _, feed = await changes(registry, made["id"])
    assert "OrganisationOpened" in {item["event"]["type"].split(".")[-2] for item in feed["items"]}
    renaming = {"new_name": "NHS Elsewhere CCG", "effective_on": "2016-04-01"}
    await registry.change("/organisations/10Y/renaming", version=1, body=renaming)
    renaming = {"new_name": "NHS Gateshead CCG", "effective_on": "2016-04-01"}
    await registry.change("/organisations/00F/renaming", version=2, body=renaming)
    await registry.told()
    names, later = await changes(registry, made["id"], after=feed["next"], epoch=feed["epoch"])
    assert names == ["OrganisationRenamed"]
    assert later["next"] > feed["next"]
    assert await changes(registry, made["id"], after=later["next"]) == ([], {**later, "items": []})


async def test_a_merger_takes_nobody_out_of_sight(registry: RegistryClient) -> None:
    made = await watch(registry, codes=["00F"])
    await registry.merge("13T", "00F", "10Y", on="2016-04-01")
    bodies = await registry.call("GET", f"/watch-lists/{made['id']}/bodies")
    assert bodies["watched"] == ["00F", "13T"]
    earlier = await registry.call("GET", f"/watch-lists/{made['id']}/bodies", params={"as_known": "2016-03-31"})
    assert earlier["watched"] == ["00F"]
    await registry.told()
    names, _ = await changes(registry, made["id"])
    assert "CCGMerged" in names


async def test_a_place_in_a_log_that_ended_is_refused(registry: RegistryClient) -> None:
    made = await watch(registry, codes=["00F"])
    refused = await registry.call("GET", f"/watch-lists/{made['id']}/changes", params={"after": 10**6}, expect=409)
    assert refused["type"].endswith("/epoch-ended")


async def test_a_list_is_its_owners_alone(registry: RegistryClient) -> None:
    made = await watch(registry, codes=["00F"])
    other = registry.tokens.header(Role.PARTNER, subject="somebody else")
    answer = await registry.client.get(f"/v1/watch-lists/{made['id']}", headers=other)
    assert answer.status_code == 404
    assert (await registry.client.get("/v1/watch-lists", headers=other)).json() == {"items": [], "next": None}


async def test_lists_are_changed_and_ended_by_who_read_them(registry: RegistryClient) -> None:
    made = await watch(registry, codes=["00F"])
    path, new = f"/watch-lists/{made['id']}", {"name": "South", "codes": ["10Y"]}
    assert (await registry.send("PUT", path, json=new)).status_code == 428
    changed = await registry.call("PUT", path, json=new, headers={"If-Match": '"1"'})
    assert (changed["name"], changed["codes"], changed["version"]) == ("South", ["10Y"], 2)
    assert (await registry.send("PUT", path, json=new, headers={"If-Match": '"1"'})).status_code == 412
    await registry.call("DELETE", path, headers={"If-Match": '"2"'}, expect=204)
    await registry.call("GET", path, expect=404)


async def test_unknown_codes_are_all_named_and_names_are_taken_once(registry: RegistryClient) -> None:
    refused = await registry.call(
        "POST", "/watch-lists", json={"name": "x", "codes": ["00F", "NO1"], "footprints": ["NO2"]}, expect=404
    )
    assert [reason["field"] for reason in refused["reasons"]] == ["codes.1", "footprints.0"]
    await watch(registry, codes=["00F"])
    taken = await registry.call("POST", "/watch-lists", json={"name": "North East", "codes": ["10Y"]}, expect=409)
    assert taken["type"].endswith("/watch-list-taken")
    await registry.call("POST", "/watch-lists", json={"name": "nothing"}, expect=422)


async def test_lists_are_paged_in_the_order_in_which_they_were_made(registry: RegistryClient) -> None:
    for number in range(3):
        await registry.call("POST", "/watch-lists", json={"name": f"list {number}", "codes": ["00F"]})
    first = await registry.call("GET", "/watch-lists", params={"limit": 2})
    second = await registry.call("GET", first["next"].removeprefix("/v1"))
    assert [one["name"] for one in first["items"] + second["items"]] == ["list 0", "list 1", "list 2"]
