"""Measures the pause after a consumer is killed: with a lease in the database, and with an aiokafka group."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.hearing import SOURCE, metadata, opened, sequence, tell
from bench.kafka import broker
from bench.machine import put_on_all
from bench.runner import TINY, Aim, Benchmark, Contest, Size
from bench.servers import new_database, postgres, temporary_folder
from bench.servers import opened as opened_database

_TOPIC = "bench.takeover"
_EVERY = 0.02
_WITHIN = 90.0
_NUMBERS = count()

_Send = Callable[[str], Awaitable[object]]


@asynccontextmanager
async def _stage(size: Size) -> AsyncIterator[Contest]:
    with temporary_folder() as folder:
        async with postgres(folder, apart=False) as server, broker(folder) as kafka:
            source, url = [await new_database(server, name, metadata) for name in (SOURCE, "hearer")]
            admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
            await admin.start()
            await admin.create_topics([NewTopic(_TOPIC, 1, 1)])
            await admin.close()
            producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap)
            await producer.start()
            async with opened_database(source) as told:

                async def ours() -> Mapping[str, float]:
                    async def send(_: str) -> None:
                        await tell(told, [opened(next(_NUMBERS))])
                        await sequence(told)

                    return {"lease": await _takeover(send, "ours", source, url)}

                async def group() -> Mapping[str, float]:
                    async def send(word: str) -> None:
                        await producer.send_and_wait(_TOPIC, word.encode())

                    return {"aiokafka group": await _takeover(send, "group", kafka.bootstrap, _TOPIC)}

                yield Contest([ours, group], [] if size is not TINY else ["one kill each"])
            await producer.stop()


async def _takeover(send: _Send, *arguments: str) -> float:
    """Kill the one of two members that hears, while events keep coming; return seconds until the other one hears."""
    first, second = await _Member.start(*arguments), await _Member.start(*arguments)
    sending = asyncio.create_task(_keep_sending(send))
    try:
        async with asyncio.timeout(_WITHIN):
            # The second has to be in the group before the first dies, and then either may be the one that hears.
            await first.heard_or(second)
            await asyncio.sleep(1)
            hears, waits = (first, second) if first.last > second.last else (second, first)
            killed = time.perf_counter()
            hears.kill()
            while waits.last <= killed:
                await waits.line
            return waits.last - killed
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        for member in (first, second):
            await member.end()


async def _keep_sending(send: _Send) -> None:
    for number in count():
        await send(str(number))
        await asyncio.sleep(_EVERY)


class _Member:
    """One consumer in a process of its own, and when it heard something last."""

    def __init__(self, running: asyncio.subprocess.Process) -> None:
        self._running = running
        self.last = 0.0
        self.line: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, *arguments: str) -> "_Member":
        """Start one, and return it when it says that it is ready."""
        running = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "bench.members", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        put_on_all(running.pid)
        assert running.stdout is not None
        if not await asyncio.wait_for(running.stdout.readline(), _WITHIN):
            raise RuntimeError(f"a member ended: {' '.join(arguments)}")
        return cls(running)

    async def heard_or(self, other: "_Member") -> None:
        """Wait until one of the two hears."""
        await asyncio.wait({self.line, other.line}, return_when=asyncio.FIRST_COMPLETED)

    def kill(self) -> None:
        """End it as a crash does."""
        self._running.kill()

    async def end(self) -> None:
        """End it, if it lives."""
        if self._running.returncode is None:
            self._running.kill()
        await self._running.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._running.stdout is not None
        while await self._running.stdout.readline():
            self.last = time.perf_counter()
            line, self.line = self.line, asyncio.get_running_loop().create_future()
            line.set_result(None)


BENCHMARK = Benchmark(
    name="takeover",
    words="seconds without anybody hearing after a kill -9 of the consumer, two of which run",
    units={"lease": "s", "aiokafka group": "s"},
    aims=[Aim("lease", "aiokafka group", at_most=0.05)],
    stage=_stage,
    rounds=3,
)
