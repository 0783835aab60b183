"""Statements in PostgreSQL: in whatever order they arrive, the same is known."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database.connection import dsn, service_metadata
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement, Timeline
from tests.support.databases import Databases, NewDatabase

METADATA = service_metadata()
TIMELINE = Timeline(METADATA, "subject")


async def build(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()


@pytest.fixture
async def connection(templates: Databases, new_database: NewDatabase) -> AsyncIterator[asyncpg.Connection]:
    url = await new_database(await templates.template_for("timeline", build))
    connection = await asyncpg.connect(dsn(url))
    yield connection
    await connection.close()


def on(day: int) -> date:
    return date(2017, 4, 1) + timedelta(days=day)


def at(hour: int) -> datetime:
    return datetime(2017, 1, 1, tzinfo=UTC) + timedelta(hours=hour)


def said(
    value: str | None, start: int, end: int | None, hour: int, *, subject: int = 1, facet: int = 1
) -> NewStatement:
    return NewStatement(subject, facet, value, Days(on(start)) if end is None else Days(on(start), on(end)), at(hour))


async def state(connection: asyncpg.Connection, *statements: NewStatement) -> set[int]:
    return (await TIMELINE.state(connection, statements, source="test", by="tester")).new


async def beliefs(connection: asyncpg.Connection) -> list[tuple[str, ...]]:
    rows = await connection.fetch(
        "SELECT subject_id::text, facet::text, value, valid::text, known::text"
        " FROM subject_belief ORDER BY 1, 2, 3, 4, 5"
    )
    return [tuple(row) for row in rows]


async def test_statements_in_any_order_one_by_one_leave_the_same_beliefs(connection: asyncpg.Connection) -> None:
    statements = [
        said("open", 0, None, 1),
        said("closed", 300, None, 2),
        said("closed", 200, None, 2),
        said("open", 200, 365, 3),
        said(None, 10, 20, 4),
    ]
    await state(connection, *statements)
    at_once = await beliefs(connection)
    assert len(at_once) > len(statements)
    for order in permutations(statements):
        await connection.execute("TRUNCATE subject_statement, subject_belief")
        for statement in order:
            await state(connection, statement)
        assert await beliefs(connection) == at_once


async def test_stating_twice_changes_nothing_and_says_so(connection: asyncpg.Connection) -> None:
    assert await state(connection, said("open", 0, None, 1), said("open", 0, None, 1, subject=2)) == {0, 1}
    before = await connection.fetch("SELECT * FROM subject_belief ORDER BY id")
    assert await state(connection, said("open", 0, None, 1)) == set()
    assert await connection.fetch("SELECT * FROM subject_belief ORDER BY id") == before


async def test_a_correction_keeps_when_the_rest_was_recorded(connection: asyncpg.Connection) -> None:
    await state(connection, said("open", 0, None, 1))
    first = await connection.fetchrow("SELECT id, recorded_at FROM subject_belief")
    await state(connection, said("closed", 100, None, 2))
    rows = await connection.fetch("SELECT id, recorded_at FROM subject_belief WHERE upper(known) IS NOT NULL")
    assert rows == [first]


async def test_facets_and_subjects_do_not_touch_each_other(connection: asyncpg.Connection) -> None:
    await state(
        connection, said("open", 0, None, 1), said("a name", 0, None, 1, facet=2), said("x", 0, None, 1, subject=2)
    )
    await state(connection, said("closed", 5, None, 2))
    untouched = await connection.fetch(
        "SELECT value FROM subject_belief WHERE upper(known) IS NULL AND valid @> $1::date", on(9)
    )
    assert sorted(row["value"] for row in untouched) == ["a name", "closed", "x"]


async def test_the_database_itself_refuses_two_values_at_one_point(connection: asyncpg.Connection) -> None:
    await state(connection, said("open", 0, None, 1))
    with pytest.raises(asyncpg.ExclusionViolationError):
        await connection.execute(
            "INSERT INTO subject_belief (subject_id, facet, value, valid, known)"
            " VALUES (1, 1, 'closed', daterange($1, NULL), tstzrange($2, NULL))",
            on(100),
            at(50),
        )
