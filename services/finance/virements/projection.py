"""Projects what is known of decision rights, in whatever order it came.

A right for one subject alone, or with conditions, which governance judges, gives no authority to move money.
"""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.governance import DecisionRightEnded, DecisionRightGranted

_RIGHTS = """
INSERT INTO known_right (right_id, organisation, holder, action, limit_pence, limit_basis, recurrent, effective_on,
                         until, stated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bool[], $8::date[],
                     $9::date[], $10::timestamptz[])
    ON CONFLICT DO NOTHING
"""


async def know_rights(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Keep grants and ends of decision rights, one row an event."""
    rows = [row for event in events if (row := _right(event))]
    if rows:
        await connection.execute(_RIGHTS, *map(list, zip(*rows, strict=True)))


def _right(event: Event) -> tuple[object, ...] | None:
    match event:
        case DecisionRightGranted():
            limit = event.limit_pence, event.limit_basis, event.recurrent
            action = "" if event.scope or event.conditions else event.action
            return (
                *(event.right, event.organisation, event.holder, action, *limit),
                *(event.effective_on, None, event.stated_at),
            )
        case DecisionRightEnded():
            nothing = "", None, "", False
            return (
                *(event.right, event.organisation, event.holder, *nothing),
                *(event.effective_on, event.until, event.stated_at),
            )
    return None
