"""The fixtures keep their promises: a test's database is a copy of its template, and its own; groups stay together."""

import asyncpg
import pytest

from tests.support.databases import Databases, NewDatabase


@pytest.mark.xdist_group("fixtures")
def test_tests_of_a_group_stay_in_one_process(request: pytest.FixtureRequest, worker_id: str) -> None:
    in_a_group = request.node.nodeid.endswith("@fixtures")
    assert in_a_group is (worker_id != "master"), "xdist does not see the groups"


async def _build(url: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute("CREATE TABLE ccg (code text PRIMARY KEY); INSERT INTO ccg VALUES ('15N')")
    await connection.close()


async def test_a_database_is_a_copy_of_its_template_and_its_own(
    templates: Databases, new_database: NewDatabase
) -> None:
    template = await templates.template_for("fixtures", _build)
    first, second = await new_database(template), await new_database(template)
    writer = await asyncpg.connect(first.replace("+asyncpg", ""))
    await writer.execute("DELETE FROM ccg")
    await writer.close()
    reader = await asyncpg.connect(second.replace("+asyncpg", ""))
    assert await reader.fetchval("SELECT code FROM ccg") == "15N"
    assert not await reader.fetchval("SELECT usesuper FROM pg_user WHERE usename = current_user")
    await reader.close()
