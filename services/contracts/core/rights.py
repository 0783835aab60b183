"""Decides who may change which contract: a contract lead who acts for all its customers, or for what is its own.

The right is checked before anything is locked, and again under the lock. What the caller may not know to exist is
refused like what does not exist.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import TypeAlias

import asyncpg

from libs.common.errors import Reason
from libs.common.identity import Caller, NotYoursToDecide, Role
from services.contracts.core.models import known
from services.contracts.core.sight import must_know

Expect: TypeAlias = Callable[[int], None]
"""Raises unless the caller read the version that it changes; asked once the right is known."""

_COORDINATOR = """
SELECT b.value FROM contract c JOIN contract_coordinator_belief b ON b.subject_id = c.id
 WHERE c.reference = $1 AND c.status <> 'draft' AND b.valid @> $2::date AND upper_inf(b.known)
"""

# The customers on the day, of a draft those for whom its author acted.
_CUSTOMERS = """
WITH named AS (
    SELECT c.reference, cc.customer_code,
           EXISTS (
               SELECT FROM contract_customer_belief b
                WHERE b.subject_id = cc.id AND b.valid @> $2::date AND upper_inf(b.known)) AS is_one_then
      FROM contract c JOIN contract_customer cc ON cc.contract_id = c.id
     WHERE c.reference = ANY($1) AND c.status <> 'draft'
     UNION ALL
    SELECT c.reference, code, true FROM contract c, unnest(c.drafted_for) AS code
     WHERE c.reference = ANY($1) AND c.status = 'draft'
)
SELECT reference, customer_code FROM named one
 WHERE is_one_then OR NOT EXISTS (SELECT FROM named other WHERE other.reference = one.reference AND other.is_one_then)
 ORDER BY reference, customer_code
"""


async def must_act_for_customers(
    connection: asyncpg.Connection, codes: Collection[str], *, by: Caller, today: date
) -> None:
    """Raise RoleMissing or NotYoursToDecide unless a contract lead acts for all of these customers.

    Where another body took one over whole, it decides too: an account of a body that is gone binds no successor.
    """
    by.must_have(Role.CONTRACT_LEAD)
    await known.must_act_for(connection, await known.deciders(connection, codes, today=today), by=by)


async def acted_for(connection: asyncpg.Connection, codes: Collection[str], *, by: Caller, today: date) -> list[str]:
    """Return those of the codes for which the caller decides, sorted: itself, and for those that it took over whole."""
    if by.is_national:
        return sorted(codes)
    predecessors = await known.predecessors(connection, by.organisations)
    own = [code for code in sorted(codes) if by.acts_for([code], predecessors=predecessors)]
    return [
        code
        for code in own
        if by.acts_for(await known.deciders(connection, [code], today=today), predecessors=predecessors)
    ]


async def must_act_for_one_of(
    connection: asyncpg.Connection, codes: Collection[str], *, because: str, by: Caller, today: date
) -> list[str]:
    """Return those of the parties for which the caller decides. Raises RoleMissing, NotYoursToDecide if it is none.

    For what binds only the party that does it; `because` says why one is enough.
    """
    by.must_have(Role.CONTRACT_LEAD)
    own = await acted_for(connection, codes, by=by, today=today)
    if own or len(codes) == 1:
        await must_act_for_customers(connection, own or codes, by=by, today=today)
        return own
    deciders = await known.deciders(connection, codes, today=today)
    acting = ", ".join(sorted(by.organisations)) or "no organisation"
    raise NotYoursToDecide(
        f"{', '.join(sorted(deciders))}: one of them is needed, because {because}; the token acts for {acting}"
    )


async def must_decide(
    connection: asyncpg.Connection,
    references: Sequence[str],
    *,
    by: Caller,
    on: date,
    today: date,
    coordinated: bool = False,
) -> Mapping[str, list[str]]:
    """Return the customers of contracts on a day, for all of which the caller acts; of a draft those of its author.

    What is `coordinated` is decided by the coordinating commissioner of one contract too, alone, for all of them.

    Raises RoleMissing, then ContractNotFound with those that the caller may not know to exist, then NotYoursToDecide
    with each contract that is not its own to decide. Locks nothing.
    """
    by.must_have(Role.CONTRACT_LEAD)
    await must_know(connection, references, by=by, today=today)
    customers: dict[str, list[str]] = defaultdict(list)
    for row in await connection.fetch(_CUSTOMERS, list(references), on):
        customers[row["reference"]].append(row["customer_code"])
    try:
        await must_act_for_customers(
            connection, {code for codes in customers.values() for code in codes}, by=by, today=today
        )
    except NotYoursToDecide as error:
        if coordinated and await _coordinates(connection, references[0], by=by, on=on, today=today):
            return customers
        raise await _of_each_contract(connection, customers, error, by=by) from error
    return customers


async def _coordinates(connection: asyncpg.Connection, reference: str, *, by: Caller, on: date, today: date) -> bool:
    lead = await connection.fetchval(_COORDINATOR, reference, on)
    return lead is not None and bool(await acted_for(connection, [lead], by=by, today=today))


async def _of_each_contract(
    connection: asyncpg.Connection, customers: Mapping[str, list[str]], error: NotYoursToDecide, *, by: Caller
) -> NotYoursToDecide:
    """Return the refusal with a reason for each contract: its customers for whom the caller does not act."""
    if len(customers) == 1:
        return NotYoursToDecide(f"{next(iter(customers))}: {error.message}")
    predecessors = await known.predecessors(connection, by.organisations)
    missing = {
        reference: [code for code in codes if not by.acts_for([code], predecessors=predecessors)]
        for reference, codes in customers.items()
    }
    reasons = [Reason(f"{one}: {', '.join(codes)}", "replaces") for one, codes in missing.items() if codes]
    return NotYoursToDecide(error.message, reasons=reasons)
