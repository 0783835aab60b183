"""Projects what is known of care models, in whatever order it came."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.registry import CareModelStated

# Arrays of arrays must be rectangular, so that each list travels as its own text.
_CARE_MODELS = """
INSERT INTO known_care_model (reference, stated, excludes, effective_on, stated_at)
SELECT r, s, string_to_array(x, ','), e, t
  FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::timestamptz[]) AS new (r, s, x, e, t)
    ON CONFLICT DO NOTHING
"""


async def know_care_models(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Keep what each statement about a care model excludes, one row an event."""
    rows = [
        (one.reference, one.stated, ",".join(one.excludes), one.effective_on, one.stated_at)
        for one in events
        if isinstance(one, CareModelStated)
    ]
    if rows:
        await connection.execute(_CARE_MODELS, *map(list, zip(*rows, strict=True)))
