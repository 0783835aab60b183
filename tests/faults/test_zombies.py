"""A process that is stopped with a lease in its hands, and goes on when another one has long taken over."""

import asyncio
import signal
import sys

from tests.deploy.conftest import REPOSITORY
from tests.support.sample_projection import Lamps, lit


async def test_a_consumer_that_hangs_is_overtaken_by_who_waits_cannot_write_and_then_goes_on_behind(
    lamps: Lamps,
) -> None:
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
        await lamps.follow(2, hung_after=0.0)  # whoever waits for the lease ends the session of a holder that hangs
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
