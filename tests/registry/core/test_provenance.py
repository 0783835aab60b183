"""A sighting is of its day: levels, and where each value comes from."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from libs.common.database.connection import Database
from libs.common.events.registry import SourceReported
from services.registry.core.recording import record_new
from services.registry.imports.runner import import_folder
from tests.support.ods_files import body, practice, write
from tests.support.registry_client import RegistryClient

TODAY = date(2026, 1, 1)
WORKBOOK = "CCG Code,CCG Name,STP Code,STP Name,Region Code,Region Name\n"


@pytest.fixture
async def sighted(database: Database, registry: RegistryClient, tmp_path: Path) -> RegistryClient:
    """T2: a snapshot of 2018, NHS England's workbook of the day itself, and snapshots of later years."""
    ccg = body("X5C", "NHS GAMMA CCG", "20130401", c2="Y54", c3="QL1")
    write(tmp_path, "eccg_2018-11.csv", [ccg])
    write(tmp_path, "eccg_2025-12.csv", [body("X5C", "NHS BIG ICB - X5C", "20130401", c2="Y60", c3="QN1")])
    write(tmp_path, "epraccur_2019-10.csv", [practice("A81001", "20130401", "X5C", "20130401")])
    row = "X5C,NHS Gamma CCG,QN1,North STP,Y63,North East and Yorkshire\n"
    (tmp_path / "post-apr_2020.csv").write_text(WORKBOOK + row, encoding="utf-8")
    await import_folder(database, tmp_path, stated_on=None, today=TODAY, say=lambda _: None)
    return registry


async def ask(registry: RegistryClient, code: str, on: str, **asked: str) -> dict[str, Any]:
    found: dict[str, Any] = await registry.call("GET", f"/organisations/{code}", params={"as_at": on, **asked})
    return found


async def seen(registry: RegistryClient, about: str, on: str) -> tuple[object, ...]:
    found = await ask(registry, "X5C", on, sightings="true")
    [one] = [one for one in found["sightings"] if one["about"] == about]
    return one["value"], one["seen_on"], one["next_value"], one["next_seen_on"]


async def test_a_body_is_in_what_was_seen_until_the_workbook_of_the_day_says_otherwise(sighted: RegistryClient) -> None:
    days = ("2018-11-30", "2020-03-31", "2020-04-01", "2024-01-01", "2025-12-31")
    assert [(await ask(sighted, "X5C", on))["parent"] for on in days] == ["QL1", "QL1", "QN1", "QN1", "QN1"]


async def test_between_two_sightings_that_differ_the_answer_gives_both_with_their_days(sighted: RegistryClient) -> None:
    assert await seen(sighted, "parent", "2018-11-30") == ("QL1", "2018-11-30", None, None)
    assert await seen(sighted, "parent", "2019-06-01") == ("QL1", "2018-11-30", "QN1", "2020-04-01")
    assert await seen(sighted, "parent", "2022-01-01") == ("QN1", "2020-04-01", "QN1", "2025-12-31")
    assert await seen(sighted, "name", "2022-07-02") == (
        "NHS GAMMA CCG",
        "2018-11-30",
        "NHS BIG ICB - X5C",
        "2025-12-31",
    )
    assert await seen(sighted, "status", "2026-01-01") == ("open", "2025-12-31", None, None)


async def test_local_office_stp_and_icb_are_levels_of_their_own(sighted: RegistryClient) -> None:
    days = ("2018-11-30", "2020-04-01", "2022-06-30", "2022-07-01", "2026-01-01")
    levels = [(await ask(sighted, "X5C", on))["levels"] for on in days]
    assert [(one["local_office"], one["stp"], one["icb"], one["region"]) for one in levels] == [
        ("QL1", None, None, "Y54"),
        (None, "QN1", None, "Y63"),
        (None, "QN1", None, "Y63"),
        (None, None, "QN1", "Y63"),
        (None, None, "QN1", "Y60"),
    ]
    of_the_practice = (await ask(sighted, "A81001", "2022-07-01"))["levels"]
    assert of_the_practice == {"commissioner": "X5C", "local_office": None, "stp": None, "icb": "QN1", "region": "Y63"}


@pytest.mark.parametrize(
    ("asked", "on", "codes"),
    [
        ({"in_icb": "QN1"}, "2022-07-01", ["A81001", "X5C"]),
        ({"in_icb": "QN1"}, "2022-06-30", []),
        ({"in_stp": "qn1", "kind": "ccg"}, "2022-06-30", ["X5C"]),
        ({"in_local_office": "QL1"}, "2018-11-30", ["A81001", "X5C"]),
        ({"in_region": "Y60"}, "2026-01-01", ["A81001", "QN1", "X5C"]),
        ({"commissioner": "X5C"}, "2020-04-01", ["A81001"]),
    ],
)
async def test_questions_ask_for_a_level_on_any_day(
    sighted: RegistryClient, asked: dict[str, str], on: str, codes: list[str]
) -> None:
    for path in ("/organisations", "/search"):
        found = await sighted.call("GET", path, params={**asked, "as_at": on})
        assert [one["code"] for one in found["items"]] == codes


async def test_every_list_and_export_can_say_where_its_values_come_from(sighted: RegistryClient) -> None:
    asked = {"as_at": "2019-06-01", "kind": "ccg", "sightings": "true"}
    for path in ("/organisations", "/search"):
        [one] = (await sighted.call("GET", path, params=asked))["items"]
        assert {seen["about"]: seen["source"] for seen in one["sightings"]}["name"] == "ods-eccg:eccg_2018-11.csv"
    day = {"as_at": "2019-06-01", "sightings": "true"}
    looked_up = await sighted.call("POST", "/lookups", params=day, json={"codes": [one["code"]]})
    assert looked_up["organisations"][0]["sightings"] == one["sightings"]
    exported = await sighted.send("GET", "/exports/organisations", params=asked)
    header, row = exported.text.splitlines()
    fields = dict(zip(header.split(","), row.split(","), strict=True))
    assert (fields["parent_seen_on"], fields["parent_source"]) == ("2018-11-30", "ods-eccg:eccg_2018-11.csv")


async def test_a_change_says_whether_its_day_is_stated_or_only_the_one_on_which_it_was_seen(
    sighted: RegistryClient,
) -> None:
    found = await sighted.call("GET", "/changes", params={"from": "2013-04-01", "to": "2026-01-01", "code": "X5C"})
    turns = {(one["what"], one["day"], one["after"]): one["observed"] for one in found["items"]}
    assert turns["opening", "2013-04-01", "open"] is False
    assert turns["parent", "2020-04-01", "QN1"] is True
    assert turns["rename", "2025-12-31", "NHS BIG ICB - X5C"] is True


async def test_hearsay_that_repeats_a_register_later_is_not_where_a_value_comes_from(
    database: Database, sighted: RegistryClient
) -> None:
    heard = SourceReported(
        code="X5C",
        about="name",
        value="NHS BIG ICB - X5C",
        effective_on=date(2026, 1, 1),
        stated_at=datetime(2026, 1, 1, 12, tzinfo=UTC),
        source="press:a newspaper",
        rank=-50,
        observed=True,
    )
    async with database.begin() as session:
        await record_new(session, [heard], by="test")
    found = await ask(sighted, "X5C", "2026-01-01", sightings="true")
    [name] = [one for one in found["sightings"] if one["about"] == "name"]
    assert (name["source"], name["seen_on"]) == ("ods-eccg:eccg_2025-12.csv", "2025-12-31")
