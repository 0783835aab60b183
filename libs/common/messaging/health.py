"""How the backbone is, told from the database and never from a task's own word."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from libs.common.database.connection import Database
from libs.common.messaging.bus import Bus

_log = structlog.get_logger(__name__)

_NUMBERS = """
SELECT (SELECT count(*) FROM outbox) AS outbox_events,
       (SELECT extract(epoch FROM clock_timestamp() - min(recorded_at))::float8 FROM outbox) AS oldest_seconds,
       (SELECT epoch::text FROM sequencer_state) AS epoch,
       (SELECT last_position FROM sequencer_state) AS last_position,
       (SELECT min(published_position) FROM publisher) AS published_position,
       (SELECT count(*) FROM parked) AS parked_events,
       (SELECT count(*) FROM (SELECT DISTINCT source, unnest(keys) FROM parked) AS key) AS parked_keys
"""


@dataclass(frozen=True, slots=True)
class BackboneHealth:
    """Numbers of one service's backbone. A lag counts events; None where the source could not be asked."""

    outbox_events: int
    oldest_outbox_seconds: float
    epoch: str
    last_position: int
    published_lag: int
    parked_events: int
    parked_keys: int
    consumer_lag: dict[str, int | None] = field(default_factory=dict)
    consumer_position: dict[str, int] = field(default_factory=dict)


async def backbone_health(database: Database, bus: Bus, sources: Sequence[str]) -> BackboneHealth:
    """Return the numbers of now; `sources` are the publishers that the service hears. Raises the database's errors."""
    row = await database.fetchrow(_NUMBERS)
    assert row is not None
    last = row["last_position"] or 0
    published = row["published_position"]
    places = {
        place["source"]: place["source_position"]
        for place in await database.fetch("SELECT source, source_position FROM consumer_offset")
    }
    heard = {source: places.get(source, 0) for source in sources}
    return BackboneHealth(
        outbox_events=row["outbox_events"],
        oldest_outbox_seconds=row["oldest_seconds"] or 0.0,
        epoch=row["epoch"] or "",
        last_position=last,
        # Where nobody publishes, as on the direct bus, the log itself is what others read.
        published_lag=0 if published is None else last - published,
        parked_events=row["parked_events"],
        parked_keys=row["parked_keys"],
        consumer_lag={source: await _lag(bus, source, heard[source]) for source in sources},
        consumer_position=heard,
    )


async def _lag(bus: Bus, source: str, heard: int) -> int | None:
    """Return how many events the consumer is behind; below 0, it is ahead of a source that was restored."""
    try:
        return (await bus.end(source)).position - heard
    except Exception as error:  # noqa: BLE001  (one source out of reach must not hide the other numbers)
        _log.warning("source cannot be asked", source=source, error=str(error))
        return None
