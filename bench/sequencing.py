"""A sequencer in a process of its own, to be killed: `python -m bench.sequencing DATABASE_URL`."""

import asyncio
import signal
import sys

import uvloop

from libs.common.database.connection import Database
from libs.common.messaging.sequencer import Sequencer


async def _sequence(url: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await Sequencer(Database(url, application_name="footprint-bench-sequencer"), "bench").run(stop)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_sequence(sys.argv[1]))
