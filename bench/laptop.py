"""Measures the whole platform on one machine with an existing database: time to start, and memory."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

import httpx

from bench.runner import TINY, Aim, Benchmark, Contest, Size
from bench.servers import Running, free_port, process, temporary_folder
from deploy.laptop.services import NAMES
from deploy.postgres.processes import find_postgres_processes


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        demo = size is not TINY
        await load(folder, demo=demo)

        async def start() -> Mapping[str, float]:
            port, log = free_port(), folder / "started.log"
            arguments = laptop_arguments(folder, port, demo=demo)
            began = time.perf_counter()
            async with process(*arguments, log=log, pinned=False) as laptop:
                await ready(laptop, port)
                took = time.perf_counter() - began
                if demo:
                    await _told(laptop, log)
                pids = [laptop.pid, *find_postgres_processes(folder / "postgres" / "data")]
                memory = {pid: _pss_mb(pid) for pid in pids}
            log.unlink()
            return {
                "cold start": took,
                "memory": sum(memory.values()),
                "of it PostgreSQL": sum(memory.values()) - memory[laptop.pid],
            }

        yield Contest([start], ["with the demo loaded" if demo else "without the demo"])


def laptop_arguments(folder: Path, port: int, *, demo: bool) -> list[str]:
    """Return what Python is given to run a laptop on this folder and port."""
    return ["-m", "deploy.laptop", "--data", str(folder), "--port", str(port), *([] if demo else ["--no-demo"])]


async def load(folder: Path, *, demo: bool) -> None:
    """Have everything made once, and stopped."""
    port = free_port()
    log = folder / "loading.log"
    async with process(*laptop_arguments(folder, port, demo=demo), log=log, pinned=False) as laptop:
        await ready(laptop, port)
        if demo:
            await _told(laptop, log)


async def ready(laptop: Running, port: int) -> None:
    """Wait until every service says that it is ready."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        for name in NAMES:
            while not await _answers(client, f"/{name}/health/ready"):
                await _go_on(laptop)


async def _told(laptop: Running, log: Path) -> None:
    """Wait until the demo is there and its account was told."""
    while "\nOpen http" not in await asyncio.to_thread(log.read_text):
        await _go_on(laptop)


async def _go_on(laptop: Running) -> None:
    if laptop.returncode is not None:
        raise RuntimeError(f"the platform ended with {laptop.returncode}")
    await asyncio.sleep(0.02)


async def _answers(client: httpx.AsyncClient, path: str) -> bool:
    try:
        return (await client.get(path)).status_code == HTTPStatus.OK
    except httpx.TransportError:
        return False


def _pss_mb(pid: int) -> float:
    """Return a process's memory, what it shares with others divided among them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("Pss:"))
    return int(kilobytes) / 1000


BENCHMARK = Benchmark(
    name="laptop",
    words="`python -m deploy.laptop` on an existing database, until all four services are ready",
    units={"cold start": "s", "memory": "MB of PSS", "of it PostgreSQL": "MB of PSS"},
    aims=[Aim("cold start", at_most=5), Aim("memory", at_most=500)],
    stage=_stage,
    rounds=3,
)
