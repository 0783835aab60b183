"""Everything that finance does when told."""

from collections.abc import Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events import Event
from libs.common.events.contracts import ContractSigned, ContractTerminated, ContractTransferred, ServiceConsolidated
from libs.common.events.registry import CCGMerged
from libs.common.identity import Caller
from libs.common.messaging.subscriptions import Subscriptions
from services.finance.allowances.restatement import restate_allowances
from services.finance.charges import projection
from services.finance.core.models import known, known_contracts
from services.finance.core.years import LAST_YEAR, FinancialYear

subscriptions = Subscriptions("finance")
subscriptions.knows(known.projection, *known.events)(known.know)


@subscriptions.knows(known_contracts, ContractSigned, ContractTransferred, ContractTerminated, ServiceConsolidated)
async def know_contracts(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Keep what each support contract charges whom, for the charges that an allowance has to carry."""
    await projection.know(connection, events)


@subscriptions.on(CCGMerged)
async def successor_takes_over_allowances(event: CCGMerged, session: AsyncSession, *, by: Caller) -> None:  # noqa: ARG001
    """Restate the allowances of the merger's year and of those after it."""
    years = (FinancialYear.of(event.effective_on).start, LAST_YEAR)
    await restate_allowances(session, [event.successor, *event.predecessors], years=years)
