"""S24: a merger that leaves a practice in no CCG, or an area in two, is refused and named; a dry run says the same."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from libs.common.identity import Role
from services.registry.imports.runner import import_folder
from tests.support import ods_files
from tests.support.platform import NIL_RETURNS, Platform


@dataclass(frozen=True)
class England:
    """Three CCGs with their practices and areas, of which the first two merge."""

    merging: dict[str, tuple[list[str], list[str]]]
    other: tuple[str, list[str], list[str]]
    successor: str
    day: str
    areas_known_from: str
    lost: list[str]
    """Practices that the merger leaves out."""
    taken: list[str]
    """Areas of the other CCG that it takes as well."""


ENGLANDS = [
    pytest.param(
        England(
            {"10Y": (["K82001", "K82004"], ["E01017667"]), "10H": (["K82003"], ["E01017668", "E01017669"])},
            ("11J", ["J81002"], ["E01020367"]),
            "14Y",
            "2022-04-01",
            "2021-04-01",
            ["K82004"],
            ["E01020367"],
        ),
        id="one practice, one area",
    ),
    pytest.param(
        England(
            {"02N": ([], ["E01010600", "E01010601"]), "02W": (["B83001", "B83002", "B83005", "B83006"], ["E01010700"])},
            ("02T", ["B84001", "B84002"], ["E01010900", "E01010901", "E01010902"]),
            "36J",
            "2021-10-01",
            "2013-04-01",
            ["B83001", "B83002", "B83006"],
            ["E01010901", "E01010902"],
        ),
        id="three practices, two areas",
    ),
]


@pytest.mark.parametrize("england", ENGLANDS)
async def test_s24_a_merger_that_breaks_cover_is_refused_with_every_name_and_a_dry_run_says_the_same(
    platform: Platform, england: England
) -> None:
    await load(platform, england)
    practices = [one for held, _ in england.merging.values() for one in held]
    areas = [one for _, held in england.merging.values() for one in held]
    wrong = merger(england, [one for one in practices if one not in england.lost], areas + england.taken)
    before = await state(platform)

    refused = await platform.call("POST", "registry", "/mergers", json=wrong, expect=409)
    dry = await platform.call("POST", "registry", "/mergers", json=wrong, params={"dry_run": "true"}, expect=409)
    assert without_ids(dry) == without_ids(refused)
    assert await state(platform) == before

    until = f"from {england.day} to 2022-06-30"
    homes = {one: code for code, (held, _) in england.merging.items() for one in held}
    named = {f"{one} would be in none {until}; it is in {homes[one]}" for one in england.lost}
    both = ", ".join(sorted([england.other[0], england.successor]))
    still = f"from {england.day}"
    areas_named = {reason["message"] for reason in refused["reasons"] if reason["field"] == "areas"}
    assert {reason["message"] for reason in refused["reasons"] if reason["field"] == "practices"} == named
    assert all(f"would be in two {still}" in message and both in message for message in areas_named)
    assert {message.split()[0] for message in areas_named} == set(england.taken)


@pytest.mark.parametrize("england", ENGLANDS)
async def test_s24_a_merger_that_keeps_cover_is_agreed_and_its_dry_run_answered_the_same(
    platform: Platform, england: England
) -> None:
    await load(platform, england)
    practices = [one for held, _ in england.merging.values() for one in held]
    areas = [one for _, held in england.merging.values() for one in held]
    right = merger(england, practices, areas)
    before = await state(platform)
    dry = await platform.call("POST", "registry", "/mergers", json=right, params={"dry_run": "true"})
    assert await state(platform) == before
    agreed = await platform.call("POST", "registry", "/mergers", json=right)
    assert without_ids(dry) == without_ids(agreed)

    shown = await platform.call("GET", "registry", "/covers", params={"as_at": england.day})
    counts = {one["code"]: (one["practices"], one["areas"]) for one in shown["items"]}
    code, others_practices, others_areas = england.other
    assert counts == {
        england.successor: (len(practices), len(areas)),
        code: (len(others_practices), len(others_areas)),
    }
    found = await platform.call("GET", "registry", "/covers/findings", params={"as_at": england.day})
    assert found["items"] == []


@pytest.mark.parametrize("england", ENGLANDS)
async def test_s24_areas_of_earlier_days_are_unknown(platform: Platform, england: England) -> None:
    await load(platform, england)
    day_before = date.fromordinal(date.fromisoformat(england.areas_known_from).toordinal() - 1)
    code = england.other[0]
    early = await platform.call("GET", "registry", f"/covers/{code}/areas", params={"as_at": str(day_before)})
    assert (early["known"], early["items"]) == (False, [])
    then = await platform.call("GET", "registry", f"/covers/{code}/areas", params={"as_at": england.areas_known_from})
    assert (then["known"], [one["code"] for one in then["items"]]) == (True, england.other[2])


@pytest.mark.parametrize(("practice", "gone"), [("K82099", "99X"), ("B83777", "07Q")])
async def test_s24_an_import_is_never_refused_for_it_and_raises_a_finding(
    platform: Platform, tmp_path: Path, practice: str, gone: str
) -> None:
    lines = [ods_files.practice(practice, "20130401", gone, "20130401")]
    ods_files.write(tmp_path / "ods", "epraccur_2021-11.csv", lines)
    database = platform.database("registry")
    await import_folder(database, tmp_path / "ods", stated_on=None, today=date(2026, 1, 1), say=lambda _: None)
    found = await platform.call("GET", "registry", "/covers/findings", params={"as_at": "2021-12-01"})
    assert [(one["code"], one["finding"], one["stated"]) for one in found["items"]] == [(practice, "none", gone)]


async def load(platform: Platform, england: England) -> None:
    """Open the bodies and state what each CCG covers."""
    covers = {**england.merging, england.other[0]: england.other[1:]}
    await opened(platform, "ccg", *covers)
    await opened(platform, "gp_practice", *(one for practices, _ in covers.values() for one in practices))
    lists = [{"code": code, "practices": practices} for code, (practices, _) in covers.items()]
    body = {"effective_on": "2013-04-01", "commissioners": lists}
    await platform.call("POST", "registry", "/covers", json=body)
    lists = [{"code": code, "areas": areas} for code, (_, areas) in covers.items()]
    body = {"effective_on": england.areas_known_from, "commissioners": lists}
    await platform.call("POST", "registry", "/covers", json=body)


async def opened(platform: Platform, kind: str, *codes: str) -> None:
    bodies = [{"code": code, "name": code, "kind": kind, "effective_on": "2013-04-01"} for code in codes]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})


def merger(england: England, practices: list[str], areas: list[str]) -> dict[str, Any]:
    return {
        "successor": england.successor,
        "successor_name": f"NHS {england.successor} CCG",
        "predecessors": list(england.merging),
        "effective_on": england.day,
        "practices": practices,
        "areas": areas,
        "schemes": NIL_RETURNS,
    }


async def state(platform: Platform) -> dict[str, Any]:
    """What the registry holds that any command could have changed."""
    tables = ("organisation", "organisation_statement", "area_statement", "succession_statement", "merger", "event_log")
    database = platform.database("registry")
    await platform.caught_up()
    return {name: (await database.fetch(f"SELECT count(*) AS held FROM {name}"))[0]["held"] for name in tables}


def without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without what differs from one request to the next: its id, and when it was stated."""
    return {name: value for name, value in answer.items() if name not in {"request_id", "stated_at"}}
