"""Findings about one body that two transactions compute at once."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from libs.common.database.connection import Database, raw
from libs.common.events import Event
from libs.common.events.registry import OrganisationParentChanged, OrganisationRenamed
from libs.common.temporal.history import ALWAYS
from services.registry.core.recording import introduce_missing, record_new
from services.registry.evidence.anomalies import find
from services.registry.evidence.views import AnomalyType
from tests.support.waiting import until

DAY, AT = date(2013, 4, 1), datetime(2014, 1, 1, tzinfo=UTC)
WAITS = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def named(code: str) -> Event:
    return OrganisationRenamed(code=code, new_name=f"NHS {code}", effective_on=DAY, stated_at=AT, source="users:1")


def under(code: str, parent: str) -> Event:
    return OrganisationParentChanged(
        code=code, relation="part of", parent=parent, effective_on=DAY, stated_at=AT, source="users:2"
    )


@pytest.mark.parametrize(
    ("before", "first", "second"),
    [([under("G1", "P1")], under("G2", "P1"), named("G1")), ([named("G1")], named("P1"), under("G1", "P1"))],
    ids=["a finding about both", "a finding that the first one settles"],
)
async def test_two_transactions_about_one_body_leave_what_a_search_finds(
    database: Database, before: list[Event], first: Event, second: Event
) -> None:
    async with database.begin() as session:
        await introduce_missing(await raw(session), ["P1", "G1", "G2"])
        await record_new(session, before, by="test")

    async def record_second() -> None:
        async with database.begin() as session:
            await record_new(session, [second], by="test")

    async with database.begin() as session:
        await record_new(session, [first], by="test")
        recording = asyncio.create_task(record_second())

        async def is_done_or_waits() -> bool:
            return recording.done() or bool(await database.fetch(WAITS))

        await until(is_done_or_waits)
    await recording
    stored = await find(database, AnomalyType.UNDESCRIBED_PARENT, limit=9)
    assert stored == await find(database, AnomalyType.UNDESCRIBED_PARENT, as_known=ALWAYS, limit=9)
