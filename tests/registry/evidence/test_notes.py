"""The answer that a disagreement concerns bears a note of it, and each of its values the source that gave it."""

from typing import Any

from libs.common.identity import Role
from tests.registry.evidence.test_commands import fact, record, report
from tests.registry.reorganisations.test_commands import state
from tests.support.registry_client import RegistryClient


async def lineage(registry: RegistryClient, code: str, **asked: str) -> Any:
    return await registry.call("GET", f"/organisations/{code}/lineage", params={"as_at": "2022-01-01", **asked})


async def test_press_and_register_disagree_on_the_successor_and_both_answers_follow_the_register(
    registry: RegistryClient,
) -> None:
    """T9: the press, though it ranks lower and spoke later, changes nothing, and is not hidden."""
    await registry.open("A1", "A2", "A3")
    await record(
        registry,
        report("ods-succession:1", "2019-01-01", fact("A1", "succession", "A2", "2018-04-01")),
        Role.LOADER,
    )
    assert (await lineage(registry, "A1"))["findings"] == []
    await record(registry, report("press:1", "2020-01-01", fact("A1", "succession", "A3", "2018-04-01")))
    found = await lineage(registry, "A1")
    assert found["resolves_to"] == ["A2"]
    [note] = found["findings"]
    assert note["finding"] == "sources-disagree"
    assert "ods-succession:1 says A2, press:1 says A3; ods-succession rules" in note["message"]
    [conflict] = (await registry.call("GET", "/conflicts", params={"code": "A1"}))["items"]
    assert [span["rules"] for span in conflict["differs"]] == ["A2"]
    asked = await registry.ask("A1", "2020-06-01")
    assert [(one["about"], one["rules"], one["why"]) for one in asked["conflicts"]] == [("succession", "A2", "rank")]
    assert (await registry.ask("A1", "2017-06-01"))["conflicts"] == []
    assert (await lineage(registry, "A1", as_known="2019-06-01"))["findings"] == []
    assert (await registry.ask("A1", "2020-06-01", "2019-06-01"))["conflicts"] == []


async def test_two_sources_disagree_on_the_day_and_the_one_that_rules_is_the_one_that_is_followed(
    registry: RegistryClient,
) -> None:
    await registry.open("A1", "A2")
    await record(registry, report("users:1", "2018-01-01", fact("A1", "succession", "A2", "2017-04-01")))
    await record(
        registry,
        report("ods-succession:1", "2019-01-01", fact("A1", "succession", "A2", "2018-04-01")),
        Role.LOADER,
    )
    [conflict] = (await registry.call("GET", "/conflicts", params={"code": "A1"}))["items"]
    [span] = conflict["differs"]
    assert (span["first_day"], span["last_day"], span["rules"]) == (
        "2017-04-01",
        "2018-03-31",
        "not followed by anybody",
    )
    assert (await lineage(registry, "A1", as_at="2017-06-01"))["resolves_to"] == ["A1"]
    found = await lineage(registry, "A1")
    assert [step["effective_on"] for step in found["after"]] == ["2018-04-01"]
    assert [note["finding"] for note in found["findings"] if note["finding"] == "sources-disagree"]


async def test_what_only_hearsay_states_is_followed_by_no_answer_and_ruled_by_no_source(
    registry: RegistryClient,
) -> None:
    await registry.open("A1", "A2", "A3")
    await record(registry, report("press:1", "2020-01-01", fact("A1", "succession", "A2", "2018-04-01")))
    await record(registry, report("users:1", "2020-01-01", fact("A1", "succession", "A3", "2018-04-01")))
    [conflict] = (await registry.call("GET", "/conflicts", params={"code": "A1"}))["items"]
    assert [(span["rules"], span["why"]) for span in conflict["differs"]] == [("not followed by anybody", "hearsay")]
    assert (await lineage(registry, "A1"))["resolves_to"] == ["A1"]


async def test_the_shares_of_a_split_by_command_are_not_those_of_a_file_that_names_the_same_pairs(
    registry: RegistryClient,
) -> None:
    """T6: the file is the source of the succession and its day, the command of its shape and shares."""
    await registry.open("RAA", "RBB", "RCC", kind="nhs_trust")
    pairs = (fact("RAA", "succession", to, "2018-04-01") for to in ("RBB", "RCC"))
    await record(registry, report("ods-succession:1", "2018-05-01", *pairs), Role.LOADER)
    await state(registry, "split", ["RAA"], {"RBB": "11/20", "RCC": "9/20"}, "2018-04-01")
    found = await lineage(registry, "RAA")
    [first, _] = found["after"]
    assert (first["share"], first["share_source"], first["shape"], first["shape_source"]) == (
        "11/20",
        "command",
        "split",
        "command",
    )
    assert (first["source"], first["merger"], first["merger_source"]) == ("ods-succession:1", None, None)
    assert found["because"][0] == (
        "RAA was followed by RBB on 2018-04-01 (split, 11/20 of it): ods-succession:1; its shape by command; "
        "its share by command"
    )
    earlier = await lineage(registry, "RAA", as_known="2018-06-01")
    assert [(step["share"], step["share_source"]) for step in earlier["after"]] == [("", None), ("", None)]
