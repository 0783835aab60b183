"""Ends a contract early: on notice (rule EXIT-1), or sooner where the parties agree."""

from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import ContractTerminated
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.commands import customers_of, customers_on, must_act_for_customers, supplier_on
from services.contracts.core.codes import Day, Text
from services.contracts.core.errors import refuse
from services.contracts.core.models import FACET, Contract, Status, life


class TerminateContract(BaseModel):
    """The early end of a contract, before the agreed last day."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"last_day": "2018-03-31", "notice_served_on": "2017-09-30", "reason": "brought in house"},
                {"last_day": "2018-03-31", "reason": "brought in house", "agreement": "Deed of 12 January 2018"},
            ]
        },
    )

    last_day: Day = Field(description="The last day of service.")
    reason: Text
    notice_served_on: Day | None = Field(default=None, description="Day on which notice was served; today if left out.")
    agreement: Text | None = Field(
        default=None, description="The document by which the parties agree, where notice alone does not allow the day."
    )


async def terminate_contract(
    session: AsyncSession,
    contract: Contract,
    command: TerminateContract,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> Contract:
    """End a locked contract early.

    Raises NotSigned, ContractAlreadyEnded, ExitOutsideTerm, NoticeTooLate (which names the earliest exit),
    NoticeNotYetServed, NotYoursToDecide.
    """
    holders = await customers_on(session, contract, max(command.last_day, today)) or customers_of(contract)
    await must_act_for_customers(session, holders, by=by)
    refuse(contract.why_not_end(stated_at))
    served_on = command.notice_served_on or today
    found = contract.why_not_exit_on(command.last_day)
    if command.agreement is None:
        found += contract.why_notice_does_not_allow(command.last_day, served_on=served_on, today=today)
    refuse(found)
    contract.end(Status.TERMINATED, command.last_day, reason=command.reason, agreement=command.agreement)
    contract.notice_served_on = served_on if command.agreement is None else command.notice_served_on
    await session.flush()
    customers = await customers_on(session, contract, command.last_day)
    first_day_without = command.last_day + timedelta(days=1)
    ended = NewStatement(contract.id, FACET, Status.TERMINATED.value, Days(first_day_without), stated_at)
    await life.state(await raw(session), [ended], source="termination", by=by.subject)
    event = ContractTerminated(
        effective_on=first_day_without,
        stated_at=stated_at,
        contract=contract.reference,
        supplier=await supplier_on(session, contract, command.last_day),
        customers=tuple(customers),
        reason=command.reason,
    )
    await outbox.add(session, event, version=contract.version)
    return contract
