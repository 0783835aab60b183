"""Organisations come into being, change their name or parent, and close."""

import asyncio

from libs.common.events.registry import OrganisationClosed, OrganisationOpened, OrganisationRenamed
from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.registry_client import RegistryClient

A_CCG = a_ccg("10Y", name="NHS Aylesbury Vale CCG")


async def test_an_opened_organisation_is_open_from_its_day_and_unknown_before(registry: RegistryClient) -> None:
    await registry.call("POST", "/organisations", json=A_CCG, expect=201)
    on_the_day = await registry.ask("10Y", "2013-04-01")
    assert (on_the_day["status"], on_the_day["name"], on_the_day["kind"]) == ("open", "NHS Aylesbury Vale CCG", "ccg")
    before = await registry.ask("10Y", "2013-03-31")
    assert (before["status"], before["name"]) == ("unknown", None)


async def test_opening_is_told_once(registry: RegistryClient) -> None:
    await registry.call("POST", "/organisations", json=A_CCG)
    [told] = await registry.told()
    assert isinstance(told, OrganisationOpened)
    assert (told.code, told.name, told.kind, str(told.effective_on)) == tuple(A_CCG.values())


async def test_a_code_is_never_used_again_not_even_after_the_body_closed(registry: RegistryClient) -> None:
    await registry.open("10Y")
    await registry.change("/organisations/10Y/closure", version=1, body={"effective_on": "2015-04-01"})
    refused = await registry.call("POST", "/organisations", json={**A_CCG, "effective_on": "2016-04-01"}, expect=409)
    assert refused["type"].endswith("/code-taken")
    assert await registry.status("10Y", "2016-04-01") == "closed"


async def test_what_was_proposed_can_be_opened_once(registry: RegistryClient) -> None:
    await registry.call("POST", "/organisations", json={**A_CCG, "status": "proposed", "effective_on": "2012-10-01"})
    assert await registry.status("10Y", "2013-03-31") == "proposed"
    again = {**A_CCG, "status": "proposed"}
    assert (await registry.call("POST", "/organisations", json=again, expect=409))["type"].endswith("/code-taken")
    await registry.call("POST", "/organisations", json=A_CCG, expect=201)
    assert [await registry.status("10Y", day) for day in ("2013-03-31", "2013-04-01")] == ["proposed", "open"]
    await registry.call("POST", "/organisations", json=A_CCG, expect=409)


async def test_a_batch_opens_all_or_none_and_gives_every_reason(registry: RegistryClient) -> None:
    await registry.open("00A", "00B")
    body = {"organisations": [{**A_CCG, "code": code} for code in ("00A", "00C", "00B", "00C")]}
    refused = await registry.call("POST", "/organisations/batch", json=body, expect=409)
    assert [reason["field"] for reason in refused["reasons"]] == [f"organisations.{n}.code" for n in (0, 2, 3)]
    await registry.call("GET", "/organisations/00C", expect=404)


async def test_of_two_who_open_one_code_at_once_one_succeeds(registry: RegistryClient) -> None:
    answers = await asyncio.gather(*(registry.send("POST", "/organisations", json=A_CCG) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert await registry.names_told() == ["OrganisationOpened"]


async def test_a_name_holds_from_its_day_and_the_earlier_one_before(registry: RegistryClient) -> None:
    await registry.open("01H")
    body = {"new_name": "NHS North Cumbria CCG", "effective_on": "2017-04-01"}
    answer = await registry.send("POST", "/organisations/01H/renaming", json=body, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assert (await registry.ask("01H", "2017-03-31"))["name"] == "NHS 01H CCG"
    assert (await registry.ask("01H", "2017-04-01"))["name"] == "NHS North Cumbria CCG"


async def test_a_name_put_in_late_ends_where_the_next_one_begins(registry: RegistryClient) -> None:
    await registry.open("01H")
    later = {"new_name": "NHS North Cumbria CCG", "effective_on": "2017-04-01"}
    between = {"new_name": "NHS Cumbria CCG", "effective_on": "2014-04-01"}
    await registry.change("/organisations/01H/renaming", version=1, body=later)
    await registry.change("/organisations/01H/renaming", version=2, body=between)
    days = ("2014-03-31", "2014-04-01", "2017-03-31", "2017-04-01")
    names = [(await registry.ask("01H", day))["name"] for day in days]
    assert names == ["NHS 01H CCG", "NHS Cumbria CCG", "NHS Cumbria CCG", "NHS North Cumbria CCG"]
    assert [event.new_name for event in await registry.told() if isinstance(event, OrganisationRenamed)] == [
        "NHS North Cumbria CCG",
        "NHS Cumbria CCG",
        "NHS North Cumbria CCG",
    ]


async def test_the_same_name_again_is_refused(registry: RegistryClient) -> None:
    await registry.open("01H")
    body = {"new_name": "NHS 01H CCG", "effective_on": "2017-04-01"}
    refused = await registry.change("/organisations/01H/renaming", version=1, body=body, expect=409)
    assert refused["type"].endswith("/no-change")


async def test_a_closed_body_cannot_be_renamed(registry: RegistryClient) -> None:
    await registry.open("01H")
    await registry.change("/organisations/01H/closure", version=1, body={"effective_on": "2015-04-01"})
    body = {"new_name": "NHS North Cumbria CCG", "effective_on": "2017-04-01"}
    refused = await registry.change("/organisations/01H/renaming", version=2, body=body, expect=409)
    assert refused["type"].endswith("/not-open")


async def test_a_closed_body_has_its_last_day_the_day_before(registry: RegistryClient) -> None:
    await registry.open("01H")
    await registry.change("/organisations/01H/closure", version=1, body={"effective_on": "2015-04-01"})
    assert [await registry.status("01H", day) for day in ("2015-03-31", "2015-04-01")] == ["open", "closed"]
    assert (await registry.ask("01H", "2014-01-01"))["last_day"] == "2015-03-31"
    assert isinstance((await registry.told())[-1], OrganisationClosed)


async def test_nothing_closes_twice_or_before_it_opened(registry: RegistryClient) -> None:
    await registry.open("01H")
    early = await registry.change(
        "/organisations/01H/closure", version=1, body={"effective_on": "2013-04-01"}, expect=409
    )
    assert early["type"].endswith("/closed-before-it-opened")
    await registry.change("/organisations/01H/closure", version=1, body={"effective_on": "2015-04-01"})
    again = await registry.change(
        "/organisations/01H/closure", version=2, body={"effective_on": "2016-04-01"}, expect=409
    )
    assert again["type"].endswith("/not-open")


async def test_a_parent_holds_from_its_day(registry: RegistryClient) -> None:
    await registry.open("10Y")
    await registry.open("Q82", kind="local_office")
    body = {"parent": "Q82", "effective_on": "2015-04-01"}
    await registry.change("/organisations/10Y/parent", version=1, body=body)
    assert [(await registry.ask("10Y", day))["parent"] for day in ("2015-03-31", "2015-04-01")] == [None, "Q82"]
    nobody = {"parent": "Q99", "effective_on": "2016-04-01"}
    await registry.change("/organisations/10Y/parent", version=2, body=nobody, expect=404)


async def test_an_edit_of_a_stale_version_is_refused_and_changes_nothing(registry: RegistryClient) -> None:
    await registry.open("01H")
    body = {"new_name": "NHS Cumbria CCG", "effective_on": "2014-04-01"}
    await registry.change("/organisations/01H/renaming", version=1, body=body)
    await registry.change("/organisations/01H/renaming", version=1, body=body, expect=412)
    await registry.call("POST", "/organisations/01H/renaming", json=body, expect=428)
    assert (await registry.names_told()).count("OrganisationRenamed") == 1


async def test_a_caller_acts_only_for_its_own_organisations(registry: RegistryClient) -> None:
    await registry.open("01H", "01K")
    body = {"new_name": "NHS Cumbria CCG", "effective_on": "2014-04-01"}
    refused = await registry.call(
        "POST",
        "/organisations/01H/renaming",
        Role.REGISTRAR,
        organisations=("01K",),
        json=body,
        headers={"If-Match": '"1"'},
        expect=403,
    )
    assert refused["type"].endswith("/not-yours-to-decide")
    without_role = await registry.call("POST", "/organisations", Role.PARTNER, json=A_CCG, expect=403)
    assert without_role["type"].endswith("/role-missing")


async def test_who_holds_the_successor_answers_for_its_predecessors(registry: RegistryClient) -> None:
    await registry.open("10H", "10Y")
    await registry.merge("14Y", "10H", "10Y", on="2018-04-01")
    version = (await registry.ask("10H", "2014-01-01"))["version"]
    await registry.call(
        "POST",
        "/organisations/10H/renaming",
        Role.REGISTRAR,
        organisations=("14Y",),
        json={"new_name": "NHS Chiltern CCG", "effective_on": "2013-04-01"},
        headers={"If-Match": f'"{version}"'},
    )


async def test_organisations_are_found_by_kind_status_name_and_day_page_by_page(registry: RegistryClient) -> None:
    await registry.open(*(f"0{n}X" for n in range(7)))
    await registry.open("R0A", kind="nhs_trust")
    await registry.change("/organisations/03X/closure", version=1, body={"effective_on": "2015-04-01"})
    asked = {"kind": "ccg", "status": "open", "as_at": "2016-01-01", "limit": "4"}
    first = await registry.call("GET", "/organisations", params=asked)
    rest = await registry.call("GET", first["next"].removeprefix("/v1"))
    codes = [one["code"] for page in (first, rest) for one in page["items"]]
    assert codes == ["00X", "01X", "02X", "04X", "05X", "06X"]
    assert rest["next"] is None
    by_name = await registry.call("GET", "/organisations", params={"name": "r0a", "as_at": "2016-01-01"})
    assert [one["code"] for one in by_name["items"]] == ["R0A"]


async def test_the_history_says_who_believed_what_and_from_which_source(registry: RegistryClient) -> None:
    await registry.open("01H")
    body = {"new_name": "NHS North Cumbria CCG", "effective_on": "2017-04-01"}
    await registry.change("/organisations/01H/renaming", version=1, body=body)
    history = await registry.call("GET", "/organisations/01H/history")
    names = [one for one in history["beliefs"] if one["about"] == "name"]
    first = min(names, key=lambda one: one["known_from"])
    assert (first["value"], first["last_day"]) == ("NHS 01H CCG", None)
    assert first["known_to"] == next(one["known_from"] for one in names if one["value"] == "NHS North Cumbria CCG")
    assert {(one["source"], one["recorded_by"]) for one in history["statements"]} == {("command", "somebody")}


async def test_a_loader_states_the_past_as_known_since_then(registry: RegistryClient) -> None:
    await registry.call(
        "POST", "/organisations", Role.LOADER, Role.REGISTRAR, json=A_CCG, headers={"Stated-At": "2012-10-10"}
    )
    assert await registry.status("10Y", "2013-04-01", as_known="2012-10-09") == "unknown"
    assert await registry.status("10Y", "2013-04-01", as_known="2012-10-10") == "open"
    refused = await registry.call(
        "POST", "/organisations", Role.REGISTRAR, json=A_CCG, headers={"Stated-At": "2012-10-10"}, expect=403
    )
    assert refused["type"].endswith("/role-missing")
