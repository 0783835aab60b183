"""A real Kafka broker for the benchmarks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.machine import others, put_on
from bench.servers import shared
from deploy.kafka.broker import Broker


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[Broker]:
    """Run a broker until the block ends; or give the one that is shared."""
    if (common := shared()) is not None:
        await asyncio.to_thread(common.broker.start)
        yield common.broker
        return
    made = Broker(folder / "kafka")
    try:
        await asyncio.to_thread(made.start)
        if made.pid is not None:
            put_on_all_threads(made.pid)
        yield made
    finally:
        await asyncio.to_thread(made.stop)


def put_on_all_threads(pid: int) -> None:
    """Have every thread of a process that runs already share the processor that is not measured."""
    for thread in Path(f"/proc/{pid}/task").glob("[0-9]*"):
        put_on(others(), int(thread.name))
