"""Copies what contracts publishes of conditional contracts: one row an event."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.contracts import CommitmentLapsed, CommitmentMade, ContractSigned

EVENTS = (CommitmentMade, CommitmentLapsed, ContractSigned)
_BETWEEN = ","  # no code has a comma

_KNOW = f"""
INSERT INTO known_commitment (contract, what, customers, not_established, signed_on, starts_on, annual_pence,
                              effective_on, stated_at)
SELECT c, w, string_to_array(p, '{_BETWEEN}'), string_to_array(n, '{_BETWEEN}'), d, f, a, e, t
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::date[], $7::bigint[], $8::date[],
              $9::timestamptz[]) AS new (c, w, p, n, d, f, a, e, t)
    ON CONFLICT DO NOTHING
"""  # noqa: S608  (the only value put in is the constant above)


async def know_commitments(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events state, by one statement; a repeated event changes nothing."""
    rows = []
    for event in events:
        match event:
            case CommitmentMade():
                what: tuple[object, ...] = (
                    *("made", _BETWEEN.join(event.customers), _BETWEEN.join(event.not_established)),
                    *(event.signed_on, event.starts_on, event.annual_pence),
                )
            case CommitmentLapsed():
                what = ("lapsed", _BETWEEN.join(event.customers), "", None, None, None)
            case ContractSigned():
                what = ("signed", _BETWEEN.join(event.customers), "", None, None, None)
            case _:
                continue
        rows.append((event.contract, *what, event.effective_on, event.stated_at))
    if rows:
        await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))
