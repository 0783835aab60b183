"""A service that consumes organisation events, with each service's projection or the plainest possible one."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import TypeVar

import asyncpg
from sqlalchemy import Column, Date, Table, Text

from libs.common.database import tables
from libs.common.database.connection import Database, service_metadata
from libs.common.events import Event
from libs.common.events.registry import OrganisationOpened
from libs.common.messaging import outbox
from libs.common.messaging.event_log import append_from_outbox
from libs.common.messaging.subscriptions import Projection, Subscriptions
from libs.organisations.projection import KnownOrganisations

E = TypeVar("E", bound=Event)

SOURCE = "registry"
BATCH = 500
OPENED_ON = date(2013, 4, 1)
STATED_AT = datetime(2013, 1, 1, tzinfo=UTC)

metadata = service_metadata()
tables.add_to(metadata)
known = KnownOrganisations(metadata)
Table(
    "plain",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("opened_on", Date, nullable=False),
)

UPSERT = """
INSERT INTO plain (code, name, opened_on)
SELECT c, n, d FROM unnest($1::text[], $2::text[], $3::date[]) AS new (c, n, d)
    ON CONFLICT (code) DO UPDATE SET name = excluded.name, opened_on = excluded.opened_on
"""

_PLAIN = Projection("plain", ("plain",), "SELECT code, name, opened_on::text FROM plain ORDER BY code")


def plainly(heard: list[str] | None = None) -> Subscriptions:
    """Return subscriptions that keep one row an organisation, and note the codes in `heard`."""
    subscriptions = Subscriptions("bench")

    @subscriptions.knows(_PLAIN, OrganisationOpened)
    async def know_rows(events: Sequence[Event], connection: asyncpg.Connection) -> None:
        rows = {event.code: event for event in events if isinstance(event, OrganisationOpened)}
        columns = [list(rows), [row.name for row in rows.values()], [row.effective_on for row in rows.values()]]
        await connection.execute(UPSERT, *columns)
        if heard is not None:
            heard.extend(rows)

    return subscriptions


def bitemporally() -> Subscriptions:
    """Return subscriptions that keep what every service knows of organisations."""
    subscriptions = Subscriptions("bench")
    subscriptions.knows(known.projection, *known.events)(known.know)
    return subscriptions


async def forget(database: Database) -> None:
    """Empty the projections, and have consumers begin anew."""
    async with database.connect() as connection:
        await connection.execute(f"TRUNCATE plain, consumer_offset, {', '.join(known.projection.tables)}")


async def tell(database: Database, events: Iterable[Event]) -> None:
    """Put these events into the outbox, in batches."""
    for batch in batches(list(events)):
        async with database.begin() as session:
            await outbox.add_all(session, batch)


async def sequence(database: Database) -> None:
    """Move the outbox into the log."""
    async with database.connect() as connection:
        while await append_from_outbox(connection, SOURCE, batch=BATCH):
            pass


def opened(number: int) -> OrganisationOpened:
    """Return the event that organisation `number` opened."""
    code = f"H{number}"
    return OrganisationOpened(
        code=code, name=f"NHS {code} CCG", kind="ccg", effective_on=OPENED_ON, stated_at=STATED_AT
    )


def batches(events: Sequence[E]) -> Iterator[Sequence[E]]:
    """Part the events into batches."""
    return (events[start : start + BATCH] for start in range(0, len(events), BATCH))
