"""Populations: dated, by source, in two times; what rules; and what predecessors leave."""

from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import raw
from libs.common.events.registry import (
    OrganisationClosed,
    OrganisationOpened,
    OrganisationSucceeded,
    PopulationPublished,
)
from libs.common.identity import Role
from services.registry.core import recording
from tests.support.registry_client import RegistryClient


async def publish(
    registry: RegistryClient,
    code: str,
    people: int,
    *,
    on: str = "2017-04-01",
    basis: str = "registered",
    expect: int = 201,
    **more: Any,
) -> dict[str, Any]:
    source = {"source": more.pop("source")} if "source" in more else {}
    body = {"basis": basis, "people": people, "effective_on": on, **source}
    answer: dict[str, Any] = await registry.call(
        "POST", f"/organisations/{code}/populations", json=body, expect=expect, **more
    )
    return answer


async def populations(registry: RegistryClient, code: str, as_at: str, **asked: str) -> list[dict[str, Any]]:
    answer = await registry.call("GET", f"/organisations/{code}/populations", params={"as_at": as_at, **asked})
    found: list[dict[str, Any]] = answer["populations"]
    return found


async def test_a_population_is_told_exactly_and_holds_from_its_day(registry: RegistryClient) -> None:
    await registry.open("06A")
    await publish(registry, "06A", 262_001)
    told = (await registry.told())[-1]
    assert isinstance(told, PopulationPublished)
    assert (told.code, told.basis, told.people) == ("06A", "registered", 262_001)
    assert await populations(registry, "06A", "2017-03-31") == []
    [held] = await populations(registry, "06A", "2017-04-01")
    assert (held["people"], held["carried"], held["effective_on"]) == (262_001, False, "2017-04-01")


async def test_each_way_of_counting_stands_by_itself(registry: RegistryClient) -> None:
    await registry.open("06A")
    for basis, people in (("registered", 262_000), ("weighted", 281_500), ("resident", 256_600)):
        await publish(registry, "06A", people, basis=basis)
    shown = {one["basis"]: one["people"] for one in await populations(registry, "06A", "2018-01-01")}
    assert shown == {"registered": 262_000, "resident": 256_600, "weighted": 281_500}
    only = await populations(registry, "06A", "2018-01-01", basis="weighted")
    assert [one["basis"] for one in only] == ["weighted"]


async def test_a_later_count_rules_from_its_day_and_a_correction_once_known(registry: RegistryClient) -> None:
    await registry.open("06A")
    loader = (Role.LOADER, Role.REGISTRAR)
    for people, on, at in ((262_000, "2017-04-01", "2017-05-01"), (263_000, "2018-04-01", "2018-05-01")):
        body = {"basis": "registered", "people": people, "effective_on": on}
        await registry.call("POST", "/organisations/06A/populations", *loader, json=body, headers={"Stated-At": at})
    await publish(registry, "06A", 262_500)
    assert [(await populations(registry, "06A", day))[0]["people"] for day in ("2018-03-31", "2018-04-01")] == [
        262_500,
        263_000,
    ]
    [known] = await populations(registry, "06A", "2018-03-31", as_known="2018-01-01")
    assert known["people"] == 262_000
    assert await populations(registry, "06A", "2018-03-31", as_known="2017-01-01") == []


async def test_every_source_is_shown_and_the_latest_day_counts_unless_it_is_hearsay(registry: RegistryClient) -> None:
    await registry.open("06A")
    await publish(registry, "06A", 262_000)
    await publish(registry, "06A", 250_000, on="2018-10-01", source="hsj:7013041")
    await publish(registry, "06A", 256_600, on="2018-04-01", source="ons:mid-2018 estimates")
    [shown] = await populations(registry, "06A", "2019-01-01")
    assert (shown["people"], shown["source"]) == (256_600, "ons:mid-2018 estimates")
    assert [(one["source"], one["people"], one["rules"]) for one in shown["sources"]] == [
        ("ons:mid-2018 estimates", 256_600, True),
        ("command", 262_000, False),
        ("hsj:7013041", 250_000, False),
    ]
    told = (await registry.told())[-1]
    assert isinstance(told, PopulationPublished)
    assert (told.source, told.rank < 0) == ("ons:mid-2018 estimates", True)


async def test_of_two_counts_of_one_day_that_of_the_higher_rank_rules_though_it_was_stated_first(
    registry: RegistryClient,
) -> None:
    await registry.open("06A")
    await publish(registry, "06A", 262_000, on="2018-04-01")
    await publish(registry, "06A", 256_600, on="2018-04-01", source="ons:mid-2018 estimates")
    [shown] = await populations(registry, "06A", "2019-01-01")
    assert (shown["people"], shown["source"]) == (262_000, "command")


async def test_the_people_of_a_body_that_a_file_shows_open_after_it_was_followed_are_its_own(
    registry: RegistryClient,
) -> None:
    stated: dict[str, Any] = {"stated_at": datetime(2020, 3, 31, tzinfo=UTC)}
    opened = [
        OrganisationOpened(code=code, kind="ccg", name=code, effective_on=date(2013, 4, 1), **stated)
        for code in ("Z9A", "Z9B", "Z9C")
    ]
    closed = OrganisationClosed(code="Z9B", effective_on=date(2018, 4, 1), **stated)
    followed = [
        OrganisationSucceeded(code=code, successor="Z9C", effective_on=date(2018, 4, 1), **stated)
        for code in ("Z9A", "Z9B")
    ]
    async with registry.database.begin() as session:
        await recording.introduce_missing(await raw(session), {event.code for event in opened})
        await recording.record(session, [*opened, closed, *followed], source="ods-succession:test", by="test")
    for code, people in (("Z9A", 1_000), ("Z9B", 200)):
        await publish(registry, code, people)
    [shown] = await populations(registry, "Z9C", "2019-01-01")
    assert (shown["people"], [one["code"] for one in shown["parts"]]) == (200, ["Z9B"])


async def test_the_series_of_all_counts_is_read_page_by_page(registry: RegistryClient) -> None:
    await registry.open("06A")
    for number in range(5):
        await publish(registry, "06A", 262_000 + number, on=f"2017-0{number + 1}-01")
    await publish(registry, "06A", 281_500, basis="weighted")
    asked = {"basis": "registered", "limit": "3"}
    first = await registry.call("GET", "/organisations/06A/populations/statements", params=asked)
    rest = await registry.call("GET", first["next"].removeprefix("/v1"))
    said = [(one["effective_on"], one["people"]) for page in (first, rest) for one in page["items"]]
    assert said == [(f"2017-0{number + 1}-01", 262_000 + number) for number in range(5)]
    assert rest["next"] is None
    assert {(one["source"], one["recorded_by"]) for one in first["items"]} == {("command", "somebody")}
    early = {"as_known": "2017-01-01"}
    assert (await registry.call("GET", "/organisations/06A/populations/statements", params=early))["items"] == []
    await registry.call("GET", "/organisations/99Z/populations/statements", expect=404)


async def test_a_source_that_no_pack_names_is_refused(registry: RegistryClient) -> None:
    await registry.open("06A")
    refused = await publish(registry, "06A", 1, source="hearsay:a pub", expect=409)
    assert refused["type"].endswith("/source-refused")
    assert refused["reasons"][0]["field"] == "source"


async def test_people_are_whole_and_not_fewer_than_none(registry: RegistryClient) -> None:
    await registry.open("06A")
    for people in (-1, 250_000.5, "250000", True):
        body = {"basis": "registered", "people": people, "effective_on": "2017-04-01"}
        await registry.call("POST", "/organisations/06A/populations", json=body, expect=422)
    assert await populations(registry, "06A", "2018-01-01") == []


async def test_a_population_is_published_by_who_acts_for_the_body(registry: RegistryClient) -> None:
    await registry.open("06A")
    body = {"basis": "registered", "people": 1, "effective_on": "2017-04-01"}
    refused = await registry.call(
        "POST", "/organisations/06A/populations", Role.REGISTRAR, organisations=("05C",), json=body, expect=403
    )
    assert refused["type"].endswith("/not-yours-to-decide")
    await registry.call("POST", "/organisations/06A/populations", Role.PARTNER, json=body, expect=403)
    await registry.call("POST", "/organisations/99Z/populations", json=body, expect=404)
    await registry.call("GET", "/organisations/99Z/populations", expect=404)


async def test_a_merged_body_carries_its_predecessors_people_until_it_is_counted(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y")
    await publish(registry, "10H", 330_000)
    await publish(registry, "10Y", 205_001)
    await registry.merge("14Y", "10H", "10Y", on="2018-04-01")
    [carried] = await populations(registry, "14Y", "2018-04-01")
    assert (carried["people"], carried["carried"], carried["source"]) == (535_001, True, None)
    assert [(part["code"], part["people"]) for part in carried["parts"]] == [("10H", 330_000), ("10Y", 205_001)]
    await publish(registry, "14Y", 541_250, on="2018-10-01")
    shown = [(await populations(registry, "14Y", day))[0] for day in ("2018-09-30", "2018-10-01")]
    assert [(one["people"], one["carried"]) for one in shown] == [(535_001, True), (541_250, False)]


async def test_people_are_carried_through_chains(registry: RegistryClient) -> None:
    await registry.open("10C", "10G", "11C", "08P")
    for code, people in (("10C", 97_000), ("10G", 151_000), ("11C", 140_000)):
        await publish(registry, code, people)
    await registry.merge("15D", "10C", "10G", "11C", on="2018-04-01")
    await publish(registry, "08P", 200_000)
    await registry.merge("D4U1Y", "15D", "08P", on="2021-04-01")
    [carried] = await populations(registry, "D4U1Y", "2021-04-01")
    assert carried["people"] == 588_000
    assert [part["code"] for part in carried["parts"]] == ["08P", "10C", "10G", "11C"]


async def test_what_was_not_counted_is_not_guessed(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y")
    await publish(registry, "10H", 330_000)
    await registry.merge("14Y", "10H", "10Y", on="2018-04-01")
    [carried] = await populations(registry, "14Y", "2018-04-01")
    assert (carried["people"], carried["carried"]) == (None, True)
    assert [(part["code"], part["people"]) for part in carried["parts"]] == [("10H", 330_000), ("10Y", None)]


async def test_a_share_of_a_body_brings_no_count_of_people(registry: RegistryClient) -> None:
    await registry.open("02E", "02D", "14F")
    await publish(registry, "02E", 300_000)
    at = registry.app.state.clock.stated_at()
    split = [
        OrganisationSucceeded(
            code="02E", successor=code, shape="split", share=share, effective_on=date(2018, 4, 1), stated_at=at
        )
        for code, share in (("02D", "1/3"), ("14F", "2/3"))
    ]
    async with registry.database.begin() as session:
        await recording.record(session, split, source=recording.COMMAND, by="a test")
    for code in ("02D", "14F"):
        [carried] = await populations(registry, code, "2018-04-01")
        assert (carried["people"], carried["parts"][0]["code"], carried["parts"][0]["people"]) == (None, "02E", None)


async def test_a_body_that_names_itself_and_circles_end_the_search(registry: RegistryClient) -> None:
    await registry.open("02E", "02D")
    at = registry.app.state.clock.stated_at()
    circle = [
        OrganisationSucceeded(code=code, successor=successor, effective_on=date(2018, 4, 1), stated_at=at)
        for code, successor in (("02E", "02E"), ("02E", "02D"), ("02D", "02E"))
    ]
    async with registry.database.begin() as session:
        await recording.record(session, circle, source=recording.COMMAND, by="a test")
    await publish(registry, "02D", 120_000)
    [held] = await populations(registry, "02D", "2018-04-01")
    assert (held["people"], held["carried"]) == (120_000, False)
    [carried] = await populations(registry, "02E", "2018-04-01")
    assert (carried["carried"], [part["code"] for part in carried["parts"]]) == (True, ["02D"])


async def test_people_of_one_local_authority_are_counted_beside_all_of_them(registry: RegistryClient) -> None:
    await registry.open("06A")
    await registry.open("LA1", "LA2", kind="local_authority")

    async def listed(people: int, authority: str, **more: Any) -> dict[str, Any]:
        body = {"basis": "registered", "people": people, "effective_on": "2017-04-01", "local_authority": authority}
        answer: dict[str, Any] = await registry.call("POST", "/organisations/06A/populations", json=body, **more)
        return answer

    await publish(registry, "06A", 262_001)
    for people, authority in ((200_000, "LA1"), (60_000, "LA2"), (61_000, "LA2")):
        assert (await listed(people, authority))["local_authority"] == authority
    told = [event for event in await registry.told() if isinstance(event, PopulationPublished)]
    assert [(one.local_authority, one.people) for one in told] == [
        *(("", 262_001), ("LA1", 200_000)),
        *(("LA2", 60_000), ("LA2", 61_000)),
    ]
    shown = await registry.call("GET", "/organisations/06A/populations", params={"as_at": "2017-04-01"})
    assert [one["people"] for one in shown["populations"]] == [262_001]
    assert [(one["local_authority"], one["people"]) for one in shown["by_authority"]] == [
        ("LA1", 200_000),
        ("LA2", 61_000),
    ]
    asked = {"as_at": "2017-04-01", "basis": "weighted"}
    assert (await registry.call("GET", "/organisations/06A/populations", params=asked))["by_authority"] == []
    said = await registry.call("GET", "/organisations/06A/populations/statements")
    assert [one["local_authority"] for one in said["items"]] == [None, "LA1", "LA2", "LA2"]
    for unknown in ("06A", "99Z"):
        refused = await listed(1, unknown, expect=409)
        assert (refused["type"].rsplit("/", 1)[-1], refused["reasons"][0]["field"]) == (
            "local-authority-refused",
            "local_authority",
        )
