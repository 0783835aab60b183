"""Parts of bodies that continue pass to a merger's successor: one plan with the bodies that it dissolves."""

from typing import Any

from libs.common.events.registry import ICBMerged, ICBMergerAgreed, OrganisationParentChanged, OrganisationSucceeded
from libs.common.identity import Role
from tests.registry.applications.applicants import fields, messages
from tests.support.builders import a_merger_command
from tests.support.registry_client import RegistryClient

DAY = "2026-04-01"
BELOW = {"70A": "QX1", "70B": "QX2", "70C": "QX3", "70D": "QX3"}


async def boards(registry: RegistryClient, *more: str) -> None:
    """Three boards with their locations, and a practice in each location."""
    await registry.move_clock("2025-10-01")
    await registry.open("QX1", "QX2", "QX3", *more, kind="icb", on="2022-07-01")
    await registry.open(*BELOW, kind="sub_icb_location", on="2022-07-01")
    for code, board in BELOW.items():
        version = (await registry.ask(code, "2025-10-01"))["version"]
        parent = {"parent": board, "effective_on": "2022-07-01"}
        await registry.change(f"/organisations/{code}/parent", version=version, body=parent)
    practices = {"70A": ["A81001"], "70B": ["B82001"], "70C": ["C83001"], "70D": ["D84001", "D84002"]}
    await registry.open(*(code for codes in practices.values() for code in codes), kind="gp_practice")
    lists = [{"code": code, "practices": codes} for code, codes in practices.items()]
    await registry.call("POST", "/covers", json={"effective_on": "2022-07-01", "commissioners": lists})


async def plan(registry: RegistryClient, *parts: dict[str, Any], expect: int = 201, **others: Any) -> dict[str, Any]:
    body = a_merger_command("QX9", "QX1", "QX2", on=DAY, parts=list(parts), **others)
    answer: dict[str, Any] = await registry.call("POST", "/mergers", json=body, expect=expect)
    return answer


async def parents(registry: RegistryClient, day: str) -> dict[str, str]:
    return {code: (await registry.ask(code, day))["parent"] for code in ("70C", "70D", "C83001", "D84001", "D84002")}


async def test_two_whole_boards_and_a_part_of_a_third_are_one_plan_carried_out_on_its_day(
    registry: RegistryClient,
) -> None:
    await boards(registry)
    agreed = await plan(registry, {"code": "QX3", "share": "1/4", "locations": ["70D"]})
    assert (agreed["status"], agreed["predecessors"]) == ("agreed", ["QX1", "QX2"])
    assert [(one["code"], one["share"], one["locations"]) for one in agreed["parts"]] == [("QX3", "1/4", ["70D"])]
    told = next(event for event in await registry.told() if isinstance(event, ICBMergerAgreed))
    assert (told.parts, told.part_shares) == (("QX3",), ("1/4",))
    assert [one["reference"] for one in (await registry.ask("QX3", "2025-12-01"))["mergers"]] == ["M-QX9"]
    await registry.move_clock("2026-03-31")
    assert (await parents(registry, DAY))["70D"] == "QX3"
    await registry.move_clock(DAY)
    assert [await registry.status(code, DAY) for code in ("QX1", "QX2", "QX3", "QX9")] == [
        "closed",
        "closed",
        "open",
        "open",
    ]
    assert (await parents(registry, "2026-03-31"))["70D"] == "QX3"
    assert [(await parents(registry, DAY))[code] for code in ("70C", "70D", "D84001")] == ["QX3", "QX9", "70D"]
    merged, followed, moved, in_board = (await registry.told())[-4:]
    assert isinstance(merged, ICBMerged)
    assert merged.predecessors == ("QX1", "QX2")
    assert isinstance(followed, OrganisationSucceeded)
    assert (followed.code, followed.successor, followed.shape, followed.share) == (
        "QX3",
        "QX9",
        "boundary_change",
        "1/4",
    )
    assert isinstance(moved, OrganisationParentChanged)
    assert (moved.code, moved.parent, str(moved.effective_on)) == ("70D", "QX9", DAY)
    assert isinstance(in_board, OrganisationParentChanged)
    assert (in_board.code, in_board.relation, in_board.parent) == ("70D", "in ICB", "QX9")
    inside = await registry.call(
        "GET", "/organisations", params={"in_icb": "QX9", "kind": "sub_icb_location", "as_at": DAY}
    )
    assert "70D" in {one["code"] for one in inside["items"]}
    lineage = await registry.call("GET", "/organisations/QX9/lineage", params={"as_at": DAY})
    assert {"QX1", "QX2", "QX3"} <= {step["code"] for step in lineage["before"]}


async def test_listed_practices_pass_and_one_that_moved_meanwhile_stays(registry: RegistryClient) -> None:
    await boards(registry)
    await plan(registry, {"code": "QX3", "practices": ["D84001", "D84002"]})
    version = (await registry.ask("D84002", "2025-10-01"))["version"]
    parent = {"parent": "70A", "effective_on": "2026-01-01"}
    await registry.change("/organisations/D84002/parent", version=version, body=parent)
    await registry.move_clock(DAY)
    then = await parents(registry, DAY)
    assert (then["D84001"], then["D84002"], then["C83001"]) == ("QX9", "70A", "70C")
    assert (await parents(registry, "2026-03-31"))["D84001"] == "70D"
    findings = await registry.call("GET", "/covers/findings", params={"as_at": DAY, "about": "practice"})
    assert findings["items"] == []


async def test_a_plan_for_a_past_day_moves_its_parts_at_once(registry: RegistryClient) -> None:
    await registry.open("03D", "03E", "03F")
    await registry.open("A81001", "A81002", kind="gp_practice")
    cover = [{"code": "03F", "practices": ["A81001", "A81002"]}]
    await registry.call("POST", "/covers", json={"effective_on": "2013-04-01", "commissioners": cover})
    parts = [{"code": "03F", "share": "0.5", "practices": ["A81002"]}]
    merger = await registry.call(
        "POST", "/mergers", json=a_merger_command("42D", "03D", "03E", on="2020-04-01", parts=parts)
    )
    assert merger["status"] == "carried_out"
    assert [(await registry.ask(code, "2020-04-01"))["parent"] for code in ("A81001", "A81002")] == ["03F", "42D"]
    assert (await registry.ask("A81002", "2020-03-31"))["parent"] == "03F"


async def test_every_reason_against_the_parts_comes_at_once(registry: RegistryClient) -> None:
    await boards(registry)
    await registry.open("R0A", kind="nhs_trust")
    refused = await plan(
        registry,
        {"code": "QX1", "share": "1/2"},
        {"code": "QX3", "share": "1/2"},
        {"code": "QX3", "share": "1/3"},
        {"code": "R0A", "share": "1/2"},
        {"code": "QX0", "share": "1/2"},
        expect=409,
    )
    assert fields(refused) == {"parts.0.code", "parts.1.code", "parts.2.code", "parts.3.code", "parts.4.code"}
    for said in ("QX1 is a predecessor", "QX3 occurs 2 times", "R0A is no ICB", "QX0 is not known"):
        assert said in messages(refused)
    lists = {"code": "QX3", "locations": ["70A", "70C"], "practices": ["A81001"]}
    refused = await plan(registry, lists, expect=409)
    assert fields(refused) == {"parts.0.locations", "parts.0.practices"}
    assert "70A is no sub-ICB location of QX3 on 2026-04-01" in messages(refused)
    for nothing in ({"code": "QX3"}, {"code": "QX3", "share": "1"}):
        await plan(registry, nothing, expect=422)


async def test_a_board_and_parts_of_others_make_a_new_board_but_parts_alone_do_not(registry: RegistryClient) -> None:
    await boards(registry)
    parts = [{"code": "QX2", "share": "1/2"}, {"code": "QX3", "share": "1/2"}]
    alone = await registry.call(
        "POST", "/mergers", json=a_merger_command("QX9", on=DAY, parts=parts) | {"predecessors": []}, expect=409
    )
    assert "a merger dissolves at least 1 ICB" in messages(alone)
    await registry.call("POST", "/mergers", json=a_merger_command("QX9", "QX1", on=DAY, parts=parts), expect=201)


async def test_a_body_can_be_part_of_several_plans_up_to_the_whole_of_it(registry: RegistryClient) -> None:
    await boards(registry, "QX4", "QX5")
    await plan(registry, {"code": "QX3", "share": "2/3", "locations": ["70C"]})
    other = a_merger_command("QX8", "QX4", "QX5", on=DAY, parts=[{"code": "QX3", "share": "1/2"}])
    refused = await registry.call("POST", "/mergers", json=other, expect=409)
    assert fields(refused) == {"parts.0.share"}
    other["parts"] = [{"code": "QX3", "share": "1/3", "locations": ["70D"]}]
    await registry.call("POST", "/mergers", json=other, expect=201)
    # Until then nothing else happens to it.
    dissolved = await registry.call("POST", "/mergers", json=a_merger_command("QX7", "QX3", on=DAY), expect=409)
    assert "QX3 is part of the merger M-QX" in messages(dissolved)
    version = (await registry.ask("QX3", "2025-10-01"))["version"]
    closing = {"effective_on": "2026-03-01"}
    await registry.change("/organisations/QX3/closure", version=version, body=closing, expect=409)
    await registry.move_clock(DAY)
    assert [(await parents(registry, DAY))[code] for code in ("70C", "70D")] == ["QX9", "QX8"]
    version = (await registry.ask("QX3", DAY))["version"]
    await registry.change("/organisations/QX3/closure", version=version, body={"effective_on": DAY})


async def test_a_plan_that_is_put_off_keeps_its_parts(registry: RegistryClient) -> None:
    await boards(registry)
    await plan(registry, {"code": "QX3", "locations": ["70D"]})
    redated = await registry.change("/mergers/M-QX9/redating", version=1, body={"effective_on": "2027-04-01"})
    assert [one["code"] for one in redated["parts"]] == ["QX3"]
    await registry.move_clock(DAY)
    assert (await parents(registry, DAY))["70D"] == "QX3"
    await registry.move_clock("2027-04-01")
    assert [(await parents(registry, day))["70D"] for day in ("2027-03-31", "2027-04-01")] == ["QX3", "QX9"]
    assert [one["code"] for one in (await registry.call("GET", "/mergers/M-QX9"))["parts"]] == ["QX3"]
    listed = await registry.call("GET", "/mergers", params={"code": "QX3"})
    assert [one["reference"] for one in listed["items"]] == ["M-QX9"]


async def test_a_plan_binds_the_bodies_of_which_a_part_passes(registry: RegistryClient) -> None:
    await boards(registry)
    body = a_merger_command("QX9", "QX1", "QX2", on=DAY, parts=[{"code": "QX3", "share": "1/4"}])
    refused = await registry.call(
        "POST", "/mergers", Role.NHS_ENGLAND, organisations=("QX1", "QX2", "QX9"), json=body, expect=403
    )
    assert refused["type"].endswith("/not-yours-to-decide")
