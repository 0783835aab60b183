"""Measures reading an organisation by code over HTTP with a token, against FastAPI's first example."""

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from itertools import cycle

import asyncpg

from bench import hearing
from bench.load import always, get
from bench.organisations import CODES, fill
from bench.runner import Aim, Benchmark, Contest, Measure, Size
from bench.servers import (
    Callers,
    Served,
    free_port,
    new_database,
    opened,
    postgres,
    registry,
    sequenced,
    serving,
    temporary_folder,
    uvicorn,
)
from libs.common.database.connection import raw
from libs.common.database.statistics import analyze
from libs.common.identity import Role
from services.registry.tables import METADATA

_CONNECTIONS = 16
_EVENTS = [hearing.opened(number) for number in range(len(CODES))]
_FIGURES = ("hello", "read by code", "read as at, as known")
_PLANS = {"projection, planned once": "force_generic_plan", "projection, PostgreSQL's choice": "auto"}
"""Reading an organisation from a service's projection, as reading connections plan it, and as they would unasked."""
_QUESTION = "?as_at=2016-06-01&as_known=2017-01-01"


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        callers = Callers(folder)
        async with postgres(folder) as server:
            url = await new_database(server, "registry", METADATA)
            async with opened(url) as database:
                await fill(database)
            log, port = folder / "server.log", free_port()
            async with (
                serving(uvicorn("bare", port), port=port, log=log) as bare,
                registry(url, callers, log=log) as ours,
                opened(url) as database,
                _projection(await new_database(server, "hearer", hearing.metadata)) as planning,
            ):
                await sequenced(database)
                header = callers.header(Role.PARTNER)

                def reading(figure: str, served: Served, requests: Iterator[bytes]) -> Measure:
                    async def measure() -> Mapping[str, float]:
                        return await served.load(figure, requests, connections=_CONNECTIONS, seconds=size.seconds)

                    return measure

                plain = cycle([get(f"/v1/organisations/{code}", header) for code in CODES])
                dated = cycle([get(f"/v1/organisations/{code}{_QUESTION}", header) for code in CODES])
                yield Contest(
                    [
                        reading("hello", bare, always(get("/hello"))),
                        reading("read by code", ours, plain),
                        reading("read as at, as known", ours, dated),
                        *(_querying(figure, connection, size) for figure, connection in planning.items()),
                    ]
                )


@asynccontextmanager
async def _projection(url: str) -> AsyncIterator[Mapping[str, asyncpg.Connection]]:
    """Give a connection for each way to plan, to a projection of as many organisations."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(opened(url))
        async with database.begin() as session:
            await hearing.known.know(_EVENTS, await raw(session))
        await analyze(await stack.enter_async_context(database.connect()))
        yield {
            figure: await stack.enter_async_context(database.connect(plan_cache_mode=mode))
            for figure, mode in _PLANS.items()
        }


def _querying(figure: str, connection: asyncpg.Connection, size: Size) -> Measure:
    codes = cycle(event.code for event in _EVENTS)

    async def measure() -> Mapping[str, float]:
        began, reads = time.perf_counter(), 0
        while (seconds := time.perf_counter() - began) < size.seconds:
            await hearing.known.status(connection, next(codes), as_at=date(2016, 6, 1))
            reads += 1
        return {figure: reads / seconds}

    return measure


BENCHMARK = Benchmark(
    name="reads",
    words="GET /v1/organisations/{code} with a token, among 2,000 organisations, against FastAPI's hello",
    units=dict.fromkeys(_FIGURES, "requests/s")
    | {f"{name}, processor": "us/request" for name in _FIGURES}
    | dict.fromkeys(_PLANS, "reads/s"),
    aims=[
        Aim("read by code", "hello", at_least=0.5),
        Aim("read as at, as known", "read by code", at_least=0.8),
        Aim("hello, processor", "read by code, processor"),
        Aim("projection, planned once", "projection, PostgreSQL's choice", at_least=2),
    ],
    stage=_stage,
)
