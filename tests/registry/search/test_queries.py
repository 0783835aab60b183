"""Organisations are found by what a user remembers of them, read many at once, and exported."""

import base64
import csv
import io
import json
from typing import Any

import pytest

from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from tests.support.apps import running_service
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens
from tests.support.platform import schema
from tests.support.registry_client import RegistryClient


@pytest.fixture
async def url(templates: Databases, new_database: NewDatabase, tokens: Tokens) -> str:
    """A copy of a registry that is filled once."""

    async def build(url: str) -> None:
        await schema("registry")(url)
        bus = DirectBus({"registry": url})
        async with running_service("registry", tokens.settings(url), bus) as (app, client):
            registry = RegistryClient(app, client, tokens)
            await fill(registry)
            await registry.envelopes()  # all of them are in the log
        await bus.close()

    return await new_database(await templates.template_for("registry_newcastle", build))


async def fill(registry: RegistryClient) -> None:
    """State three CCGs of which two merge, practices below them, and one elsewhere."""
    await registry.move_clock("2013-04-01")
    await registry.open("00F", "00G", "10Y")
    for code, parent in (("A85001", "00F"), ("A85002", "00G"), ("A85003", "00F")):
        await registry.open(code, kind="gp_practice")
        await registry.change(
            f"/organisations/{code}/parent",
            version=1,
            body={"parent": parent, "relation": "commissioned by", "effective_on": "2013-04-01"},
        )
    await registry.move_clock("2014-04-01")
    await registry.change("/organisations/A85003/closure", version=2, body={"effective_on": "2014-10-01"})
    await registry.move_clock("2015-03-01")
    await registry.merge("13T", "00F", "00G", on="2015-04-01")
    await registry.move_clock("2015-04-02")
    renaming = {"new_name": "NHS Newcastle Gateshead CCG", "effective_on": "2015-04-02"}
    version = (await registry.call("GET", "/organisations/13T"))["version"]
    await registry.change("/organisations/13T/renaming", version=version, body=renaming)


async def found(registry: RegistryClient, **asked: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await registry.call("GET", "/search", params={"as_at": "2016-01-01", **asked}))[
        "items"
    ]
    return items


async def test_the_beginnings_of_words_of_a_name_find_it_whatever_their_order(registry: RegistryClient) -> None:
    [one] = await found(registry, text="gate newcastle")
    assert (one["code"], one["matched"]) == ("13T", ["name"])
    assert await found(registry, text="newcastle durham") == []
    assert await found(registry, text="astle") == []


async def test_a_name_of_another_day_finds_it_and_says_so(registry: RegistryClient) -> None:
    [one] = await found(registry, text="13t ccg")
    assert (one["name"], one["matched"]) == ("NHS Newcastle Gateshead CCG", ["name on another day"])


async def test_a_code_or_its_beginning_finds_it(registry: RegistryClient) -> None:
    assert [one["code"] for one in await found(registry, text="00f")] == ["00F"]
    assert [one["code"] for one in await found(registry, text="A85")] == ["A85001", "A85002", "A85003"]


async def test_filters_are_about_the_day(registry: RegistryClient) -> None:
    assert [one["code"] for one in await found(registry, text="nhs", kind="ccg", status="open")] == ["10Y", "13T"]
    before = await found(registry, text="nhs", kind="ccg", status="open", as_at="2014-01-01")
    assert [one["code"] for one in before] == ["00F", "00G", "10Y"]
    assert await found(registry, parent="00G", as_at="2013-03-31") == []


async def test_a_place_matches_once_however_often_the_body_moved_within_it(registry: RegistryClient) -> None:
    for day, street in (("2015-05-01", "High Street"), ("2015-08-01", "Mill Lane")):
        await registry.move_clock(day)
        version = (await registry.call("GET", "/organisations/10Y"))["version"]
        address = {"lines": [street, "Aylesbury"], "postcode": "HP20 1AA", "effective_on": day}
        await registry.change("/organisations/10Y/address", version=version, body=address)
    [one] = await found(registry, place="aylesbury", postcode="HP20")
    assert (one["code"], one["postcode"], one["matched"]) == ("10Y", "HP20 1AA", ["address"])
    assert await found(registry, place="high street") == []


async def test_pages_follow_one_another(registry: RegistryClient) -> None:
    first = await registry.call("GET", "/search", params={"text": "nhs", "limit": 4, "as_at": "2016-01-01"})
    second = await registry.call("GET", first["next"].removeprefix("/v1"))
    assert [one["code"] for one in first["items"] + second["items"]] == [
        "00F", "00G", "10Y", "13T", "A85001", "A85002", "A85003",
    ]  # fmt: skip
    assert second["next"] is None


async def _ranked(registry: RegistryClient, **asked: Any) -> list[tuple[str, int]]:
    return [(one["code"], one["rank"]) for one in await found(registry, **asked)]


async def test_the_code_comes_before_the_whole_name_its_beginning_and_its_words(registry: RegistryClient) -> None:
    await registry.open("A9", name="Leeds", on="2013-04-01")
    await registry.open("LEEDS", name="Somewhere", on="2013-04-01")
    await registry.open("A1", name="A clinic in Leeds", on="2013-04-01")
    await registry.open("A2", name="Leeds Clinic", on="2013-04-01")
    await registry.open("LEEDS1", name="Elsewhere", on="2013-04-01")
    assert await _ranked(registry, text="leeds") == [("LEEDS", 0), ("A9", 1), ("A2", 3), ("LEEDS1", 3), ("A1", 5)]
    assert await _ranked(registry, text="  LEEDS   clinic ") == [("A2", 1), ("A1", 5)]


async def test_a_name_of_the_day_comes_before_one_of_another_day(registry: RegistryClient) -> None:
    await registry.open("A1", name="NHS 13T CCG", on="2013-04-01")
    assert await _ranked(registry, text="nhs 13t ccg") == [("A1", 1), ("13T", 2)]
    assert await _ranked(registry, text="nhs 13t") == [("A1", 3), ("13T", 4)]
    assert await _ranked(registry, text="13t ccg") == [("A1", 5), ("13T", 6)]
    assert await _ranked(registry, text="ccg", kind="ccg", as_at="2015-04-01") == [
        ("00F", 5), ("00G", 5), ("10Y", 5), ("13T", 5), ("A1", 5),
    ]  # fmt: skip


async def test_the_code_of_another_system_is_a_code(registry: RegistryClient) -> None:
    ons = {"system": "ons", "identifier": "E38000215", "effective_on": "2014-04-01"}
    await registry.change("/organisations/10Y/identifiers", version=1, body=ons)
    await registry.open("A1", name="The E38000215 Clinic", on="2013-04-01")
    assert await _ranked(registry, text="e38000215") == [("10Y", 0), ("A1", 5)]


async def test_pages_stay_in_the_order_of_ranks(registry: RegistryClient) -> None:
    await registry.open("ZZ", name="NHS", on="2013-04-01")
    await registry.open("NHS", name="Elsewhere", on="2013-04-01")
    await registry.open("A1", name="An NHS clinic", on="2013-04-01")
    seen, address = [], "/search?text=nhs&limit=2&as_at=2016-01-01"
    while address:
        page = await registry.call("GET", address)
        seen += [(one["rank"], one["code"]) for one in page["items"]]
        address = (page["next"] or "").removeprefix("/v1")
    assert seen == [
        (0, "NHS"), (1, "ZZ"), *[(3, code) for code in ("00F", "00G", "10Y", "13T", "A85001", "A85002", "A85003")],
        (5, "A1"),
    ]  # fmt: skip
    far = base64.urlsafe_b64encode(json.dumps([2**40, "A"]).encode()).decode().rstrip("=")
    assert (await registry.call("GET", f"/search?text=nhs&after={far}"))["items"] == []
    old = base64.urlsafe_b64encode(json.dumps(["13T"]).encode()).decode().rstrip("=")
    await registry.call("GET", f"/search?text=nhs&after={old}", expect=400)


async def _offered(registry: RegistryClient, **asked: Any) -> list[str]:
    answer = await registry.call("GET", "/search", params={"as_at": "2016-01-01", **asked})
    assert answer["items"] == []
    return [one["code"] for one in answer["nearest"]]


async def test_where_nothing_is_found_names_that_are_like_the_words_are_offered(registry: RegistryClient) -> None:
    await registry.open("A1", name="NEWCASTLE ROAD SURGERY", on="2013-04-01")
    await registry.open("A2", name="ST.JOHN'S HOUSE", on="2013-04-01")
    assert await _offered(registry, text="newcaslte gatshead") == ["13T"]
    assert await _offered(registry, text="nwecastle") == ["A1", "13T"]
    assert await _offered(registry, text="st johns huose") == ["A2"]
    assert await _offered(registry, text="newcaslte", kind="gp_practice") == []
    assert await _offered(registry, text="newcaslte", postcode="HP20") == []
    assert await _offered(registry, text="xylophone") == []
    assert await _offered(registry, text="&&") == []
    assert await _offered(registry, text="q") == []


async def test_a_search_that_finds_something_or_has_no_words_offers_nothing(registry: RegistryClient) -> None:
    some = await registry.call("GET", "/search", params={"text": "newcastle", "as_at": "2016-01-01"})
    assert (len(some["items"]), some["nearest"]) == (1, [])
    assert await _offered(registry, parent="ZZZ") == []


@pytest.mark.parametrize("words", ["'", "&|!()", "a & 'b", "\\", "%", "ß", "nhs:*"])
async def test_odd_words_are_only_words(registry: RegistryClient, words: str) -> None:
    assert isinstance(await found(registry, text=words), list)


async def test_words_without_a_letter_find_nothing(registry: RegistryClient) -> None:
    assert await found(registry, text="&&") == []


async def members(registry: RegistryClient, code: str, **asked: Any) -> list[tuple[str, bool]]:
    page = await registry.call("GET", f"/organisations/{code}/members", params=asked)
    return [(one["code"], one["carried"]) for one in page["items"]]


async def test_members_go_with_their_body_into_its_successor(registry: RegistryClient) -> None:
    assert await members(registry, "00F", as_at="2014-01-01") == [("A85001", False), ("A85003", False)]
    assert await members(registry, "13T", as_at="2016-01-01") == [("A85001", True), ("A85002", True)]
    assert await members(registry, "13T", as_at="2014-01-01") == []


async def test_what_has_closed_belongs_to_none(registry: RegistryClient) -> None:
    assert await members(registry, "00F", as_at="2016-01-01") == []
    assert ("A85003", True) not in await members(registry, "13T", as_at="2016-01-01")


async def test_before_the_merger_was_known_nothing_was_carried(registry: RegistryClient) -> None:
    asked = {"as_at": "2016-01-01", "as_known": "2014-12-31"}
    assert await members(registry, "00F", **asked) == [("A85001", False)]


async def test_a_tree_shows_levels_and_what_is_above(registry: RegistryClient) -> None:
    await registry.open("Q49", kind="local_office", on="2015-04-02")
    version = (await registry.call("GET", "/organisations/13T"))["version"]
    parent = {"parent": "Q49", "effective_on": "2015-04-02"}
    await registry.change("/organisations/13T/parent", version=version, body=parent)
    tree = await registry.call("GET", "/organisations/Q49/tree", params={"as_at": "2016-01-01"})
    [ccg] = tree["members"]
    assert (ccg["code"], [one["code"] for one in ccg["members"]]) == ("13T", ["A85001", "A85002"])
    assert tree["whole"] is True
    below = await registry.call("GET", "/organisations/13T/tree", params={"as_at": "2016-01-01", "depth": 1})
    assert below["above"] == [{"code": "13T", "relation": "parent", "parent": "Q49"}]
    await registry.call("GET", "/organisations/ZZZ/tree", expect=404)


async def test_many_codes_are_looked_up_at_once(registry: RegistryClient) -> None:
    answer = await registry.call(
        "POST", "/lookups", json={"codes": ["13T", "NOPE", "00F"]}, params={"as_at": "2016-01-01"}
    )
    assert [(one["code"], one["status"]) for one in answer["organisations"]] == [("00F", "closed"), ("13T", "open")]
    assert answer["unknown"] == ["NOPE"]
    assert await registry.call("POST", "/lookups", json={"codes": []}) == {"organisations": [], "unknown": []}


async def test_an_export_holds_all_as_csv_and_as_json_lines(registry: RegistryClient) -> None:
    asked = {"kind": "ccg", "as_at": "2016-01-01"}
    answer = await registry.send("GET", "/exports/organisations", params=asked)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["code"], row["status"], row["last_day"]) for row in rows] == [
        ("00F", "closed", ""),
        ("00G", "closed", ""),
        ("10Y", "open", ""),
        ("13T", "open", ""),
    ]
    lines = await registry.send("GET", "/exports/organisations", params=asked | {"format": "ndjson"})
    assert [json.loads(line)["code"] for line in lines.text.splitlines()] == ["00F", "00G", "10Y", "13T"]
    none = await registry.send("GET", "/exports/organisations", params=asked | {"text": "nobody"})
    assert none.text.splitlines() == [
        "code,kind,status,name,parent,since,last_day,postcode,as_at,commissioner,local_office,stp,icb,region"
    ]


async def test_bodies_are_counted_by_kind_and_status_of_the_day_as_known_then(registry: RegistryClient) -> None:
    async def counted(**asked: Any) -> dict[str, tuple[int, int, int]]:
        found = await registry.call("GET", "/counts", params=asked)
        return {one["kind"]: (one["proposed"], one["open"], one["closed"]) for one in found["kinds"]}

    assert await counted(as_at="2013-04-01") == {"ccg": (0, 3, 0), "gp_practice": (0, 3, 0)}
    assert await counted(as_at="2015-04-01") == {"ccg": (0, 2, 2), "gp_practice": (0, 2, 1)}
    before = await counted(as_at="2015-04-01", as_known="2014-05-01")
    assert before == {"ccg": (0, 3, 0), "gp_practice": (0, 2, 1)}


async def test_a_second_source_that_opens_a_body_again_does_not_count_it_twice(registry: RegistryClient) -> None:
    seen = [{"about": "life", "code": "10Y", "value": "open", "effective_on": "2013-04-01"}]
    document = {"source": "ons:names and codes 2015", "stated_on": "2015-04-01", "facts": seen}
    await registry.call("POST", "/reports", Role.REGISTRAR, Role.LOADER, json=document)
    found = await registry.call("GET", "/counts", params={"as_at": "2015-04-01"})
    assert [one["open"] for one in found["kinds"] if one["kind"] == "ccg"] == [2]
