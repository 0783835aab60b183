"""Measures reading an organisation as at a day and as known at an instant, among a million versions."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import cycle

from bench.load import get
from bench.runner import FULL, Aim, Benchmark, Contest, Measure, Size
from bench.servers import Callers, new_database, opened, postgres, registry, temporary_folder
from libs.common.database.connection import Database
from libs.common.identity import Role
from services.registry.tables import METADATA

_CONNECTIONS = 16
_FIGURES = ("now", "as at, as known")
_RENAMINGS = 25
"""Of each organisation. One makes two versions: what was believed before it was known, and what is believed since."""
_VERSIONS = 1_000_000

_BODIES = """
INSERT INTO organisation (code, version) SELECT 'V' || lpad(n::text, 6, '0'), 1 FROM generate_series(1, $1::int) n
"""

# As history() would leave them after one renaming a quarter, each known a month before it takes effect.
_NAMES = """
INSERT INTO organisation_belief (subject_id, facet, value, valid, known)
SELECT o.id, 2, 'NHS ' || o.code || ' ' || k, daterange(day, CASE WHEN later THEN day + 90 END),
       tstzrange(CASE WHEN later THEN day + 60 ELSE day - 30 END, CASE WHEN later THEN NULL ELSE day + 60 END)
  FROM organisation o
 CROSS JOIN generate_series(0, $1::int - 1) k
 CROSS JOIN LATERAL (SELECT date '2013-04-01' + k * 90 AS day) since
 CROSS JOIN (VALUES (false), (true)) AS versions (later)
"""

_OTHERS = """
INSERT INTO organisation_belief (subject_id, facet, value, valid, known)
SELECT id, facet, value, daterange('2013-04-01', NULL), tstzrange('2013-01-01', NULL)
  FROM organisation CROSS JOIN (VALUES (1, 'open'), (4, 'ccg')) AS facets (facet, value)
"""

_CONSTRAINT = "ex_organisation_belief_one_value"


async def _fill(database: Database, versions: int) -> list[str]:
    """Write the beliefs themselves, and let the database check them once at the end; return the codes."""
    async with database.connect() as connection:
        definition = await connection.fetchval(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", _CONSTRAINT
        )
        await connection.execute(f"ALTER TABLE organisation_belief DROP CONSTRAINT {_CONSTRAINT}")
        await connection.execute(_BODIES, versions // (2 * _RENAMINGS))
        await connection.execute(_NAMES, _RENAMINGS)
        await connection.execute(_OTHERS)
        await connection.execute(
            f"ALTER TABLE organisation_belief ADD CONSTRAINT {_CONSTRAINT} {definition}", timeout=900
        )
        await connection.execute("VACUUM ANALYZE")
        return [row["code"] for row in await connection.fetch("SELECT code FROM organisation ORDER BY random()")]


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    versions = _VERSIONS if size.events >= FULL.events else 5_000
    with temporary_folder() as folder:
        callers = Callers(folder)
        async with postgres(folder) as server:
            url = await new_database(server, "registry", METADATA)
            async with opened(url) as database:
                codes = await _fill(database, versions)
            async with registry(url, callers, log=folder / "server.log") as ours:
                header = callers.header(Role.PARTNER)

                def reading(figure: str, requests: Iterator[bytes]) -> Measure:
                    async def measure() -> Mapping[str, float]:
                        return await ours.load(figure, requests, connections=_CONNECTIONS, seconds=size.seconds)

                    return measure

                now = cycle([get(f"/v1/organisations/{code}", header) for code in codes])
                dated = cycle(
                    [
                        get(
                            f"/v1/organisations/{code}?as_at={2014 + n % 5}-06-01&as_known={2015 + n % 4}-01-01", header
                        )
                        for n, code in enumerate(codes)
                    ]
                )
                yield Contest(
                    [reading("now", now), reading("as at, as known", dated)], [f"{versions:,} versions of names"]
                )


BENCHMARK = Benchmark(
    name="versions",
    words="GET /v1/organisations/{code} among 1,000,000 versions: as at a day, as known at an instant, against now",
    units=dict.fromkeys(_FIGURES, "requests/s") | {f"{name}, processor": "us/request" for name in _FIGURES},
    aims=[Aim("now", "as at, as known", at_most=1.25)],
    stage=_stage,
)
