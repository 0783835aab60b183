"""Reads the shares of pooled funds as at a day, as known, and those that are proposed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about
from libs.common.temporal.believed import as_known as known_at
from services.governance.core.models import Facet

# $1 as at, $2 as known, of an instrument `i`. Of several shares that count from a day, those that were agreed on last.
SHARES = """SELECT s.members, s.shares FROM fund_shares s
    WHERE s.instrument_id = i.id AND s.first_day <= $1 AND s.made_at <= $2
    ORDER BY s.made_at DESC, s.first_day DESC LIMIT 1"""
_SHARES_ON = f"SELECT f.* FROM instrument i, LATERAL ({SHARES}) f WHERE i.id = $3"  # noqa: S608  (SQL of ours)
# The parties that are asked to agree to what was proposed, those of its first day, or of $3 if that is later.
ASKED = f"""
  LEFT JOIN instrument_time_belief p ON p.subject_id = {{0}}.instrument_id AND {about("p", Facet.MEMBERS)}
        AND {known_at("p")} AND p.valid @> greatest($3::date, {{0}}.first_day)
"""
_PROPOSED_SHARES = f"""
SELECT s.instrument_id, s.number, s.first_day, s.members, s.shares,
       ARRAY(SELECT organisation FROM instrument_agreement a WHERE a.instrument_id = s.instrument_id
              AND a.number = s.number AND a.agreed_at <= $2 ORDER BY 1) AS agreed, p.value AS asked
  FROM fund_shares s {ASKED.format("s")}
 WHERE s.instrument_id = ANY($1) AND s.proposed_at <= $2 AND (s.made_at IS NULL OR s.made_at > $2)
 ORDER BY s.instrument_id, s.number
"""  # noqa: S608  (only SQL of ours is put in)


@dataclass(frozen=True, slots=True)
class Shares:
    """Who pools a fund, and their shares in the same order."""

    members: tuple[str, ...]
    shares: tuple[str, ...]


async def find_shares(db: Reads, instrument: int, *, on: date) -> Shares | None:
    """Return the later shares that count for an instrument on a day, as now known; None where the first ones do."""
    rows = await db.fetch(_SHARES_ON, on, datetime.max.replace(tzinfo=UTC), instrument)
    return Shares(tuple(rows[0]["members"]), tuple(rows[0]["shares"])) if rows else None


async def list_proposed_shares(
    db: Reads, instruments: Collection[int], *, as_at: date, as_known: datetime
) -> Sequence[asyncpg.Record]:
    """Return the shares of instruments that wait for agreement on a day, as known."""
    return await db.fetch(_PROPOSED_SHARES, list(instruments), as_known, as_at)
