"""An acting handler gets the events that concern something its service holds; an act is recorded if it wrote."""

from collections.abc import AsyncIterator, Collection

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Database
from libs.common.events import Envelope
from libs.common.identity import Caller
from libs.common.messaging.subscriptions import Delivery, Subscriptions
from tests.support.databases import Databases, NewDatabase
from tests.support.sample_projection import LampLit, create_schema, lit, message


@pytest.fixture
async def database(templates: Databases, new_database: NewDatabase) -> AsyncIterator[Database]:
    database = Database(await new_database(await templates.template_for("lamps", create_schema)), application_name="t")
    await database.open()
    yield database
    await database.close()


def delivery(position: int, lamp: str, *others: str) -> Delivery:
    event = lit(lamp, position, *others)
    return Delivery(Envelope.decode(message(position, event).body), event)


class Keepers:
    """Keepers of some lamps: who tends a lamp tends the others beside it from then on."""

    def __init__(self, *lamps: str, tends: bool = True) -> None:
        self.lamps = set(lamps)
        self.asked: list[frozenset[str]] = []
        self.tended: list[int] = []
        self.subscriptions = Subscriptions("keepers")

        @self.subscriptions.on(LampLit, holding=self.holding)
        async def lamp_is_tended(event: LampLit, session: AsyncSession, *, by: Caller) -> bool:  # noqa: ARG001
            self.tended.append(event.shine)
            self.lamps.update(event.others)
            return tends

    async def holding(self, _: asyncpg.Connection, keys: Collection[str]) -> Collection[str]:
        self.asked.append(frozenset(keys))
        return self.lamps.intersection(keys)

    async def get(self, database: Database, *deliveries: Delivery) -> list[str]:
        """Deliver these in one batch; return the record of writes."""
        async with database.begin() as session:
            await self.subscriptions.deliver(deliveries, session)
        return [row["operation"] for row in await database.fetch("SELECT operation FROM write_record")]


async def test_events_that_concern_nothing_cost_one_query_a_batch_and_no_write(database: Database) -> None:
    keepers = Keepers("a")
    assert await keepers.get(database, *(delivery(number, f"lamp {number}") for number in range(1, 100))) == []
    assert (len(keepers.asked), keepers.tended) == (1, [])


async def test_what_one_act_moves_a_later_event_of_the_batch_concerns(database: Database) -> None:
    keepers = Keepers("a")
    recorded = await keepers.get(database, delivery(1, "b"), delivery(2, "a", "b"), delivery(3, "b"), delivery(4, "c"))
    assert keepers.tended == [2, 3]
    assert recorded == ["reaction lamp_is_tended"] * 2


async def test_an_act_that_wrote_nothing_is_not_recorded(database: Database) -> None:
    keepers = Keepers("a", tends=False)
    assert await keepers.get(database, delivery(1, "a")) == []
    assert keepers.tended == [1]
