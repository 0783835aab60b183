"""Reads what was planned and what fell due under a contract, as known at an instant."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

from libs.common.database.connection import Reads
from services.contracts.payments.rules import DueItem, PlannedItem

_PLANNED = """
SELECT DISTINCT ON (item) contract_id, item, kind, payer, payee, amount_pence AS most_pence, due_on, condition
  FROM planned_payment WHERE contract_id = ANY($1) AND kind = ANY($2) AND stated_at <= $3
 ORDER BY item, stated_at DESC, id DESC
"""

_DUE = """
SELECT contract_id, item, kind, payer, payee, amount_pence, due_on, achievement, corrects
  FROM due_payment WHERE contract_id = ANY($1) AND kind = ANY($2) AND stated_at <= $3 AND due_on <= $4
 ORDER BY due_on, stated_at, item
"""


async def list_planned(db: Reads, contract_id: int, kinds: list[str], *, known: datetime) -> list[PlannedItem]:
    """Return the items of these kinds as they were planned last, ordered by item."""
    return (await planned_under(db, [contract_id], kinds, known=known))[contract_id]


async def planned_under(
    db: Reads, contracts: Collection[int], kinds: list[str], *, known: datetime
) -> Mapping[int, list[PlannedItem]]:
    """Return the same under several contracts, by their ids."""
    found: dict[int, list[PlannedItem]] = defaultdict(list)
    for row in await db.fetch(_PLANNED, list(contracts), kinds, known):
        columns = dict(row)
        found[columns.pop("contract_id")].append(PlannedItem(**columns))
    return found


async def list_due(
    db: Reads, contract_id: int, kinds: list[str], *, known: datetime, up_to: date = date.max
) -> list[DueItem]:
    """Return what fell due of these kinds up to a day, corrections among it, in the order of their days."""
    return (await due_under(db, [contract_id], kinds, known=known, up_to=up_to))[contract_id]


async def due_under(
    db: Reads, contracts: Collection[int], kinds: list[str], *, known: datetime, up_to: date = date.max
) -> Mapping[int, list[DueItem]]:
    """Return the same under several contracts, by their ids."""
    found: dict[int, list[DueItem]] = defaultdict(list)
    for row in await db.fetch(_DUE, list(contracts), kinds, known, up_to):
        columns = dict(row)
        found[columns.pop("contract_id")].append(DueItem(**columns))
    return found
