"""Real files imported one a call: in every order, twice, and killed inside each, the registry answers the same.

The file of successions is thinned, so that 36 imports are quick; `whole` takes all of it.
"""

import asyncio
import csv
import gzip
import hashlib
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from itertools import permutations
from pathlib import Path

import asyncpg
import pytest

from bench.forks import Fork
from libs.common.database.connection import Database, dsn
from libs.common.messaging.bus.direct import DirectBus
from services.registry.imports.files.source_file import recognised
from services.registry.imports.formats.catalogue import FORMS
from services.registry.imports.runner import import_file
from tests.support.apps import running_service
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens
from tests.support.platform import schema
from tests.support.programs import REPOSITORY
from tests.support.registry_client import RegistryClient
from tests.support.waiting import until

FILES = ("eccg_2016-02.csv", "eccg_2018-11.csv", "ods_successions_2022-10.csv.gz")
"""They need each other: mergers follow from the successions and from both files of CCGs, of which each names others."""
EVERY = 18
"""Of practices and sites the files keep the codes whose last two characters, as a number, this divides."""
_LONGEST = 3
TODAY = date(2026, 1, 1)
CODES = ("13T", "00F", "01H", "14Y", "10G", "13Q", "Q74", "RW6")
POINTS = [
    (as_at, as_known)
    for as_at in ("2014-12-01", "2018-04-01", "2021-04-01")
    for as_known in ("2016-03-01T00:00:00Z", "2022-12-01T00:00:00Z")
]

# All that was stated and all that follows, by what it says: no ids, and no instant of writing it down.
_CONTENT = """
SELECT concat_ws('|', 'said', o.code, facet, value, valid, stated_at, fills_before, rank, source) AS line
  FROM organisation o JOIN organisation_statement s ON s.subject_id = o.id
UNION ALL SELECT concat_ws('|', 'belief', o.code, facet, value, valid, known)
  FROM organisation o JOIN organisation_belief b ON b.subject_id = o.id
UNION ALL SELECT concat_ws('|', 'body', code, version) FROM organisation
UNION ALL SELECT concat_ws('|', 'tie', t.code, t.sort, t.other, b.value, b.valid, b.known)
  FROM tie t JOIN tie_belief b ON b.subject_id = t.id
UNION ALL SELECT concat_ws('|', 'succession said', code, successor, effective_on, stated_at, holds, shape, share,
                           merger, rank, source) FROM succession_statement
UNION ALL SELECT concat_ws('|', 'succession', code, successor, effective_on, shape, share, merger, source, known)
  FROM succession
UNION ALL SELECT concat_ws('|', 'merger', reference, successor, m.predecessors, p.predecessors, m.status,
                           m.effective_on, rule_pack, p.number, p.status, p.effective_on, stated_at, stated_by)
  FROM merger m JOIN merger_plan p ON p.merger_id = m.id
"""
_TOLD = "SELECT name || keys::text || fields AS line FROM outbox"
_IMPORTERS = """
SELECT pid, wait_event_type FROM pg_stat_activity
 WHERE datname = current_database() AND application_name = 'footprint-registry-import'
"""


Empty = Callable[[], AbstractAsyncContextManager[Database]]


@pytest.fixture(scope="module")
def folder(folder_of: Callable[..., Path]) -> Path:
    return thin_successions(folder_of("ods-eccg/*.csv", "ods-succession/ods_successions_2022-10.csv.gz"))


def thin_successions(folder: Path) -> Path:
    """Leave all successions of commissioners and trusts in the file, and of others those whose codes end alike."""
    path = folder / FILES[2]
    with gzip.open(path, "rt", newline="") as file:
        header, *lines = csv.reader(file)
    some = [line for line in lines if len(line[0]) <= _LONGEST or int(line[0][-2:], 36) % EVERY == 0]
    assert len(some) > 1_000
    with gzip.open(path, "wt", newline="") as file:
        csv.writer(file).writerows([header, *some])
    return folder


@pytest.fixture
async def empty(templates: Databases, new_database: NewDatabase) -> Empty:
    """`async with empty() as database` gives a registry in which there is nothing."""

    @asynccontextmanager
    async def made() -> AsyncIterator[Database]:
        database = Database(await new_database(await templates.template_for("registry", schema("registry"))))
        await database.open()
        yield database
        await database.close()

    return made


async def take(database: Database, folder: Path, name: str) -> int:
    """Import this one file; return how many events it told."""
    file = recognised(folder / name, FORMS, stated_on=None)
    report = await import_file(database, file, today=TODAY)
    assert report.not_taken == []
    return report.events


async def content(database: Database, sql: str = _CONTENT) -> str:
    """A checksum over everything held."""
    lines = sorted(row["line"] for row in await database.fetch(sql))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


async def answers(database: Database, tokens: Tokens) -> dict[str, object]:
    """What the registry answers over HTTP at the fixed points of both times."""
    bus = DirectBus({"registry": database.url})
    given: dict[str, object] = {}
    async with running_service("registry", tokens.settings(database.url), bus) as (app, client):
        registry = RegistryClient(app, client, tokens)
        for as_at, as_known in POINTS:
            asked = {"as_at": as_at, "as_known": as_known}
            for code in CODES:
                for path in (f"/organisations/{code}", f"/organisations/{code}/lineage"):
                    given[f"{path} {asked}"] = await registry.call("GET", path, params=asked)
            for kind in ("ccg", "commissioning_hub"):
                some = {"kind": kind, "status": "open", "limit": "500", **asked}
                given[f"{kind} {asked}"] = await registry.call("GET", "/organisations", params=some)
            given[f"mergers {asked}"] = await registry.call(
                "GET", "/mergers", params={"limit": "100", "as_known": as_known}
            )
    await bus.close()
    return given


async def test_every_order_of_three_files_twice_gives_the_same_answers_and_the_same_rows(
    empty: Empty, folder: Path, tokens: Tokens
) -> None:
    orders = list(permutations(FILES))
    rows: dict[tuple[str, ...], str] = {}
    given: list[dict[str, object]] = []
    for order in orders:
        async with empty() as database:
            for name in order:
                assert await take(database, folder, name) > 0
            rows[order] = await content(database)
            if order in (orders[0], orders[-1]):  # what is asked follows from the rows: two orders show that it does
                given.append(await answers(database, tokens))
            for name in order:
                assert await take(database, folder, name) == 0
            assert await content(database) == rows[order]
    assert {order for order in orders if rows[order] != rows[orders[0]]} == set()
    first, last = given
    assert [asked for asked in first if first[asked] != last[asked]] == []
    told_of_13t = first["/organisations/13T {'as_at': '2014-12-01', 'as_known': '2022-12-01T00:00:00Z'}"]
    assert isinstance(told_of_13t, dict)
    assert told_of_13t["status"] == "proposed"
    assert len(json.dumps(first)) > 50_000


async def test_an_import_killed_inside_each_file_leaves_nothing_of_it_and_repeated_gives_the_same(
    empty: Empty, folder: Path, tokens: Tokens, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with empty() as database:
        for name in FILES:
            await take(database, folder, name)
        unharmed = await content(database), await answers(database, tokens)
    async with empty() as database:
        for number, name in enumerate(FILES):
            alone = tmp_path_factory.mktemp(f"file {number}")
            shutil.copy(folder / name, alone)
            before = await content(database), await content(database, _TOLD)
            await _kill_inside(database, alone)
            assert (await content(database), await content(database, _TOLD)) == before
            assert await _import(database, alone) == 0
            assert (await content(database), await content(database, _TOLD)) != before
        assert (await content(database), await answers(database, tokens)) == unharmed


def _started(database: Database, folder: Path) -> Fork:
    environment = {**os.environ, "DATABASE_URL": database.url}
    return Fork("services.registry", "import-ods", str(folder), folder=REPOSITORY, environment=environment)


async def _import(database: Database, folder: Path) -> int:
    return await asyncio.to_thread(_started(database, folder).wait)


async def _kill_inside(database: Database, folder: Path) -> None:
    """Kill an import when it has stated everything of its file and is about to tell it: a lock holds it there."""
    holder = await asyncpg.connect(dsn(database.url))
    async with holder.transaction():
        await holder.execute("LOCK TABLE outbox IN SHARE MODE")
        program = _started(database, folder)

        async def waits() -> bool:
            assert program.returncode is None
            rows = await database.fetch(_IMPORTERS)
            return any(row["wait_event_type"] == "Lock" for row in rows)

        await until(waits, within=60)
        program.send_signal(signal.SIGKILL)
        assert program.wait() == -signal.SIGKILL
    await holder.close()

    async def gone() -> bool:
        return not await database.fetch(_IMPORTERS)

    await until(gone, within=60)
