"""What a merger would touch, before anybody decides it."""

from typing import Any

from libs.common.identity import Role
from tests.support.registry_client import RegistryClient


async def previewed(registry: RegistryClient, *predecessors: str, **asked: str) -> dict[str, Any]:
    params = [("predecessor", code) for code in predecessors] + [*asked.items()]
    answer: dict[str, Any] = await registry.call("GET", "/merger-previews", Role.PARTNER, params=params)
    return answer


async def practices_of(registry: RegistryClient, **practices: list[str]) -> None:
    await registry.open(*(code for codes in practices.values() for code in codes), kind="gp_practice")
    lists = [{"code": code.upper(), "practices": codes} for code, codes in practices.items()]
    body = {"effective_on": "2013-04-01", "commissioners": lists}
    await registry.call("POST", "/covers", json=body)


async def test_practices_people_parents_crossed_and_schemes_are_told(registry: RegistryClient) -> None:
    await registry.move_clock("2019-12-01")
    await registry.open("C3D", "C3E", "C9L")
    await registry.open("QU1", "QU2", kind="stp")
    await practices_of(registry, c3d=["A81001", "A81002"], c3e=["B82001"], c9l=["C83001"])
    for code, stp, people in (("C3D", "QU1", 144_000), ("C3E", "QU1", 160_000), ("C9L", "QU2", 190_000)):
        body = {"relation": "part of footprint", "other": stp, "effective_on": "2019-04-01"}
        version = (await registry.ask(code, "2019-12-01"))["version"]
        await registry.change(f"/organisations/{code}/relations", version=version, body=body)
        counted = {"basis": "registered", "people": people, "effective_on": "2019-10-01"}
        await registry.call("POST", f"/organisations/{code}/populations", json=counted)
    found = await previewed(registry, "C3D", "C3E", "C9L", effective_on="2020-04-01", successor="42D")
    assert (found["kind"], found["rule_pack"], found["reasons"]) == ("ccg", "ccg-merger-s14g-2012", [])
    assert (found["people"], [body["people"] for body in found["bodies"]]) == (494_000, [144_000, 160_000, 190_000])
    assert (found["practices"], [body["practices"] for body in found["bodies"]]) == (4, [2, 1, 1])
    assert (found["parents"], found["parents_crossed"]) == (["QU1", "QU2"], True)
    assert (found["areas"], found["local_authorities"], found["local_authorities_crossed"]) == (None, None, None)
    assert [(one["sort"], one["predecessor"]) for one in found["schemes_needed"]] == [
        (sort, code) for sort in ("property", "staff") for code in ("C3D", "C3E", "C9L")
    ]


async def test_who_changes_its_parent_shows_once_the_successors_is_known(registry: RegistryClient) -> None:
    await registry.move_clock("2019-12-01")
    await registry.open("C3D", "C9L")
    await registry.open("QU1", "QU2", kind="stp")
    await registry.open("42D", on="2019-12-01", status="proposed")
    for code, stp in (("C3D", "QU1"), ("C9L", "QU2"), ("42D", "QU1")):
        version = (await registry.ask(code, "2019-12-01"))["version"]
        parent = {"parent": stp, "effective_on": "2019-12-01"}
        await registry.change(f"/organisations/{code}/parent", version=version, body=parent)
    found = await previewed(registry, "C3D", "C9L", effective_on="2020-04-01", successor="42D")
    assert found["successor_parents"] == ["QU1"]
    assert {body["code"]: body["changes_parent"] for body in found["bodies"]} == {"C3D": False, "C9L": True}


async def test_what_is_not_held_is_unknown_and_what_stands_against_it_is_listed(registry: RegistryClient) -> None:
    await registry.move_clock("2019-12-01")
    await registry.open("03D", "03E", "03F", "03G")
    await registry.merge("42D", "03E", "03F", on="2020-04-01")
    counted = {"basis": "registered", "people": 144_000, "effective_on": "2019-10-01"}
    await registry.call("POST", "/organisations/03D/populations", json=counted)
    found = await previewed(registry, "03D", "03E", "99Z", effective_on="2020-04-01", successor="42D")
    assert (found["people"], found["parents"], found["parents_crossed"]) == (None, None, None)
    by_code = {body["code"]: body for body in found["bodies"]}
    assert (by_code["03D"]["people"], by_code["99Z"]["status"], by_code["99Z"]["name"]) == (144_000, "unknown", None)
    assert {reason["field"] for reason in found["reasons"]} == {"predecessors.1", "predecessors.2", "successor"}
    then = await previewed(registry, "03D", effective_on="2020-04-01", as_known="2019-11-30")
    assert then["bodies"][0]["people"] is None


async def test_an_icbs_figures_are_those_of_the_sub_icb_locations_below_it(registry: RegistryClient) -> None:
    await registry.move_clock("2025-06-01")
    await registry.open("QX1", "QX2", "QX3", kind="icb", on="2022-07-01")
    await registry.open("70A", "70B", "70C", kind="sub_icb_location", on="2022-07-01")
    for code, board in (("70A", "QX1"), ("70B", "QX1"), ("70C", "QX2")):
        version = (await registry.ask(code, "2025-06-01"))["version"]
        # One by the register's own column, the others by the relation to the board.
        relation = "part of" if code == "70A" else "in ICB"
        parent = {"relation": relation, "parent": board, "effective_on": "2022-07-01"}
        await registry.change(f"/organisations/{code}/parent", version=version, body=parent)
    practices = {"70A": ["A81001", "A81002"], "70B": ["B82001"], "70C": ["C83001"]}
    await registry.open(*(code for codes in practices.values() for code in codes), kind="gp_practice")
    lists = [{"code": code, "practices": codes} for code, codes in practices.items()]
    await registry.call("POST", "/covers", json={"effective_on": "2022-07-01", "commissioners": lists})
    for code, people in (("70A", 144_000), ("70B", 160_000), ("70C", 190_000)):
        counted = {"basis": "registered", "people": people, "effective_on": "2024-10-01"}
        await registry.call("POST", f"/organisations/{code}/populations", json=counted)
    found = await previewed(registry, "QX1", "QX2", effective_on="2026-04-01", successor="QX9")
    assert found["kind"] == "icb"
    assert [body["below"] for body in found["bodies"]] == [["70A", "70B"], ["70C"]]
    assert (found["practices"], [body["practices"] for body in found["bodies"]]) == (4, [3, 1])
    assert (found["people"], [body["people"] for body in found["bodies"]]) == (494_000, [304_000, 190_000])
    # A board of which no location is known has no figures, and so the merger has no sum.
    found = await previewed(registry, "QX1", "QX3", effective_on="2026-04-01", successor="QX9")
    assert (found["practices"], found["people"]) == (None, None)


async def test_nothing_is_changed_by_looking(registry: RegistryClient) -> None:
    await registry.open("03D", "03E")
    before = len(await registry.told())
    await previewed(registry, "03D", "03E", effective_on="2020-04-01")
    assert len(await registry.told()) == before
    assert (await registry.call("GET", "/mergers"))["items"] == []
