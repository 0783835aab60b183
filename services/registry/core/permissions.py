"""Who may act for a body: the caller's own organisations, and the predecessors that they succeeded."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller, Role
from libs.organisations.mergers import deciders
from libs.organisations.successions import TODAY
from services.registry.core.models import successions

PREPARING = (Role.NHS_ENGLAND, Role.GOVERNANCE_LEAD)
"""Who prepares a merger for its day: NHS England makes the schemes, a governance lead records them and evidence."""


async def acted_for(session: AsyncSession, codes: Collection[str], by: Caller) -> list[str]:
    """Return those of these bodies for which the caller decides, itself or as their successor, in their order."""
    if by.is_national:
        return list(codes)
    connection = await raw(session)
    today = await connection.fetchval(f"SELECT {TODAY}")
    before = await successions.predecessors(connection, by.organisations)
    own = [code for code in codes if by.acts_for([code], predecessors=before)]
    return [
        code
        for code in own
        if by.acts_for(await deciders(connection, successions, [code], today=today), predecessors=before)
    ]


async def must_act_for_one_of(session: AsyncSession, codes: Collection[str], by: Caller, *, because: str) -> list[str]:
    """Return those of these bodies for which the caller decides. Raises NotYoursToDecide where it is none of them.

    `because` says why one of them is enough.
    """
    own = await acted_for(session, codes, by)
    needed: Collection[str] = own
    if not own:
        connection = await raw(session)
        today = await connection.fetchval(f"SELECT {TODAY}")
        needed = await deciders(connection, successions, codes, today=today) - by.organisations
    by.must_act_for_one_of(needed, because=because, predecessors=own)
    return own


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
