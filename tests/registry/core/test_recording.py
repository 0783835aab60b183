"""What the registry states of itself is what its hearers derive from its events, row by row."""

from pathlib import Path

from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database import tables
from libs.common.database.connection import Database, service_metadata
from libs.organisations.projection import KnownOrganisations
from libs.organisations.statements import KEPT_BY_HEARERS
from tests.registry.imports.test_runner import take
from tests.support.databases import NewDatabase
from tests.support.ods_files import body, practice, successions, write
from tests.support.registry_client import RegistryClient

_BELIEVED = """
SELECT o.code, b.facet, b.value, b.valid::text, b.known::text
  FROM {prefix}organisation o JOIN {prefix}organisation_belief b ON b.subject_id = o.id
 WHERE b.facet = ANY($1) ORDER BY 1, 2, 3, 4, 5
"""


async def test_a_hearer_of_all_events_believes_the_same_as_the_registry(
    registry: RegistryClient, new_database: NewDatabase, tmp_path: Path
) -> None:
    await registry.move_clock("2014-11-26")
    await registry.open("00F", "00G", "01H", "01K")
    await registry.open("13T", on="2014-11-26", status="proposed")
    await registry.merge("13T", "00F", "00G", on="2015-04-01")
    await registry.move_clock("2016-04-01")
    renaming = {"new_name": "NHS North Cumbria CCG", "effective_on": "2017-04-01"}
    await registry.change("/organisations/01H/renaming", version=1, body=renaming)
    await registry.change(
        "/organisations/01H/renaming", version=2, body={"new_name": "NHS X CCG", "effective_on": "2016-01-01"}
    )
    await registry.change("/organisations/01K/closure", version=1, body={"effective_on": "2016-04-01"})
    await registry.move_clock(None)
    folder = tmp_path / "ods"
    write(
        folder,
        "eccg_2015-06.csv",
        [
            body("13T", "NHS NG CCG", "20141126"),
            body("00F", "NHS F CCG", "20130401", "20150331"),
            body("10A", "A CCG", "20130401"),
        ],
    )
    write(folder, "epraccur_2018-06.csv", [practice("A81001", "19740401", "13T", "20150401")])
    successions(folder, "succ_2022-10.csv", ("00F", "13T", "20150401"), ("01K", "01H", "20160401"))
    await take(registry.database, folder)

    metadata = service_metadata()
    known = KnownOrganisations(metadata)
    tables.add_to(metadata)
    url = await new_database(None)
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    hearer = Database(url)
    await hearer.open()
    async with hearer.connect() as connection, connection.transaction():
        await known.know([event for event in await registry.told() if isinstance(event, known.events)], connection)
    heard = [tuple(row) for row in await hearer.fetch(_BELIEVED.format(prefix="known_"), sorted(KEPT_BY_HEARERS))]
    await hearer.close()
    stated = [tuple(row) for row in await registry.database.fetch(_BELIEVED.format(prefix=""), sorted(KEPT_BY_HEARERS))]
    assert heard == stated
    assert len(stated) > 20
