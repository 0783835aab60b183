"""Migrations: written from the models, run once whoever comes first, in folders of any name."""

import asyncio
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database.migrations import migrate_by, new_revision_by
from tests.support.databases import NewDatabase


def models(*more: str) -> MetaData:
    metadata = MetaData()
    Table("beacon", metadata, Column("code", Integer, primary_key=True), *(Column(name, Integer) for name in more))
    return metadata


async def columns_of(url: str) -> set[str]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.exec_driver_sql(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'beacon'"
        )
        names = {row[0] for row in found}
    await engine.dispose()
    return names


async def test_migrations_written_from_the_models_bring_an_empty_database_to_them(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    versions = tmp_path / "a folder: 100% odd"
    versions.mkdir()
    drafts = await new_database(None)
    first = await new_revision_by(drafts, versions, models(), "beacons are kept")
    second = await new_revision_by(drafts, versions, models("height"), "beacons have a height")
    assert [first.name, second.name] == ["0001_beacons_are_kept.py", "0002_beacons_have_a_height.py"]

    url = await new_database(None)
    await migrate_by(url, versions)
    assert await columns_of(url) == {"code", "height"}


async def test_two_who_migrate_at_once_do_it_once(new_database: NewDatabase, tmp_path: Path) -> None:
    await new_revision_by(await new_database(None), tmp_path, models(), "beacons are kept")
    url = await new_database(None)
    await asyncio.gather(*(migrate_by(url, tmp_path) for _ in range(3)))
    assert await columns_of(url) == {"code"}


async def test_databases_of_several_services_can_be_migrated_at_once(new_database: NewDatabase, tmp_path: Path) -> None:
    await new_revision_by(await new_database(None), tmp_path, models(), "beacons are kept")
    urls = [await new_database(None) for _ in range(3)]
    await asyncio.gather(*(migrate_by(url, tmp_path) for url in urls))
    assert [await columns_of(url) for url in urls] == [{"code"}] * 3
