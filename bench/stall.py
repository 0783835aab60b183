"""Measures how long a health check takes beside a preview or a hostile body, against its time alone."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from bench.runner import Aim, Benchmark, Contest, Size
from bench.servers import Callers, Served, new_database, postgres, registry, temporary_folder
from libs.common.identity import Role
from services.registry.tables import METADATA

_BESIDE = ("a preview", "a preview of refused lines", "100,000 fields", "deep nesting")
_LINE = '"A{:05}","A SURGERY"' + ',""' * 8 + ',"19740401","","A","14Y","20130401"' + ',""' * 11 + ',"4",""\n'
_ASK_AGAIN_SECONDS = 0.2
_PREVIEW = "/v1/imports/previews?file=epraccur_2020-09.csv.gz"


class _Client:
    """Sends a request with a body, and checks the health for as long as it is not answered."""

    def __init__(self, served: Served, header: str) -> None:
        name, _, value = header.strip().partition(": ")
        self._base, self._headers = f"http://127.0.0.1:{served.port}", {name: value}

    async def worst_alone(self, seconds: float) -> float:
        """Return the longest of the health checks of so many seconds, in ms."""
        return await self._worst(asyncio.create_task(asyncio.sleep(seconds)))

    async def worst_beside(self, path: str, content: bytes) -> float:
        """Return the longest of the health checks beside a request, in ms."""
        async with httpx.AsyncClient(base_url=self._base, headers=self._headers, timeout=200) as client:
            return await self._worst(asyncio.create_task(_answered(client, path, content)))

    async def _worst(self, beside: "asyncio.Task[object]") -> float:
        worst = 0.0
        async with httpx.AsyncClient(base_url=self._base) as client:
            while True:
                began = time.perf_counter()
                (await client.get("/health/live")).raise_for_status()
                worst = max(worst, time.perf_counter() - began)
                if beside.done():
                    await beside
                    return worst * 1000


async def _answered(client: httpx.AsyncClient, path: str, content: bytes) -> None:
    """Send a request, and where its work goes on in the background, wait for that too."""
    answer = await client.post(path, content=content, headers={"Content-Type": "application/json"})
    if where := answer.headers.get("Location"):
        while True:
            if (await client.get(where)).json()["state"] not in {"waiting", "running"}:
                return
            await asyncio.sleep(_ASK_AGAIN_SECONDS)


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    lines = size.events // 10
    bodies = dict(
        zip(
            _BESIDE,
            (
                (_PREVIEW, gzip.compress("".join(_LINE.format(number) for number in range(lines)).encode())),
                (_PREVIEW, gzip.compress(_LINE.format(0).encode() + b"x\n" * 400_000)),
                ("/v1/organisations", b"{" + b",".join(b'"%x":1' % number for number in range(90_000)) + b"}"),
                ("/v1/organisations", b"[" * 400_000 + b"]" * 400_000),
            ),
            strict=True,
        )
    )
    with temporary_folder() as folder:
        callers = Callers(folder)
        async with postgres(folder) as server:
            url = await new_database(server, "registry", METADATA)
            async with registry(url, callers, log=folder / "server.log") as served:
                client = _Client(served, callers.header(Role.REGISTRAR))

                async def alone() -> Mapping[str, float]:
                    return {"alone": await client.worst_alone(size.seconds)}

                async def beside() -> Mapping[str, float]:
                    return {
                        f"beside {name}": await client.worst_beside(path, body) for name, (path, body) in bodies.items()
                    }

                yield Contest([alone, beside])


BENCHMARK = Benchmark(
    name="stall",
    words="the longest health check beside uploads and bodies that cost the most, against the longest one alone",
    units={"alone": "ms", **{f"beside {name}": "ms" for name in _BESIDE}},
    aims=[Aim(f"beside {name}", "alone", at_most=10) for name in _BESIDE],
    stage=_stage,
    rounds=5,
)
