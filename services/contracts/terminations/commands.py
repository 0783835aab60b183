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
from services.contracts.agreements.catalogue import exit_reasons_on
from services.contracts.agreements.commands import get_contract_to_change, parties_on
from services.contracts.core.acts import act_of
from services.contracts.core.codes import Day, Document, Text
from services.contracts.core.errors import refuse
from services.contracts.core.models import FACET, Contract, Status, life
from services.contracts.core.rights import Expect
from services.contracts.exits.prices.price import columns_of
from services.contracts.part_ends.payments import AgreedPrice, drop_other_prices, plan_price_by_terms
from services.contracts.terminations.notices import why_notice_does_not_end


class TerminateContract(BaseModel):
    """The early end of a contract, before the agreed last day."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"last_day": "2018-03-31", "reason": "in_house"},
                {
                    "last_day": "2018-03-31",
                    "reason": "other",
                    "note": "The building was sold",
                    "agreement": "Deed of 12 January 2018",
                },
            ]
        },
    )

    last_day: Day = Field(description="The last day of service.")
    reason: str = Field(
        max_length=40, pattern="^[a-z_]+$", description="A code of `GET /exit-reasons`.", examples=["in_house"]
    )
    note: Text | None = Field(default=None, description="The reason in your own words; only the parties read it.")
    notice_served_on: Day | None = Field(
        default=None,
        description="Day on which notice was served; today if left out. An earlier day needs `document`, and notice "
        "counts from the day on which it is recorded.",
    )
    document: Document | None = None
    agreement: Text | None = Field(
        default=None, description="The document by which the parties agree, where notice alone does not allow the day."
    )


async def terminate_contract(
    session: AsyncSession,
    reference: str,
    command: TerminateContract,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """End a contract early, for all its customers on the last day, for all of whom the caller acts.

    What its terms say that an end by notice costs falls due with the last day; what the parties agree, they state.

    Raises ContractNotFound, NotYoursToDecide, NotSigned, ContractAlreadyEnded, ExitOutsideTerm, ExitReasonUnknown,
    NoticeTooLate (which names the earliest exit), NoticeNotYetServed, DocumentMissing, NoticeStands, and what the exit
    terms ask of a notice: NoticeFormWrong, NoticeUnproved, ExitNotOffered.
    """
    contract = await get_contract_to_change(
        session, reference, by=by, on=max(command.last_day, today), today=today, expect=expect, coordinated=True
    )
    refuse(contract.why_not_end(stated_at))
    notice = act_of(command.notice_served_on, command.document, by=by, today=today, stated_at=stated_at)
    title = exit_reasons_on(notice.recorded_on).title_of(command.reason)
    found = contract.why_not_exit_on(command.last_day) + notice.why_not_documented("notice_served_on")
    found += contract.why_not_served_on(notice)
    if command.agreement is None:
        found += await why_notice_does_not_end(session, contract, command.last_day, notice, reason=command.reason)
    refuse(found)
    price = None
    if command.agreement is None:
        price = await plan_price_by_terms(
            session, contract, command.last_day, asked_on=notice.recorded_on, stated_at=stated_at, by=by
        )
    contract.end(
        Status.TERMINATED, command.last_day, reason=command.reason, note=command.note, agreement=command.agreement
    )
    contract.notice_served_on = notice.day if command.agreement is None else command.notice_served_on
    contract.notice_document = command.document
    await session.flush()
    await publish_end(session, contract, title, stated_at=stated_at, by=by, price=price)
    return contract


async def publish_end(
    session: AsyncSession,
    contract: Contract,
    reason: str,
    *,
    stated_at: datetime,
    by: Caller,
    notice: str = "",
    price: AgreedPrice | None = None,
) -> None:
    """State the end of a whole contract and publish it, with the title of its reason and the lines of its price."""
    first_day_without = contract.ends_on + timedelta(days=1)
    parties = (await parties_on(session, [contract], contract.ends_on))[contract.id]
    ended = NewStatement(contract.id, FACET, Status.TERMINATED.value, Days(first_day_without), stated_at)
    await life.state(await raw(session), [ended], source="termination", by=by.subject)
    termination, lines = (price.termination, price.lines) if price else ("", ())
    await drop_other_prices(session, contract, but=termination, stated_at=stated_at)
    event = ContractTerminated(
        effective_on=first_day_without,
        stated_at=stated_at,
        contract=contract.reference,
        supplier=parties.supplier,
        customers=parties.customers,
        reason=reason,
        notice=notice,
        termination=termination,
        **columns_of(lines),
    )
    await outbox.add(session, event, version=contract.version)
