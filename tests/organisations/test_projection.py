"""What a service knows of organisations follows from the registry's events."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from libs.common.database import tables
from libs.common.database.connection import dsn, service_metadata
from libs.common.events import Event
from libs.common.events.registry import (
    CCGMerged,
    CCGMergerAgreed,
    OrganisationClosed,
    OrganisationOpened,
    OrganisationProposed,
    OrganisationRenamed,
    OrganisationSucceeded,
)
from libs.organisations.projection import KnownOrganisations
from tests.support.databases import Databases, NewDatabase
from tests.support.waiting import until

METADATA = service_metadata()
tables.add_to(METADATA)
KNOWN = KnownOrganisations(METADATA)


async def build(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()


@pytest.fixture
async def url(templates: Databases, new_database: NewDatabase) -> str:
    return await new_database(await templates.template_for("known", build))


@pytest.fixture
async def connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn(url))
    yield connection
    await connection.close()


def opened(code: str, name: str) -> OrganisationOpened:
    return OrganisationOpened(
        code=code, name=name, kind="ccg", effective_on=date(2013, 4, 1), stated_at=datetime(2013, 4, 1, tzinfo=UTC)
    )


GATESHEAD: list[Event] = [
    opened("00F", "NHS Gateshead CCG"),
    opened("00G", "NHS Newcastle North and East CCG"),
    opened("00H", "NHS Newcastle West CCG"),
    OrganisationProposed(
        code="13T",
        name="NHS Newcastle Gateshead CCG",
        kind="ccg",
        effective_on=date(2014, 11, 26),
        stated_at=datetime(2014, 11, 26, tzinfo=UTC),
    ),
    CCGMerged(
        merger="M-13T",
        successor="13T",
        successor_name="NHS Newcastle Gateshead CCG",
        predecessors=("00F", "00G", "00H"),
        effective_on=date(2015, 4, 1),
        stated_at=datetime(2015, 4, 1, tzinfo=UTC),
    ),
]


async def status(connection: asyncpg.Connection, code: str, day: date, as_known: datetime | None = None) -> str:
    return (await KNOWN.status(connection, code, as_at=day, as_known=as_known)).status


async def test_a_merger_opens_the_proposed_successor_and_closes_the_rest_on_the_day(
    connection: asyncpg.Connection,
) -> None:
    await KNOWN.know(GATESHEAD, connection)
    before, on = date(2015, 3, 31), date(2015, 4, 1)
    assert [await status(connection, code, before) for code in ("00F", "13T")] == ["open", "proposed"]
    assert [await status(connection, code, on) for code in ("00F", "13T")] == ["closed", "open"]
    assert await status(connection, "13T", date(2014, 11, 25)) == "unknown"
    assert await status(connection, "00F", on, as_known=datetime(2015, 3, 1, tzinfo=UTC)) == "open"
    assert await KNOWN.successors(connection, ["00F"]) == {"13T"}
    assert await KNOWN.predecessors(connection, ["13T"]) == {"00F", "00G", "00H"}


async def test_hearing_one_by_one_or_twice_gives_the_same_as_all_at_once(connection: asyncpg.Connection) -> None:
    await KNOWN.know(GATESHEAD, connection)
    at_once = await connection.fetch(KNOWN.projection.content)
    assert len(at_once) >= len(GATESHEAD)
    for table in KNOWN.projection.tables:
        await connection.execute(f"TRUNCATE {table} CASCADE")
    for event in [*GATESHEAD, *GATESHEAD]:
        await KNOWN.know([event], connection)
    assert await connection.fetch(KNOWN.projection.content) == at_once


async def test_a_plan_states_nothing(connection: asyncpg.Connection) -> None:
    agreed = CCGMergerAgreed(
        merger="M-14Y",
        successor="14Y",
        successor_name="NHS Buckinghamshire CCG",
        predecessors=("10Y", "10H"),
        effective_on=date(2017, 4, 1),
        stated_at=datetime(2017, 1, 1, tzinfo=UTC),
    )
    await KNOWN.know([agreed], connection)
    assert await connection.fetch(KNOWN.projection.content) == []


async def test_names_follow_renamings_and_a_merger_that_names_nobody_leaves_the_name(
    connection: asyncpg.Connection,
) -> None:
    stated = datetime(2017, 4, 1, tzinfo=UTC)
    renamed = OrganisationRenamed(
        code="01H", new_name="NHS North Cumbria CCG", effective_on=date(2017, 4, 1), stated_at=stated
    )
    await KNOWN.know([opened("01H", "NHS Cumbria CCG"), renamed], connection)
    assert (await KNOWN.status(connection, "01H", as_at=date(2017, 3, 31))).name == "NHS Cumbria CCG"
    assert (await KNOWN.status(connection, "01H", as_at=date(2017, 4, 1))).name == "NHS North Cumbria CCG"
    nameless = CCGMerged(
        merger="M",
        successor="01H",
        successor_name="",
        predecessors=("X",),
        effective_on=date(2018, 4, 1),
        stated_at=stated,
    )
    await KNOWN.know([nameless], connection)
    assert (await KNOWN.status(connection, "01H", as_at=date(2018, 4, 1))).name == "NHS North Cumbria CCG"


async def test_a_succession_told_before_its_merger_gets_the_mergers_reference(connection: asyncpg.Connection) -> None:
    merged = GATESHEAD[-1]
    told = [
        OrganisationSucceeded(code=code, successor="13T", effective_on=merged.effective_on, stated_at=merged.stated_at)
        for code in ("00F", "00G")
    ]
    await KNOWN.know([*told, merged], connection)
    await KNOWN.know(told, connection)
    rows = await connection.fetch("SELECT code, merger FROM known_succession WHERE upper_inf(known) ORDER BY code")
    assert [tuple(row) for row in rows] == [("00F", "M-13T"), ("00G", "M-13T"), ("00H", "M-13T")]


async def test_lineage_is_safe_on_a_succession_to_itself(connection: asyncpg.Connection) -> None:
    stated = datetime(2017, 4, 1, tzinfo=UTC)
    pairs = [("A", "A"), ("A", "B"), ("B", "C"), ("C", "A")]
    events = [
        OrganisationSucceeded(code=old, successor=new, effective_on=date(2017, 4, 1), stated_at=stated)
        for old, new in pairs
    ]
    await KNOWN.know(events, connection)
    assert await KNOWN.successors(connection, ["A"]) == {"B", "C"}


async def test_hearing_waits_for_whoever_checks_the_same_organisation(url: str, connection: asyncpg.Connection) -> None:
    await KNOWN.know(GATESHEAD[:3], connection)
    other = await asyncpg.connect(dsn(url))
    watcher = await asyncpg.connect(dsn(url))
    try:
        transaction = connection.transaction()
        await transaction.start()
        await KNOWN.lock(connection, ["00G", "00F"])
        closed = OrganisationClosed(
            code="00F", effective_on=date(2015, 4, 1), stated_at=datetime(2015, 4, 1, tzinfo=UTC)
        )
        hearing = asyncio.create_task(KNOWN.know([closed], other))
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        await until(lambda: watcher.fetchval(waiting))
        assert await status(connection, "00F", date(2015, 4, 1)) == "open"
        await transaction.commit()
        await hearing
        assert await status(connection, "00F", date(2015, 4, 1)) == "closed"
    finally:
        await other.close()
        await watcher.close()


async def test_a_proposal_without_a_name_leaves_the_name_that_is_told_beside_it(connection: asyncpg.Connection) -> None:
    nameless = OrganisationProposed(
        code="00F", name="", kind="ccg", effective_on=date(2012, 4, 1), stated_at=datetime(2013, 4, 1, tzinfo=UTC)
    )
    await KNOWN.know([opened("00F", "NHS Gateshead CCG"), nameless], connection)
    assert (await KNOWN.status(connection, "00F", as_at=date(2012, 4, 1))).name == "NHS Gateshead CCG"


async def test_the_same_words_of_two_sources_are_two_statements_and_the_higher_one_rules(
    connection: asyncpg.Connection,
) -> None:
    instant = datetime(2016, 1, 1, tzinfo=UTC)
    said = {"code": "00F", "effective_on": date(2015, 4, 1), "stated_at": instant}
    paper = OrganisationClosed(**said, source="hsj:7013041", rank=-1)
    register = OrganisationClosed(**said, source="ods-eccg:eccg_2016-02.csv")
    later = datetime(2017, 1, 1, tzinfo=UTC)
    denied = OrganisationOpened(
        code="00F",
        name="Gateshead",
        kind="ccg",
        effective_on=date(2015, 4, 1),
        stated_at=later,
        source="hsj:2",
        rank=-1,
    )
    async with connection.transaction():
        await KNOWN.know([opened("00F", "Gateshead"), paper, register, denied], connection)
    assert (await KNOWN.status(connection, "00F", as_at=date(2016, 1, 1))).status == "closed"
