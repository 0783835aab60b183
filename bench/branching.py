"""Measures opening a branch of the demo's England beside a running laptop: seconds, and bytes on disk."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import httpx

from bench.laptop import laptop_arguments, load, ready
from bench.runner import TINY, Aim, Benchmark, Contest, Size
from bench.servers import free_port, process, temporary_folder
from deploy.laptop.issuer import DEMO_PASSWORD
from deploy.laptop.state import BY

_MB = 1_000_000
_PATIENCE = 300.0


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        demo, port, numbers = size is not TINY, free_port(), count()
        await load(folder, demo=demo)
        async with (
            process(*laptop_arguments(folder, port, demo=demo), log=folder / "started.log", pinned=False) as laptop,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=_PATIENCE) as client,
        ):
            await ready(laptop, port)
            await _signed_in(client)
            began = time.perf_counter()
            (await client.get("/branches")).raise_for_status()
            started = f"the first request, which makes and starts server and process, took {_since(began):.1f} s before"

            async def open_one() -> Mapping[str, float]:
                name, before = f"bench-{next(numbers)}", await asyncio.to_thread(_bytes_of, folder / "branches")
                began = time.perf_counter()
                await _opened(client, name)
                took = _since(began)
                on_disk = await asyncio.to_thread(_bytes_of, folder / "branches") - before
                (await client.delete(f"/branches/{name}")).raise_for_status()
                contest.remarks[:] = ["of the demo" if demo else "of an empty economy", started]
                return {"opening": took, "on disk": on_disk / _MB}

            contest = Contest([open_one])
            yield contest


async def _signed_in(client: httpx.AsyncClient) -> None:
    form = {"grant_type": "password", "username": BY, "password": DEMO_PASSWORD}
    token = (await client.post("/issuer/token", data=form)).raise_for_status().json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"


async def _opened(client: httpx.AsyncClient, name: str) -> None:
    """Open a branch of life as it is now, with a base of its own, and wait until it is open."""
    answer = await client.post("/branches", json={"name": name, "bodies": ["QUA"]})
    while answer.raise_for_status().json()["state"] != "open":
        await asyncio.sleep(0.02)
        answer = await client.get(f"/branches/{name}")


def _since(began: float) -> float:
    return time.perf_counter() - began


def _bytes_of(folder: Path) -> int:
    """Return what the branch server has on disk: its own, the base and the branch, with the write-ahead log."""
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


BENCHMARK = Benchmark(
    name="branching",
    words="`POST /branches` until the branch is open, with a base of its own; what its server then has more on disk",
    units={"opening": "s", "on disk": "MB"},
    aims=[Aim("opening", at_most=10), Aim("on disk", at_most=200)],
    stage=_stage,
    rounds=3,
)
