"""One unit of change: locks, instant, versions, and all or nothing."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Database
from libs.common.events.registry import (
    OrganisationClosed,
    OrganisationOpened,
    OrganisationRelated,
    OrganisationRenamed,
    PopulationPublished,
)
from libs.common.identity import Caller, Role
from services.registry.core.change import change
from services.registry.core.errors import CodeTaken
from tests.support.waiting import until

DAY = date(2013, 4, 1)
AT = datetime(2020, 1, 1, tzinfo=UTC)
HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
REGISTRAR = Caller(subject="a test", roles=frozenset({Role.REGISTRAR}), organisations=frozenset({"*"}))
LOADER = Caller(subject="a test", roles=frozenset({Role.LOADER}), organisations=frozenset({"*"}))


async def opened(database: Database, *codes: str, at: datetime = AT) -> None:
    async with database.begin() as session, change(session, codes, by=REGISTRAR, stated_at=at) as now:
        await now.introduce(codes)
        for code in codes:
            now.publish(OrganisationOpened(code=code, name=code, kind="ccg", effective_on=DAY, stated_at=now.at))


async def renamed(database: Database, code: str, name: str, *, by: Caller = REGISTRAR, at: datetime = AT) -> datetime:
    async with database.begin() as session, change(session, [code], by=by, stated_at=at) as now:
        now.publish(OrganisationRenamed(code=code, new_name=name, effective_on=DAY, stated_at=now.at))
    return now.at


async def versions(database: Database) -> dict[str, int]:
    return dict(await database.fetch("SELECT code, version FROM organisation"))


async def statements(database: Database) -> int:
    rows = await database.fetch("SELECT count(*) FROM organisation_statement")
    return int(rows[0][0])


async def names_published(database: Database) -> list[str]:
    return [row["name"] for row in await database.fetch("SELECT name FROM outbox ORDER BY id")]


async def somebody_waits(database: Database) -> bool:
    return bool(await database.fetch("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


async def test_it_locks_bodies_in_the_order_of_their_codes(database: Database) -> None:
    await opened(database, "10A", "10B", "10C")

    async def both() -> None:
        async with database.begin() as session, change(session, ["10C"], by=REGISTRAR, stated_at=AT, checks=["10A"]):
            pass

    async with database.connect() as first, database.connect() as other:
        async with first.transaction():
            await first.execute("SELECT FROM organisation WHERE code = '10A' FOR UPDATE")
            waiting = asyncio.create_task(both())
            await until(lambda: somebody_waits(database))
            # It waits for the first code, and has not locked the last one yet.
            await other.execute("SELECT FROM organisation WHERE code = '10C' FOR UPDATE NOWAIT")
        await waiting
        async with first.transaction():
            await first.execute("SELECT FROM organisation WHERE code = '10C' FOR UPDATE")
            waiting = asyncio.create_task(both())
            await until(lambda: somebody_waits(database))
            with pytest.raises(asyncpg.LockNotAvailableError):
                await other.execute("SELECT FROM organisation WHERE code = '10A' FOR UPDATE NOWAIT")
        await waiting


async def test_bodies_in_bulk_are_locked_and_followed_but_not_loaded(database: Database) -> None:
    await opened(database, "10A")
    await opened(database, "10B", at=AT + HOUR)
    async with database.begin() as session, database.connect() as other:
        async with change(session, ["10A"], by=REGISTRAR, stated_at=AT, in_bulk=["10B"]) as now:
            with pytest.raises(asyncpg.LockNotAvailableError):
                await other.execute("SELECT FROM organisation WHERE code = '10B' FOR UPDATE NOWAIT")
        assert now.at == AT + HOUR + MICROSECOND
        assert list(now.organisations) == list(now.standings) == ["10A"]
    assert await versions(database) == {"10A": 2, "10B": 1}


async def test_the_instant_is_after_all_that_was_stated_of_the_bodies(database: Database) -> None:
    await opened(database, "10A", "10B")
    assert await renamed(database, "10A", "one", at=AT + HOUR) == AT + HOUR
    assert await renamed(database, "10A", "two", at=AT) == AT + HOUR + MICROSECOND
    assert await renamed(database, "10B", "three", at=AT) == AT + MICROSECOND
    related = OrganisationRelated(
        code="10B", relation="member of", other="10A", effective_on=DAY, stated_at=AT + 2 * HOUR
    )
    counted = PopulationPublished(
        code="10A", basis="registered", people=1, rank=1, effective_on=DAY, stated_at=AT + 3 * HOUR
    )
    for event in (related, counted):
        async with database.begin() as session, change(session, (), by=REGISTRAR, stated_at=AT) as now:
            now.publish(event)
    assert await renamed(database, "10B", "four", at=AT) == AT + 2 * HOUR + MICROSECOND
    assert await renamed(database, "10A", "five", at=AT) == AT + 3 * HOUR + MICROSECOND


async def test_a_loader_states_in_its_place_and_follows_only_the_log_of_the_act(database: Database) -> None:
    await opened(database, "10A", at=AT + HOUR)
    assert await renamed(database, "10A", "early", by=LOADER, at=AT) == AT
    async with database.begin() as session:
        async with change(session, ["10A"], by=LOADER, stated_at=AT, after=AT) as now:
            assert now.at == AT + MICROSECOND
            now.follow(AT + 2 * HOUR)
            assert now.at == AT + MICROSECOND
        async with change(session, ["10A"], by=LOADER, stated_at=AT, in_its_place=False) as now:
            assert now.at == AT + HOUR + MICROSECOND
            now.follow(AT + 2 * HOUR)
            assert now.at == AT + 2 * HOUR + MICROSECOND
        async with change(session, ["10A"], by=REGISTRAR, stated_at=AT, in_its_place=True) as now:
            assert now.at == AT


async def test_each_changed_body_comes_to_its_next_version_once(database: Database) -> None:
    await opened(database, "10A", "10B", "10C")
    codes = ["10A", "10B", "10D"]
    async with database.begin() as session:
        async with change(session, codes, by=REGISTRAR, stated_at=AT, checks=["10A", "10C"]) as now:
            await now.introduce(["10D"])
            now.changed.discard("10B")
            for name in ("one", "two"):
                now.publish(OrganisationRenamed(code="10A", new_name=name, effective_on=DAY, stated_at=now.at))
        assert {code: one.version for code, one in now.organisations.items()} == {
            "10A": 2,
            "10B": 1,
            "10C": 1,
            "10D": 1,
        }
    assert await versions(database) == {"10A": 2, "10B": 1, "10C": 1, "10D": 1}
    assert now.standings["10A"].on(DAY) == "open"
    assert not now.standings["10D"].exists


async def test_nothing_is_recorded_after_an_exception(database: Database) -> None:
    await opened(database, "10A")
    before = await statements(database)

    async def refuse(session: AsyncSession) -> None:
        async with change(session, ["10A"], by=REGISTRAR, stated_at=AT) as now:
            now.publish(OrganisationClosed(code="10A", effective_on=DAY, stated_at=now.at))
            raise ValueError("refused")

    async with database.begin() as session:
        with pytest.raises(ValueError, match="refused"):
            await refuse(session)
    assert await versions(database) == {"10A": 1}
    assert await statements(database) == before
    assert await names_published(database) == ["OrganisationOpened"]


async def test_a_code_that_was_taken_meanwhile_is_refused(database: Database) -> None:
    async with database.begin() as session, change(session, ["10A"], by=REGISTRAR, stated_at=AT) as now:
        await opened(database, "10A")
        with pytest.raises(CodeTaken):
            await now.introduce(["10A"])
    assert await versions(database) == {"10A": 1}


async def test_two_commands_about_one_body_at_once_come_one_after_the_other(database: Database) -> None:
    await opened(database, "10A")
    seen: list[tuple[datetime, str, int]] = []

    async def close(day: date) -> None:
        async with database.begin() as session, change(session, ["10A"], by=REGISTRAR, stated_at=AT + HOUR) as now:
            seen.append((now.at, now.standings["10A"].on(date(2016, 1, 1)), now.organisations["10A"].version))
            if len(seen) == 1:
                waiting.append(asyncio.create_task(close(date(2017, 4, 1))))
                await until(lambda: somebody_waits(database))
            now.publish(OrganisationClosed(code="10A", effective_on=day, stated_at=now.at))

    waiting: list[asyncio.Task[None]] = []
    await close(date(2015, 4, 1))
    await waiting[0]
    assert seen == [(AT + HOUR, "open", 1), (AT + HOUR + MICROSECOND, "closed", 2)]
    assert await versions(database) == {"10A": 3}
    assert await names_published(database) == ["OrganisationOpened", "OrganisationClosed", "OrganisationClosed"]
