"""Divides charges by population where customers agreed to, as the registry counted."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from libs.common.database.connection import Reads
from services.finance.allowances.counts import counts_on_days
from services.finance.charges.rules import ContractStatement
from services.finance.charges.shares import list_agreed, restated


async def divided_by_rule(
    db: Reads, statements: Sequence[ContractStatement], *, as_known: datetime | None = None
) -> list[ContractStatement]:
    """Return what contracts said of charges, with shares by population where that is the rule."""
    agreed = await list_agreed(db, [one.contract for one in statements], as_known=as_known)
    counted: dict[tuple[str, date], set[str]] = defaultdict(set)
    for one in agreed:
        if one.counted:
            counted[one.counted].update(one.customers)
    counts = await counts_on_days(db, counted, as_known=as_known) if counted else {}
    people = {key: {customer: one.people for customer, one in of_key.items()} for key, of_key in counts.items()}
    return restated(statements, agreed, people)
