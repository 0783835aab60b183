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
from tests.support.builders import a_ccg, a_merger_command
from tests.support.platform import NIL_RETURNS
from tests.support.registry_client import RegistryClient


async def test_a_merger_on_a_day_that_is_past_is_carried_out_at_once(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y")
    merger = await registry.merge("14Y", "10Y", "10H", on="2018-04-01")
    assert (merger["reference"], merger["status"], merger["rule_pack"]) == (
        "M-14Y",
        "carried_out",
        "ccg-merger-s14g-2012",
    )
    before = [await registry.status(code, "2018-03-31") for code in ("10H", "10Y", "14Y")]
    after = [await registry.status(code, "2018-04-01") for code in ("10H", "10Y", "14Y")]
    assert (before, after) == (["open", "open", "unknown"], ["closed", "closed", "open"])
    agreed, _, _, merged = (await registry.told())[-4:]
    assert isinstance(agreed, CCGMergerAgreed)
    assert isinstance(merged, CCGMerged)
    assert (merged.merger, merged.successor, merged.predecessors) == ("M-14Y", "14Y", ("10Y", "10H"))
    assert (merged.property_schemes, merged.staff_schemes) == (("M-14Y-P1",) * 2, ("M-14Y-S1",) * 2)


async def test_a_merger_dissolves_in_law_and_establishes_another(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10Y", "10H", on="2018-04-01")
    in_law = {code: (await registry.ask(code, "2018-04-01"))["legal"] for code in ("10H", "10Y", "14Y")}
    assert {code: (one["status"], one["since"]) for code, one in in_law.items()} == {
        "10H": ("abolished", "2018-04-01"),
        "10Y": ("abolished", "2018-04-01"),
        "14Y": ("established", "2018-04-01"),
    }


async def test_a_merger_on_a_day_to_come_stands_as_planned_until_due_work_does_it(registry: RegistryClient) -> None:
    await registry.move_clock("2014-11-26")
    await registry.open("00F", "00G", "00H")
    assert (await registry.merge("13T", "00F", "00G", "00H", on="2015-04-01"))["status"] == "agreed"
    planned = await registry.ask("13T", "2015-03-31")
    assert planned["status"] == "proposed"
    assert [(plan["reference"], plan["status"]) for plan in planned["mergers"]] == [("M-13T", "agreed")]
    assert await registry.status("13T", "2015-04-01") == "proposed"
    await registry.move_clock("2015-03-31")
    assert "CCGMerged" not in await registry.names_told()
    await registry.move_clock("2015-04-01")
    assert [await registry.status("13T", day) for day in ("2014-11-25", "2015-03-31", "2015-04-01")] == [
        "unknown",
        "proposed",
        "open",
    ]
    proposed, agreed, _, _, merged = (await registry.told())[-5:]
    assert isinstance(proposed, OrganisationProposed)
    assert (isinstance(agreed, CCGMergerAgreed), isinstance(merged, CCGMerged)) == (True, True)
    assert str(proposed.effective_on) == "2014-11-26"


async def test_a_successor_that_was_proposed_before_is_not_proposed_again(registry: RegistryClient) -> None:
    await registry.move_clock("2014-11-26")
    await registry.open("00F", "00G")
    await registry.open("13T", on="2014-11-26", status="proposed")
    await registry.merge("13T", "00F", "00G", on="2015-04-01")
    await registry.move_clock("2015-04-01")
    assert (await registry.names_told()).count("OrganisationProposed") == 1
    assert await registry.status("13T", "2015-04-01") == "open"


async def test_due_mergers_are_carried_out_oldest_first(registry: RegistryClient) -> None:
    await registry.move_clock("2017-01-01")
    await registry.open("10A", "10B", "10C", "10D", "10E", "10F")
    await registry.merge("2CC", "10C", "10D", on="2019-04-01")
    await registry.merge("1BB", "10A", "10B", on="2018-04-01")
    await registry.merge("3DD", "10E", "10F", on="2020-04-01")
    await registry.move_clock("2019-12-31")
    done = [event.successor for event in await registry.told() if isinstance(event, CCGMerged)]
    assert done == ["1BB", "2CC"]


async def test_two_mergers_of_one_day_follow_each_from_its_own_agreement_and_not_from_the_clock(
    registry: RegistryClient,
) -> None:
    await registry.move_clock("2017-01-01")
    await registry.open("10A", "10B", "10C", "10D")
    await registry.merge("1BB", "10A", "10B", on="2018-04-01")
    await registry.merge("2CC", "10C", "10D", on="2017-04-01")
    await registry.change("/mergers/M-2CC/redating", version=1, body={"effective_on": "2018-04-01"})
    await registry.move_clock("2018-04-01")
    told = await registry.envelopes()
    by_id = {one.id: one for one in told}
    merged = {one.fields["merger"]: one for one in told if one.name == "CCGMerged"}
    causes = {merger: by_id[one.causation] for merger, one in merged.items()}
    assert {merger: (one.name, one.fields["merger"]) for merger, one in causes.items()} == {
        "M-1BB": ("CCGMergerAgreed", "M-1BB"),
        "M-2CC": ("CCGMergerRedated", "M-2CC"),
    }
    assert {one.causation_source for one in merged.values()} == {"registry"}
    assert [merged[merger].correlation for merger in causes] == [one.correlation for one in causes.values()]
    assert len({one.correlation for one in merged.values()}) == 2


async def test_s23_a_merger_that_slipped_by_a_year_stays_visible_as_known_before(registry: RegistryClient) -> None:
    await registry.move_clock("2013-04-01")
    await registry.open("10H", "10Y")
    await registry.move_clock("2017-01-15")
    await registry.merge("14Y", "10H", "10Y", on="2017-04-01")
    await registry.move_clock("2017-03-20")
    slipped = await registry.change("/mergers/M-14Y/redating", version=1, body={"effective_on": "2018-04-01"})
    assert (slipped["status"], slipped["effective_on"], slipped["version"]) == ("agreed", "2018-04-01", 2)
    await registry.move_clock("2018-04-01")

    planned = await registry.ask("14Y", "2017-06-01", as_known="2017-02-01")
    [plan] = planned["mergers"]
    assert planned["status"] == "proposed"
    assert (plan["status"], plan["effective_on"], plan["slipped_from"]) == ("agreed", "2017-04-01", [])

    then = [await registry.ask(code, "2017-06-01", as_known="2018-05-01") for code in ("10H", "10Y", "14Y")]
    assert [one["status"] for one in then] == ["open", "open", "proposed"]
    [part] = then[2]["mergers"]
    assert (part["status"], part["effective_on"], part["slipped_from"]) == ("carried_out", "2018-04-01", ["2017-04-01"])

    on_the_day = [await registry.status(code, "2018-04-01", as_known="2018-05-01") for code in ("10H", "10Y", "14Y")]
    day_before = [await registry.status(code, "2018-03-31", as_known="2018-05-01") for code in ("10H", "10Y", "14Y")]
    assert on_the_day == ["closed", "closed", "open"]
    assert day_before == ["open", "open", "proposed"]

    merger = await registry.call("GET", "/mergers/M-14Y")
    assert [(plan["status"], plan["effective_on"], plan["stated_at"][:10]) for plan in merger["plans"]] == [
        ("agreed", "2017-04-01", "2017-01-15"),
        ("agreed", "2018-04-01", "2017-03-20"),
        ("carried_out", "2018-04-01", merger["plans"][2]["stated_at"][:10]),
    ]
    assert merger["plans"][2]["stated_at"] < "2018-04-02"


async def test_a_slip_is_told_with_the_day_it_slipped_from(registry: RegistryClient) -> None:
    await registry.move_clock("2017-01-15")
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10H", "10Y", on="2017-04-01")
    await registry.change("/mergers/M-14Y/redating", version=1, body={"effective_on": "2018-04-01"})
    redated = (await registry.told())[-1]
    assert isinstance(redated, CCGMergerRedated)
    assert (str(redated.previously_on), str(redated.effective_on)) == ("2017-04-01", "2018-04-01")
    same = await registry.change("/mergers/M-14Y/redating", version=2, body={"effective_on": "2018-04-01"}, expect=409)
    assert same["type"].endswith("/effective-date-unchanged")


async def test_a_merger_is_never_put_on_a_day_that_is_past(registry: RegistryClient) -> None:
    await registry.move_clock("2017-06-15")
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10H", "10Y", on="2018-04-01")
    path = "/mergers/M-14Y/redating"
    refused = await registry.change(path, version=1, body={"effective_on": "2017-06-14"}, expect=409)
    assert [reason["field"] for reason in refused["reasons"]] == ["effective_on"]
    done = await registry.change(path, version=1, body={"effective_on": "2017-06-15"})
    assert done["status"] == "carried_out"
    assert [await registry.status("14Y", day) for day in ("2017-06-14", "2017-06-15")] == ["unknown", "open"]


async def test_a_withdrawn_merger_is_never_carried_out_and_its_code_can_be_taken_up_again(
    registry: RegistryClient,
) -> None:
    await registry.move_clock("2017-01-15")
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10H", "10Y", on="2017-04-01")
    assert (await registry.change("/mergers/M-14Y/withdrawal", version=1))["status"] == "withdrawn"
    await registry.move_clock("2017-05-01")
    assert await registry.status("10H", "2017-05-01") == "open"
    assert isinstance((await registry.told())[-1], CCGMergerWithdrawn)
    again = await registry.merge("14Y", "10H", "10Y", on="2018-04-01")
    assert (again["reference"], again["status"]) == ("M-14Y-2", "agreed")
    gone = await registry.change("/mergers/M-14Y/withdrawal", version=2, expect=409)
    assert gone["type"].endswith("/merger-not-open")


async def test_all_reasons_against_a_merger_come_at_once(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y", "10Q", "10X")
    await registry.open("R0A", kind="nhs_trust")
    await registry.merge("14Y", "10H", "10X", on="2018-04-01")
    refused = await registry.call(
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


async def test_a_ccg_in_an_agreed_merger_cannot_merge_elsewhere_or_close(registry: RegistryClient) -> None:
    await registry.move_clock("2017-01-15")
    await registry.open("10H", "10Y", "10Q")
    await registry.merge("14Y", "10H", "10Y", on="2018-04-01")
    refused = await registry.merge("15Z", "10H", "10Q", on="2019-04-01", expect=409)
    assert [reason["field"] for reason in refused["reasons"]] == ["predecessors.0"]
    version = (await registry.ask("10H", "2017-01-15"))["version"]
    closing = {"effective_on": "2017-04-01"}
    kept = await registry.change("/organisations/10H/closure", version=version, body=closing, expect=409)
    assert kept["type"].endswith("/merger-agreed")
    opening = a_ccg("14Y", on="2017-02-01")
    await registry.call("POST", "/organisations", json=opening, expect=409)


async def test_of_two_mergers_of_one_ccg_at_once_one_wins(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y", "10Q", "10X")
    bodies = [
        a_merger_command(successor, "10H", other)
        for successor, other in (("14Y", "10Y"), ("15A", "10Q"), ("15B", "10X"))
    ]
    answers = await asyncio.gather(*(registry.send("POST", "/mergers", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert (await registry.names_told()).count("CCGMerged") == 1
    successors = (await registry.call("GET", "/organisations/10H/lineage"))["resolves_to"]
    assert len(successors) == 1


async def test_of_two_mergers_into_one_new_code_at_once_one_wins(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y", "10Q", "10X")
    bodies = [a_merger_command("14Y", *pair) for pair in (["10H", "10Y"], ["10Q", "10X"])]
    answers = await asyncio.gather(*(registry.send("POST", "/mergers", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_a_stale_version_of_a_merger_is_refused(registry: RegistryClient) -> None:
    await registry.move_clock("2017-01-15")
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10H", "10Y", on="2017-04-01")
    body = {"effective_on": "2018-04-01"}
    await registry.change("/mergers/M-14Y/redating", version=1, body=body)
    await registry.change("/mergers/M-14Y/redating", version=1, body={"effective_on": "2019-04-01"}, expect=412)
    await registry.call("POST", "/mergers/M-14Y/withdrawal", expect=428)
    assert (await registry.call("GET", "/mergers/M-14Y"))["effective_on"] == "2018-04-01"


async def test_only_nhs_england_agrees_and_only_for_bodies_that_it_acts_for(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y")
    body = {
        "successor": "14Y",
        "successor_name": "NHS Buckinghamshire CCG",
        "predecessors": ["10H", "10Y"],
        "effective_on": "2018-04-01",
        "schemes": NIL_RETURNS,
    }
    assert (await registry.call("POST", "/mergers", Role.REGISTRAR, json=body, expect=403))["type"].endswith(
        "/role-missing"
    )
    for some in (("10H", "14Y"), ("10H", "10Y")):
        refused = await registry.call("POST", "/mergers", Role.NHS_ENGLAND, organisations=some, json=body, expect=403)
        assert refused["type"].endswith("/not-yours-to-decide")
    every = ("10H", "10Y", "14Y")
    await registry.call("POST", "/mergers", Role.NHS_ENGLAND, organisations=every, json=body, expect=201)


async def test_mergers_are_found_by_status_code_and_day_as_known_then(registry: RegistryClient) -> None:
    await registry.move_clock("2017-01-15")
    await registry.open("10A", "10B", "10C", "10D")
    await registry.merge("1BB", "10A", "10B", on="2017-04-01")
    await registry.merge("2CC", "10C", "10D", on="2018-04-01")
    await registry.move_clock("2017-04-01")

    async def found(**asked: str) -> list[str]:
        page = await registry.call("GET", "/mergers", params=asked)
        return [one["reference"] for one in page["items"]]

    assert await found() == ["M-1BB", "M-2CC"]
    assert await found(status="carried_out") == ["M-1BB"]
    assert await found(status="agreed", as_known="2017-02-01") == ["M-1BB", "M-2CC"]
    assert await found(as_known="2017-01-01") == []
    assert await found(code="10D") == ["M-2CC"]
    assert await found(effective_from="2017-04-02", effective_to="2018-04-01") == ["M-2CC"]
    first = await registry.call("GET", "/mergers", params={"limit": "1"})
    rest = await registry.call("GET", first["next"].removeprefix("/v1"))
    assert [one["reference"] for one in rest["items"]] == ["M-2CC"]
    await registry.call("GET", "/mergers/M-9ZZ", expect=404)
