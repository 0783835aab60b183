"""The real ODS files, imported: what the registry says of every first of April, and of the chains of mergers."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from libs.common.database.connection import Database
from services.registry.core import queries as answers
from services.registry.core.kinds import Kind
from services.registry.imports.runner import import_folder
from services.registry.lineage.queries import lineage_of
from tests.support.databases import Databases, NewDatabase
from tests.support.platform import schema

pytestmark = pytest.mark.xdist_group("import")

FILES = (
    "ods-eccg/*.csv",
    "ods-etr/*.csv",
    "ods-eauth/*.csv",
    "ods-epraccur-series/epraccur_2018-06.csv.gz",
    "ods-succession/ods_successions_2022-10.csv.gz",
)
TODAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
def folder(folder_of: Callable[..., Path]) -> Path:
    return folder_of(*FILES)


@pytest.fixture
async def imported(templates: Databases, new_database: NewDatabase, folder: Path) -> AsyncIterator[Database]:
    """A registry into which the files were imported once."""

    async def build(url: str) -> None:
        await schema("registry")(url)
        database = Database(url)
        await database.open()
        await import_folder(database, folder, stated_on=None, today=TODAY, say=lambda _: None)
        await database.close()

    database = Database(await new_database(await templates.template_for("registry_imported", build)))
    await database.open()
    yield database
    await database.close()


async def open_ccgs(database: Database, day: date, as_known: datetime | None = None) -> int:
    found = await answers.list_organisations(
        database, answers.OrganisationFilter(Kind.CCG, "open"), as_at=day, as_known=as_known, after=None, limit=500
    )
    return len(found)


async def test_as_many_ccgs_are_open_each_april_as_there_were(imported: Database, shared: Path) -> None:
    expected = json.loads((shared / "expected-values.json").read_text())
    counted = {day: await open_ccgs(imported, date.fromisoformat(day)) for day in expected["ccg_open_on"]}
    assert counted == expected["ccg_open_on"]
    assert list(counted.values()) == [211, 209, 207, 195, 191, 135, 106]
    assert await open_ccgs(imported, date(2015, 3, 31)) == expected["ccg_by_succession_2015-03-31"] == 211


async def test_the_codes_of_the_last_106_outlive_the_ccgs_as_sub_icb_locations(imported: Database) -> None:
    last, since = date(2022, 6, 30), date(2022, 7, 1)
    assert await open_ccgs(imported, last) == 106
    assert await open_ccgs(imported, since) == 0
    locations = answers.OrganisationFilter(Kind.SUB_ICB_LOCATION, "open")
    before, found = [
        await answers.list_organisations(imported, locations, as_at=day, as_known=None, after=None, limit=500)
        for day in (last, since)
    ]
    assert (len(before), len(found)) == (0, 106)
    legal = await imported.fetch(
        """
        SELECT b.value, lower(b.valid) = $1 AS that_day, count(*) AS many, array_agg(o.code ORDER BY o.code) AS codes
          FROM organisation_belief b JOIN organisation o ON o.id = b.subject_id
         WHERE b.facet = 5 AND upper_inf(b.known) GROUP BY 1, 2 ORDER BY 1, 2
        """,
        since,
    )
    merged = [("abolished", False, 142), ("abolished", True, 106), ("established", True, 42)]
    assert [(row["value"], row["that_day"], row["many"]) for row in legal] == merged
    assert legal[1]["codes"] == [one.code for one in found]


async def test_before_that_file_was_known_the_codes_named_ccgs_still(imported: Database) -> None:
    assert await open_ccgs(imported, date(2022, 7, 1), datetime(2025, 12, 30, tzinfo=UTC)) == 106


async def test_what_was_known_early_is_still_answered_as_it_was(imported: Database) -> None:
    """The file of November 2018 leaves out Manchester's three, closed in 2017: absent is not closed."""
    knew = datetime(2018, 12, 1, tzinfo=UTC)
    assert await open_ccgs(imported, date(2020, 4, 1), knew) == 195 + 3
    assert await open_ccgs(imported, date(2020, 4, 1)) == 135


async def test_the_37_mergers_and_142_successions_are_there(imported: Database, shared: Path) -> None:
    expected = json.loads((shared / "expected-values.json").read_text())
    mergers = await imported.fetch(
        "SELECT effective_on::text AS day, count(*), sum(cardinality(predecessors)) AS gone FROM merger GROUP BY 1"
    )
    assert {row["day"]: row["count"] for row in mergers} == expected["ccg_merger_events_by_date"]
    assert {row["day"]: row["gone"] for row in mergers} == expected["ccg_successions_by_date"]
    assert sum(row["count"] for row in mergers) == 37


async def test_two_step_chains_resolve_to_their_living_end(imported: Database, shared: Path) -> None:
    expected = json.loads((shared / "expected-values.json").read_text())
    for first, between, last in expected["two_step_chains"]:
        assert (await lineage_of(imported, first, as_at=TODAY)).resolves_to == (last,)
        assert (await lineage_of(imported, first, as_at=date(2020, 4, 1))).resolves_to == (between,)
    assert (await lineage_of(imported, "10G", as_at=TODAY)).resolves_to == ("D4U1Y",)


async def test_names_are_those_that_were_seen_in_their_day(imported: Database) -> None:
    async def name(code: str, day: date) -> str | None:
        return (await answers.get_organisation(imported, code, as_at=day, as_known=None)).name

    assert await name("01H", date(2016, 1, 1)) == "NHS CUMBRIA CCG"
    assert await name("01H", date(2019, 1, 1)) == "NHS NORTH CUMBRIA CCG"
    assert await name("13T", date(2015, 4, 1)) == "NHS NEWCASTLE GATESHEAD CCG"
    assert await name("13T", date(2026, 1, 1)) == "NHS NORTH EAST AND NORTH CUMBRIA ICB - 13T"


async def test_practices_have_their_commissioner_since_they_joined(imported: Database) -> None:
    practices = answers.OrganisationFilter(kind=Kind.GP_PRACTICE, status="open", parent="00K")
    found = await answers.list_organisations(
        imported, practices, as_at=date(2018, 6, 30), as_known=None, after=None, limit=500
    )
    assert "A81001" in {one.code for one in found}
    assert all(one.parent == "00K" for one in found)


async def test_every_line_is_accounted_for_and_importing_again_changes_nothing(
    imported: Database, folder: Path
) -> None:
    counts = "SELECT (SELECT count(*) FROM organisation_statement), (SELECT count(*) FROM outbox)"
    before = await imported.fetch(counts)
    report = await import_folder(imported, folder, stated_on=None, today=TODAY, say=lambda _: None)
    assert [file.events for file in report.files] == [0] * len(report.files)
    assert await imported.fetch(counts) == before
    lines = {file.file: file.lines for file in report.files}
    assert (lines["eccg_2025-12.csv"], lines["epraccur_2018-06.csv.gz"]) == (320, 13_809)
    assert lines["ods_successions_2022-10.csv.gz"] == 25_480
    assert report.not_taken() == []
    found = Counter((one.file, one.sort) for one in report.findings())
    assert found["ods_successions_2022-10.csv.gz", "own successor"] == 39
    assert found["eccg_2018-11.csv", "not named any more"] == 29
