"""Reads instruments, and the votes of their hosts."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about, as_known
from services.governance.bodies.votes import Votes, share_of, votes_in
from services.governance.core.members import lives_on, living_in, members_in
from services.governance.core.models import Facet
from services.governance.instruments.errors import InstrumentNotFound
from services.governance.instruments.rules import awaited
from services.governance.pooled_funds.queries import ASKED, SHARES, list_proposed_shares

_NOW = datetime.max.replace(tzinfo=UTC)

# $1 as at, $2 as known.
_INSTRUMENTS = f"""
SELECT i.reference AS instrument, i.id, i.kind, i.parties AS named, i.host,
       CASE WHEN i.made_at <= $2 OR NOT EXISTS (SELECT FROM constitution c WHERE c.instrument_id = i.id)
            THEN i.body ELSE '' END AS body, i.functions, i.agreement,
       i.safeguards, i.pack, i.power, i.binding, i.fund, i.first_day, i.last_day,
       coalesce(f.shares, i.shares) AS shares, coalesce(f.members, i.parties) AS fund_members,
       coalesce(t.stands, false) AS stands, t.last_day AS ended_on, t.first_day AS stood_from,
       p.value AS parties, w.value AS ended_because,
       ARRAY(SELECT organisation FROM instrument_agreement a
              WHERE a.instrument_id = i.id AND a.number = 1 AND a.agreed_at <= $2 ORDER BY 1) AS agreed
  FROM instrument i
  LEFT JOIN LATERAL (
       SELECT bool_or(x.valid @> $1::date) AS stands, min(lower(x.valid)) AS first_day,
              CASE WHEN NOT bool_or(upper_inf(x.valid)) THEN max(upper(x.valid)) - 1 END AS last_day
         FROM instrument_time_belief x
        WHERE x.subject_id = i.id AND {about("x", Facet.STANDS)} AND {as_known("x")}) t ON true
  LEFT JOIN instrument_time_belief p ON p.subject_id = i.id AND {about("p", Facet.MEMBERS)}
        AND {as_known("p")} AND p.valid @> $1::date
  LEFT JOIN instrument_time_belief w ON w.subject_id = i.id AND {about("w", Facet.BECAUSE)}
        AND {as_known("w")} AND w.valid @> (t.last_day + 1)
  LEFT JOIN LATERAL ({SHARES}) f ON true
 WHERE i.proposed_at <= $2
   AND ($3::text IS NULL OR i.reference = $3)
   AND ($4::text[] IS NULL OR i.parties && $4 OR (p.value IS NOT NULL AND p.value::jsonb ?| $4))
   AND ($5::text IS NULL OR i.kind = $5)
   AND ($6::text IS NULL OR i.body = $6)
   AND ($7::text IS NULL OR i.reference > $7)
 ORDER BY i.reference LIMIT $8
"""  # noqa: S608  (only names of ours are put in)

_PROPOSED = f"""
SELECT c.instrument_id, c.number, c.first_day,
       ARRAY(SELECT organisation FROM instrument_agreement a WHERE a.instrument_id = c.instrument_id
              AND a.number = c.number AND a.agreed_at <= $2 ORDER BY 1) AS agreed, p.value AS asked
  FROM constitution c {ASKED.format("c")}
 WHERE c.instrument_id = ANY($1) AND c.number > 1 AND c.proposed_at <= $2 AND (c.made_at IS NULL OR c.made_at > $2)
 ORDER BY c.instrument_id, c.number
"""  # noqa: S608  (only SQL of ours is put in)


async def list_instruments(
    db: Reads,
    *,
    as_at: date,
    as_known: datetime | None,
    reference: str | None = None,
    organisation: str | None = None,
    kind: str | None = None,
    body: str | None = None,
    after: Sequence[Any] | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Return instruments, proposed ones too, as at a day, as known, ordered by reference."""
    instant = as_known or _NOW
    cursor = str(after[0]) if after else None
    whose = await living_in(db, [organisation], on=as_at, as_known=as_known) if organisation else None
    rows = await db.fetch(_INSTRUMENTS, as_at, instant, reference, whose, kind, body, cursor, limit)
    proposed = await db.fetch(_PROPOSED, [row["id"] for row in rows], instant, as_at)
    funds = [row["id"] for row in rows if row["fund"]]
    shares = await list_proposed_shares(db, funds, as_at=as_at, as_known=instant)
    named = {row["id"]: _named(row) for row in rows}
    codes = {code for row in rows for code in (*named[row["id"]], *row["named"], row["host"])} - {""}
    codes |= {code for one in (*proposed, *shares) for code in members_in(one["asked"])}
    there = await lives_on(db, codes, on=as_at, as_known=as_known) | {"": ""}
    votes = await votes_in(db, sorted({row["body"] for row in rows} - {""}), on=as_at, as_known=as_known)
    return [
        _shown(
            row,
            named[row["id"]],
            [one for one in proposed if one["instrument_id"] == row["id"]],
            [one for one in shares if one["instrument_id"] == row["id"]],
            there,
            votes.get(row["body"], []) if row["host"] else [],
        )
        | {"as_at": as_at, "as_known": as_known}
        for row in rows
    ]


def _named(row: Mapping[str, Any]) -> list[str]:
    """Return the parties of the day as they were stated; as proposed where the instrument was not made."""
    return list(json.loads(row["parties"])) if row["parties"] else list(row["named"])


async def get_instrument(db: Reads, reference: str, *, as_at: date, as_known: datetime | None) -> dict[str, Any]:
    """Return an instrument as at a day, as known. Raises InstrumentNotFound."""
    rows = await list_instruments(db, as_at=as_at, as_known=as_known, reference=reference)
    if not rows:
        raise InstrumentNotFound(f"no instrument {reference} is known")
    return rows[0]


def _shown(
    row: Mapping[str, Any],
    named: Sequence[str],
    proposed: Sequence[Mapping[str, Any]],
    shares: Sequence[Mapping[str, Any]],
    there: Mapping[str, str],
    votes: Sequence[Votes],
) -> dict[str, Any]:
    """Return the answer about an instrument: `there` is who each code lives on in, `votes` are those with its host."""
    return {
        **row,
        "parties": sorted({there[code] for code in named}),
        "host": there[row["host"]],
        "fund_members": row["fund_members"] if row["fund"] else [],
        "proposed_shares": _waiting(shares, named, there),
        "first_day": row["stood_from"] or row["first_day"],
        "last_day": row["ended_on"] or row["last_day"],
        "awaiting": [] if row["stood_from"] else awaited(row["named"], row["agreed"], there),
        "constitutions": _waiting(proposed, named, there),
        "host_share": str(share_of(there[row["host"]], votes)) if row["host"] and row["body"] else None,
    }


def _waiting(
    proposed: Sequence[Mapping[str, Any]], named: Sequence[str], there: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return what was proposed, each with who of those asked has still to agree; `named` where none is known."""
    return [{**one, "awaiting": awaited(members_in(one["asked"]) or named, one["agreed"], there)} for one in proposed]
