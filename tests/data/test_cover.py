"""The real practices and areas of April 2021: who covers them, and 1,000 of them dropped and duplicated at random."""

import csv
import gzip
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from libs.common.database.connection import Database
from libs.common.messaging.bus.direct import DirectBus
from services.registry.imports.runner import import_folder
from tests.support.apps import running_service
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens
from tests.support.platform import schema
from tests.support.registry_client import RegistryClient

pytestmark = pytest.mark.xdist_group("cover")

DAY = "2021-12-01"
"""After the file of practices was made."""
FILES = (
    "ods-eccg/*.csv",
    "ods-succession/ods_successions_2022-10.csv.gz",
    "ods-epraccur-series/epraccur_2021-11.csv.gz",
    "ons-lookups/LSOA11_CCG21_LAD21_April_2021.csv.gz",
)
CHOSEN = 1_000


@dataclass(frozen=True)
class England:
    """Every general practice and every area with its CCG, as the files have them."""

    practices: dict[str, str]
    areas: dict[str, str]

    @property
    def ccgs(self) -> list[str]:
        """The 106 of them."""
        return sorted(set(self.areas.values()))

    def command(self, practices: dict[str, list[str]], areas: dict[str, list[str]]) -> dict[str, Any]:
        """What every CCG covers, stated in one command."""
        commissioners = [
            {"code": code, "practices": practices.get(code, []), "areas": areas.get(code, [])} for code in self.ccgs
        ]
        return {"effective_on": DAY, "commissioners": commissioners}


@pytest.fixture(scope="module")
def england(shared: Path) -> England:
    with gzip.open(shared / "ons-lookups/LSOA11_CCG21_LAD21_April_2021.csv.gz", "rt", encoding="utf-8-sig") as file:
        areas = {row["LSOA11CD"]: row["CCG21CDH"] for row in csv.DictReader(file)}
    with gzip.open(shared / "ods-epraccur-series/epraccur_2021-11.csv.gz", "rt", encoding="latin-1") as file:
        # A dormant practice has no last day: ODS has not closed it, and it stays a member.
        active = [row for row in csv.reader(file) if row[25] == "4" and not row[11]]
    ccgs = set(areas.values())
    return England({row[0]: row[14] for row in active if row[14] in ccgs}, areas)


@pytest.fixture(scope="module")
def folder(folder_of: Callable[..., Path]) -> Path:
    return folder_of(*FILES)


@pytest.fixture
async def registry(
    templates: Databases, new_database: NewDatabase, tokens: Tokens, folder: Path
) -> AsyncIterator[RegistryClient]:
    """The registry with the files imported, running."""

    async def build(url: str) -> None:
        await schema("registry")(url)
        database = Database(url)
        await database.open()
        await import_folder(database, folder, stated_on=None, today=date(2026, 1, 1), say=lambda _: None)
        await database.close()

    url = await new_database(await templates.template_for("registry_cover", build))
    bus = DirectBus({"registry": url})
    async with running_service("registry", tokens.settings(url), bus) as (app, client):
        yield RegistryClient(app, client, tokens)
    await bus.close()


async def test_each_ccg_covers_the_practices_and_areas_that_the_files_give_it(
    registry: RegistryClient, england: England
) -> None:
    shown = await registry.call("GET", "/covers", params={"as_at": DAY, "limit": 500})
    practices, areas = Counter(england.practices.values()), Counter(england.areas.values())
    assert {one["code"]: (one["practices"], one["areas"]) for one in shown["items"]} == {
        code: (practices[code], areas[code]) for code in england.ccgs
    }
    assert (len(england.ccgs), len(england.practices), len(england.areas)) == (106, 6_707, 32_844)


async def test_nothing_is_found_uncovered_and_areas_before_april_2021_are_unknown(
    registry: RegistryClient, england: England
) -> None:
    found = await registry.call("GET", "/covers/findings", params={"as_at": DAY, "limit": 500})
    assert [(one["about"], one["code"]) for one in found["items"]] == []
    before = await registry.call("GET", "/covers/findings", params={"as_at": "2021-03-31", "about": "area", "limit": 1})
    assert before["areas"] == len(england.areas)
    assert before["items"][0]["finding"] == "unknown"


async def test_the_whole_of_england_can_be_stated_in_one_command_which_changes_nothing(
    registry: RegistryClient, england: England
) -> None:
    told = england.command(by_ccg(england.practices), by_ccg(england.areas))
    refused = await registry.call("POST", "/covers", json=told, expect=409)
    assert refused["type"].endswith("/no-change")


@pytest.mark.parametrize("seed", [20210401, 7])
async def test_a_command_that_drops_and_duplicates_1000_at_random_is_refused_naming_every_one(
    registry: RegistryClient, england: England, seed: int
) -> None:
    at_random = random.Random(seed)
    homes = england.practices | england.areas
    chosen = at_random.sample(sorted(homes), CHOSEN)
    dropped, twice = chosen[: CHOSEN // 2], chosen[CHOSEN // 2 :]
    elsewhere = {one: at_random.choice([code for code in england.ccgs if code != homes[one]]) for one in twice}
    lists = by_ccg({one: code for one, code in homes.items() if one not in set(dropped)})
    for one, code in elsewhere.items():
        lists[code].append(one)
    told = england.command(
        {code: [one for one in held if one in england.practices] for code, held in lists.items()},
        {code: [one for one in held if one in england.areas] for code, held in lists.items()},
    )
    before = await held_by(registry)

    refused = await registry.call("POST", "/covers", json=told, expect=409)
    assert {reason["message"] for reason in refused["reasons"]} == {
        *(f"{one} would be in none from {DAY}; it is in {homes[one]}" for one in dropped),
        *(f"{one} would be in two from {DAY}: {', '.join(sorted([homes[one], elsewhere[one]]))}" for one in twice),
    }
    assert len(refused["reasons"]) == CHOSEN
    dry = await registry.call("POST", "/covers", json=told, params={"dry_run": "true"}, expect=409)
    assert {**dry, "request_id": ""} == {**refused, "request_id": ""}
    assert await held_by(registry) == before


def by_ccg(homes: dict[str, str]) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = defaultdict(list)
    for one, code in sorted(homes.items()):
        lists[code].append(one)
    return lists


async def held_by(registry: RegistryClient) -> dict[str, Any]:
    """What every CCG covers, and how much was ever stated and told."""
    shown = await registry.call("GET", "/covers", params={"as_at": DAY, "limit": 500})
    tables = ("organisation_statement", "area_statement", "outbox", "event_log")
    # In one statement: events move from the outbox to the log meanwhile.
    counts = ", ".join(f"(SELECT count(*) FROM {name})" for name in tables)
    [(stated, of_areas, outbox, log)] = await registry.database.fetch(f"SELECT {counts}")
    return {"covers": shown["items"], "statements": (stated, of_areas), "told": outbox + log}
