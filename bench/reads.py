"""Measures reading an organisation by code over HTTP with a token, against FastAPI's first example."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import cycle

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
from libs.common.identity import Role
from services.registry.tables import METADATA

_CONNECTIONS = 16
_FIGURES = ("hello", "read by code", "read as at, as known")
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
            ):
                await sequenced(database)
                header = callers.header(Role.READER)

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
                    ]
                )


BENCHMARK = Benchmark(
    name="reads",
    words="GET /v1/organisations/{code} with a token, among 2,000 organisations, against FastAPI's hello",
    units=dict.fromkeys(_FIGURES, "requests/s") | {f"{name}, processor": "us/request" for name in _FIGURES},
    aims=[
        Aim("read by code", "hello", at_least=0.30),
        Aim("read as at, as known", "read by code", at_least=0.8),
        Aim("hello, processor", "read by code, processor"),
    ],
    stage=_stage,
)
