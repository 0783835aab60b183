"""Events that cannot be applied or come from the future, here and there in a log: the rest flows, and in order."""

import random

from tests.support.sample_projection import Lamps, lit

EVENTS = 200


async def test_poison_and_the_future_hold_back_their_own_keys_only(lamps: Lamps) -> None:
    chance = random.Random(106)
    events = [lit(f"lamp {chance.randrange(20)}", shine) for shine in range(EVENTS)]
    unreadable, from_the_future, *poisoned = chance.sample(range(EVENTS), 6)
    lamps.poison.update(poisoned)
    await lamps.tell(*events)
    await lamps.rewrite("UPDATE outbox SET version = 9 WHERE id = $1", from_the_future + 1)
    await lamps.sequence()
    await lamps.rewrite("UPDATE event_log SET body = 'no event' WHERE position = $1", unreadable + 1)
    consumer = lamps.consumer(batch=32)
    async with lamps.following(consumer) as tasks:
        await lamps.at(EVENTS)
        assert not tasks.dead
    held: set[str] = set()
    flowing, parked = [], []
    for shine, event in enumerate(events):
        if shine in (unreadable, from_the_future, *poisoned) or event.lamp in held:
            held.add(event.lamp)
            parked.append(shine + 1)
        else:
            flowing.append((event.lamp, shine))
    assert [position for position, *_ in await lamps.parked()] == parked
    assert await lamps.deeds() == flowing
    assert len(flowing) > len(parked) > 6
