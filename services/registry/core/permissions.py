"""Who may act for a body: the caller's own organisations, and the predecessors that they succeeded."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from services.registry.core.models import successions


async def must_act_for(session: AsyncSession, codes: Collection[str], by: Caller) -> None:
    """Raise NotYoursToDecide unless the caller acts for all of these bodies, itself or as their successor.

    Asked before anything is locked. A code that names no body yet stands for itself.
    """
    before = () if by.acts_for(codes) else await successions.predecessors(await raw(session), by.organisations)
    by.must_act_for(codes, predecessors=before)
