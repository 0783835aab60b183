"""Health of the event backbone, read from the database and never from what a task reports about itself."""

import json
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
       (SELECT count(*) FROM (SELECT DISTINCT source, unnest(keys) FROM parked) AS key) AS parked_keys,
       (SELECT jsonb_object_agg(event, events) FROM (
           SELECT split_part(error, ': ', 2) AS event, count(*) AS events
             FROM parked WHERE error LIKE 'UnknownEvent: %' GROUP BY event) AS newer) AS newer_events
"""


@dataclass(frozen=True, slots=True)
class BackboneHealth:
    """Numbers of one service's backbone. A lag counts events; None if the source could not be reached."""

    outbox_events: int
    oldest_outbox_seconds: float
    epoch: str
    last_position: int
    published_lag: int
    parked_events: int
    parked_keys: int
    newer_events: dict[str, int]
    """Parked events that wait for a newer version of the software, by name and version."""
    consumer_lag: dict[str, int | None] = field(default_factory=dict)
    consumer_position: dict[str, int] = field(default_factory=dict)


async def backbone_health(database: Database, bus: Bus, sources: Sequence[str]) -> BackboneHealth:
    """Return the present numbers; `sources` are the publishers the service subscribes to. Raises database errors."""
    row = await database.fetchrow(_NUMBERS)
    assert row is not None
    last = row["last_position"] or 0
    published = row["published_position"]
    places = {
        place["source"]: place["source_position"]
        for place in await database.fetch("SELECT source, source_position FROM consumer_offset")
    }
    position = {source: places.get(source, 0) for source in sources}
    return BackboneHealth(
        outbox_events=row["outbox_events"],
        oldest_outbox_seconds=row["oldest_seconds"] or 0.0,
        epoch=row["epoch"] or "",
        last_position=last,
        # Without a publisher, as on the direct bus, subscribers read the log itself.
        published_lag=0 if published is None else last - published,
        parked_events=row["parked_events"],
        parked_keys=row["parked_keys"],
        newer_events=json.loads(row["newer_events"] or "{}"),
        consumer_lag={source: await _lag(bus, source, position[source]) for source in sources},
        consumer_position=position,
    )


async def _lag(bus: Bus, source: str, position: int) -> int | None:
    """Return how many events the consumer is behind; negative if it is ahead of a restored source."""
    try:
        return (await bus.end(source)).position - position
    except Exception as error:  # noqa: BLE001  (one source out of reach must not hide the other numbers)
        _log.warning("source cannot be reached", source=source, error=str(error))
        return None
