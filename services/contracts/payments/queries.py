"""Reads what was planned and what fell due under a contract, as known at an instant."""

from datetime import date, datetime

from libs.common.database.connection import Reads
from services.contracts.payments.rules import DueItem, PlannedItem

_PLANNED = """
SELECT DISTINCT ON (item) item, kind, payer, payee, amount_pence AS most_pence, due_on, condition
  FROM planned_payment WHERE contract_id = $1 AND kind = ANY($2) AND stated_at <= $3
 ORDER BY item, stated_at DESC, id DESC
"""

_DUE = """
SELECT item, kind, payer, payee, amount_pence, due_on, achievement, corrects
  FROM due_payment WHERE contract_id = $1 AND kind = ANY($2) AND stated_at <= $3 AND due_on <= $4
 ORDER BY due_on, stated_at, item
"""


async def list_planned(db: Reads, contract_id: int, kinds: list[str], *, known: datetime) -> list[PlannedItem]:
    """Return the items of these kinds as they were planned last, ordered by item."""
    return [PlannedItem(**row) for row in await db.fetch(_PLANNED, contract_id, kinds, known)]


async def list_due(
    db: Reads, contract_id: int, kinds: list[str], *, known: datetime, up_to: date = date.max
) -> list[DueItem]:
    """Return what fell due of these kinds up to a day, corrections among it, in the order of their days."""
    return [DueItem(**row) for row in await db.fetch(_DUE, contract_id, kinds, known, up_to)]
