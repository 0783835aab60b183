"""Reacts to the events of the registry and of contracts: restates allowances, projects charges."""

from collections.abc import Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events import Event
from libs.common.events.contracts import (
    ContractSigned,
    ContractTerminated,
    ContractTransferred,
    ContractVaried,
    ServiceConsolidated,
)
from libs.common.events.registry import MERGED, Merged, SuccessionUndone
from libs.common.identity import Caller
from libs.common.messaging.subscriptions import Subscriptions
from services.finance.allowances.restatement import restate_allowances
from services.finance.charges import projection
from services.finance.core.models import bodies_with_allowances, known, known_contracts
from services.finance.core.years import LAST_YEAR, FinancialYear

subscriptions = Subscriptions("finance")
subscriptions.knows(known.projection, *known.events)(known.know)


@subscriptions.knows(
    known_contracts, ContractSigned, ContractVaried, ContractTransferred, ContractTerminated, ServiceConsolidated
)
async def know_contracts(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Project the charges of support contracts, which an allowance has to carry."""
    await projection.know(connection, events)


@subscriptions.on(*MERGED, holding=bodies_with_allowances)
async def successor_takes_over_allowances(event: Merged, session: AsyncSession, *, by: Caller) -> bool:  # noqa: ARG001  (every reaction gets the caller)
    """Restate the allowances of the merger's year and of those after it."""
    years = (FinancialYear.of(event.effective_on).start, LAST_YEAR)
    return await restate_allowances(session, [event.successor, *event.predecessors], years=years)


@subscriptions.on(SuccessionUndone, holding=bodies_with_allowances)
async def allowances_go_back(event: SuccessionUndone, session: AsyncSession, *, by: Caller) -> bool:  # noqa: ARG001  (every reaction gets the caller)
    """Restate the allowances without the amounts moved by an undone merger."""
    years = (FinancialYear.of(event.effective_on).start, LAST_YEAR)
    return await restate_allowances(session, [event.successor, event.code], years=years)
