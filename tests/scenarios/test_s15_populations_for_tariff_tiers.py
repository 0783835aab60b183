"""S15, the registry's part: a population is published exactly, so that whoever sets tiers tiers that very number."""

from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.platform import Platform

BOUNDARIES = [249_999, 250_000, 999_999, 1_000_000, 5_000_000, 5_000_001]
OTHERS = [0, 1, 74_613, 262_144, 536_870_912, 999_999_999]


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


async def published(platform: Platform) -> list[dict[str, Any]]:
    feed = await platform.call("GET", "registry", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    return [item["event"] for item in feed["items"] if ".PopulationPublished.v" in item["event"]["type"]]


async def ask(platform: Platform, code: str, as_at: str) -> Any:
    return await platform.call(
        "GET", "registry", f"/organisations/{code}/populations", Role.PARTNER, params={"as_at": as_at}
    )
