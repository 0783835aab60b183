"""The sender's SQL, over the one connection that has its lease: who lost that can move nothing."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from libs.common.messaging import event_log
from libs.common.messaging.event_log import Entry
from libs.common.webhooks.attempts import MOST_LOST_IN_A_ROW, Outcome
from libs.common.webhooks.queries import RIGHTS_DAYS
from libs.common.webhooks.signing import SigningScheme

# Rights are those of a token, which lasts an hour: the caller confirms them from time to time.
_EXPIRED = f"""
SELECT FROM webhook WHERE state = 'active' AND confirmed_at < clock_timestamp() - interval '{RIGHTS_DAYS} days' LIMIT 1
"""
_EXPIRE = f"""
UPDATE webhook SET state = 'paused', version = version + 1,
       reason = 'its rights were not confirmed for {RIGHTS_DAYS} days: resume it'
 WHERE state = 'active' AND confirmed_at < clock_timestamp() - interval '{RIGHTS_DAYS} days'
"""  # noqa: S608  (the only value put in is ours)
_DUE = """
SELECT webhook.id, owner, acts_for, url, types, organisations, watch_list, signing, secret, position, failures, version,
       CASE WHEN former_until > clock_timestamp() THEN former_secret END AS former_secret,
       due_at <= clock_timestamp() AND position < coalesce(last_position, 0) AS has_events,
       EXISTS (SELECT FROM webhook_dead_letter WHERE webhook_id = webhook.id AND resend_at IS NOT NULL) AS resends
  FROM webhook LEFT JOIN sequencer_state ON true
 WHERE state = 'active' AND NOT webhook.id = ANY($1)
   AND (due_at <= clock_timestamp() AND position < coalesce(last_position, 0)
        OR EXISTS (SELECT FROM webhook_dead_letter WHERE webhook_id = webhook.id AND resend_at IS NOT NULL))
 ORDER BY due_at, webhook.id LIMIT $2
"""
# By compare and set: who paused it or moved its position meanwhile is not overruled.
_DELIVERED = """
UPDATE webhook SET position = $3, failures = 0, given_up = 0, last_error = '', due_at = clock_timestamp(),
       delivered_at = clock_timestamp() WHERE id = $1 AND position = $2 RETURNING state = 'active' AND version = $4
"""
_PASSED = """
UPDATE webhook SET position = passed.upto
  FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS passed (id, was, upto)
 WHERE webhook.id = passed.id AND webhook.position = passed.was
"""
_FAILED = """
UPDATE webhook SET failures = failures + 1, last_error = $3, due_at = clock_timestamp() + $4 * interval '1 second'
 WHERE id = $1 AND position = $2
"""
_GIVEN_UP = f"""
WITH moved AS (
    UPDATE webhook SET position = $3, failures = 0, given_up = given_up + 1, last_error = $4,
           due_at = clock_timestamp(),
           state = CASE WHEN given_up + 1 >= {MOST_LOST_IN_A_ROW} AND state = 'active' THEN 'disabled' ELSE state END,
           reason = CASE WHEN given_up + 1 >= {MOST_LOST_IN_A_ROW} AND state = 'active'
                         THEN '{MOST_LOST_IN_A_ROW} events in a row were given up' ELSE reason END
     WHERE id = $1 AND position = $2 RETURNING id
)
INSERT INTO webhook_dead_letter (webhook_id, position, event_id, type, attempts, error)
SELECT id, $3, $5, $6, $7, $4 FROM moved
    ON CONFLICT (webhook_id, position) DO UPDATE
   SET attempts = excluded.attempts, error = excluded.error, given_up_at = clock_timestamp(), resend_at = NULL
"""  # noqa: S608  (the only value put in is ours)
_STOPPED = """
UPDATE webhook SET state = $2, reason = $3, last_error = $3, version = version + 1 WHERE id = $1 AND state = 'active'
"""
_RESENT = """
SELECT letter.id, letter.position, log.body FROM webhook_dead_letter AS letter JOIN event_log AS log USING (position)
 WHERE webhook_id = $1 AND resend_at IS NOT NULL ORDER BY position LIMIT $2
"""
_STILL_DEAD = """
UPDATE webhook_dead_letter SET resend_at = NULL, attempts = attempts + 1, error = $2 WHERE id = $1
"""
_MOST_RESENT = 100


@dataclass(frozen=True, slots=True)
class DueWebhook:
    """A webhook that has something to send: events after its position, or dead letters."""

    id: int
    owner: str
    acts_for: frozenset[str]
    url: str
    types: frozenset[str]
    organisations: frozenset[str]
    watch_list: int | None
    signing: SigningScheme
    keys: tuple[bytes, ...]
    position: int
    failures: int
    version: int
    has_events: bool
    resends: bool


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event of the log as it is sent: its bytes, and what the filters of webhooks look at."""

    position: int
    id: str
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Resent:
    """A dead letter that is to be sent again."""

    id: int
    body: bytes


class Ledger:
    """Reads what is due, and writes what came of it. Several tasks share the connection, one statement at a time."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    async def expire(self) -> None:
        """Pause the webhooks whose rights were not confirmed for too long."""
        if await self._fetch(_EXPIRED):
            await self._execute(_EXPIRE)

    async def due(self, but: Collection[int], limit: int) -> list[DueWebhook]:
        """Return webhooks with something to send now, other than these, those first that wait longest."""
        return [_due(row) for row in await self._fetch(_DUE, list(but), limit)]

    async def read_after(self, position: int, limit: int) -> Sequence[Entry]:
        """Return events of the log after a position."""
        async with self._turn:
            return await event_log.read_after(self._connection, position, limit)

    async def delivered(self, webhook: DueWebhook, was: int, position: int) -> bool:
        """Move a webhook past a delivered event; return whether it is as it was: it may be paused, moved or changed."""
        rows = await self._fetch(_DELIVERED, webhook.id, was, position, webhook.version)
        return bool(rows and rows[0][0])

    async def passed(self, moves: Sequence[tuple[int, int, int]]) -> None:
        """Move webhooks, each from a position to one, over events that are not for them: all in one statement."""
        if moves:
            await self._execute(_PASSED, *map(list, zip(*moves, strict=True)))

    async def failed(self, webhook: int, position: int, outcome: Outcome, pause: float) -> None:
        """Count a failed attempt at the event after this position; it is tried again after a pause, in seconds."""
        await self._execute(_FAILED, webhook, position, outcome.error, pause)

    async def gave_up(self, webhook: int, was: int, event: LoggedEvent, outcome: Outcome, *, attempts: int) -> None:
        """Make an event a dead letter and move its webhook past it; too many in a row disable the webhook."""
        await self._execute(_GIVEN_UP, webhook, was, event.position, outcome.error, event.id, event.type, attempts)

    async def stopped(self, webhook: int, state: str, reason: str) -> None:
        """Pause or disable a webhook that is active."""
        await self._execute(_STOPPED, webhook, state, reason)

    async def to_resend(self, webhook: int) -> list[Resent]:
        """Return the dead letters of a webhook that are to be sent again, in the order of the log."""
        return [Resent(row["id"], row["body"]) for row in await self._fetch(_RESENT, webhook, _MOST_RESENT)]

    async def resent(self, letter: int) -> None:
        """Delete a dead letter that was delivered."""
        await self._execute("DELETE FROM webhook_dead_letter WHERE id = $1", letter)

    async def still_dead(self, letter: int, outcome: Outcome) -> None:
        """Keep a dead letter whose sending failed again."""
        await self._execute(_STILL_DEAD, letter, outcome.error)

    async def _fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        async with self._turn:
            rows: list[asyncpg.Record] = await self._connection.fetch(sql, *args)
            return rows

    async def _execute(self, sql: str, *args: Any) -> None:
        async with self._turn:
            await self._connection.execute(sql, *args)


def _due(row: asyncpg.Record) -> DueWebhook:
    return DueWebhook(
        id=row["id"],
        owner=row["owner"],
        acts_for=frozenset(row["acts_for"]),
        url=row["url"],
        types=frozenset(row["types"]),
        organisations=frozenset(row["organisations"]),
        watch_list=row["watch_list"],
        signing=SigningScheme(row["signing"]),
        keys=tuple(key for key in (row["secret"], row["former_secret"]) if key is not None),
        position=row["position"],
        failures=row["failures"],
        version=row["version"],
        has_events=row["has_events"],
        resends=row["resends"],
    )
