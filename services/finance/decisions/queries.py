"""Reads whether a decision that a command names carries it."""

from datetime import date
from typing import Final

import asyncpg

from libs.common.database.connection import Reads
from libs.common.errors import DomainError, Reason
from services.finance.core.models import known
from services.finance.decisions.errors import DecisionNoLongerStands, DecisionNotApproved, DecisionUnknown

APPROVED: Final = ("approved", "approved_with_conditions")

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('decision ' || $1, 0)) WHERE $1 <> ''"

_DECISION = """
SELECT k.binds, k.outcome,
       (SELECT min(r.effective_on) FROM known_reversed_decision r
         WHERE r.decision = k.decision AND r.stated_at >= k.stated_at) AS reversed_on
  FROM known_decision k WHERE k.decision = $1
 ORDER BY k.stated_at DESC, k.outcome DESC, k.effective_on DESC, k.binds DESC LIMIT 1
"""


async def lock_decision(connection: asyncpg.Connection, decision: str) -> None:
    """Let acts by a decision and its reversal wait for each other. A command calls it before it locks anything else."""
    await connection.execute(_LOCK, decision)


async def was_reversed(db: Reads, decision: str) -> bool:
    """Whether a decision is known to have been reversed."""
    rows = await db.fetch("SELECT FROM known_reversed_decision WHERE decision = $1 LIMIT 1", decision)
    return bool(rows)


async def in_whose_name(db: Reads, code: str, *, today: date) -> frozenset[str]:
    """Return whose decisions carry acts of a body: its own, those of its predecessors and of who has it today."""
    return await known.predecessors(db, [code]) | await known.deciders(db, [code], today=today)


async def why_not_decided(
    db: Reads, decision: str, code: str, *, today: date, field: str = "decision"
) -> list[DomainError]:
    """Return the refusal where a decision that is named carries no act of a body; none where none is named.

    It has to be published, approved and not reversed, and to bind the body, one that it succeeded, or who took it over.
    One that binds others is unknown to it.
    """
    if not decision:
        return []
    rows = await db.fetch(_DECISION, decision)
    of_body = await in_whose_name(db, code, today=today)
    if not rows or of_body.isdisjoint(rows[0]["binds"]):
        return [_refused(DecisionUnknown, f"no decision {decision} is known that binds {code}", field)]
    if rows[0]["reversed_on"] is not None:
        return [_refused(DecisionNoLongerStands, f"{decision} was reversed on {rows[0]['reversed_on']}", field)]
    if rows[0]["outcome"] not in APPROVED:
        return [_refused(DecisionNotApproved, f"{decision} was {rows[0]['outcome']}", field)]
    return []


def _refused(kind: type[DomainError], message: str, field: str) -> DomainError:
    return kind(message, reasons=[Reason(message, field)])
