"""S15: the registry publishes a population exactly, and contracts tiers that very number under one pack."""

from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.platform import Platform

BOUNDARIES = [249_999, 250_000, 999_999, 1_000_000, 5_000_000, 5_000_001]
OTHERS = [0, 1, 74_613, 262_144, 536_870_912, 999_999_999]
TIERS = {
    "2011-10-31": ["below_minimum", "cluster", "cluster", "scale", "scale", "national"],
    "2019-04-01": ["below_minimum"] * 3 + ["cluster", "national", "national"],
}


@pytest.mark.parametrize(("people", "on"), [(BOUNDARIES, "2011-10-31"), (OTHERS, "2019-04-01")])
async def test_s15_each_population_is_told_to_the_last_person(platform: Platform, people: list[int], on: str) -> None:
    codes = [f"5Q{number}" for number in range(len(people))]
    opened = [{"code": code, "name": code, "kind": "pct_cluster", "effective_on": "2011-06-01"} for code in codes]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": opened})
    for code, number in zip(codes, people, strict=True):
        body = {"basis": "registered", "people": number, "effective_on": on}
        await platform.call("POST", "registry", f"/organisations/{code}/populations", Role.REGISTRAR, json=body)
    await platform.caught_up()

    told = {event["data"]["code"]: event["data"] for event in await published(platform)}
    assert [told[code]["people"] for code in codes] == people
    assert {(told[code]["basis"], told[code]["effective_on"]) for code in codes} == {("registered", on)}
    for code, number in zip(codes, people, strict=True):
        [shown] = (await ask(platform, code, on))["populations"]
        assert (shown["people"], shown["carried"]) == (number, False)
    assert (await ask(platform, codes[0], "2011-10-30"))["populations"] == []

    tiers = [await tier(platform, code, on) for code in codes]
    assert [one["tier"] for one in tiers] == TIERS[on]
    assert [one["must_share"] for one in tiers] == [one == "below_minimum" for one in TIERS[on]]
    assert {(one["rule_pack"], one["counted_on"]) for one in tiers} == {("tariff-tiers-2011", on)}
    uncounted = await tier(platform, codes[0], "2011-10-30")
    assert (uncounted["people"], uncounted["tier"], uncounted["must_share"]) == (None, None, False)


async def tier(platform: Platform, code: str, as_at: str) -> Any:
    asked = {"organisation": code, "as_at": as_at}
    return await platform.call("GET", "contracts", "/tariff-tiers", Role.PARTNER, params=asked)


async def published(platform: Platform) -> list[dict[str, Any]]:
    feed = await platform.call("GET", "registry", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    return [item["event"] for item in feed["items"] if ".PopulationPublished.v" in item["event"]["type"]]


async def ask(platform: Platform, code: str, as_at: str) -> Any:
    return await platform.call(
        "GET", "registry", f"/organisations/{code}/populations", Role.PARTNER, params={"as_at": as_at}
    )
