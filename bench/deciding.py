"""Measures `can`: over HTTP against FastAPI's first example, and in SQL against SELECT 1, among a million rights."""

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from itertools import cycle
from typing import Any

import asyncpg

from bench import apps
from bench.load import always, get, post
from bench.runner import TINY, Aim, Benchmark, Contest, Measure, Size
from bench.servers import (
    Callers,
    Served,
    free_port,
    governance,
    new_database,
    opened,
    postgres,
    serving,
    temporary_folder,
    uvicorn,
)
from libs.common.database.connection import Database, raw
from libs.common.events.registry import OrganisationOpened
from libs.common.identity import Role
from services.governance.core.chains import Actor, LimitBasis, Question
from services.governance.core.models import known
from services.governance.decision_rights.queries import ask
from services.governance.tables import METADATA

_CONNECTIONS = 16
_FEW, _MANY = 100, 10_000
"""Organisations of 100 rights each: to contracts, passed on by a body to nine posts, and to 90 other actions."""
_DAY, _KNOWN = date(2018, 6, 1), datetime(2018, 7, 1, tzinfo=UTC)

_BODIES = """
INSERT INTO body (reference, organisation, title)
SELECT 'O' || n || '-governing-body', 'O' || n, 'Governing body' FROM generate_series(1, $1::int) n ORDER BY n
"""
_REST = """
INSERT INTO post (body_id, reference, slug, title)
SELECT b.id, b.organisation || '/post-' || n, 'post-' || n, 'Post' FROM body b CROSS JOIN generate_series(1, 9) n;
INSERT INTO person (id, display_name) SELECT 'P-' || id, 'Somebody' FROM post;
INSERT INTO appointment (id, post_id, person_id, version) SELECT 'A-' || id, id, 'P-' || id, 1 FROM post;
INSERT INTO decision_right (body_id, action, source_minute, recurrent, version)
SELECT id, 'contract', 'minute 1', true, 1 FROM body ORDER BY id;
INSERT INTO decision_right (body_id, post_id, action, source_minute, recurrent, value_limit_pence, delegated_from,
                            version)
SELECT b.id, p.id, 'contract.award', 'minute 2', true, 10000000, r.id, 1
  FROM body b JOIN post p ON p.body_id = b.id JOIN decision_right r ON r.body_id = b.id ORDER BY b.id, p.id;
INSERT INTO decision_right (body_id, action, source_minute, recurrent, version)
SELECT b.id, 'local.action-' || n, 'minute 3', true, 1 FROM body b CROSS JOIN generate_series(1, 90) n ORDER BY b.id, n;
INSERT INTO post_time_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'stands', daterange('2013-04-01', NULL), tstzrange('2013-04-01Z', NULL) FROM post
 UNION ALL
SELECT id, 2, 'A-' || id, daterange('2013-04-01', NULL), tstzrange('2013-04-01Z', NULL) FROM post;
INSERT INTO right_time_belief (subject_id, facet, value, valid, known)
SELECT id, 1, 'stands', daterange('2013-04-01', NULL), tstzrange('2013-04-01Z', NULL) FROM decision_right
"""

# A gist index of a million beliefs takes minutes to fill, and `can` reads by subject and facet.
_CONSTRAINTS = ("post_time_belief", "right_time_belief", "known_organisation_belief")


async def _fill(database: Database, organisations: int) -> None:
    opened_on, stated = date(2013, 4, 1), datetime(2013, 4, 1, tzinfo=UTC)
    told = [
        OrganisationOpened(effective_on=opened_on, stated_at=stated, code=f"O{n}", name=f"O{n}", kind="ccg")
        for n in range(1, organisations + 1)
    ]
    async with database.begin() as session:
        connection = await raw(session)
        for table in _CONSTRAINTS:
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT ex_{table}_one_value")
        await known.know(told, connection)
        await connection.execute(_BODIES, organisations)
        await connection.execute(_REST, timeout=900)
    async with database.connect() as connection:
        await connection.execute("VACUUM ANALYZE", timeout=900)


class _Timed:
    """Reads rows, and adds up the seconds in which PostgreSQL was asked."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.seconds = 0.0

    async def fetch(self, sql: str, /, *args: Any) -> list[asyncpg.Record]:
        began = time.perf_counter()
        rows: list[asyncpg.Record] = await self._connection.fetch(sql, *args)
        self.seconds += time.perf_counter() - began
        return rows


def _asking(figure: str, connection: asyncpg.Connection, organisations: int, seconds: float) -> Measure:
    """Ask for officers of one organisation after another; milliseconds of one question, and of its SQL alone."""
    numbers = cycle(range(1, organisations + 1, 7))
    question = Question(action="contract.award.payroll", value_pence=dict.fromkeys(LimitBasis, 5_000_000))

    async def measure() -> Mapping[str, float]:
        rows, asked, began = _Timed(connection), 0, time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            code = f"O{next(numbers)}"
            answer = await ask(rows, Actor(post=f"{code}/post-3"), code, question, as_at=_DAY, as_known=_KNOWN)
            assert answer.chain is not None
            assert answer.chain.holds
            asked += 1
        return {figure: rows.seconds / asked * 1000, f"{figure}, answered": took / asked * 1000}

    return measure


def _selecting(connection: asyncpg.Connection, seconds: float) -> Measure:
    async def measure() -> Mapping[str, float]:
        asked, began = 0, time.perf_counter()
        while (took := time.perf_counter() - began) < seconds:
            await connection.fetch("SELECT 1")
            asked += 1
        return {"SELECT 1": took / asked * 1000}

    return measure


def _loading(figure: str, served: Served, requests: Iterator[bytes], seconds: float) -> Measure:
    async def measure() -> Mapping[str, float]:
        return await served.load(figure, requests, connections=_CONNECTIONS, seconds=seconds)

    return measure


def _question(number: int, header: str) -> bytes:
    asked = {
        "organisation": f"O{number}",
        "post": f"O{number}/post-3",
        "action": "contract.award.payroll",
        "value_pence": 5_000_000,
    }
    return post(f"/v1/questions/can?as_at={_DAY}", json.dumps(asked).encode(), header)


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    few, many = (2, 20) if size is TINY else (_FEW, _MANY)
    with temporary_folder() as folder:
        callers = Callers(folder)
        async with postgres(folder) as server:
            urls = [await new_database(server, f"governance_{count}", METADATA) for count in (few, many)]
            for url, count in zip(urls, (few, many), strict=True):
                async with opened(url) as database:
                    await _fill(database, count)
            log, port = folder / "server.log", free_port()
            silent = await new_database(server, "publisher", apps.metadata)
            async with (
                serving(uvicorn("bare", port), port=port, log=log) as bare,
                governance(urls[0], silent, callers, log=log, port=free_port()) as ours,
                opened(urls[0]) as small,
                opened(urls[1]) as large,
                small.connect(**_READING) as of_few,
                large.connect(**_READING) as of_many,
            ):
                header = callers.header(Role.PARTNER)
                requests = cycle([_question(number, header) for number in range(1, few + 1)])
                yield Contest(
                    [
                        _loading("hello", bare, always(get("/hello")), size.seconds),
                        _loading("can over HTTP", ours, requests, size.seconds),
                        _selecting(of_few, size.seconds / 2),
                        _asking("can", of_few, few, size.seconds),
                        _asking("can among 10^6", of_many, many, size.seconds),
                    ]
                )


_READING = {"plan_cache_mode": "force_generic_plan"}
"""As the services' reading connections plan."""

BENCHMARK = Benchmark(
    name="deciding",
    words="may a post's holder award a contract: among 10^4 and 10^6 rights beside SELECT 1; over HTTP beside a hello",
    units=dict.fromkeys(("hello", "can over HTTP"), "requests/s")
    | dict.fromkeys(("hello, processor", "can over HTTP, processor"), "us/request")
    | dict.fromkeys(("SELECT 1", "can", "can, answered", "can among 10^6", "can among 10^6, answered"), "ms"),
    aims=[
        Aim("can over HTTP", "hello", at_least=0.25),
        Aim("can", "SELECT 1", at_most=15),
        Aim("can among 10^6", "can", at_most=2),
        Aim("hello, processor", "can over HTTP, processor"),
    ],
    stage=_stage,
    rounds=5,
)
