"""Reads schedules and achievements, and finds the contracts under which something is due."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from fractions import Fraction

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.core.models import known
from services.contracts.core.packs import PACKS
from services.contracts.core.sight import sight_of
from services.contracts.payments.queries import list_due, list_planned
from services.contracts.payments.rules import DueItem, PlannedItem, net_pence
from services.contracts.schedules.errors import ScheduleNotFound
from services.contracts.schedules.rules import KINDS, Achieved
from services.contracts.schedules.views import (
    AchievementsView,
    AchievementView,
    DuePaymentView,
    ScheduledPaymentView,
    ScheduleView,
)

NOW = datetime.max.replace(tzinfo=UTC)

_SCHEDULE = """
SELECT payer, sum_pence, advance, pack, document, advance_on, balance_on
  FROM payment_schedule WHERE contract_id = $1 AND stated_at <= $2
 ORDER BY stated_at DESC, id DESC LIMIT 1
"""

_ACHIEVEMENTS = """
SELECT payee, achievement, achieved_on, document, stated_at
  FROM achievement WHERE contract_id = $1 AND stated_at <= $2 ORDER BY stated_at, id
"""

_PAYERS = """
SELECT DISTINCT ON (contract_id) contract_id, payer
  FROM payment_schedule WHERE contract_id = ANY($1) ORDER BY contract_id, stated_at DESC, id DESC
"""

_ACHIEVED = """
SELECT DISTINCT ON (contract_id, payee) contract_id, payee, achievement, achieved_on
  FROM achievement WHERE contract_id = ANY($1) ORDER BY contract_id, payee, stated_at DESC, id DESC
"""

# Nothing is due under a contract that has not begun to run by the day: a conditional one, for example.
_DUE_UNDER = """
SELECT p.contract_id, c.reference
  FROM (SELECT DISTINCT ON (item) * FROM planned_payment WHERE kind = ANY($1) ORDER BY item, stated_at DESC, id DESC) p
  JOIN contract c ON c.id = p.contract_id
 WHERE p.due_on <= $2 AND p.amount_pence > 0 AND p.contract_id > $3
   AND NOT EXISTS (SELECT FROM due_payment d WHERE d.item = p.item)
   AND (p.condition = '' OR EXISTS (
        SELECT FROM achievement a WHERE a.contract_id = p.contract_id AND a.payee = p.payee AND a.achieved_on <= $2))
   AND EXISTS (SELECT FROM contract_life_belief b
                WHERE b.subject_id = c.id AND b.value = 'active' AND upper_inf(b.known)
                  AND (b.valid && daterange(NULL, $2::date, '[]')) IS TRUE)
 GROUP BY p.contract_id, c.reference ORDER BY p.contract_id LIMIT $4
"""

_RAN = """
SELECT c.id FROM unnest($1::bigint[]) AS c (id)
 WHERE EXISTS (SELECT FROM contract_life_belief b
                WHERE b.subject_id = c.id AND b.value = 'active' AND upper_inf(b.known)
                  AND (b.valid && daterange(NULL, $2::date, '[]')) IS TRUE)
"""

_CUSTOMERS_ON = """
SELECT cc.contract_id, array_agg(cc.customer_code ORDER BY cc.customer_code) AS codes FROM contract_customer cc
  JOIN contract_customer_belief b ON b.subject_id = cc.id
 WHERE cc.contract_id = ANY($1) AND b.valid @> $2::date AND upper_inf(b.known) GROUP BY cc.contract_id
"""


async def get_schedule(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> ScheduleView:
    """Return a contract's schedule with what fell due up to a day. Raises ContractNotFound, ScheduleNotFound."""
    sight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_SCHEDULE, sight.id, sight.known)
    if not rows:
        raise ScheduleNotFound(f"{reference} has no schedule of payments")
    [schedule] = rows
    items = await list_planned(db, sight.id, KINDS, known=sight.known)
    due = await list_due(db, sight.id, KINDS, known=sight.known, up_to=as_at)
    payments = [_shown(item, due) for item in items if item.most_pence or any(item.item == one.item for one in due)]
    citations = {pack.id: pack.citation for pack in PACKS}
    return ScheduleView(
        contract=reference,
        payer=schedule["payer"],
        sum_pence=schedule["sum_pence"],
        advance=schedule["advance"],
        rule_pack=schedule["pack"],
        citation=citations.get(schedule["pack"]),
        document=schedule["document"],
        advance_pence=sum(one.most_pence for one in items if not one.condition),
        balance_pence=sum(one.most_pence for one in items if one.condition),
        due_pence=sum(one.due_pence for one in payments),
        payments=payments,
        as_at=as_at,
        as_known=as_known,
    )


def _shown(item: PlannedItem, due: list[DueItem]) -> ScheduledPaymentView:
    return ScheduledPaymentView(
        item=item.item,
        kind=item.kind,
        payer=item.payer,
        payee=item.payee,
        most_pence=item.most_pence,
        due_on=item.due_on,
        waits_for=item.condition,
        due_pence=net_pence(item.item, item.payee, due),
        fell_due=[DuePaymentView.model_validate(one) for one in due if item.item in (one.item, one.corrects)],
    )


async def list_achievements(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> AchievementsView:
    """Return what was stated of achievements under a contract. Raises ContractNotFound."""
    sight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_ACHIEVEMENTS, sight.id, sight.known)
    return AchievementsView(
        contract=reference, achievements=[AchievementView(contract=reference, **row) for row in rows]
    )


async def achievements_of(db: Reads, contracts: Collection[int]) -> Mapping[int, Mapping[str, Achieved]]:
    """Return by contract what each payee achieved by the statement made last."""
    found: dict[int, dict[str, Achieved]] = defaultdict(dict)
    for row in await db.fetch(_ACHIEVED, list(contracts)):
        found[row["contract_id"]][row["payee"]] = Achieved(Fraction(row["achievement"]), row["achieved_on"])
    return found


async def payers_of(db: Reads, contracts: Collection[int]) -> Mapping[int, str]:
    """Return the payer that the schedule of each contract names; none of a contract without a schedule."""
    return {row["contract_id"]: row["payer"] for row in await db.fetch(_PAYERS, list(contracts))}


async def list_with_due(db: Reads, up_to: date, *, after: int, limit: int) -> Mapping[int, str]:
    """Return the references of contracts, by id, under which an item is due by a day that has not fallen due yet."""
    rows = await db.fetch(_DUE_UNDER, KINDS, up_to, after, limit)
    return {row["contract_id"]: row["reference"] for row in rows}


async def begun(db: Reads, contracts: Collection[int], day: date) -> frozenset[int]:
    """Return which of the contracts have begun to run by a day, as known now."""
    return frozenset(row["id"] for row in await db.fetch(_RAN, list(contracts), day))


async def present_payers(db: Reads, payers: Mapping[int, str], on: date) -> Mapping[int, str]:
    """Return who pays under each contract on a day: the payer named, or the one customer that it lives on in."""
    customers = {row["contract_id"]: set(row["codes"]) for row in await db.fetch(_CUSTOMERS_ON, list(payers), on)}
    gone = {key: code for key, code in payers.items() if code not in customers.get(key, ())}
    successors = {code: await known.successors(db, [code]) for code in sorted(set(gone.values()))}
    followed = {key: customers.get(key, set()) & successors[code] for key, code in gone.items()}
    return {**payers, **{key: codes.pop() for key, codes in followed.items() if len(codes) == 1}}
