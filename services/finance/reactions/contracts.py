"""Projects what contracts publishes: charges, terms and prices of ends."""

from collections.abc import Sequence

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events import Event
from libs.common.events.contracts import (
    AllianceSettled,
    BuyOutTermsStated,
    ConsolidationAgreed,
    ConsolidationPlanned,
    ConsolidationWithdrawn,
    ContractSigned,
    ContractTerminated,
    ContractTransferred,
    ContractVaried,
    ServiceConsolidated,
    SharesAgreed,
    SpendRecorded,
    SupplierPriced,
    TerminationPriced,
)
from libs.common.identity import Caller
from services.finance.buy_outs.models import known_buy_outs
from services.finance.buy_outs.queries import know_buy_outs
from services.finance.charges import projection
from services.finance.charges.models import known_shares
from services.finance.charges.shares import know_shares
from services.finance.core.models import known_contracts
from services.finance.core.terminations import know_terminations, known_terminations
from services.finance.cost_shifts.models import known_supplier_prices
from services.finance.cost_shifts.queries import know_supplier_prices
from services.finance.exits.models import known_exits
from services.finance.exits.projection import EVENTS as EXIT_EVENTS
from services.finance.exits.projection import know_exits
from services.finance.payments.models import known_actuals, known_payments, known_reckonings
from services.finance.payments.projection import EVENTS as PAYMENT_EVENTS
from services.finance.payments.projection import know_actuals, know_payments, know_reckonings
from services.finance.reactions.base import subscriptions
from services.finance.savings.models import known_plans
from services.finance.savings.plans import PlanEvent, know_plans, savings_follow

PLANS = (ConsolidationPlanned, ConsolidationAgreed, ConsolidationWithdrawn, ServiceConsolidated)

subscriptions.knows(known_terminations, TerminationPriced, ContractTerminated)(know_terminations)
subscriptions.knows(known_payments, *PAYMENT_EVENTS)(know_payments)
subscriptions.knows(known_actuals, SpendRecorded)(know_actuals)
subscriptions.knows(known_reckonings, AllianceSettled)(know_reckonings)
subscriptions.knows(known_shares, SharesAgreed)(know_shares)
subscriptions.knows(known_plans, *PLANS)(know_plans)
subscriptions.knows(known_buy_outs, BuyOutTermsStated)(know_buy_outs)
subscriptions.knows(known_exits, *EXIT_EVENTS)(know_exits)
subscriptions.knows(known_supplier_prices, SupplierPriced)(know_supplier_prices)


@subscriptions.knows(
    known_contracts, ContractSigned, ContractVaried, ContractTransferred, ContractTerminated, ServiceConsolidated
)
async def know_contracts(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Project the charges of support contracts, which an allowance has to carry."""
    await projection.know(connection, events)


@subscriptions.on(*PLANS)
async def savings_follow_plans(event: PlanEvent, session: AsyncSession, *, by: Caller) -> bool:
    """State what a plan is to save: forecast when planned, contracted when agreed, back when it ended."""
    return await savings_follow(event, session, by=by)
