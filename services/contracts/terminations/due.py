"""Due work of exits: contracts renew, and end on the day for which notice stands."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.common.temporal.days import LATEST
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.catalogue import exit_reasons_on
from services.contracts.agreements.commands import lock_contracts
from services.contracts.agreements.variations import publish_variation
from services.contracts.core.conditions import rules_on
from services.contracts.core.models import FACET, Contract, Status, life
from services.contracts.core.notice import last_notice_day
from services.contracts.exits.models import ExitNotice, ExitSide, TerminationOffer
from services.contracts.exits.prices.price import Price
from services.contracts.exits.rules import ONE_DAY
from services.contracts.exits.statements import leaving_on, publish_terms
from services.contracts.part_ends.commands import (
    PartOutcome,
    StandingEnd,
    carry_out_part,
    left_then,
    price_agreed,
    price_then,
    standing_ends,
)
from services.contracts.part_ends.payments import AgreedPrice, drop_price, price_falls_due
from services.contracts.terminations.commands import publish_end
from services.contracts.terminations.notices import end_of

# A contract that a plan has given notice of ends by its move into the shared one.
# Of one day the whole is first: what ends with it has no part left to end. A part ends though the end of the whole on a
# later day is agreed already.
_NEXT_END = """
SELECT n.reference AS cause, c.reference AS contract, n.exit_day,
       cardinality(n.functions) + cardinality(n.leaving) > 0 AS is_part, false AS is_offer
  FROM exit_notice n JOIN contract c ON c.id = n.contract_id
 WHERE n.exit_day < $1 AND n.faults = '{}' AND n.plan IS NULL
   AND (c.status = 'signed'
        OR c.status <> 'draft' AND n.exit_day < c.exit_day AND cardinality(n.functions) + cardinality(n.leaving) > 0)
   AND NOT EXISTS (SELECT FROM exit_notice_act a WHERE a.notice_id = n.id AND a.act <> 'consent')
 UNION ALL
SELECT o.reference, c.reference, o.exit_day, true, true
  FROM termination_offer o JOIN termination_offer_act a ON a.offer_id = o.id AND a.act = 'acceptance'
  JOIN contract c ON c.id = o.contract_id
 WHERE o.exit_day < $1 AND (cardinality(o.functions) > 0 OR cardinality(o.leaving) > 0)
   AND (c.status = 'signed' OR c.status <> 'draft' AND o.exit_day < c.exit_day)
   AND NOT EXISTS (SELECT FROM part_end e WHERE e.cause = o.reference)
 ORDER BY exit_day, is_part, cause LIMIT 1
"""

# The term that is known to run last; a notice that stands for its end keeps it from being followed by another.
_RENEWING = f"""
SELECT c.reference, amended.notice_months, term.ends_on
  FROM contract c {rules_on("$1::date")}
 CROSS JOIN LATERAL (SELECT max(upper(b.valid)) - 1 AS ends_on FROM contract_life_belief b
                      WHERE b.subject_id = c.id AND b.value = 'active' AND upper_inf(b.known)) term
 WHERE c.status = 'signed' AND amended.exit_terms ->> 'renewal_months' IS NOT NULL
   AND term.ends_on - (amended.notice_months + 1) * 31 <= $1
   AND NOT EXISTS (SELECT FROM exit_notice n
                    WHERE n.contract_id = c.id AND n.faults = '{{}}' AND n.exit_day <= term.ends_on
                      AND n.functions = '{{}}' AND n.leaving = '{{}}'
                      AND NOT EXISTS (SELECT FROM exit_notice_act a
                                       WHERE a.notice_id = n.id AND a.act = 'withdrawal'))
 ORDER BY term.ends_on, c.id
"""  # noqa: S608  (what is put in is ours)


async def end_by_notice(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """End the next contract, or part of one, whose notice or agreed term has run out; return 1, or 0 where none has."""
    row = await (await raw(session)).fetchrow(_NEXT_END, up_to)
    if row is None:
        return 0
    [contract] = await lock_contracts(session, [row["contract"]])
    ending = next((one for one in await standing_ends(await raw(session), contract) if one.cause == row["cause"]), None)
    if ending is None or not (contract.status == Status.SIGNED or _ends_before(contract, ending)):
        return 1  # withdrawn, or ended otherwise, before the lock was taken: the next is looked for
    if row["is_offer"]:
        await _end_as_agreed(session, contract, ending, by=by, stated_at=stated_at)
    else:
        await _end_as_noticed(session, contract, ending, by=by, stated_at=stated_at)
    return 1


def _ends_before(contract: Contract, ending: StandingEnd) -> bool:
    return not ending.part.is_whole and ending.exit_day < contract.ends_on


async def _end_as_noticed(
    session: AsyncSession, contract: Contract, ending: StandingEnd, *, by: Caller, stated_at: datetime
) -> None:
    notice = (await session.scalars(select(ExitNotice).where(ExitNotice.reference == ending.cause))).one()
    session.add(end_of(notice, by=by, stated_at=stated_at))
    pays = notice.side == ExitSide.CUSTOMERS
    price, outcome = Price(), PartOutcome.NOTHING_LEFT
    if pays or not ending.part.is_whole:
        price = await price_then(session, contract, ending, asked_on=notice.deemed_on, by=by)
    if not ending.part.is_whole:
        outcome = await carry_out_part(session, contract, ending, price, by=by, stated_at=stated_at)
    due = AgreedPrice(contract, ending.cause, price.components)
    if pays and outcome is not PartOutcome.ENDED_BEFORE:
        await price_falls_due(session, due, stated_at=stated_at, by=by)
    if outcome is not PartOutcome.NOTHING_LEFT:
        return
    title = exit_reasons_on(day_of(notice.stated_at)).title_of(notice.reason)
    contract.end(Status.TERMINATED, notice.exit_day, reason=notice.reason, note=notice.note, agreement=None)
    contract.notice_served_on, contract.notice_document = notice.served_on, notice.document
    await session.flush()
    priced = due if pays and due.lines else None
    await publish_end(session, contract, title, stated_at=stated_at, by=by, notice=notice.reference, price=priced)


async def _end_as_agreed(
    session: AsyncSession, contract: Contract, ending: StandingEnd, *, by: Caller, stated_at: datetime
) -> None:
    offer = (await session.scalars(select(TerminationOffer).where(TerminationOffer.reference == ending.cause))).one()
    price = await price_agreed(session, contract, offer.price, ending.exit_day)
    outcome = await carry_out_part(session, contract, ending, price, by=by, stated_at=stated_at)
    due = AgreedPrice(contract, offer.reference, price.components)
    if outcome is PartOutcome.ENDED_BEFORE:
        await drop_price(session, due, stated_at=stated_at)
    else:
        await price_falls_due(session, due, stated_at=stated_at, by=by)
    if outcome is not PartOutcome.NOTHING_LEFT:
        return
    title = exit_reasons_on(day_of(offer.stated_at)).title_of(offer.reason)
    contract.end(
        Status.TERMINATED, offer.exit_day, reason=offer.reason, note=None, agreement=f"Offer {offer.reference}"
    )
    await session.flush()
    await publish_end(session, contract, title, stated_at=stated_at, by=by, price=due)


async def renew_contracts(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Renew the contracts whose last notice day has passed by a day, each by one term; return how many."""
    rows = await (await raw(session)).fetch(_RENEWING, up_to)
    ends = {
        row["reference"]: row["ends_on"]
        for row in rows
        if row["ends_on"] < LATEST and last_notice_day(row["ends_on"], row["notice_months"]) < up_to
    }
    if not ends:
        return 0
    locked = await lock_contracts(session, list(ends))
    # Notice may have been served, or another end agreed, before the locks were taken.
    still = {(row["reference"], row["ends_on"]) for row in await (await raw(session)).fetch(_RENEWING, up_to)}
    contracts = [one for one in locked if (one.reference, ends[one.reference]) in still]
    terms, renewed = [], 0
    for contract in contracts:
        first = ends[contract.reference] + ONE_DAY
        left = await left_then(session, contract, first)
        if left.is_empty:
            continue  # every line ends by then
        renewed += 1
        leaving = await leaving_on(session, contract, first)
        next_end = leaving.term_end(leaving.term_on(first))
        term = Days(first, next_end + ONE_DAY)
        terms.append(NewStatement(contract.id, FACET, Status.ACTIVE.value, term, stated_at))
        contract.term_end = next_end
        contract.version += 1
        await publish_variation(
            session, contract, first, last_day=next_end, reason="renewed", stated_at=stated_at, division=left
        )
        await publish_terms(session, contract, first, stated_at=stated_at)
    await session.flush()
    await life.state(await raw(session), terms, source="renewal", by=by.subject)
    return renewed
