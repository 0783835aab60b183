"""The real 211 CCGs and 37 mergers lived through over HTTP, and what the other services know of it all."""

import csv
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib import import_module
from itertools import groupby
from pathlib import Path

import pytest

from libs.common.identity import Role
from libs.organisations.projection import KnownOrganisations
from libs.organisations.statements import KEPT_BY_HEARERS
from services.registry.imports.runner import import_folder
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens
from tests.support.platform import NIL_RETURNS, Platform, running_platform

HEARERS = ("contracts", "finance", "governance")
AGREED_BEFORE = timedelta(days=120)
A_DAY = timedelta(days=1)

_BELIEVED = """
SELECT o.code, b.facet, b.value, b.valid::text, b.known::text
  FROM {prefix}organisation o JOIN {prefix}organisation_belief b ON b.subject_id = o.id
 WHERE b.facet = ANY($1) ORDER BY 1, 2, 3, 4, 5
"""
_FOLLOWED = """
SELECT code, successor, effective_on, shape, share, merger, source, known FROM {prefix}succession ORDER BY 1, 2, 3, 8
"""
_BOUNDS = """
SELECT DISTINCT day FROM organisation_belief, LATERAL (VALUES (lower(valid)), (upper(valid))) AS bound (day)
 WHERE day IS NOT NULL ORDER BY day
"""


@dataclass(frozen=True)
class Merger:
    day: date
    successor: str
    name: str
    predecessors: list[str]


def rows(path: Path, encoding: str = "utf-8") -> Iterator[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        yield from csv.DictReader(file)


def mergers(shared: Path) -> list[Merger]:
    """The real ones, each with the successor's name of its day."""
    lookups = shared / "ons-lookups"
    names = {row["CCG21CDH"]: row["CCG21NM"] for row in rows(lookups / "ref_ccg21.csv")}
    names |= {row["CCG20CDH"]: row["CCG20NM"] for row in rows(lookups / "ref_ccg20.csv")}
    found = [
        Merger(
            date.fromisoformat(row["effective_date"]),
            row["successor_code"],
            names[row["successor_code"]],
            row["predecessor_codes"].split(),
        )
        for row in rows(shared / "ods-succession" / "ccg_merger_events_37.csv")
    ]
    return sorted(found, key=lambda merger: (merger.day, merger.successor))


@pytest.fixture
async def platform(templates: Databases, new_database: NewDatabase, tokens: Tokens) -> AsyncIterator[Platform]:
    async with running_platform(templates, new_database, tokens) as running:
        yield running


async def open_the_211(platform: Platform, shared: Path) -> None:
    bodies = [
        {"code": row["CCG13CDH"], "name": f"{row['CCG13NM']} CCG", "kind": "ccg", "effective_on": "2013-04-01"}
        for row in rows(shared / "ons-lookups" / "CCG_APR_2013.csv", "cp1252")
    ]
    await platform.move_clocks(date(2013, 4, 1))
    await platform.call(
        "POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies}, expect=201
    )


async def agree(platform: Platform, merger: Merger) -> None:
    body = {
        "successor": merger.successor,
        "successor_name": merger.name,
        "predecessors": merger.predecessors,
        "effective_on": merger.day.isoformat(),
        "schemes": NIL_RETURNS,
    }
    agreed = await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=body, expect=201)
    assert agreed["status"] == "agreed"


async def open_on(platform: Platform, day: str) -> int:
    asked = {"kind": "ccg", "status": "open", "as_at": day, "limit": "500"}
    return len((await platform.call("GET", "registry", "/organisations", params=asked))["items"])


async def all_hold_what_the_registry_holds(platform: Platform) -> None:
    """Each copy is the registry's own rows: every belief in both times that hearers keep, and every succession."""
    registry, facets = platform.database("registry"), sorted(KEPT_BY_HEARERS)
    believed = await registry.fetch(_BELIEVED.format(prefix=""), facets)
    followed = await registry.fetch(_FOLLOWED.format(prefix=""))
    for name in HEARERS:
        hearer = platform.database(name)
        heard = await hearer.fetch(_BELIEVED.format(prefix="known_"), facets)
        assert [tuple(row) for row in heard] == [tuple(row) for row in believed], name
        heard = await hearer.fetch(_FOLLOWED.format(prefix="known_"))
        assert [tuple(row) for row in heard] == [tuple(row) for row in followed], name


async def all_answer_what_the_registry_answers(platform: Platform) -> None:
    """Every code has the same status everywhere on each boundary day, and on the day before."""
    registry = platform.database("registry")
    days = {row["day"] + shift for row in await registry.fetch(_BOUNDS) for shift in (-A_DAY, 0 * A_DAY)}
    codes = [row["code"] for row in await registry.fetch("SELECT code FROM organisation")]
    for day in sorted(days):
        said = await said_by_the_registry(platform, day)
        assert set(said) == set(codes)
        for name in HEARERS:
            known: KnownOrganisations = import_module(f"services.{name}.core.models").known
            heard = await known.statuses(platform.database(name), codes, as_at=day)
            assert {one.code: (one.kind, one.status) for one in heard.values()} == said, (name, day)


async def said_by_the_registry(platform: Platform, day: date) -> dict[str, tuple[str, str]]:
    path, said = f"/organisations?limit=500&as_at={day}", dict[str, tuple[str, str]]()
    while path:
        page = await platform.call("GET", "registry", path, Role.PARTNER)
        said |= {one["code"]: (one["kind"], one["status"]) for one in page["items"]}
        path = (page["next"] or "").removeprefix("/v1")
    return said


async def test_the_37_real_mergers_replayed_end_at_106_and_everybody_agrees(platform: Platform, shared: Path) -> None:
    await open_the_211(platform, shared)
    found = mergers(shared)
    assert len(found) == 37
    for day, on_the_day in groupby(found, key=lambda merger: merger.day):
        await platform.move_clocks(day - AGREED_BEFORE)
        for merger in on_the_day:
            await agree(platform, merger)
        await platform.move_clocks(day - A_DAY)
        assert (await platform.call("GET", "registry", "/mergers", params={"status": "agreed"}))["items"]
        await platform.move_clocks(day)
        assert (await platform.call("GET", "registry", "/mergers", params={"status": "agreed"}))["items"] == []
    await platform.caught_up()

    expected = json.loads((shared / "expected-values.json").read_text())["ccg_open_on"]
    assert {day: await open_on(platform, day) for day in expected} == expected
    lineage = await platform.call("GET", "registry", "/organisations/10G/lineage", params={"as_at": "2021-04-01"})
    assert lineage["resolves_to"] == ["D4U1Y"]
    real = {row["CCG21CDH"]: row["CCG21NM"] for row in rows(shared / "ons-lookups" / "ref_ccg21.csv")}
    open_now = await platform.call(
        "GET",
        "registry",
        "/organisations",
        params={"kind": "ccg", "status": "open", "as_at": "2021-04-01", "limit": "500"},
    )
    assert {one["code"] for one in open_now["items"]} == set(real)
    await all_hold_what_the_registry_holds(platform)
    await all_answer_what_the_registry_answers(platform)


async def test_the_real_files_imported_are_known_to_everybody_as_the_registry_has_them(
    platform: Platform, folder_of: Callable[..., Path]
) -> None:
    folder = folder_of("ods-eccg/*.csv", "ods-etr/*.csv", "ods-succession/ods_successions_2022-10.csv.gz")
    database = platform.database("registry")
    await import_folder(database, folder, stated_on=None, today=date(2026, 1, 1), say=lambda _: None)
    await platform.caught_up()
    assert await open_on(platform, "2021-04-01") == 106
    await all_hold_what_the_registry_holds(platform)
