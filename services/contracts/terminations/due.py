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
from services.contracts.core.models import FACET, Status, life
from services.contracts.core.notice import last_notice_day
from services.contracts.exits.models import ExitNotice
from services.contracts.exits.rules import ONE_DAY
from services.contracts.exits.statements import leaving_of
from services.contracts.terminations.commands import publish_end
from services.contracts.terminations.notices import end_of, standing_notices

# A contract that a plan has given notice of ends by its move into the shared one.
_NEXT_END = """
SELECT n.reference AS notice, c.reference AS contract
  FROM exit_notice n JOIN contract c ON c.id = n.contract_id
 WHERE n.exit_day < $1 AND n.faults = '{}' AND n.plan IS NULL AND c.status = 'signed'
   AND NOT EXISTS (SELECT FROM exit_notice_act a WHERE a.notice_id = n.id AND a.act <> 'consent')
 ORDER BY n.exit_day, n.id LIMIT 1
"""

# The term that is known to run last; a notice that stands for its end keeps it from being followed by another.
_RENEWING = """
SELECT c.reference, c.notice_months, term.ends_on
  FROM contract c
 CROSS JOIN LATERAL (SELECT max(upper(b.valid)) - 1 AS ends_on FROM contract_life_belief b
                      WHERE b.subject_id = c.id AND b.value = 'active' AND upper_inf(b.known)) term
 WHERE c.status = 'signed' AND c.exit_terms ->> 'renewal_months' IS NOT NULL
   AND term.ends_on - (c.notice_months + 1) * 31 <= $1
   AND NOT EXISTS (SELECT FROM exit_notice n
                    WHERE n.contract_id = c.id AND n.faults = '{}' AND n.exit_day <= term.ends_on
                      AND NOT EXISTS (SELECT FROM exit_notice_act a
                                       WHERE a.notice_id = n.id AND a.act = 'withdrawal'))
 ORDER BY term.ends_on, c.id
"""


async def end_by_notice(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """End the next contract whose notice has run out by a day; return 1, or 0 where there is none."""
    row = await (await raw(session)).fetchrow(_NEXT_END, up_to)
    if row is None:
        return 0
    [contract] = await lock_contracts(session, [row["contract"]])
    notice = (await session.scalars(select(ExitNotice).where(ExitNotice.reference == row["notice"]))).one()
    if contract.status != Status.SIGNED or notice not in await standing_notices(session, contract):
        return 1  # withdrawn, or ended otherwise, before the lock was taken: the next is looked for
    title = exit_reasons_on(day_of(notice.stated_at)).title_of(notice.reason)
    contract.end(Status.TERMINATED, notice.exit_day, reason=notice.reason, note=notice.note, agreement=None)
    contract.notice_served_on, contract.notice_document = notice.served_on, notice.document
    session.add(end_of(notice, by=by, stated_at=stated_at))
    await session.flush()
    await publish_end(session, contract, title, stated_at=stated_at, by=by, notice=notice.reference)
    return 1


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
    terms = []
    for contract in contracts:
        leaving, first = leaving_of(contract), ends[contract.reference] + ONE_DAY
        next_end = leaving.term_end(leaving.term_on(first))
        term = Days(first, next_end + ONE_DAY)
        terms.append(NewStatement(contract.id, FACET, Status.ACTIVE.value, term, stated_at))
        contract.term_end = next_end
        contract.version += 1
        await publish_variation(session, contract, first, last_day=next_end, reason="renewed", stated_at=stated_at)
    await session.flush()
    await life.state(await raw(session), terms, source="renewal", by=by.subject)
    return len(contracts)
