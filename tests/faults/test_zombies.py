"""A process that is stopped with a lease in its hands, and goes on when another one has long taken over."""

import asyncio
import signal
import sys

from tests.deploy.conftest import REPOSITORY
from tests.support.sample_projection import Lamps, lit

_CUT_THE_HOLDER = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE locktype = 'advisory' AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def test_a_consumer_that_was_stopped_and_overtaken_cannot_write_and_then_goes_on_behind(lamps: Lamps) -> None:
    await lamps.told(lit("a", 1), lit("b", 2))
    zombie = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.hearing_process", lamps.publisher.url, lamps.subscriber.url),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert zombie.stdin is not None
    assert zombie.stdout is not None
    try:
        async with asyncio.timeout(30):
            assert await zombie.stdout.readline() == b"in the middle\n"
        zombie.send_signal(signal.SIGSTOP)
        # Its machine is silent: the server ends its session, as keepalives make it do within seconds over a network.
        async with lamps.subscriber.connect() as connection:
            assert await connection.fetchval(_CUT_THE_HOLDER)
        await lamps.follow(2)
        taken_over = await lamps.deeds()
        zombie.stdin.write(b"go on\n")
        zombie.send_signal(signal.SIGCONT)
        await lamps.told(lit("a", 3))
        await lamps.at(3)
    finally:
        zombie.kill()
        await zombie.wait()
    assert taken_over == [("a", 1), ("b", 2)]
    assert await lamps.deeds() == [*taken_over, ("a", 3)]
    assert await lamps.shines() == {"a": [1, 3], "b": [2]}
    assert await lamps.parked() == []
