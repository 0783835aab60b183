"""Further roles of a body, each with its own days."""

from libs.common.events.registry import OrganisationRoleEnded, OrganisationRoleGiven
from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.registry_client import RegistryClient

GIVEN = {"role": "RO218", "effective_on": "2016-04-01"}


async def test_a_role_has_days_of_its_own_beside_the_kind(registry: RegistryClient) -> None:
    await registry.open("13T")
    await registry.call(
        "POST",
        "/organisations/13T/roles",
        json={**GIVEN, "last_day": "2020-03-31"},
        headers={"If-Match": '"1"'},
        expect=201,
    )
    roles = [
        (await registry.ask("13T", day))["roles"] for day in ("2016-03-31", "2016-04-01", "2020-03-31", "2020-04-01")
    ]
    held = {"role": "RO218", "since": "2016-04-01", "last_day": "2020-03-31"}
    assert roles == [[], [held], [held], []]
    assert (await registry.ask("13T", "2018-01-01"))["kind"] == "ccg"
    assert isinstance((await registry.told())[-1], OrganisationRoleGiven)


async def test_a_role_ends_and_can_be_given_again(registry: RegistryClient) -> None:
    await registry.open("13T")
    await registry.change("/organisations/13T/roles", version=1, body=GIVEN)
    await registry.change("/organisations/13T/roles/RO218/end", version=2, body={"effective_on": "2018-04-01"})
    assert isinstance((await registry.told())[-1], OrganisationRoleEnded)
    again = {"role": "RO218", "effective_on": "2019-04-01"}
    await registry.change("/organisations/13T/roles", version=3, body=again)
    listed = await registry.call("GET", "/organisations/13T/roles")
    assert listed["roles"] == [
        {"role": "RO218", "first_day": "2016-04-01", "last_day": "2018-03-31"},
        {"role": "RO218", "first_day": "2019-04-01", "last_day": None},
    ]


async def test_several_roles_hold_at_once_and_as_known(registry: RegistryClient) -> None:
    await registry.call(
        "POST",
        "/organisations",
        Role.LOADER,
        Role.REGISTRAR,
        json=a_ccg("13T", on="2015-04-01"),
        headers={"Stated-At": "2015-04-01"},
    )
    for number, role in enumerate(("RO218", "prescribing-lead"), start=1):
        await registry.change("/organisations/13T/roles", version=number, body={**GIVEN, "role": role})
    assert [one["role"] for one in (await registry.ask("13T", "2017-01-01"))["roles"]] == ["RO218", "prescribing-lead"]
    assert (await registry.ask("13T", "2017-01-01", as_known="2016-01-01"))["roles"] == []


async def test_a_role_that_is_held_is_not_given_and_one_that_is_not_held_does_not_end(registry: RegistryClient) -> None:
    await registry.open("13T")
    await registry.change("/organisations/13T/roles", version=1, body=GIVEN)
    again = await registry.change(
        "/organisations/13T/roles", version=2, body={**GIVEN, "effective_on": "2017-01-01"}, expect=409
    )
    assert again["type"].endswith("/no-change")
    ended = {"effective_on": "2016-03-31"}
    early = await registry.change("/organisations/13T/roles/RO218/end", version=2, body=ended, expect=409)
    assert early["type"].endswith("/role-not-held")
    before = await registry.change(
        "/organisations/13T/roles", version=2, body={**GIVEN, "effective_on": "2012-01-01"}, expect=409
    )
    assert before["type"].endswith("/not-open")
    backwards = {**GIVEN, "last_day": "2016-03-31"}
    await registry.change("/organisations/13T/roles", version=2, body=backwards, expect=422)


async def test_roles_are_for_who_acts_for_the_body(registry: RegistryClient) -> None:
    await registry.open("13T")
    refused = await registry.call(
        "POST",
        "/organisations/13T/roles",
        Role.REGISTRAR,
        organisations=("01H",),
        json=GIVEN,
        headers={"If-Match": '"1"'},
        expect=403,
    )
    assert refused["type"].endswith("/not-yours-to-decide")
    await registry.call("GET", "/organisations/99Z/roles", expect=404)


async def test_roles_are_listed_on_a_day_or_on_all(registry: RegistryClient) -> None:
    await registry.open("13T")
    for version, (role, last_day) in enumerate((("RO218", "2017-03-31"), ("RO213", None)), start=1):
        body = {"role": role, "effective_on": "2016-04-01", "last_day": last_day}
        await registry.change("/organisations/13T/roles", version=version, body=body)
    for asked, held in (({}, ["RO213", "RO218"]), ({"as_at": "2017-04-01"}, ["RO213"]), ({"as_at": "2016-03-31"}, [])):
        listed = await registry.call("GET", "/organisations/13T/roles", params=asked)
        assert [one["role"] for one in listed["roles"]] == held
