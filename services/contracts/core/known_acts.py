"""Reads the acts of contracts that are known, from which their states follow."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.process.clock import day_of
from libs.common.temporal.history import ALWAYS
from services.contracts.core.states import ContractAct, End, StateOnDay, What, state_on

# Of notices only those that have effect, for the whole: a part that ends leaves the state as it is. What was known to
# the caller: one instant a contract.
_FILED = """
SELECT asked.contract, n.deemed_on AS day, n.reference, n.exit_day, 'noticed' AS what
  FROM unnest($1::int[], $2::timestamptz[]) AS asked (contract, known)
  JOIN exit_notice n ON n.contract_id = asked.contract AND n.faults = '{}' AND n.stated_at <= asked.known
   AND n.functions = '{}' AND n.leaving = '{}'
 UNION ALL
SELECT asked.contract, a.acted_on, n.reference, NULL, 'withdrawn'
  FROM unnest($1::int[], $2::timestamptz[]) AS asked (contract, known)
  JOIN exit_notice n ON n.contract_id = asked.contract
  JOIN exit_notice_act a ON a.notice_id = n.id AND a.act = 'withdrawal' AND a.stated_at <= asked.known
 UNION ALL
SELECT asked.contract, k.closed_on, '', NULL, 'closed'
  FROM unnest($1::int[], $2::timestamptz[]) AS asked (contract, known)
  JOIN contract_closure k ON k.contract_id = asked.contract AND k.stated_at <= asked.known
"""

_ENDS: Mapping[str, End] = {"in_house": End.INSOURCED, "novated": End.NOVATED}


async def states_of(db: Reads, rows: Iterable[Mapping[str, Any]], day: date) -> dict[int, StateOnDay]:
    """Return the state of each contract on a day, by its row and what else the caller knows of it, by id."""
    contracts = list(rows)
    filed: dict[int, list[ContractAct]] = defaultdict(list)
    asked = ([row["id"] for row in contracts], [_instant(row) for row in contracts])
    for row in await db.fetch(_FILED, *asked) if contracts else ():
        act = ContractAct(What(row["what"]), row["day"], last_day=row["exit_day"], notice=row["reference"])
        filed[row["contract"]].append(act)
    return {row["id"]: state_on([*_of_row(row), *filed[row["id"]]], day) for row in contracts}


def _instant(row: Mapping[str, Any]) -> datetime:
    """Return up to when the caller knows a contract; the driver returns the end of time without a zone."""
    known: datetime = row["known_up_to"]
    return known if known.tzinfo is not None else ALWAYS


def _of_row(row: Mapping[str, Any]) -> Sequence[ContractAct]:
    known = _instant(row)
    acts = [ContractAct(What.DRAFTED, day_of(row["drafted_at"]))]
    if row["awarded_on"] is not None and row["awarded_at"] <= known:
        acts.append(ContractAct(What.AWARDED, row["awarded_on"]))
    if row["committed_at"] is not None and row["committed_at"] <= known:
        acts.append(ContractAct(What.COMMITTED, day_of(row["committed_at"])))
    if row["status_then"] == "lapsed":
        acts.append(ContractAct(What.REFUSED, date.min))
    if row["signed_on"] is None or row["signed_at"] > known:
        return acts
    last_day = row["last_day"]
    acts.append(ContractAct(What.SIGNED, row["signed_on"], first_day=row["starts_on"], last_day=last_day))
    if row["ended_as"] is None and row["ends_on"] > last_day:
        acts.append(ContractAct(What.PROLONGED, row["signed_on"], last_day=row["ends_on"]))
    if row["ended_as"] is not None:
        how = _ENDS.get(row["exit_reason"] or "", End.REPLACED if row["ended_as"] == "replaced" else End.EARLY)
        acts.append(ContractAct(What.ENDED, day_of(row["ended_at"]), last_day=row["ends_on"], end=how))
    return acts
