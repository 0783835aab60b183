"""Reads webhooks and their dead letters: a caller's own, or for an operator all."""

from typing import Any

import asyncpg

from libs.common.database.connection import Reads
from libs.common.identity import Caller, Role
from libs.common.webhooks.errors import WebhookNotFound
from libs.common.webhooks.signing import SigningScheme, public_key
from libs.common.webhooks.views import DeadLetterView, WebhookView

RIGHTS_DAYS = 90
"""Days for which a webhook has the rights of the token that last confirmed it: afterwards it is paused."""

_WEBHOOKS = f"""
SELECT webhook.id AS number, owner, url, types, organisations, watch_list, signing, secret, acts_for,
       confirmed_at + interval '{RIGHTS_DAYS} days' AS confirmed_until, state, reason, position,
       greatest(coalesce(log.last_position, 0) - position, 0) AS behind, coalesce(log.epoch::text, '') AS epoch,
       failures, CASE WHEN failures > 0 AND state = 'active' THEN due_at END AS next_attempt_at, last_error,
       delivered_at, version, made_at,
       (SELECT count(*) FROM webhook_dead_letter WHERE webhook_id = webhook.id) AS dead_letters
  FROM webhook LEFT JOIN sequencer_state AS log ON true
"""  # noqa: S608  (the only value put in is ours)
_ONE = f"{_WEBHOOKS} WHERE webhook.id = $1 AND ($2::text IS NULL OR owner = $2)"
_SEVERAL = f"{_WEBHOOKS} WHERE webhook.id > $1 AND ($2::text IS NULL OR owner = $2) ORDER BY webhook.id LIMIT $3"
_DEAD_LETTERS = """
SELECT id, position, event_id::text AS event_id, type, attempts, error, given_up_at, resend_at IS NOT NULL AS waits
  FROM webhook_dead_letter WHERE webhook_id = $1 AND position > $2 ORDER BY position LIMIT $3
"""
_NUMBERS = """
SELECT count(*) FILTER (WHERE state = 'active') AS webhooks_active,
       count(*) FILTER (WHERE state = 'paused') AS webhooks_paused,
       count(*) FILTER (WHERE state = 'disabled') AS webhooks_disabled,
       count(*) FILTER (WHERE state = 'active' AND failures > 0) AS webhooks_failing,
       coalesce(max((SELECT last_position FROM sequencer_state) - position) FILTER (WHERE state = 'active'), 0)
           AS webhook_lag,
       (SELECT count(*) FROM webhook_dead_letter) AS webhook_dead_letters
  FROM webhook
"""


async def get_webhook(reads: Reads, number: int, *, by: Caller) -> WebhookView:
    """Return a webhook of the caller's, for an operator any. Raises WebhookNotFound."""
    rows = await reads.fetch(_ONE, number, _owner(by))
    if not rows:
        raise WebhookNotFound(f"you have no webhook {number}")
    return view_of(rows[0])


async def list_webhooks(reads: Reads, *, by: Caller, after: int, limit: int) -> list[WebhookView]:
    """Return the caller's webhooks, for an operator all, ordered by number."""
    return [view_of(row) for row in await reads.fetch(_SEVERAL, after, _owner(by), limit)]


async def list_dead_letters(reads: Reads, number: int, *, by: Caller, after: int, limit: int) -> list[DeadLetterView]:
    """Return the events that a webhook gave up, in the order of the log. Raises WebhookNotFound."""
    await get_webhook(reads, number, by=by)
    return [DeadLetterView.model_validate(dict(row)) for row in await reads.fetch(_DEAD_LETTERS, number, after, limit)]


async def webhook_numbers(reads: Reads) -> dict[str, float]:
    """Return the numbers of a service's webhooks for its metrics; the lag is that of the active one furthest behind."""
    [row] = await reads.fetch(_NUMBERS)
    return {name: float(value) for name, value in row.items()}


def view_of(row: asyncpg.Record) -> WebhookView:
    """Return what is shown of a webhook: never its secret."""
    shown: dict[str, Any] = dict(row)
    shown["public_key"] = public_key(SigningScheme(row["signing"]), shown.pop("secret"))
    return WebhookView.model_validate(shown)


def _owner(by: Caller) -> str | None:
    """Return whose webhooks the caller sees: None for all of them."""
    return None if by.has(Role.OPERATOR) else by.subject
