"""How bodies stand to each other: many to many, dated, in both directions, by exact shares."""

from typing import Any

from libs.common.events.registry import OrganisationRelated, OrganisationUnrelated
from libs.common.identity import Role
from tests.support.registry_client import RegistryClient


async def relate(
    registry: RegistryClient, code: str, relation: str, other: str, on: str = "2016-12-01", **more: Any
) -> Any:
    sent: dict[str, Any] = {key: more.pop(key) for key in ("share", "until") if key in more}
    body = {"relation": relation, "other": other, "effective_on": on, **sent}
    return await registry.call("POST", f"/organisations/{code}/relations", json=body, **more)


async def end(registry: RegistryClient, code: str, relation: str, other: str, on: str, **more: Any) -> Any:
    body = {"relation": relation, "other": other, "effective_on": on}
    return await registry.call("POST", f"/organisations/{code}/relations/ending", json=body, **more)


async def shown(registry: RegistryClient, code: str, on: str, **asked: str) -> list[tuple[str, str, str, str | None]]:
    found = await registry.call("GET", f"/organisations/{code}/relations", params={"as_at": on, **asked})
    return [(one["code"], one["relation"], one["other"], one["share"]) for one in found["items"]]


async def trusts(registry: RegistryClient) -> None:
    await registry.open("RCF", "RAE", kind="nhs_trust")
    await registry.open("QWO", "QOP", kind="stp", on="2016-12-01")


async def test_a_trust_is_part_of_several_footprints_and_a_footprint_has_several_members(
    registry: RegistryClient,
) -> None:
    await trusts(registry)
    for trust, footprint in (("RCF", "QWO"), ("RCF", "QOP"), ("RAE", "QWO")):
        await relate(registry, trust, "part of footprint", footprint)
    assert await shown(registry, "RCF", "2017-01-01") == [
        ("RCF", "part of footprint", "QOP", None),
        ("RCF", "part of footprint", "QWO", None),
    ]
    members = await shown(registry, "QWO", "2017-01-01", direction="to", relation="part of footprint")
    assert [one[0] for one in members] == ["RAE", "RCF"]
    assert await shown(registry, "QWO", "2017-01-01", direction="from") == []
    assert await shown(registry, "RCF", "2016-11-30") == []


async def test_a_relation_is_told_when_it_begins_and_when_it_ends(registry: RegistryClient) -> None:
    await trusts(registry)
    await relate(registry, "RCF", "part of footprint", "QWO", share="0.5")
    await end(registry, "RCF", "part of footprint", "QWO", "2019-04-01")
    assert await shown(registry, "RCF", "2019-03-31") == [("RCF", "part of footprint", "QWO", "1/2")]
    assert await shown(registry, "RCF", "2019-04-01") == []
    told = await registry.told()
    [related] = [event for event in told if isinstance(event, OrganisationRelated)]
    assert (related.code, related.other, related.share, str(related.effective_on)) == (
        "RCF",
        "QWO",
        "1/2",
        "2016-12-01",
    )
    [unrelated] = [event for event in told if isinstance(event, OrganisationUnrelated)]
    assert str(unrelated.effective_on) == "2019-04-01"


async def test_pages_of_relations_give_each_once(registry: RegistryClient) -> None:
    await trusts(registry)
    for relation in ("part of footprint", "partner in", "member of"):
        for footprint in ("QWO", "QOP"):
            await relate(registry, "RCF", relation, footprint)
    seen, path = [], "/organisations/RCF/relations?as_at=2017-01-01&limit=4"
    while path:
        page = await registry.call("GET", path)
        seen += [(one["relation"], one["other"]) for one in page["items"]]
        path = (page["next"] or "").removeprefix("/v1")
    assert (len(seen), len(set(seen)), seen) == (6, 6, sorted(seen))


async def test_owners_share_a_company_exactly_and_never_more_than_the_whole_of_it_on_any_day(
    registry: RegistryClient,
) -> None:
    await registry.open("A81001", "A81002", "A81003", "A81004", kind="gp_practice")
    await registry.open("8KX01", kind="company")
    for owner in ("A81001", "A81002", "A81003"):
        await relate(registry, owner, "owns", "8KX01", share="1/3")
    refused = await relate(registry, "A81004", "owns", "8KX01", share="0.000000000001", expect=409)
    assert refused["type"].endswith("/relation-not-allowed")
    assert "A81003 1/3" in refused["reasons"][0]["message"]
    await end(registry, "A81002", "owns", "8KX01", "2020-04-01")
    too_early = await relate(registry, "A81004", "owns", "8KX01", on="2020-03-31", share="1/3", expect=409)
    assert too_early["reasons"][0]["message"].startswith("from 2020-03-31 8KX01 would be owned to 4/3")
    await relate(registry, "A81004", "owns", "8KX01", on="2020-04-01", share="1/3")
    assert len(await shown(registry, "8KX01", "2020-04-01")) == 3


async def test_a_share_that_grows_later_is_refused_for_the_day_on_which_it_would_be_too_much(
    registry: RegistryClient,
) -> None:
    await registry.open("A81001", "A81002", kind="gp_practice")
    await registry.open("8KX01", kind="company")
    await relate(registry, "A81001", "owns", "8KX01", share="1/2")
    await relate(registry, "A81001", "owns", "8KX01", on="2019-01-01", share="3/4")
    refused = await relate(registry, "A81002", "owns", "8KX01", on="2017-01-01", share="1/2", expect=409)
    assert [reason["message"][:15] for reason in refused["reasons"]] == ["from 2019-01-01"]
    await relate(registry, "A81002", "owns", "8KX01", on="2017-01-01", until="2019-01-01", share="1/2")
    assert [one[3] for one in await shown(registry, "8KX01", "2018-01-01")] == ["1/2", "1/2"]
    assert [one[3] for one in await shown(registry, "8KX01", "2019-01-01")] == ["3/4"]


async def test_a_refusal_has_every_reason(registry: RegistryClient) -> None:
    await trusts(registry)
    await registry.open("RXX", kind="nhs_trust", on="2018-04-01")
    refused = await relate(
        registry, "RXX", "hosts", "RXX", on="2017-01-01", until="2017-01-01", share="1/2", expect=409
    )
    assert {reason["field"] for reason in refused["reasons"]} == {"other", "until", "share", "effective_on"}


async def test_shares_and_days_that_cannot_be_read_are_refused_together(registry: RegistryClient) -> None:
    await trusts(registry)
    for share in ("1/0", "2/1", "0", "-1/2", "0.5e1", "1/00", "a third", 0.5):
        refused = await relate(registry, "RCF", "owns", "RAE", on="soon", share=share, expect=422)
        assert {reason["field"] for reason in refused["reasons"]} == {"effective_on", "share"}, share


async def test_nothing_is_said_twice_nor_ended_that_does_not_hold(registry: RegistryClient) -> None:
    await trusts(registry)
    await relate(registry, "RCF", "member of", "QWO")
    await relate(registry, "RCF", "member of", "QWO", on="2018-01-01", expect=409)
    await end(registry, "RAE", "member of", "QWO", "2018-01-01", expect=409)
    await relate(registry, "RCF", "member of", "QZZ", expect=404)
    await registry.call("GET", "/organisations/QZZ/relations", expect=404)


async def test_a_relation_needs_both_bodies_and_a_member_leaves_by_itself(registry: RegistryClient) -> None:
    await trusts(registry)
    body = {"relation": "member of", "other": "QWO", "effective_on": "2017-01-01"}
    path = "/organisations/RCF/relations"
    await registry.call("POST", path, Role.REGISTRAR, organisations=("RAE",), json=body, expect=403)
    await registry.call("POST", path, Role.PARTNER, json=body, expect=403)
    for one in ("QWO", "RCF"):
        await registry.call("POST", path, Role.REGISTRAR, organisations=(one,), json=body, expect=403)
    await registry.call("POST", path, Role.REGISTRAR, organisations=("QWO", "RCF"), json=body, expect=201)
    leaving = {"relation": "member of", "other": "QWO", "effective_on": "2018-01-01"}
    path = f"{path}/ending"
    await registry.call("POST", path, Role.REGISTRAR, organisations=("QWO",), json=leaving, expect=403)
    await registry.call("POST", path, Role.REGISTRAR, organisations=("RCF",), json=leaving, expect=200)


async def test_what_was_known_before_stays_answerable(registry: RegistryClient) -> None:
    await trusts(registry)
    await relate(registry, "RCF", "member of", "QWO")
    [before] = [row["now"].isoformat() for row in await registry.database.fetch("SELECT clock_timestamp() AS now")]
    await end(registry, "RCF", "member of", "QWO", "2017-01-01")
    assert await shown(registry, "RCF", "2018-01-01") == []
    assert len(await shown(registry, "RCF", "2018-01-01", as_known=before)) == 1


async def test_a_dry_run_of_a_relation_answers_the_same_and_changes_nothing(registry: RegistryClient) -> None:
    await trusts(registry)
    dry = await relate(registry, "RCF", "member of", "QWO", params={"dry_run": "true"})
    assert await shown(registry, "RCF", "2018-01-01") == []
    assert await relate(registry, "RCF", "member of", "QWO") == dry


async def test_a_practice_is_no_member_of_a_commissioner_beside_the_one_that_is_its_parent(
    registry: RegistryClient,
) -> None:
    await registry.open("01K", "03X")
    await registry.open("A81001", kind="gp_practice", parent="01K")
    await registry.open("U70001", kind="pcn")
    refused = await relate(registry, "A81001", "member of", "03X", expect=409)
    assert refused["reasons"][0]["field"] == "relation"
    assert "exactly one" in refused["reasons"][0]["message"]
    await relate(registry, "A81001", "member of", "U70001")
    assert await shown(registry, "A81001", "2017-01-01") == [("A81001", "member of", "U70001", None)]


async def test_a_body_that_closed_stands_in_no_relation_any_more(registry: RegistryClient) -> None:
    await trusts(registry)
    await relate(registry, "RCF", "part of footprint", "QWO")
    await registry.change("/organisations/QWO/closure", version=1, body={"effective_on": "2019-04-01"})
    assert len(await shown(registry, "RCF", "2019-03-31")) == 1
    assert await shown(registry, "RCF", "2019-04-01") == []
    assert await shown(registry, "QWO", "2019-04-01") == []
