"""A merger ends rights and appointments and lists what is to be made again: ours, and bare SQL of the same rows."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bench.runner import TINY, Aim, Benchmark, Contest, Size
from bench.servers import new_database, opened, postgres, temporary_folder
from bench.stopwatch import seconds_of, sql
from libs.common.database.connection import Database, raw
from libs.common.events.registry import CCGMerged, OrganisationOpened
from libs.common.identity import service_caller
from services.governance.core.models import known
from services.governance.mergers.commands import carry_out_successions
from services.governance.tables import METADATA

_EACH = 2_500
"""Posts with their holders, and as many rights, of each of two bodies: 10,000 in all."""
_PREDECESSORS, _SUCCESSOR = ("10H", "10Y"), "14Y"
_ON = date(2018, 4, 1)
_STATED = datetime(2018, 3, 1, tzinfo=UTC)
_BY = service_caller("governance")

_BODIES = """
INSERT INTO body (reference, organisation, title)
SELECT code || '-governing-body', code, 'Governing body' FROM unnest(ARRAY['10H', '10Y']) code
"""
_REST = """
INSERT INTO body_time_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'stands', daterange('2013-04-01', NULL), tstzrange('2013-04-01Z', NULL) FROM body;
INSERT INTO post (body_id, reference, slug, title)
SELECT b.id, b.organisation || '/post-' || n, 'post-' || n, 'Post' FROM body b CROSS JOIN generate_series(1, {each}) n;
INSERT INTO person (id, display_name) SELECT 'P-' || id, 'Somebody' FROM post;
INSERT INTO appointment (id, post_id, person_id, version) SELECT 'A-' || id, id, 'P-' || id, 1 FROM post;
INSERT INTO decision_right (body_id, post_id, action, source_minute, recurrent, version)
SELECT body_id, id, 'contract.award', 'minute 1', true, 1 FROM post;
INSERT INTO post_time_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'stands', daterange('2013-04-01', NULL), tstzrange('2013-04-01Z', NULL) FROM post
 UNION ALL
SELECT id, 2, 'A-' || id, daterange('2013-04-01', NULL), tstzrange('2013-04-01Z', NULL) FROM post;
INSERT INTO right_time_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'stands', daterange('2013-04-01', NULL), tstzrange('2013-04-01Z', NULL) FROM decision_right;
"""
_TABLES = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    each = 25 if size is TINY else _EACH
    with temporary_folder() as folder:
        async with postgres(folder) as server:
            urls = [await new_database(server, f"governance_{name}", METADATA) for name in ("ours", "bare")]
            async with opened(urls[0]) as measured, opened(urls[1]) as written:
                for database in (measured, written):
                    await _fill(database, each)
                inserts = [
                    f'INSERT INTO "new_{table}" OVERRIDING SYSTEM VALUE SELECT * FROM "kept_{table}"'  # noqa: S608  (the catalogue's names)
                    for table in await _written(written)
                ]

                async def ours() -> Mapping[str, float]:
                    return {"ours": 4 * each / await seconds_of(measured, _ours)}

                async def bare() -> Mapping[str, float]:
                    return {"bare SQL": 4 * each / await seconds_of(written, sql(*inserts))}

                yield Contest([ours, bare])


async def _fill(database: Database, each: int) -> None:
    opened_on, stated = date(2013, 4, 1), datetime(2013, 4, 1, tzinfo=UTC)
    merged = CCGMerged(
        effective_on=_ON,
        stated_at=_STATED,
        merger="M",
        successor=_SUCCESSOR,
        successor_name="NHS Buckinghamshire CCG",
        predecessors=_PREDECESSORS,
    )
    told = [
        OrganisationOpened(effective_on=opened_on, stated_at=stated, code=code, name=code, kind="ccg")
        for code in _PREDECESSORS
    ]
    async with database.begin() as session:
        connection = await raw(session)
        await known.know([*told, merged], connection)
        await connection.execute(_BODIES)
        await connection.execute(_REST.format(each=each))
        await connection.execute("ANALYZE")


async def _written(database: Database) -> list[str]:
    """Carry the merger out, keep the rows that it wrote, and make empty tables for them; return which tables.

    They have the indexes and constraints of the real ones, but for foreign keys. What is written at a savepoint has a
    later number than the transaction: the rows of both are kept.
    """
    async with database.begin() as session:
        transaction = await (await raw(session)).fetchval("SELECT pg_current_xact_id()::text")
        assert await carry_out_successions(session, _PREDECESSORS, on=_ON, by=_BY)
    async with database.connect() as connection:
        tables = []
        for row in await connection.fetch(_TABLES):
            table = row["relname"]
            await connection.execute(
                f'CREATE TABLE "kept_{table}" AS SELECT * FROM "{table}" WHERE xmin::text::bigint >= {transaction}'  # noqa: S608  (catalogue's names)
            )
            if await connection.fetchval(f'SELECT EXISTS (SELECT FROM "kept_{table}")'):  # noqa: S608  (the catalogue's names)
                await connection.execute(f'CREATE TABLE "new_{table}" (LIKE "{table}" INCLUDING ALL)')
                tables.append(table)
        await connection.execute("ANALYZE")
    return tables


async def _ours(session: AsyncSession) -> None:
    assert await carry_out_successions(session, _PREDECESSORS, on=_ON, by=_BY)


BENCHMARK = Benchmark(
    name="remaking",
    words="a merger ends 10,000 rights and appointments and lists them: a second, beside bare SQL of the same rows",
    units={"ours": "/s", "bare SQL": "/s"},
    aims=[Aim("ours", "bare SQL", at_least=0.3)],
    stage=_stage,
    rounds=3,
)
