"""Everything that contracts does because another service told it something."""

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.registry import CCGMerged
from libs.common.identity import Caller
from libs.common.messaging.subscriptions import Subscriptions
from services.contracts.core.models import known
from services.contracts.transfers.commands import Merger, transfer_contracts

subscriptions = Subscriptions("contracts")

subscriptions.knows(known.projection, *known.events)(known.know)


@subscriptions.on(CCGMerged)
async def successor_takes_over_contracts(event: CCGMerged, session: AsyncSession, *, by: Caller) -> None:
    """Let the successor of merged CCGs hold their contracts from the day of the merger."""
    merger = Merger(event.merger, event.predecessors, event.successor, event.effective_on, event.stated_at)
    await transfer_contracts(session, merger, by=by)
