"""The migrations of each service lead to the very schema that its models declare."""

import re
import subprocess
from importlib import import_module

import pytest

from deploy.postgres.server import EmbeddedPostgres
from libs.common.database.migrations import migrate
from tests.support.databases import OWNER, Databases, NewDatabase
from tests.support.platform import SERVICES, schema


def dump(server: EmbeddedPostgres, url: str) -> str:
    """The schema of a database as text, the columns of each table by name."""
    database = url.split("@/")[1].split("?")[0]
    done = subprocess.run(
        [
            server.programs / "pg_dump",
            "--schema-only",
            "--no-owner",
            "--restrict-key=x",
            "--exclude-table=alembic_version",
            f"--host={server.socket_folder}",
            f"--username={OWNER}",
            database,
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return re.sub(r"(CREATE TABLE [^(]+\(\n)(.*?)(\n\);)", _by_name, done.stdout, flags=re.DOTALL)


def _by_name(table: re.Match[str]) -> str:
    columns = sorted(line.strip().rstrip(",") for line in table[2].splitlines())
    return table[1] + "\n".join(columns) + table[3]


@pytest.mark.parametrize("name", SERVICES)
async def test_migrated_and_created_schemas_are_the_same(
    name: str, postgres: EmbeddedPostgres, new_database: NewDatabase
) -> None:
    migrated, created = await new_database(None), await new_database(None)
    await migrate(migrated, name)
    import_module(f"services.{name}.app")
    await schema(name)(created)
    assert dump(postgres, migrated) == dump(postgres, created)


async def test_the_comparison_sees_a_constraint_that_is_gone(
    postgres: EmbeddedPostgres, templates: Databases, new_database: NewDatabase
) -> None:
    template = await templates.template_for("registry", schema("registry"))
    whole, lacking = await new_database(template), await new_database(template)
    constraint = "ex_organisation_belief_one_value"
    postgres.run_sql(
        f"ALTER TABLE organisation_belief DROP CONSTRAINT {constraint}",
        database=lacking.split("@/")[1].split("?")[0],
    )
    assert constraint in dump(postgres, whole)
    assert dump(postgres, whole) != dump(postgres, lacking)
