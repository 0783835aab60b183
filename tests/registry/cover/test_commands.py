"""Every practice and every area is covered exactly once: stated, checked on every day, refused with every reason."""

import asyncio
from typing import Any

from libs.common.events.registry import AreasAssigned, OrganisationParentChanged
from libs.common.identity import Role
from tests.support.builders import a_ccg, a_practice
from tests.support.registry_client import RegistryClient

AREAS = [f"E0100000{number}" for number in range(1, 7)]


async def lists(
    registry: RegistryClient, on: str, *lists_: tuple[str, list[str] | None, list[str] | None], **more: Any
) -> Any:
    """State what these bodies cover."""
    commissioners = [
        {"code": code}
        | ({"practices": practices} if practices is not None else {})
        | ({"areas": areas} if areas is not None else {})
        for code, practices, areas in lists_
    ]
    return await registry.call("POST", "/covers", json={"effective_on": on, "commissioners": commissioners}, **more)


async def two_ccgs(registry: RegistryClient) -> None:
    """01H with three practices and areas, 01K with two practices and three areas."""
    await registry.open("01H", "01K")
    await registry.open("A81001", "A81002", "A81003", "B82001", "B82002", kind="gp_practice")
    await lists(
        registry,
        "2013-04-01",
        ("01H", ["A81001", "A81002", "A81003"], AREAS[:3]),
        ("01K", ["B82001", "B82002"], AREAS[3:]),
    )


async def covered(registry: RegistryClient, code: str, sort: str, on: str, known: str | None = None) -> list[str]:
    asked = {"as_at": on} | ({"as_known": known} if known else {})
    found = await registry.call("GET", f"/covers/{code}/{sort}", params=asked)
    return [one["code"] for one in found["items"]]


def messages(refused: dict[str, Any]) -> list[str]:
    return sorted(reason["message"] for reason in refused["reasons"])


async def test_what_commissioners_cover_is_stated_counted_and_listed(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    found = await registry.call("GET", "/covers", params={"as_at": "2013-04-01"})
    assert [(one["code"], one["practices"], one["areas"]) for one in found["items"]] == [("01H", 3, 3), ("01K", 2, 3)]
    assert await covered(registry, "01K", "practices", "2013-04-01") == ["B82001", "B82002"]
    assert await covered(registry, "01H", "areas", "2020-01-01") == AREAS[:3]
    told = await registry.told()
    assert sum(isinstance(event, OrganisationParentChanged) for event in told) == 5
    assert [event.areas for event in told if isinstance(event, AreasAssigned)] == [tuple(AREAS[:3]), tuple(AREAS[3:])]


async def test_a_change_of_boundary_moves_practices_and_areas_between_two_that_live_on(
    registry: RegistryClient,
) -> None:
    await two_ccgs(registry)
    moved = await lists(
        registry,
        "2017-04-01",
        ("01H", ["A81001"], AREAS[:1]),
        ("01K", ["A81002", "A81003", "B82001", "B82002"], AREAS[1:]),
    )
    assert moved["rule_pack"] == "cover-ccg-s14a-2012"
    assert [(one["practices_gained"], one["areas_gained"]) for one in moved["commissioners"]] == [(0, 0), (2, 2)]
    assert await covered(registry, "01K", "practices", "2017-03-31") == ["B82001", "B82002"]
    assert await covered(registry, "01K", "practices", "2017-04-01") == ["A81002", "A81003", "B82001", "B82002"]
    assert await covered(registry, "01H", "areas", "2017-04-01") == AREAS[:1]
    assert await covered(registry, "01H", "areas", "2017-03-31") == AREAS[:3]


async def test_what_would_be_in_none_or_in_two_is_refused_with_every_name(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    refused = await lists(registry, "2017-04-01", ("01H", ["A81001", "B82001"], [AREAS[0], AREAS[5]]), expect=409)
    assert refused["type"].endswith("/cover-broken")
    until = "from 2017-04-01 to 2022-06-30"
    assert messages(refused) == [
        f"A81002 would be in none {until}; it is in 01H",
        f"A81003 would be in none {until}; it is in 01H",
        f"B82001 would be in two {until}: 01H, 01K",
        f"{AREAS[1]} would be in none {until}; it is in 01H",
        f"{AREAS[2]} would be in none {until}; it is in 01H",
        f"{AREAS[5]} would be in two {until}: 01H, 01K",
    ]
    assert await covered(registry, "01H", "practices", "2017-04-01") == ["A81001", "A81002", "A81003"]


async def test_a_wrong_code_is_named_with_its_place(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    await registry.open("RXA", kind="nhs_trust")
    await registry.open("A81009", kind="gp_practice", on="2018-04-01")
    refused = await lists(
        registry,
        "2017-04-01",
        ("01H", ["A81001", "A81002", "A81003", "A81003", "A89999", "A81009", "RXA"], None),
        ("99Z", None, [AREAS[0]]),
        ("RXA", ["RXA"], None),
        expect=409,
    )
    said = {(reason["message"], reason["field"]) for reason in refused["reasons"]}
    assert {
        ("A81003 occurs 2 times in one list", "commissioners.0.practices"),
        ("A89999 is not known", "commissioners.0.practices"),
        ("A81009 is unknown on 2017-04-01", "commissioners.0.practices"),
        ("RXA is no practice but of the kind nhs_trust", "commissioners.0.practices"),
        ("99Z is not known", "commissioners.1.code"),
        ("RXA is no commissioner on 2017-04-01 but of the kind nhs_trust", "commissioners.2.code"),
    } <= said


async def test_a_later_day_is_checked_too(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    both = [("01H", ["A81001", "A81002"], None), ("01K", ["A81003", "B82001", "B82002"], None)]
    await lists(registry, "2018-04-01", *both)
    await registry.open("03X")
    # 03X takes what 01K has until 2018: of what is known from 2018 on nothing changes.
    await lists(registry, "2016-04-01", ("01K", [], None), ("03X", ["B82001", "B82002"], None))
    assert await covered(registry, "03X", "practices", "2016-04-01") == ["B82001", "B82002"]
    await registry.change("/organisations/A81003/closure", version=3, body={"effective_on": "2019-04-01"})
    refused = await lists(registry, "2015-04-01", ("01K", [], None), expect=409)
    assert "B82001 would be in none from 2015-04-01 to 2016-03-31; it is in 01K" in messages(refused)


async def test_a_merger_carries_practices_and_areas_along_and_a_closed_practice_is_in_none(
    registry: RegistryClient,
) -> None:
    await two_ccgs(registry)
    await registry.change("/organisations/A81003/closure", version=2, body={"effective_on": "2015-04-01"})
    await registry.merge("15X", "01H", "01K", on="2018-04-01")
    assert await covered(registry, "15X", "practices", "2018-04-01") == ["A81001", "A81002", "B82001", "B82002"]
    assert await covered(registry, "15X", "areas", "2018-04-01") == AREAS
    assert (await registry.ask("A81003", "2015-03-31"))["parent"] == "01H"
    assert (await registry.ask("A81003", "2018-04-01"))["parent"] is None
    assert await covered(registry, "01H", "practices", "2018-04-01") == []
    found = await registry.call("GET", "/covers/findings", params={"as_at": "2018-04-01"})
    assert (found["practices"], found["areas"], found["items"]) == (0, 0, [])
    refused = await lists(registry, "2019-04-01", ("15X", ["A81001", "A81002", "B82001"], None), expect=409)
    assert messages(refused) == ["B82002 would be in none from 2019-04-01 to 2022-06-30; it is in 15X"]


async def test_findings_name_what_nobody_covers_and_no_import_or_opening_is_refused_for_them(
    registry: RegistryClient,
) -> None:
    await two_ccgs(registry)
    await registry.open("A81009", kind="gp_practice")
    await registry.open("W91001", kind="gp_practice")
    found = await registry.call("GET", "/covers/findings", params={"as_at": "2014-01-01"})
    assert [(one["about"], one["code"], one["finding"]) for one in found["items"]] == [("practice", "A81009", "none")]
    assert found["rule_pack"] == "cover-ccg-s14a-2012"
    before_the_law = await registry.call("GET", "/covers/findings", params={"as_at": "2012-01-01"})
    assert (before_the_law["rule_pack"], before_the_law["items"]) == (None, [])


async def test_areas_of_days_before_any_is_known_are_unknown(registry: RegistryClient) -> None:
    await registry.open("01H")
    await lists(registry, "2021-04-01", ("01H", None, AREAS[:2]))
    [earlier] = (await registry.call("GET", "/covers", params={"as_at": "2021-03-31"}))["items"]
    assert earlier["areas"] is None
    listed = await registry.call("GET", "/covers/01H/areas", params={"as_at": "2021-03-31"})
    assert (listed["known"], listed["items"]) == (False, [])
    found = await registry.call("GET", "/covers/findings", params={"as_at": "2021-03-31", "limit": 1})
    assert [(one["code"], one["finding"]) for one in found["items"]] == [(AREAS[0], "unknown")]
    assert (found["areas"], found["next"] is not None) == (2, True)
    [now] = (await registry.call("GET", "/covers", params={"as_at": "2021-04-01"}))["items"]
    assert now["areas"] == 2


async def test_the_same_lists_again_change_nothing(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    refused = await lists(registry, "2014-04-01", ("01K", ["B82001", "B82002"], AREAS[3:]), expect=409)
    assert refused["type"].endswith("/no-change")


async def test_what_was_believed_before_a_change_stays_answerable(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    [before] = [row["now"].isoformat() for row in await registry.database.fetch("SELECT clock_timestamp() AS now")]
    await lists(
        registry, "2014-04-01", ("01H", ["A81001"], None), ("01K", ["A81002", "A81003", "B82001", "B82002"], None)
    )
    assert await covered(registry, "01K", "practices", "2014-04-01", before) == ["B82001", "B82002"]


async def test_only_nhs_england_or_a_registrar_who_acts_for_each_may_state_cover(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    body = {"effective_on": "2014-04-01", "commissioners": [{"code": "01H", "practices": []}]}
    await registry.call("POST", "/covers", Role.PARTNER, json=body, expect=403)
    await registry.call("POST", "/covers", Role.REGISTRAR, organisations=("01K",), json=body, expect=403)


async def test_a_body_without_lists_or_with_wrong_areas_is_refused_with_every_reason(registry: RegistryClient) -> None:
    body = {"effective_on": "soon", "commissioners": [{"code": "01H"}, {"code": "01K", "areas": ["S01000001"]}]}
    refused = await registry.call("POST", "/covers", json=body, expect=422)
    assert {reason["field"] for reason in refused["reasons"]} == {
        "effective_on",
        "commissioners.0",
        "commissioners.1.areas.0",
    }


async def test_a_ccg_with_practices_or_areas_is_neither_closed_nor_made_another_kind_of_body(
    registry: RegistryClient,
) -> None:
    await two_ccgs(registry)
    version = (await registry.ask("01K", "2014-04-01"))["version"]
    until = "from 2018-04-01 to 2022-06-30"
    left = [f"{one} would be in none {until}; it is in 01K" for one in ("B82001", "B82002", *AREAS[3:])]
    day = {"effective_on": "2018-04-01"}
    closing = await registry.change("/organisations/01K/closure", version=version, body=day, expect=409)
    assert (closing["type"].rpartition("/")[2], messages(closing)) == ("cover-broken", left)
    kind = await registry.change(
        "/organisations/01K/kind", version=version, body={**day, "kind": "locality"}, expect=409
    )
    assert messages(kind) == left
    await lists(
        registry, "2018-04-01", ("01H", ["A81001", "A81002", "A81003", "B82001", "B82002"], AREAS), ("01K", [], [])
    )
    version = (await registry.ask("01K", "2014-04-01"))["version"]
    await registry.change("/organisations/01K/closure", version=version, body=day)
    assert (await registry.call("GET", "/covers/findings", params={"as_at": "2018-04-01"}))["items"] == []


async def test_a_practice_goes_to_a_commissioner_and_to_nobody_else(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    await registry.open("RXA", kind="nhs_trust")
    body = {"parent": "RXA", "effective_on": "2018-04-01"}
    refused = await registry.change("/organisations/A81001/parent", version=2, body=body, expect=409)
    assert messages(refused) == ["A81001 would be in none from 2018-04-01 to 2022-06-30; it is in 01H"]
    await registry.change("/organisations/A81001/parent", version=2, body={**body, "parent": "01K"})
    assert await covered(registry, "01K", "practices", "2018-04-01") == ["A81001", "B82001", "B82002"]


async def test_two_who_each_take_the_same_practice_at_once_take_turns(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    await registry.open("03X", "03Y")
    mine = [{"code": "01H", "practices": ["A81001", "A81002"]}]
    bodies = [
        {"effective_on": "2018-04-01", "commissioners": [*mine, {"code": code, "practices": ["A81003"]}]}
        for code in ("03X", "03Y")
    ]
    answers = await asyncio.gather(*(registry.send("POST", "/covers", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert (await registry.call("GET", "/covers/findings", params={"as_at": "2018-04-01"}))["items"] == []


async def test_a_dry_run_of_a_change_of_boundary_answers_the_same_and_changes_nothing(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    both = (("01H", ["A81001"], AREAS[:1]), ("01K", ["A81002", "A81003", "B82001", "B82002"], AREAS[1:]))
    dry = await lists(registry, "2017-04-01", *both, params={"dry_run": "true"})
    assert await covered(registry, "01K", "practices", "2017-04-01") == ["B82001", "B82002"]
    assert await lists(registry, "2017-04-01", *both) == dry


async def test_people_are_shown_with_what_a_commissioner_covers_where_they_are_known(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    counted = {"basis": "registered", "people": 284_002, "effective_on": "2014-01-01"}
    await registry.call("POST", "/organisations/01H/populations", json=counted)
    shown = await registry.call("GET", "/covers", params={"as_at": "2014-04-01"})
    assert {one["code"]: one["people"] for one in shown["items"]} == {"01H": 284_002, "01K": None}


async def test_a_practice_is_not_given_to_a_ccg_that_is_known_to_close_later(registry: RegistryClient) -> None:
    await two_ccgs(registry)
    await registry.open("03X")
    await registry.change("/organisations/03X/closure", version=1, body={"effective_on": "2019-04-01"})
    with_03x = (("01K", ["B82001"], None), ("03X", ["B82002"], None))
    refused = await lists(registry, "2018-04-01", *with_03x, expect=409)
    assert messages(refused) == ["B82002 would be in none from 2019-04-01 to 2022-06-30; it is in 01K"]
    await registry.open("03Y")
    await lists(registry, "2018-04-01", ("01K", ["B82001"], None), ("03Y", ["B82002"], None))
    await lists(registry, "2019-04-01", ("01K", ["B82001", "B82002"], None), ("03Y", [], None))
    assert [await covered(registry, code, "practices", "2018-04-01") for code in ("01K", "03Y")] == [
        ["B82001"],
        ["B82002"],
    ]
    assert await covered(registry, "01K", "practices", "2019-04-01") == ["B82001", "B82002"]


async def test_a_practice_opens_under_its_commissioner_or_under_one_of_the_same_batch(registry: RegistryClient) -> None:
    await registry.open("01H")
    await registry.open("A81001", kind="gp_practice", on="2014-04-01", parent="01H")
    assert await covered(registry, "01H", "practices", "2014-04-01") == ["A81001"]
    together = [
        a_ccg("01K", on="2014-04-01"),
        a_practice("B82001", on="2014-04-01", parent="01K"),
    ]
    await registry.call("POST", "/organisations/batch", json={"organisations": together})
    assert await covered(registry, "01K", "practices", "2014-04-01") == ["B82001"]
    assert (await registry.call("GET", "/covers/findings", params={"as_at": "2014-04-01"}))["items"] == []


async def test_a_practice_does_not_open_under_a_body_that_cannot_have_it(registry: RegistryClient) -> None:
    await registry.open("RXA", kind="nhs_trust")
    await registry.open("01H")
    await registry.change("/organisations/01H/closure", version=1, body={"effective_on": "2015-04-01"})
    bodies = [
        a_practice(code, on="2014-04-01", parent=parent) for code, parent in (("A81001", "RXA"), ("A81002", "01H"))
    ]
    refused = await registry.call("POST", "/organisations/batch", json={"organisations": bodies}, expect=409)
    assert messages(refused) == [
        "A81001 would be in none from 2014-04-01 to 2022-06-30",
        "A81002 would be in none from 2015-04-01 to 2022-06-30",
    ]
    await registry.call("POST", "/organisations", json={**bodies[0], "parent": "01Z"}, expect=404)
    await registry.call("GET", "/organisations/A81001", expect=404)


async def test_a_long_list_of_wrong_codes_is_refused_at_the_first(registry: RegistryClient) -> None:
    """Forty thousand refusals took a second to build, of which a client reads none."""
    wrong = {"code": "01H", "areas": ["wrong"] * 40_000}
    body = {"effective_on": "2014-04-01", "commissioners": [wrong]}
    refused = await registry.call("POST", "/covers", json=body, expect=422)
    assert [reason["field"] for reason in refused["reasons"]] == ["commissioners.0.areas.0"]
    body = {"effective_on": "2014-04-01", "commissioners": [wrong | {"areas": AREAS * 7_000}]}
    refused = await registry.call("POST", "/covers", json=body, expect=422)
    assert [reason["field"] for reason in refused["reasons"]] == ["commissioners.0.areas"]
