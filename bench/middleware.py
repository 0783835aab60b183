"""Measures all middleware around a service's route against the same route in plain FastAPI."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from bench import apps
from bench.load import always, get
from bench.runner import Aim, Benchmark, Contest, Size
from bench.servers import Callers, free_port, new_database, postgres, serving, temporary_folder, uvicorn
from libs.common.identity import Role

_CONNECTIONS = 16


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        callers = Callers(folder)
        async with postgres(folder) as server:
            settings = callers.settings(await new_database(server, "bench", apps.metadata))
            log, ports = folder / "server.log", (free_port(), free_port())
            async with (
                serving(uvicorn("bare", ports[0]), port=ports[0], log=log) as bare,
                serving(
                    uvicorn("service", ports[1], factory=True), port=ports[1], log=log, environment=settings
                ) as ours,
            ):

                async def without() -> Mapping[str, float]:
                    return await bare.load(
                        "bare", always(get("/bytes")), connections=_CONNECTIONS, seconds=size.seconds
                    )

                async def with_all() -> Mapping[str, float]:
                    request = get("/v1/bytes", callers.header(Role.PARTNER))
                    return await ours.load(
                        "with all middleware", always(request), connections=_CONNECTIONS, seconds=size.seconds
                    )

                yield Contest([without, with_all])


BENCHMARK = Benchmark(
    name="middleware",
    words="ids, token, measurement, log line, body limit and compression around a route, against the route alone",
    units={
        "bare": "requests/s",
        "with all middleware": "requests/s",
        "bare, processor": "us/request",
        "with all middleware, processor": "us/request",
    },
    aims=[Aim("with all middleware", "bare", at_least=0.7), Aim("bare, processor", "with all middleware, processor")],
    stage=_stage,
)
