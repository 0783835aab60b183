"""Publishes, as due work on the day on which a pack is stated, the decisions that would flip under it."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.finance import CaseWouldFlip
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from libs.common.rulepacks import RulePack
from services.finance.core.packs import PACKS
from services.finance.core.sight import Sight
from services.finance.flips.models import FlipCheck
from services.finance.flips.queries import Looked, look_at, may_flip

_AT_ONCE = 100


async def tell_flips(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (every routine gets the caller)
    """Look at the next versions frozen before a pack was stated; return how many were looked at.

    A version that is frozen later was appraised when the pack was known already.
    """
    connection = await raw(session)
    for pack in PACKS:
        if not may_flip(pack) or pack.stated_at is None or day_of(pack.stated_at) > up_to:
            continue
        last = select(func.coalesce(func.max(FlipCheck.frozen_version_id), 0)).filter_by(pack=pack.id)
        after = (await session.execute(last)).scalar_one()
        looked = await look_at(connection, pack, sight=Sight(None), known=pack.stated_at, after=after, limit=_AT_ONCE)
        for each in looked:
            await _tell(session, each, pack, day_of(pack.stated_at), stated_at)
        if looked:
            return len(looked)
    return 0


async def _tell(session: AsyncSession, looked: Looked, pack: RulePack, day: date, stated_at: datetime) -> None:
    flips = looked.flip is not None
    session.add(FlipCheck(frozen_version_id=looked.id, pack=pack.id, flips=flips, stated_at=stated_at))
    await session.flush()
    if looked.flip is None:
        return
    flip = looked.flip
    by_option = flip.measure == "option"
    event = CaseWouldFlip(
        effective_on=day,
        stated_at=stated_at,
        case=flip.case,
        version=flip.version,
        organisations=looked.organisations,
        pack_from=flip.pack_from,
        pack_to=flip.pack_to,
        measure="npv" if by_option else "bcr",
        from_value=str(flip.npv_from_pence) if by_option else flip.bcr_from or "",
        to_value=str(flip.npv_to_pence) if by_option else flip.bcr_to or "",
    )
    await outbox.add(session, event)
