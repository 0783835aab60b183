"""Counts events lost with 16 writers and kills: the outbox against a poller that follows an auto-increment id."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
from sqlalchemy import BigInteger, Column, Identity, Integer, Table

from bench.runner import Aim, Benchmark, Contest, Size
from bench.servers import new_database, opened, postgres, process, sequenced, temporary_folder
from libs.common.database import tables
from libs.common.database.connection import dsn, service_metadata
from libs.common.events import Envelope

_WRITERS = 16
_AGGREGATES = 64
_SLOW, _SLOW_SECONDS, _ROLLED_BACK = 0.10, 0.02, 0.03
_NAIVE_PAUSE = 0.01
_KILL_EVERY = 0.5

metadata = service_metadata()
tables.add_to(metadata)
Table("aggregate", metadata, Column("id", Integer, primary_key=True), Column("version", Integer, nullable=False))
Table(
    "naive_outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("aggregate", Integer, nullable=False),
    Column("version", Integer, nullable=False),
)

_TELL = """
INSERT INTO outbox (event_id, name, version, keys, actor, correlation, causation, traceparent, fields)
VALUES (gen_random_uuid(), 'AggregateChanged', 1, ARRAY[$1::int::text], 'bench', '', '', '',
        json_build_object('aggregate', $1::int, 'version', $2::int)::text)
"""
_TELL_NAIVELY = "INSERT INTO naive_outbox (aggregate, version) VALUES ($1, $2)"

_Told = tuple[int, int]  # aggregate, version


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        async with postgres(folder) as server:
            url = await new_database(server, "outbox", metadata)
            contest = Contest([])

            async def ours() -> Mapping[str, float]:
                await _clear(url)
                kills, (committed, rate) = await _while_killing(url, folder / "sequencer.log", size.seconds)
                async with opened(url) as database:
                    await sequenced(database)
                    rows = await database.fetch("SELECT body FROM event_log ORDER BY position")
                fields = [Envelope.decode(row["body"]).fields for row in rows]
                read = [(each["aggregate"], each["version"]) for each in fields]
                contest.remarks.append(f"ours: {len(committed):,} committed, sequencer killed {kills} times")
                return {
                    "writes": rate,
                    "lost": len(set(committed) - set(read)),
                    "out of order": _out_of_order(read),
                    "twice": len(read) - len(set(read)),
                }

            async def naive() -> Mapping[str, float]:
                await _clear(url)
                read: list[_Told] = []
                polling = asyncio.create_task(_poll(url, read))
                committed, rate = await _write(url, _TELL_NAIVELY, size.seconds)
                await asyncio.sleep(10 * _NAIVE_PAUSE)
                polling.cancel()
                with suppress(asyncio.CancelledError):
                    await polling
                lost = len(set(committed) - set(read))
                contest.remarks.append(f"naive: {len(committed):,} committed, {lost / len(committed):.1%} lost")
                return {"naive writes": rate, "naive lost": lost, "naive out of order": _out_of_order(read)}

            contest.measures = [ours, naive]
            yield contest


async def _clear(url: str) -> None:
    async with opened(url) as database, database.connect() as connection:
        await connection.execute(
            "TRUNCATE outbox, event_log, sequencer_state, naive_outbox, aggregate RESTART IDENTITY"
        )
        await connection.execute("INSERT INTO aggregate SELECT n, 0 FROM generate_series(1, $1) n", _AGGREGATES)


async def _while_killing(url: str, log: Path, seconds: float) -> tuple[int, tuple[list[_Told], float]]:
    """Write while a sequencer in a process of its own works and is killed, again and again; the last one lives on."""
    writing = asyncio.create_task(_write(url, _TELL, seconds))
    kills = 0
    while True:
        async with process("-m", "bench.sequencing", url, log=log) as running:
            done, _ = await asyncio.wait({writing}, timeout=_KILL_EVERY * (1 + random.random()))  # noqa: S311
            if done:
                async with opened(url) as database:
                    await sequenced(database)
                return kills, writing.result()
            running.kill()
            kills += 1


async def _write(url: str, tell: str, seconds: float) -> tuple[list[_Told], float]:
    """Return what was committed, by all writers, and the rate."""
    connections = [await asyncpg.connect(dsn(url)) for _ in range(_WRITERS)]
    until = time.perf_counter() + seconds
    began = time.perf_counter()
    committed = await asyncio.gather(*(_writer(connection, tell, until) for connection in connections))
    took = time.perf_counter() - began
    for connection in connections:
        await connection.close()
    told = [one for each in committed for one in each]
    return told, len(told) / took


async def _writer(connection: asyncpg.Connection, tell: str, until: float) -> list[_Told]:
    committed = []
    while time.perf_counter() < until:
        chance, aggregate = random.random(), random.randint(1, _AGGREGATES)  # noqa: S311  (no secret)
        transaction = connection.transaction()
        await transaction.start()
        version = await connection.fetchval(
            "UPDATE aggregate SET version = version + 1 WHERE id = $1 RETURNING version", aggregate
        )
        await connection.execute(tell, aggregate, version)
        if chance < _ROLLED_BACK:
            await transaction.rollback()
            continue
        if chance < _ROLLED_BACK + _SLOW:
            await asyncio.sleep(random.random() * _SLOW_SECONDS)  # noqa: S311
        await transaction.commit()
        committed.append((aggregate, version))
    return committed


async def _poll(url: str, read: list[_Told]) -> None:
    connection = await asyncpg.connect(dsn(url))
    last = 0
    try:
        while True:
            rows = await connection.fetch("SELECT * FROM naive_outbox WHERE id > $1 ORDER BY id LIMIT 500", last)
            read.extend((row["aggregate"], row["version"]) for row in rows)
            last = rows[-1]["id"] if rows else last
            if not rows:
                await asyncio.sleep(_NAIVE_PAUSE)
    finally:
        await connection.close()


def _out_of_order(read: Sequence[_Told]) -> int:
    latest: defaultdict[int, int] = defaultdict(int)
    breaks = 0
    for aggregate, version in read:
        breaks += version < latest[aggregate]
        latest[aggregate] = max(latest[aggregate], version)
    return breaks


BENCHMARK = Benchmark(
    name="outbox",
    words="16 writers, slow commits, rollbacks, the sequencer killed again and again; against following an id",
    units={
        "writes": "tx/s",
        "lost": "events",
        "out of order": "events",
        "twice": "events",
        "naive writes": "tx/s",
        "naive lost": "events",
        "naive out of order": "events",
    },
    aims=[
        Aim("lost", at_most=0),
        Aim("out of order", at_most=0),
        Aim("twice", at_most=0),
        Aim("writes", "naive writes"),
    ],
    stage=_stage,
)
