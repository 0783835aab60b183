"""Copies what contracts publishes of assessments of suppliers: one row an event."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.contracts import SupplierAssessed

_BETWEEN = ","  # no code has a comma
_MET = "met"

_KNOW = f"""
INSERT INTO known_checkpoint (supplier, outcome, pack, unmet, customers, stop_on, replace_by, effective_on, stated_at)
SELECT s, o, p, string_to_array(u, '{_BETWEEN}'), string_to_array(c, '{_BETWEEN}'), d, r, e, t
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::date[],
              $9::timestamptz[]) AS new (s, o, p, u, c, d, r, e, t)
    ON CONFLICT DO NOTHING
"""  # noqa: S608  (the only value put in is the constant above)


async def know_checkpoints(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events state, by one statement; a repeated event changes nothing."""
    rows = [
        (
            *(event.supplier, event.outcome, event.pack, _BETWEEN.join(_unmet(event)), _BETWEEN.join(event.customers)),
            *(event.stop_on, min(event.replace_by, default=None), event.effective_on, event.stated_at),
        )
        for event in events
        if isinstance(event, SupplierAssessed)
    ]
    if rows:
        await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))


def _unmet(event: SupplierAssessed) -> list[str]:
    results = zip(event.criteria, event.results, strict=True)
    return [criterion for criterion, result in results if result != _MET]
