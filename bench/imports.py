"""Measures the whole real import into an empty registry against a bare COPY of the rows it writes."""

import csv
import gzip
import io
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from bench.machine import on_measured
from bench.runner import Absent, Aim, Benchmark, Contest, Size
from bench.servers import new_database, opened, postgres, temporary_folder
from deploy.postgres.server import EmbeddedPostgres
from libs.common.database.connection import Database
from services.registry.imports.report import ImportReport
from services.registry.imports.runner import import_folder
from services.registry.tables import METADATA

_PUBLIC = Path(__file__).parents[2] / "shared" / "data"
_BODIES = ("ods-eccg/*.csv", "ods-etr/*.csv", "ods-eauth/*.csv")
_SUCCESSIONS = "ods-succession/ods_successions_2022-10.csv.gz"
_MEMBERSHIPS = "ods-epcmem-2019-10/epcmem.csv.gz"
_WHOLE = (*_BODIES, _SUCCESSIONS, "ods-epraccur-series/*.csv.gz", _MEMBERSHIPS)
TODAY = date(2026, 1, 1)
MEMBERSHIPS_OF = date(2019, 10, 31)
"""The day of the file of memberships, whose name says none."""
_TINY_EVENTS = 1_000

_COUNTS = """
SELECT (SELECT count(*) FROM (SELECT DISTINCT code, successor, effective_on FROM succession_statement
                               WHERE merger = '') said) AS successions,
       (SELECT count(*) FROM organisation_statement WHERE facet = 3 AND source LIKE 'ods-epcmem:%') AS memberships,
       (SELECT count(DISTINCT subject_id) FROM organisation_statement WHERE source LIKE 'ods-epraccur:%') AS practices
"""


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as place:
        folder = real_files(place / "ods", size)
        async with postgres(place) as server:
            yield _Racing(server, folder).contest()


def real_files(folder: Path, size: Size) -> Path:
    """Copy the files of the whole import into a new folder, or a few of them for a tiny run. Raises Absent."""
    if not _PUBLIC.is_dir():
        raise Absent(f"the public files are not there: {_PUBLIC}")
    folder.mkdir()
    for pattern in _BODIES if size.events < _TINY_EVENTS else _WHOLE:
        for path in _PUBLIC.glob(pattern):
            shutil.copy(path, folder / path.name)
    return folder


class _Racing:
    """Imports into one database after the other, and copies what the first one left into others."""

    def __init__(self, server: EmbeddedPostgres, folder: Path) -> None:
        self._server, self._folder = server, folder
        self._made = 0
        self._left: dict[str, bytes] = {}
        self._rows = 0

    def contest(self) -> Contest:
        contest = Contest([])

        async def imported() -> Mapping[str, float]:
            url = await self._empty()
            async with opened(url) as database:
                with on_measured():
                    began = time.perf_counter()
                    report = await import_folder(
                        database, self._folder, stated_on=MEMBERSHIPS_OF, today=TODAY, say=lambda _: None
                    )
                    took = time.perf_counter() - began
                lines = await self._checked(database, report)
                if not self._left:
                    self._left, self._rows = await _left_in(database)
                contest.remarks[:] = [
                    f"{lines:,} lines of {len(report.files)} files, {self._rows:,} rows in the tables"
                ]
            return {"import": self._rows / took, "import, lines": lines / took, "import, seconds": took}

        async def copied() -> Mapping[str, float]:
            if not self._left:
                await imported()
            async with opened(await self._empty()) as database, database.connect() as connection:
                with on_measured():
                    began = time.perf_counter()
                    async with connection.transaction():
                        for table, rows in self._left.items():
                            await connection.copy_to_table(table, source=io.BytesIO(rows), format="binary")
                    took = time.perf_counter() - began
            return {"copy": self._rows / took, "copy, seconds": took}

        contest.measures = [imported, copied]
        return contest

    async def _empty(self) -> str:
        self._made += 1
        return await new_database(self._server, f"registry_{self._made}", METADATA)

    async def _checked(self, database: Database, report: ImportReport) -> int:
        """Return how many lines were taken: all that the files have, and all that they count is there."""
        lines = {path.name: _lines(path) for path in self._folder.iterdir()}
        assert report.not_taken() == [], report.not_taken()[:3]
        assert {one.file: one.lines for one in report.files} == {
            name: len(rows) - (rows[0][0] == "old_code") for name, rows in lines.items()
        }
        [counts] = await database.fetch(_COUNTS)
        assert counts["successions"] == len(lines.get(Path(_SUCCESSIONS).name, " ")) - 1
        assert counts["memberships"] == len(lines.get(Path(_MEMBERSHIPS).name, ()))
        assert counts["practices"] == len(
            {row[0] for name, rows in lines.items() if name.startswith("epraccur") for row in rows}
        )
        return sum(one.lines for one in report.files)


def _lines(path: Path) -> list[list[str]]:
    unpacked = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [row for row in csv.reader(io.StringIO(unpacked.decode("latin-1"), newline="")) if row]


async def _left_in(database: Database) -> tuple[dict[str, bytes], int]:
    """Return every table's rows as COPY gives them, in an order that foreign keys allow, and how many they are."""
    left, rows = {}, 0
    async with database.connect() as connection:
        for table in METADATA.sorted_tables:
            content = io.BytesIO()
            rows += int((await connection.copy_from_table(table.name, output=content, format="binary")).split()[-1])
            left[table.name] = content.getvalue()
    return left, rows


BENCHMARK = Benchmark(
    name="imports",
    words="every real ODS file of bodies, successions and memberships, against COPY of the rows that it leaves",
    units={
        "import": "rows/s",
        "import, lines": "lines/s",
        "import, seconds": "s",
        "copy": "rows/s",
        "copy, seconds": "s",
    },
    aims=[Aim("import", "copy", at_least=0.3)],
    stage=_stage,
    rounds=3,
)
