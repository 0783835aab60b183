"""Consumers in processes of their own, to be killed: `python -m bench.members ours|group ...`; a line for each event.

`ours SOURCE_URL OWN_URL` follows a log on the direct bus under a lease. `group BOOTSTRAP TOPIC` is a member of a Kafka
group with a session timeout of 6 seconds, the smallest that brokers accept by default.
"""

import asyncio
import signal
import sys

import uvloop
from aiokafka import AIOKafkaConsumer

from bench.hearing import SOURCE, plainly
from libs.common.database.connection import Database
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.wakeup import outbox_signal

SESSION_MS = 6_000


async def _ours(source_url: str, url: str) -> None:
    stop, heard = asyncio.Event(), list[str]()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    bus = DirectBus({SOURCE: source_url})
    running = asyncio.create_task(Consumer(Database(url), bus, plainly(heard), SOURCE).run(stop))
    committed = outbox_signal(url)
    seen = committed.count
    print("ready", flush=True)
    while not stop.is_set():
        seen = await committed.wait(seen, within=1, stop=stop)
        for code in heard:
            print(code, flush=True)
        heard.clear()
    await running
    await bus.close()


async def _group(bootstrap: str, topic: str) -> None:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id="bench",
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=SESSION_MS // 3,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    print("ready", flush=True)
    async for message in consumer:
        print(message.value.decode(), flush=True)


if __name__ == "__main__":
    kind, *given = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run({"ours": _ours, "group": _group}[kind](*given))
