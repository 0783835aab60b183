"""CCGs merge: agreed, put off, given up, carried out on the day."""

import asyncio

from libs.common.events.registry import (
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    OrganisationProposed,
)
from libs.common.identity import Role
from tests.platform import NIL_RETURNS
from tests.registry.desk import Desk


async def test_a_merger_on_a_day_that_is_past_is_carried_out_at_once(desk: Desk) -> None:
    await desk.open("10H", "10Y")
    merger = await desk.merge("14Y", "10Y", "10H", on="2018-04-01")
    assert (merger["reference"], merger["status"], merger["rule_pack"]) == (
        "M-14Y",
        "carried_out",
        "ccg-merger-s14g-2012",
    )
    before = [await desk.status(code, "2018-03-31") for code in ("10H", "10Y", "14Y")]
    after = [await desk.status(code, "2018-04-01") for code in ("10H", "10Y", "14Y")]
    assert (before, after) == (["open", "open", "unknown"], ["closed", "closed", "open"])
    agreed, _, _, merged = (await desk.told())[-4:]
    assert isinstance(agreed, CCGMergerAgreed)
    assert isinstance(merged, CCGMerged)
    assert (merged.merger, merged.successor, merged.predecessors) == ("M-14Y", "14Y", ("10Y", "10H"))
    assert (merged.property_schemes, merged.staff_schemes) == (("M-14Y-P1",) * 2, ("M-14Y-S1",) * 2)


async def test_a_merger_dissolves_in_law_and_establishes_another(desk: Desk) -> None:
    await desk.open("10H", "10Y")
    await desk.merge("14Y", "10Y", "10H", on="2018-04-01")
    in_law = {code: (await desk.ask(code, "2018-04-01"))["legal"] for code in ("10H", "10Y", "14Y")}
    assert {code: (one["status"], one["since"]) for code, one in in_law.items()} == {
        "10H": ("abolished", "2018-04-01"),
        "10Y": ("abolished", "2018-04-01"),
        "14Y": ("established", "2018-04-01"),
    }


async def test_a_merger_on_a_day_to_come_stands_as_planned_until_due_work_does_it(desk: Desk) -> None:
    await desk.move_clock("2014-11-26")
    await desk.open("00F", "00G", "00H")
    assert (await desk.merge("13T", "00F", "00G", "00H", on="2015-04-01"))["status"] == "agreed"
    planned = await desk.ask("13T", "2015-03-31")
    assert planned["status"] == "proposed"
    assert [(plan["reference"], plan["status"]) for plan in planned["mergers"]] == [("M-13T", "agreed")]
    assert await desk.status("13T", "2015-04-01") == "proposed"
    await desk.move_clock("2015-03-31")
    assert "CCGMerged" not in await desk.names_told()
    await desk.move_clock("2015-04-01")
    assert [await desk.status("13T", day) for day in ("2014-11-25", "2015-03-31", "2015-04-01")] == [
        "unknown",
        "proposed",
        "open",
    ]
    proposed, agreed, _, _, merged = (await desk.told())[-5:]
    assert isinstance(proposed, OrganisationProposed)
    assert (isinstance(agreed, CCGMergerAgreed), isinstance(merged, CCGMerged)) == (True, True)
    assert str(proposed.effective_on) == "2014-11-26"


async def test_a_successor_that_was_proposed_before_is_not_proposed_again(desk: Desk) -> None:
    await desk.move_clock("2014-11-26")
    await desk.open("00F", "00G")
    await desk.open("13T", on="2014-11-26", status="proposed")
    await desk.merge("13T", "00F", "00G", on="2015-04-01")
    await desk.move_clock("2015-04-01")
    assert (await desk.names_told()).count("OrganisationProposed") == 1
    assert await desk.status("13T", "2015-04-01") == "open"


async def test_due_mergers_are_carried_out_oldest_first(desk: Desk) -> None:
    await desk.move_clock("2017-01-01")
    await desk.open("10A", "10B", "10C", "10D", "10E", "10F")
    await desk.merge("2CC", "10C", "10D", on="2019-04-01")
    await desk.merge("1BB", "10A", "10B", on="2018-04-01")
    await desk.merge("3DD", "10E", "10F", on="2020-04-01")
    await desk.move_clock("2019-12-31")
    done = [event.successor for event in await desk.told() if isinstance(event, CCGMerged)]
    assert done == ["1BB", "2CC"]


async def test_s23_a_merger_that_slipped_by_a_year_stays_visible_as_known_before(desk: Desk) -> None:
    await desk.move_clock("2013-04-01")
    await desk.open("10H", "10Y")
    await desk.move_clock("2017-01-15")
    await desk.merge("14Y", "10H", "10Y", on="2017-04-01")
    await desk.move_clock("2017-03-20")
    slipped = await desk.change("/mergers/M-14Y/redating", version=1, body={"effective_on": "2018-04-01"})
    assert (slipped["status"], slipped["effective_on"], slipped["version"]) == ("agreed", "2018-04-01", 2)
    await desk.move_clock("2018-04-01")

    planned = await desk.ask("14Y", "2017-06-01", as_known="2017-02-01")
    [plan] = planned["mergers"]
    assert planned["status"] == "proposed"
    assert (plan["status"], plan["effective_on"], plan["slipped_from"]) == ("agreed", "2017-04-01", [])

    then = [await desk.ask(code, "2017-06-01", as_known="2018-05-01") for code in ("10H", "10Y", "14Y")]
    assert [one["status"] for one in then] == ["open", "open", "proposed"]
    [part] = then[2]["mergers"]
    assert (part["status"], part["effective_on"], part["slipped_from"]) == ("carried_out", "2018-04-01", ["2017-04-01"])

    on_the_day = [await desk.status(code, "2018-04-01", as_known="2018-05-01") for code in ("10H", "10Y", "14Y")]
    day_before = [await desk.status(code, "2018-03-31", as_known="2018-05-01") for code in ("10H", "10Y", "14Y")]
    assert on_the_day == ["closed", "closed", "open"]
    assert day_before == ["open", "open", "proposed"]

    merger = await desk.call("GET", "/mergers/M-14Y")
    assert [(plan["status"], plan["effective_on"], plan["stated_at"][:10]) for plan in merger["plans"]] == [
        ("agreed", "2017-04-01", "2017-01-15"),
        ("agreed", "2018-04-01", "2017-03-20"),
        ("carried_out", "2018-04-01", merger["plans"][2]["stated_at"][:10]),
    ]
    assert merger["plans"][2]["stated_at"] < "2018-04-02"


async def test_a_slip_is_told_with_the_day_it_slipped_from(desk: Desk) -> None:
    await desk.move_clock("2017-01-15")
    await desk.open("10H", "10Y")
    await desk.merge("14Y", "10H", "10Y", on="2017-04-01")
    await desk.change("/mergers/M-14Y/redating", version=1, body={"effective_on": "2018-04-01"})
    redated = (await desk.told())[-1]
    assert isinstance(redated, CCGMergerRedated)
    assert (str(redated.previously_on), str(redated.effective_on)) == ("2017-04-01", "2018-04-01")
    same = await desk.change("/mergers/M-14Y/redating", version=2, body={"effective_on": "2018-04-01"}, expect=409)
    assert same["type"].endswith("/same-day")


async def test_a_merger_is_never_put_on_a_day_that_is_past(desk: Desk) -> None:
    await desk.move_clock("2017-06-15")
    await desk.open("10H", "10Y")
    await desk.merge("14Y", "10H", "10Y", on="2018-04-01")
    path = "/mergers/M-14Y/redating"
    refused = await desk.change(path, version=1, body={"effective_on": "2017-06-14"}, expect=409)
    assert [reason["field"] for reason in refused["reasons"]] == ["effective_on"]
    done = await desk.change(path, version=1, body={"effective_on": "2017-06-15"})
    assert done["status"] == "carried_out"
    assert [await desk.status("14Y", day) for day in ("2017-06-14", "2017-06-15")] == ["unknown", "open"]


async def test_a_withdrawn_merger_is_never_carried_out_and_its_code_can_be_taken_up_again(desk: Desk) -> None:
    await desk.move_clock("2017-01-15")
    await desk.open("10H", "10Y")
    await desk.merge("14Y", "10H", "10Y", on="2017-04-01")
    assert (await desk.change("/mergers/M-14Y/withdrawal", version=1))["status"] == "withdrawn"
    await desk.move_clock("2017-05-01")
    assert await desk.status("10H", "2017-05-01") == "open"
    assert isinstance((await desk.told())[-1], CCGMergerWithdrawn)
    again = await desk.merge("14Y", "10H", "10Y", on="2018-04-01")
    assert (again["reference"], again["status"]) == ("M-14Y-2", "agreed")
    gone = await desk.change("/mergers/M-14Y/withdrawal", version=2, expect=409)
    assert gone["type"].endswith("/not-agreed-any-more")


async def test_all_reasons_against_a_merger_come_at_once(desk: Desk) -> None:
    await desk.open("10H", "10Y", "10Q", "10X")
    await desk.open("R0A", kind="nhs_trust")
    await desk.merge("14Y", "10H", "10X", on="2018-04-01")
    refused = await desk.call(
        "POST",
        "/mergers",
        json={
            "successor": "10Q",
            "successor_name": "NHS Nowhere CCG",
            "predecessors": ["10H", "R0A", "99Z", "10Q", "10Q"],
            "effective_on": "2023-04-01",
        },
        expect=409,
    )
    assert refused["type"].endswith("/merger-not-allowed")
    assert {reason["field"] for reason in refused["reasons"]} == {
        "effective_on",
        "predecessors",
        "predecessors.0",
        "predecessors.1",
        "predecessors.2",
        "successor",
    }
    messages = " / ".join(reason["message"] for reason in refused["reasons"])
    for part in ("10H is closed", "R0A is no CCG", "99Z is not known", "10Q occurs 2 times", "no law provides"):
        assert part in messages


async def test_a_ccg_in_an_agreed_merger_cannot_merge_elsewhere_or_close(desk: Desk) -> None:
    await desk.move_clock("2017-01-15")
    await desk.open("10H", "10Y", "10Q")
    await desk.merge("14Y", "10H", "10Y", on="2018-04-01")
    refused = await desk.merge("15Z", "10H", "10Q", on="2019-04-01", expect=409)
    assert [reason["field"] for reason in refused["reasons"]] == ["predecessors.0"]
    version = (await desk.ask("10H", "2017-01-15"))["version"]
    closing = {"effective_on": "2017-04-01"}
    kept = await desk.change("/organisations/10H/closure", version=version, body=closing, expect=409)
    assert kept["type"].endswith("/merger-agreed")
    opening = {"code": "14Y", "name": "NHS Buckinghamshire CCG", "kind": "ccg", "effective_on": "2017-02-01"}
    await desk.call("POST", "/organisations", json=opening, expect=409)


async def test_of_two_mergers_of_one_ccg_at_once_one_wins(desk: Desk) -> None:
    await desk.open("10H", "10Y", "10Q", "10X")
    bodies = [
        {
            "successor": successor,
            "successor_name": f"NHS {successor} CCG",
            "predecessors": ["10H", other],
            "effective_on": "2018-04-01",
            "schemes": NIL_RETURNS,
        }
        for successor, other in (("14Y", "10Y"), ("15A", "10Q"), ("15B", "10X"))
    ]
    answers = await asyncio.gather(*(desk.send("POST", "/mergers", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert (await desk.names_told()).count("CCGMerged") == 1
    successors = (await desk.call("GET", "/organisations/10H/lineage"))["resolves_to"]
    assert len(successors) == 1


async def test_of_two_mergers_into_one_new_code_at_once_one_wins(desk: Desk) -> None:
    await desk.open("10H", "10Y", "10Q", "10X")
    bodies = [
        {
            "successor": "14Y",
            "successor_name": "NHS 14Y CCG",
            "predecessors": pair,
            "effective_on": "2018-04-01",
            "schemes": NIL_RETURNS,
        }
        for pair in (["10H", "10Y"], ["10Q", "10X"])
    ]
    answers = await asyncio.gather(*(desk.send("POST", "/mergers", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_a_stale_version_of_a_merger_is_refused(desk: Desk) -> None:
    await desk.move_clock("2017-01-15")
    await desk.open("10H", "10Y")
    await desk.merge("14Y", "10H", "10Y", on="2017-04-01")
    body = {"effective_on": "2018-04-01"}
    await desk.change("/mergers/M-14Y/redating", version=1, body=body)
    await desk.change("/mergers/M-14Y/redating", version=1, body={"effective_on": "2019-04-01"}, expect=412)
    await desk.call("POST", "/mergers/M-14Y/withdrawal", expect=428)
    assert (await desk.call("GET", "/mergers/M-14Y"))["effective_on"] == "2018-04-01"


async def test_only_nhs_england_agrees_and_only_for_ccgs_that_it_acts_for(desk: Desk) -> None:
    await desk.open("10H", "10Y")
    body = {
        "successor": "14Y",
        "successor_name": "NHS Buckinghamshire CCG",
        "predecessors": ["10H", "10Y"],
        "effective_on": "2018-04-01",
        "schemes": NIL_RETURNS,
    }
    assert (await desk.call("POST", "/mergers", Role.REGISTRAR, json=body, expect=403))["type"].endswith(
        "/role-missing"
    )
    one_only = await desk.call("POST", "/mergers", Role.NHS_ENGLAND, organisations=("10H",), json=body, expect=403)
    assert one_only["type"].endswith("/not-yours-to-decide")
    await desk.call("POST", "/mergers", Role.NHS_ENGLAND, organisations=("10H", "10Y"), json=body, expect=201)


async def test_mergers_are_found_by_status_code_and_day_as_known_then(desk: Desk) -> None:
    await desk.move_clock("2017-01-15")
    await desk.open("10A", "10B", "10C", "10D")
    await desk.merge("1BB", "10A", "10B", on="2017-04-01")
    await desk.merge("2CC", "10C", "10D", on="2018-04-01")
    await desk.move_clock("2017-04-01")

    async def found(**asked: str) -> list[str]:
        page = await desk.call("GET", "/mergers", params=asked)
        return [one["reference"] for one in page["items"]]

    assert await found() == ["M-1BB", "M-2CC"]
    assert await found(status="carried_out") == ["M-1BB"]
    assert await found(status="agreed", as_known="2017-02-01") == ["M-1BB", "M-2CC"]
    assert await found(as_known="2017-01-01") == []
    assert await found(code="10D") == ["M-2CC"]
    assert await found(effective_from="2017-04-02", effective_to="2018-04-01") == ["M-2CC"]
    first = await desk.call("GET", "/mergers", params={"limit": "1"})
    rest = await desk.call("GET", first["next"].removeprefix("/v1"))
    assert [one["reference"] for one in rest["items"]] == ["M-2CC"]
    await desk.call("GET", "/mergers/M-9ZZ", expect=404)
