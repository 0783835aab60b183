"""Decides who may act for a body that another one succeeded."""

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from services.registry.lineage.queries import predecessors_of


async def must_act_for(session: AsyncSession, code: str, by: Caller) -> None:
    """Raise NotYoursToDecide unless the caller acts for this body, or for one that it lives on in."""
    predecessors = () if by.acts_for([code]) else await predecessors_of(await raw(session), by.organisations)
    by.must_act_for([code], predecessors=predecessors)
