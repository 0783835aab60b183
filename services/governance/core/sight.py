"""Decides who reads what concerns certain organisations alone: one rule for every such read.

A caller reads through its own codes and those of the bodies that they succeeded. A national body reads everything.
"""

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.governance.core.models import known


async def reads_through(db: Reads, by: Caller) -> list[str] | None:
    """Return the codes through which the caller reads: its own and their predecessors; None: all, a national body."""
    if by.is_national:
        return None
    return sorted(by.organisations | await known.predecessors(db, by.organisations))
