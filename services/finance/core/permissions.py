"""Permissions to read: a body's figures are for callers who act for it or a successor."""

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.finance.core.models import known


async def must_see(db: Reads, code: str, by: Caller) -> None:
    """Raise NotYoursToDecide unless the caller acts for an organisation, or for one of its successors."""
    await known.must_act_for(db, [code], by=by)


async def visible_to(db: Reads, by: Caller) -> frozenset[str] | None:
    """Return the codes whose figures a caller may see: its own and their predecessors; None means all."""
    if by.is_national:
        return None
    return by.organisations | await known.predecessors(db, by.organisations)
