"""Due work of contracts: what happens on a day without anybody's command."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.identity import Caller
from libs.common.service.due_work import DoDueWork
from services.contracts.bodies.commands import find_holders
from services.contracts.consolidations.moves import move_next
from services.contracts.exits.alerts import announce_windows
from services.contracts.mergers.reviews import find_overlaps
from services.contracts.performance.commands import find_duties
from services.contracts.schedules.commands import payments_fall_due
from services.contracts.signing.ratifications import ratify_by_decisions
from services.contracts.sourcing.commands import agreements_are_overdue
from services.contracts.terminations.due import end_by_notice, renew_contracts

DUE: tuple[DoDueWork, ...] = (
    ratify_by_decisions,
    renew_contracts,
    end_by_notice,
    payments_fall_due,
    find_duties,
    find_holders,
    find_overlaps,
    move_next,
    agreements_are_overdue,
    announce_windows,
)
"""The routines of the packages, each of which does its next piece of work, in this order."""


async def do_next(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Do the next piece of work that is due by a day; return how much was done, 0 where nothing is left."""
    for do in DUE:
        if done := await do(session, up_to=up_to, stated_at=stated_at, by=by):
            return done
    return 0
