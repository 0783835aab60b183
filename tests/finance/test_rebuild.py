"""Every projection of finance is filled again from the logs as it was, whatever came twice and in which order."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from importlib import resources

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database.connection import Database
from libs.common.database.migrations import configuration, migrate, versions_of
from libs.common.events import CATALOGUE, Event
from libs.common.messaging import event_log, outbox
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.rebuild import Rebuilt, checksums, rebuild, rebuild_carried_over
from libs.common.process.tasks import Tasks
from services.finance.reactions.publishers import subscriptions
from tests.finance.conftest import build
from tests.support.databases import Databases, NewDatabase
from tests.support.waiting import until

PUBLISHERS = ("registry", "contracts", "governance")
HEARD = frozenset[str]().union(*(handler.names for handler in subscriptions.knowing))


def examples(publisher: str) -> list[Event]:
    """The examples of what finance hears of a publisher."""
    published = json.loads(resources.files("libs.common.events").joinpath("examples.json").read_text("utf-8"))
    events = []
    for (name, version), kind in CATALOGUE.items():
        example = published.get(f"{name}.v{version}")
        if kind.topic == publisher and name in HEARD and example:
            events.append(kind.model_validate(example["event"]["data"]))
    return events


async def publish(database: Database, publisher: str, events: Sequence[Event]) -> int:
    """Put these into a publisher's log; return its last position."""
    async with database.begin() as session:
        await outbox.add_all(session, events)
    async with database.connect() as connection:
        while await event_log.append_from_outbox(connection, publisher):
            pass
    row = await database.fetchrow("SELECT last_position FROM sequencer_state")
    assert row
    return int(row["last_position"])


@pytest.fixture
async def logs(templates: Databases, new_database: NewDatabase) -> AsyncIterator[dict[str, Database]]:
    """A database of each publisher; of its tables the outbox and the log are used, which every service has."""
    async with AsyncExitStack() as stack:
        opened = {}
        for name in PUBLISHERS:
            opened[name] = Database(await new_database(await templates.template_for("finance_migrated", build)))
            await opened[name].open()
            stack.push_async_callback(opened[name].close)
        yield opened


async def test_a_rebuild_fills_every_projection_again_as_it_was_and_an_upgrade_those_that_began_late(
    database: Database, logs: dict[str, Database], new_database: NewDatabase
) -> None:
    """Each event came twice, the second time in the opposite order."""
    bus = DirectBus({name: log.url for name, log in logs.items()})
    tasks = Tasks(first_pause=0.01, longest_pause=0.05)
    for name, log in logs.items():
        events = examples(name)
        end = await publish(log, name, [*events, *reversed(events)])
        tasks.start(name, Consumer(database, bus, subscriptions, name).run)

        async def has_heard(source: str = name, last: int = end) -> bool:
            row = await database.fetchrow("SELECT source_position FROM consumer_offset WHERE source = $1", source)
            return row is not None and row["source_position"] == last

        await until(has_heard)
    await tasks.close()
    assert await database.fetch("SELECT * FROM parked") == []
    empty = [
        name
        for name, projection in subscriptions.projections.items()
        if not await database.fetch(f"SELECT FROM ({projection.content}) AS content")
    ]
    assert empty == []
    rebuilt = [await rebuild(database, bus, subscriptions, name) for name in subscriptions.projections]
    assert [one.projection for one in rebuilt if not one.is_equal] == []
    assert all(one.events for one in rebuilt)
    await an_upgrade_fills_what_began_late(await new_database(None), database, bus, rebuilt)
    await bus.close()


async def an_upgrade_fills_what_began_late(url: str, database: Database, bus: DirectBus, heard: list[Rebuilt]) -> None:
    """A database of 0007 that had consumed all of it is upgraded and started: it has what was heard from the start."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda one: command.upgrade(configuration(versions_of("finance"), one), "0007"))
        for row in await database.fetch("SELECT source, epoch, next_offset, source_position FROM consumer_offset"):
            values = "(source, epoch, next_offset, source_position) VALUES (:source, :epoch, :next, :position)"
            given = dict(zip(("source", "epoch", "next", "position"), row, strict=True))
            await connection.execute(text(f"INSERT INTO consumer_offset {values}"), given)
    await engine.dispose()
    await migrate(url, "finance")
    async with AsyncExitStack() as stack:
        upgraded = Database(url)
        await upgraded.open()
        stack.push_async_callback(upgraded.close)
        late = {row["name"] for row in await upgraded.fetch("SELECT name FROM unfilled_projection")}
        assert len(late) == 14
        await rebuild_carried_over(upgraded, bus, subscriptions)
        assert await upgraded.fetch("SELECT FROM unfilled_projection") == []
        found = await checksums(upgraded, subscriptions)
        assert [one.projection for one in heard if one.projection in late and found[one.projection] != one.after] == []
