"""Measures the import of London's payments of a year against a bare COPY of the rows that it leaves."""

import asyncio
import io
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from bench.machine import on_measured
from bench.runner import Absent, Aim, Benchmark, Contest, Size
from bench.servers import new_database, opened, postgres, temporary_folder
from deploy.postgres.server import EmbeddedPostgres
from libs.common.database.connection import Database, raw
from libs.common.process.clock import Clock
from services.contracts.imports.runner import claim, run
from services.contracts.tables import METADATA

_FILES = Path(__file__).parents[2] / "shared" / "data" / "london-ccg-spend-2020-21"
_WHOLE, _FEW = ("london_ccg_payments.csv.gz", 76_077), ("london_ccg_csu_payments.csv", 123)
_TINY_EVENTS = 1_000
_TABLE = "published_payment"

_ASK = """
INSERT INTO payment_import (reference, file, content, sha256, asked_by, correlation, causation,
                            state, tries, lines, taken, repeated, refused)
VALUES (gen_random_uuid(), $1, $2, 'one', 'bench', '', '', 'waiting', 0, 0, 0, 0, 0)
"""
_LEFT = "SELECT state, taken FROM payment_import"


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    name, lines = _FEW if size.events < _TINY_EVENTS else _WHOLE
    if not _FILES.is_dir():
        raise Absent(f"the public files are not there: {_FILES}")
    with temporary_folder() as place:
        async with postgres(place) as server:
            yield _Racing(server, name, (_FILES / name).read_bytes(), lines).contest()


class _Racing:
    """Imports into one database after the other, and copies what the first one left into others."""

    def __init__(self, server: EmbeddedPostgres, name: str, content: bytes, lines: int) -> None:
        self._server, self._name, self._content, self._lines = server, name, content, lines
        self._made = 0
        self._left = b""

    def contest(self) -> Contest:
        async def imported() -> Mapping[str, float]:
            async with opened(await self._empty()) as database:
                await self._asked(database)
                with on_measured():
                    began = time.perf_counter()
                    job = await claim(database)
                    assert job is not None
                    await run(database, job, clock=Clock(), stop=asyncio.Event())
                    took = time.perf_counter() - began
                [left] = await database.fetch(_LEFT)
                assert tuple(left) == ("done", self._lines), tuple(left)
                self._left = self._left or await _copied_from(database)
            return {"import": self._lines / took, "import, seconds": took}

        async def copied() -> Mapping[str, float]:
            if not self._left:
                await imported()
            async with opened(await self._empty()) as database, database.connect() as connection:
                await self._asked(database)
                with on_measured():
                    began = time.perf_counter()
                    async with connection.transaction():
                        await connection.copy_to_table(_TABLE, source=io.BytesIO(self._left), format="binary")
                    took = time.perf_counter() - began
            return {"copy": self._lines / took, "copy, seconds": took}

        return Contest([imported, copied])

    async def _empty(self) -> str:
        self._made += 1
        return await new_database(self._server, f"contracts_{self._made}", METADATA)

    async def _asked(self, database: Database) -> None:
        async with database.begin() as session:
            await (await raw(session)).execute(_ASK, self._name, self._content)


async def _copied_from(database: Database) -> bytes:
    content = io.BytesIO()
    async with database.connect() as connection:
        await connection.copy_from_table(_TABLE, output=content, format="binary")
    return content.getvalue()


BENCHMARK = Benchmark(
    name="payments",
    words="the 76,077 payments of London's commissioners in a year, against COPY of the rows that they leave",
    units={"import": "rows/s", "import, seconds": "s", "copy": "rows/s", "copy, seconds": "s"},
    aims=[Aim("import", "copy", at_least=0.3)],
    stage=_stage,
    rounds=3,
)
