"""Health of the event backbone, read from the database and never from what a task reports about itself."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
import structlog

from libs.common.database.connection import Database
from libs.common.messaging.bus import Bus, recorded_at_of
from libs.common.messaging.lease import CONSUMING, HANGS, HUNG_SECONDS, IS_HELD

_log = structlog.get_logger(__name__)

_NUMBERS = """
SELECT (SELECT count(*) FROM outbox) AS outbox_events,
       (SELECT extract(epoch FROM clock_timestamp() - min(recorded_at))::float8 FROM outbox) AS oldest_seconds,
       (SELECT epoch::text FROM sequencer_state) AS epoch,
       (SELECT last_position FROM sequencer_state) AS last_position,
       (SELECT min(published_position) FROM publisher) AS published_position,
       (SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float8 FROM event_log
         WHERE position = (SELECT min(published_position) FROM publisher) + 1) AS unpublished_seconds,
       (SELECT count(*) FROM parked) AS parked_events,
       (SELECT count(*) FROM (SELECT DISTINCT source, unnest(keys) FROM parked) AS key) AS parked_keys,
       (SELECT jsonb_object_agg(event, events) FROM (
           SELECT split_part(error, ': ', 2) AS event, count(*) AS events
             FROM parked WHERE error LIKE 'UnknownEvent: %' GROUP BY event) AS newer) AS newer_events
"""
# A consumer applies a batch while the session that has its lease is within a transaction, and does not hang there.
_PLACES = f"""
SELECT source, source_position, next_offset,
       extract(epoch FROM clock_timestamp() - updated_at)::float8 AS unmoved_seconds,
       EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                WHERE {IS_HELD.format(name=f"'{CONSUMING}' || source")}
                  AND a.xact_start IS NOT NULL AND NOT {HANGS.format(after=HUNG_SECONDS)}) AS at_work
  FROM consumer_offset
"""  # noqa: S608  (the values put in are ours)


# Whoever waits for a lease waits for long, and that is as it should be.
_SESSIONS = """
SELECT count(*)::float8 AS sessions,
       coalesce(max(seconds) FILTER (WHERE state = 'active' AND wait_event IS DISTINCT FROM 'advisory'), 0)
           AS longest_statement_seconds,
       coalesce(max(within) FILTER (WHERE wait_event IS DISTINCT FROM 'advisory'), 0) AS longest_transaction_seconds,
       count(*) FILTER (WHERE wait_event_type = 'Lock' AND wait_event <> 'advisory')::float8 AS waiting_for_a_lock,
       pg_database_size(current_database())::float8 AS bytes
  FROM (SELECT state, wait_event, wait_event_type,
               extract(epoch FROM clock_timestamp() - query_start)::float8 AS seconds,
               extract(epoch FROM clock_timestamp() - xact_start)::float8 AS within
          FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()) AS session
"""


@dataclass(frozen=True, slots=True)
class BackboneHealth:
    """Numbers of one service's backbone. A lag counts events; None if the source could not be reached."""

    outbox_events: int
    oldest_outbox_seconds: float
    epoch: str
    last_position: int
    published_lag: int
    published_position: int | None
    """The last position that is on the bus; None where subscribers read the log itself."""
    unpublished_seconds: float
    """How old the first event is that is not on the bus; 0 if there is none."""
    parked_events: int
    parked_keys: int
    newer_events: dict[str, int]
    """Parked events that wait for a newer version of the software, by name and version."""
    consumer_lag: dict[str, int | None] = field(default_factory=dict)
    consumer_position: dict[str, int] = field(default_factory=dict)
    consumer_waiting_seconds: dict[str, float] = field(default_factory=dict)
    """How long the next event of a source has been there while the consumer did not move; 0 if there is none."""
    consumers_at_work: frozenset[str] = frozenset()
    """The sources of which a batch is being applied, which may take minutes: a merger of very many contracts."""


async def session_numbers(database: Database) -> dict[str, float]:
    """Return numbers of the service's database: its other sessions, its size, and 1 if its disk was found full."""
    row = await database.fetchrow(_SESSIONS)
    assert row is not None
    return {**row, "disk_is_full": float(not await database.has_room())}


class Progress:
    """Since when a position stands still, as far as this process has looked: the table does not say when it moved."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: tuple[int | None, float] = (None, now())

    def unmoved_seconds(self, position: int | None) -> float:
        """Return how long the position has been what it is now, counted from the first look at it."""
        now = self._now()
        if position != self._seen[0]:
            self._seen = (position, now)
        return now - self._seen[1]


async def backbone_health(database: Database, bus: Bus, sources: Sequence[str]) -> BackboneHealth:
    """Return the present numbers; `sources` are the publishers the service subscribes to. Raises database errors."""
    row = await database.fetchrow(_NUMBERS)
    assert row is not None
    last = row["last_position"] or 0
    published = row["published_position"]
    places = {place["source"]: place for place in await database.fetch(_PLACES)}
    position = {source: places[source]["source_position"] if source in places else 0 for source in sources}
    lag = {source: await _lag(bus, source, position[source]) for source in sources}
    return BackboneHealth(
        outbox_events=row["outbox_events"],
        oldest_outbox_seconds=row["oldest_seconds"] or 0.0,
        epoch=row["epoch"] or "",
        last_position=last,
        # Without a publisher, as on the direct bus, subscribers read the log itself.
        published_lag=0 if published is None else last - published,
        published_position=published,
        unpublished_seconds=row["unpublished_seconds"] or 0.0,
        parked_events=row["parked_events"],
        parked_keys=row["parked_keys"],
        newer_events=json.loads(row["newer_events"] or "{}"),
        consumer_lag=lag,
        consumer_position=position,
        consumer_waiting_seconds={
            source: await _waiting(bus, source, places.get(source)) if (lag[source] or 0) > 0 else 0.0
            for source in sources
        },
        consumers_at_work=frozenset(source for source in sources if source in places and places[source]["at_work"]),
    )


async def _lag(bus: Bus, source: str, position: int) -> int | None:
    """Return how many events the consumer is behind; negative if it is ahead of a restored source."""
    try:
        return (await bus.end(source)).position - position
    except Exception as error:  # noqa: BLE001  (one source out of reach must not hide the other numbers)
        _log.warning("source cannot be reached", source=source, error=str(error))
        return None


async def _waiting(bus: Bus, source: str, place: asyncpg.Record | None) -> float:
    try:
        following = await bus.at(source, max(place["next_offset"] if place else 0, 1))
    except Exception as error:  # noqa: BLE001  (as above)
        _log.warning("source cannot be reached", source=source, error=str(error))
        return 0.0
    recorded_at = recorded_at_of(following) if following else None
    unmoved: list[float] = [place["unmoved_seconds"]] if place else []
    there = [(datetime.now(UTC) - recorded_at).total_seconds()] if recorded_at else []
    return max(0.0, min(unmoved + there, default=0.0))
