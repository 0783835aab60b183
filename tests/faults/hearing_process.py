"""A process that hears of lamps, to be stopped in the middle of a batch: it says so and waits for a word to go on."""

import asyncio
import sys

from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.sample_projection import LampLit, Lamps


async def hear(publisher: str, subscriber: str) -> None:
    """Follow the lamps until the process is killed."""
    lamps = Lamps(publisher, subscriber)
    waited: list[int] = []

    async def wait_for_a_word(event: LampLit, _: AsyncSession) -> None:
        if not waited:
            waited.append(event.shine)
            print("in the middle", flush=True)
            await asyncio.to_thread(sys.stdin.readline)

    lamps.beside = wait_for_a_word
    await lamps.open()
    async with lamps.following(poll=0.05):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(hear(*sys.argv[1:]))
