"""Who may act for a body: the caller's own organisations, and the predecessors that they succeeded."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from libs.organisations.mergers import deciders
from libs.organisations.successions import TODAY
from services.registry.core.models import successions


async def must_act_for(session: AsyncSession, codes: Collection[str], by: Caller) -> None:
    """Raise NotYoursToDecide unless the caller acts for all of these bodies, itself or as their successor.

    Where another took one over whole, it decides too: the account of a body that is gone binds no successor. Asked
    before anything is locked. A code that names no body yet stands for itself.
    """
    if by.is_national:
        by.must_act_for(codes)
        return
    connection = await raw(session)
    today = await connection.fetchval(f"SELECT {TODAY}")
    bound = await deciders(connection, successions, codes, today=today)
    before = () if by.acts_for(bound) else await successions.predecessors(connection, by.organisations)
    by.must_act_for(bound, predecessors=before)
