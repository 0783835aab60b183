"""Codes of other systems: each names one body for ever, and a body bears one of a system at a time."""

import asyncio

from libs.common.events.registry import OrganisationIdentified, OrganisationIdentifierEnded
from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.registry_client import RegistryClient

ONS = {"system": "ons", "identifier": "E38000041", "effective_on": "2013-04-01"}


async def test_an_ons_code_changes_where_the_ods_code_does_not(registry: RegistryClient) -> None:
    await registry.open("01H")
    await registry.call("POST", "/organisations/01H/identifiers", json=ONS, headers={"If-Match": '"1"'}, expect=201)
    later = {**ONS, "identifier": "E38000215", "effective_on": "2017-04-01"}
    await registry.change("/organisations/01H/identifiers", version=2, body=later)
    shown = [(await registry.ask("01H", day))["identifiers"] for day in ("2017-03-31", "2017-04-01")]
    assert [[one["identifier"] for one in several] for several in shown] == [["E38000041"], ["E38000215"]]
    assert shown[0][0] == {"system": "ons", "identifier": "E38000041", "since": "2013-04-01", "last_day": "2017-03-31"}
    listed = (await registry.call("GET", "/organisations/01H/identifiers"))["identifiers"]
    assert [(one["first_day"], one["last_day"]) for one in listed] == [
        ("2013-04-01", "2017-03-31"),
        ("2017-04-01", None),
    ]
    on_a_day = await registry.call("GET", "/organisations/01H/identifiers", params={"as_at": "2017-03-31"})
    assert (on_a_day["as_at"], [one["identifier"] for one in on_a_day["identifiers"]]) == ("2017-03-31", ["E38000041"])
    told = await registry.told()
    assert [type(event) for event in told[-2:]] == [OrganisationIdentifierEnded, OrganisationIdentified]


async def test_a_code_put_in_late_ends_where_the_next_one_begins(registry: RegistryClient) -> None:
    await registry.open("01H")
    await registry.change(
        "/organisations/01H/identifiers",
        version=1,
        body={**ONS, "identifier": "E38000215", "effective_on": "2017-04-01"},
    )
    await registry.change("/organisations/01H/identifiers", version=2, body=ONS)
    named = [
        await registry.call("GET", f"/identifiers/ons/{code}", params={"as_at": day})
        for code, day in (
            ("E38000041", "2017-03-31"),
            ("E38000215", "2017-04-01"),
        )
    ]
    assert [one["code"] for one in named] == ["01H", "01H"]
    assert named[0]["last_day"] == "2017-03-31"


async def test_a_code_is_looked_up_as_at_a_day_and_as_known(registry: RegistryClient) -> None:
    await registry.open("01H")
    await registry.change("/organisations/01H/identifiers", version=1, body=ONS)
    found = await registry.call("GET", "/identifiers/ons/E38000041", params={"as_at": "2014-01-01"})
    assert (found["code"], found["name"]) == ("01H", "NHS 01H CCG")
    before = await registry.call("GET", "/identifiers/ons/E38000041", params={"as_at": "2013-03-31"}, expect=404)
    assert "01H has it from 2013-04-01" in before["detail"]
    asked = {"as_at": "2014-01-01", "as_known": "2014-01-01"}
    unheard = await registry.call("GET", "/identifiers/ons/E38000041", params=asked, expect=404)
    assert unheard["type"].endswith("/identifier-not-found")
    ods = await registry.call("GET", "/identifiers/ods/01H", params={"as_at": "2014-01-01"})
    assert ods["code"] == "01H"
    await registry.call("GET", "/identifiers/ods/99Z", expect=404)


async def test_a_code_never_names_another_body_and_the_refusal_says_whose_it_is(registry: RegistryClient) -> None:
    await registry.open("01H", "01K")
    await registry.change("/organisations/01H/identifiers", version=1, body=ONS)
    await registry.change(
        "/organisations/01H/identifiers/ons/E38000041/end", version=2, body={"effective_on": "2017-04-01"}
    )
    later = {**ONS, "effective_on": "2018-04-01"}
    refused = await registry.change("/organisations/01K/identifiers", version=1, body=later, expect=409)
    assert refused["type"].endswith("/identifier-taken")
    assert "01H" in refused["reasons"][0]["message"]
    own = {"system": "rothwell", "identifier": "E38000041", "effective_on": "2018-04-01"}
    await registry.change("/organisations/01K/identifiers", version=1, body=own)
    found = await registry.call("GET", "/identifiers/rothwell/E38000041", params={"as_at": "2018-04-01"})
    assert found["code"] == "01K"


async def test_of_two_who_give_one_code_to_two_bodies_at_once_one_succeeds(registry: RegistryClient) -> None:
    await registry.open("01H", "01K")
    answers = await asyncio.gather(
        *(
            registry.send("POST", f"/organisations/{code}/identifiers", json=ONS, headers={"If-Match": '"1"'})
            for code in ("01H", "01K")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_an_ended_code_names_nobody_and_the_same_is_not_given_twice(registry: RegistryClient) -> None:
    await registry.open("01H")
    await registry.change("/organisations/01H/identifiers", version=1, body=ONS)
    again = await registry.change("/organisations/01H/identifiers", version=2, body=ONS, expect=409)
    assert again["type"].endswith("/no-change")
    await registry.change(
        "/organisations/01H/identifiers/ons/E38000041/end", version=2, body={"effective_on": "2017-04-01"}
    )
    await registry.call("GET", "/identifiers/ons/E38000041", params={"as_at": "2017-04-01"}, expect=404)
    twice = {"effective_on": "2018-04-01"}
    await registry.change("/organisations/01H/identifiers/ons/E38000041/end", version=3, body=twice, expect=404)


async def test_an_ods_code_is_no_code_of_another_system(registry: RegistryClient) -> None:
    await registry.open("01H")
    body = {**ONS, "system": "ods", "identifier": "01K"}
    await registry.change("/organisations/01H/identifiers", version=1, body=body, expect=422)
    too_long = a_ccg("ABCDEFGHIJKLM")
    await registry.call("POST", "/organisations", json=too_long, expect=422)
    await registry.call("POST", "/organisations", json={**too_long, "code": "ABCDEFGHIJKL"}, expect=201)


async def test_codes_are_given_by_who_acts_for_the_body(registry: RegistryClient) -> None:
    await registry.open("01H")
    refused = await registry.call(
        "POST",
        "/organisations/01H/identifiers",
        Role.REGISTRAR,
        organisations=("01K",),
        json=ONS,
        headers={"If-Match": '"1"'},
        expect=403,
    )
    assert refused["type"].endswith("/not-yours-to-decide")
