"""Raises and clears findings about the overlaps that a merger brings about, by due work: once a day, and after news."""

import sys
from collections.abc import Collection, Sequence
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind
from services.contracts.mergers.overlaps import Overlap, overlaps_of
from services.contracts.mergers.plans import MergerPlan, MergerStatus, find_plans
from services.contracts.mergers.queries import lines_of, running_contracts

MOST_NAMED = 50
"""Contracts that one finding names; `GET /overlaps` lists them all."""
AT_ONCE = 5_000
"""Findings that one piece of due work raises and clears; a merger's next piece reads its contracts once more."""
MERGERS_AT_ONCE = 100
"""Mergers that one piece of due work looks at."""
MOST_OF_A_KEY = 1000
"""Characters: a key is indexed, and an index takes no more than 2,700 bytes."""

_NEWS = """
INSERT INTO overlap_review (merger) VALUES ($1) ON CONFLICT (merger) DO UPDATE SET reviewed_on = NULL
"""

_TO_REVIEW = """
SELECT merger FROM overlap_review WHERE reviewed_on IS NULL OR reviewed_on < $1
 ORDER BY merger LIMIT $2 FOR UPDATE
"""

_REVIEWED = """
UPDATE overlap_review SET reviewed_on = $2 WHERE merger = ANY($1)
"""

_OPEN = "SELECT key FROM finding WHERE cleared_at IS NULL AND kind = 'overlap' AND key LIKE $1 || ' %'"


async def review(session: AsyncSession, merger: str, *, on: date, stated_at: datetime, by: Caller) -> bool:
    """Look for the overlaps of a merger as it is known now; due work does again. Return whether any changed."""
    await (await raw(session)).execute(_NEWS, merger)
    return await _review(session, [merger], up_to=on, stated_at=stated_at, by=by) > 0


async def review_all_again(session: AsyncSession) -> None:
    """Have the overlaps of every merger looked at that is still under review."""
    await (await raw(session)).execute("UPDATE overlap_review SET reviewed_on = NULL")


async def find_overlaps(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Raise the next overlaps of agreed mergers and of merged bodies, and clear what is settled; return how many.

    A merger that was withdrawn or undone has none. One that was carried out is looked at until it has none left.
    """
    connection = await raw(session)
    mergers = [row["merger"] for row in await connection.fetch(_TO_REVIEW, up_to, MERGERS_AT_ONCE)]
    changed = await _review(session, mergers, up_to=up_to, stated_at=stated_at, by=by, most=AT_ONCE)
    return changed or int(len(mergers) == MERGERS_AT_ONCE)


async def _review(
    session: AsyncSession,
    mergers: Sequence[str],
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,
    most: int = sys.maxsize,
) -> int:
    """Reconcile the findings about these mergers' overlaps with what is known; return how many changed.

    Where `most` of them changed, what remains stays to be reviewed.
    """
    if not mergers:
        return 0
    connection = await raw(session)
    plans = await find_plans(connection, mergers)
    changed, settled, reviewed = 0, set[str](), list[str]()
    for merger in mergers:
        plan = plans.get(merger)
        found = await _findings(connection, plan, up_to=up_to, stated_at=stated_at, by=by) if plan else []
        left = most - changed
        changed += await _reconcile(session, f"overlap {merger}", found, left, up_to=up_to, stated_at=stated_at)
        if changed >= most:
            break
        reviewed.append(merger)
        if not found and (plan is None or plan.status is not MergerStatus.AGREED):
            settled.add(merger)
    await connection.execute("DELETE FROM overlap_review WHERE merger = ANY($1)", sorted(settled))
    await connection.execute(_REVIEWED, reviewed, up_to)
    return changed


async def _findings(db: Reads, plan: MergerPlan, *, up_to: date, stated_at: datetime, by: Caller) -> list[NewFinding]:
    if plan.status not in (MergerStatus.AGREED, MergerStatus.CARRIED_OUT):
        return []
    planned = plan.status is MergerStatus.AGREED
    bodies = [*plan.predecessors, plan.successor] if planned else [plan.successor]
    day = plan.effective_on if planned else max(plan.effective_on, up_to)
    contracts = await running_contracts(db, bodies, by=by, as_at=day, as_known=None)
    overlaps = overlaps_of(plan.successor, lines_of(contracts.values(), bodies))
    if not planned:
        return [of_a_merged_body(plan, overlap) for overlap in overlaps]
    customers = {
        reference: [customer.code for customer in contract["customers"]] for reference, contract in contracts.items()
    }
    return [
        _of_a_plan(plan, overlap.function, one.contract, customers[one.contract], min(day_of(stated_at), up_to))
        for overlap in overlaps
        for one in overlap.contracts
    ]


def of_a_merged_body(plan: MergerPlan, overlap: Overlap) -> NewFinding:
    """Return what a merged body buys twice; of very many contracts the first are named, and the key is a digest."""
    contracts = [one.contract for one in overlap.contracts]
    together = "+".join(contracts)
    named = contracts[:MOST_NAMED]
    more = f" and {len(contracts) - len(named)} more" if len(contracts) > len(named) else ""
    return NewFinding(
        f"overlap {plan.merger} {overlap.function} "
        + (sha256(together.encode()).hexdigest() if len(together) > MOST_OF_A_KEY else together),
        FindingKind.OVERLAP,
        [plan.successor, *named],
        [plan.successor],
        f"{plan.successor} buys {overlap.function} under {', '.join(named)}{more} since {plan.effective_on}",
        plan.effective_on,
    )


def _of_a_plan(plan: MergerPlan, function: str, contract: str, customers: Collection[str], since: date) -> NewFinding:
    """Return what the customers of one contract may know: that others buy the same, and not who or from whom."""
    return NewFinding(
        f"overlap {plan.merger} {function} {contract} {plan.effective_on}",
        FindingKind.OVERLAP,
        [contract],
        [code for code in customers if code in plan.predecessors or code == plan.successor],
        f"from {plan.effective_on} {plan.successor} would buy {function} under {contract} and another contract",
        since,
        due_on=plan.effective_on,
    )


async def _reconcile(
    session: AsyncSession, about: str, wanted: Collection[NewFinding], most: int, *, up_to: date, stated_at: datetime
) -> int:
    is_open = {row["key"] for row in await (await raw(session)).fetch(_OPEN, about)}
    gone = sorted(is_open.difference(one.key for one in wanted))[:most]
    new = [one for one in wanted if one.key not in is_open][: most - len(gone)]
    cleared = await clear_findings(session, gone, on=up_to, reason="superseded", stated_at=stated_at)
    return cleared + await raise_findings(session, new, stated_at=stated_at)
