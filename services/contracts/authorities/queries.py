"""Reads which organisations have decided on a subject, by the decisions that governance published."""

from collections.abc import Collection
from datetime import date

from libs.common.database.connection import Reads

APPROVED = ("approved", "approved_with_conditions")

_DECIDED = """
SELECT DISTINCT code FROM known_decision d CROSS JOIN LATERAL unnest(d.binds) AS code
 WHERE d.subject = $1 AND d.action = $2 AND code = ANY($3::text[]) AND d.outcome = ANY($4::text[])
   AND ($5::int = 0 OR d.revision = $5) AND d.effective_on <= $6
   AND NOT EXISTS (SELECT FROM known_decision_reversal r
                    WHERE r.decision = d.decision AND r.effective_on <= $6 AND r.stated_at >= d.stated_at)
"""

_UNVERIFIED = """
SELECT DISTINCT organisation FROM binding_act
 WHERE subject = $1 AND action = $2 AND organisation = ANY($3::text[]) AND ($4::int = 0 OR revision = $4)
"""


async def deciding(
    db: Reads,
    action: str,
    subject: str,
    organisations: Collection[str],
    *,
    on: date,
    revision: int = 0,
    outcomes: Collection[str] = APPROVED,
) -> frozenset[str]:
    """Return those of some organisations that have so decided by a day, of a plan's revision where it has one.

    A decision that was reversed by then does not count.
    """
    rows = await db.fetch(_DECIDED, subject, action, sorted(organisations), list(outcomes), revision, on)
    return frozenset(row["code"] for row in rows)


async def acting(
    db: Reads, action: str, subject: str, organisations: Collection[str], *, revision: int = 0
) -> frozenset[str]:
    """Return those of some organisations that have recorded such an act."""
    rows = await db.fetch(_UNVERIFIED, subject, action, sorted(organisations), revision)
    return frozenset(row["organisation"] for row in rows)
