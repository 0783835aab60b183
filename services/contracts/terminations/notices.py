"""Serves and withdraws notice: by either side, in the contract's form, counted from the day of deemed service."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field, StrictBool
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.events.contracts import NoticeServed, NoticeWithdrawn
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from services.contracts.agreements.catalogue import exit_reasons_on
from services.contracts.agreements.commands import ContractParties, get_known_contract_to_change, parties_on
from services.contracts.agreements.parts import WHOLE, ContractPart, described, why_no_part
from services.contracts.agreements.variations import division_on
from services.contracts.authorities import commands as authorities
from services.contracts.core.acts import RecordedAct, act_of
from services.contracts.core.codes import Day, Document, OdsCode, Text
from services.contracts.core.conditions import conditions_on
from services.contracts.core.errors import ExitOutsideTerm, NoticeNotYetServed, NoticeTooLate, refuse
from services.contracts.core.exit_terms import NoticeForm
from services.contracts.core.models import Contract
from services.contracts.core.rights import Expect
from services.contracts.exits.day_of_service import deemed_on
from services.contracts.exits.models import ExitNotice, ExitSide, NoticeAct
from services.contracts.exits.parties import ActingSide, acting_side
from services.contracts.exits.rules import (
    ONE_DAY,
    Leaving,
    earliest_exit_from,
    is_offered,
    next_exit_day,
    notice_due_for,
)
from services.contracts.exits.statements import leaving_on
from services.contracts.part_ends.commands import NamesPart, in_the_way, standing_ends
from services.contracts.terminations.errors import (
    ExitNotOffered,
    NoticeFormWrong,
    NoticeNotFound,
    NoticeSpent,
    NoticeStands,
    NoticeUnproved,
    WithdrawalNotAgreed,
)

TERMINATE = "contract.terminate"


class ServeNotice(NamesPart):
    """A notice that ends a contract or a part of it, by its customers or by its supplier."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"last_day": "2018-03-31", "reason": "in_house", "form": "letter", "proof": "Receipt 4711"},
                {"last_day": "2018-03-31", "reason": "in_house", "functions": ["payroll"]},
            ]
        },
    )

    last_day: Day | None = Field(
        default=None, description="The last day of service; left out: the earliest that the notice reaches."
    )
    form: NoticeForm = "letter"
    proof: Document | None = Field(default=None, description="What proves service, where the contract asks for it.")
    reason: str = Field(max_length=40, pattern="^[a-z_]+$", description="A code of `GET /exit-reasons`.")
    note: Text | None = None
    served_by: OdsCode | None = Field(
        default=None, description="The supplier, where the caller acts for both sides; else it follows from the caller."
    )
    served_on: Day | None = Field(
        default=None, description="Day of service; today if left out. An earlier day needs `document`."
    )
    document: Document | None = None
    minute: Text | None = Field(default=None, description="The minute by which it was decided to serve it.")
    without_effect: StrictBool = Field(
        default=False, description="Record it even where it has no effect: it is kept with its faults."
    )


class WithdrawNotice(BaseModel):
    """The withdrawal of a notice, or the other side's consent to it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"agreement": "Letter of 3 May 2017"}]})

    agreement: Text | None = Field(default=None, description="The document in which the other side agrees.")
    party: OdsCode | None = Field(default=None, description="The supplier, where the caller acts for both sides.")


@dataclass(frozen=True, slots=True)
class PlanNotice:
    """The notice by which a plan to which all members have committed leaves a contract."""

    reference: str
    plan: str
    last_day: date
    reason: str
    document: str | None


async def serve_notice(
    session: AsyncSession,
    reference: str,
    command: ServeNotice,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> ExitNotice:
    """Serve notice for one side. Raises each reason for which it would have no effect, unless it is to be kept so.

    Raises ContractNotFound, NotYoursToDecide, NotSigned, ContractAlreadyEnded, PartUnknown, NoticeStands,
    NoticeFormWrong, NoticeUnproved, NoticeTooLate, ExitNotOffered, ExitOutsideTerm, AuthorityMissing.
    """
    contract = await get_known_contract_to_change(session, reference, by=by, today=today)
    connection = await raw(session)
    day = max(today, contract.starts_on)
    parties = (await parties_on(session, [contract], day))[contract.id]
    acting = await acting_side(
        connection, parties, by=by, today=today, party=command.served_by, leaving=command.leaving
    )
    expect(contract.version)
    refuse(contract.why_not_end(stated_at))
    division = await division_on(connection, contract, parties, day)
    part = command.part(division)
    refuse(why_no_part(reference, part, division.charges, division.customers))
    act = act_of(command.served_on, command.document, by=by, today=today, stated_at=stated_at)
    exit_reasons_on(act.recorded_on).title_of(command.reason)
    deemed, exit_day, faults = _effect(reference, await leaving_on(session, contract, act.day), command, act)
    found = [*_why_not_recorded(contract, act), *await why_not_beside_another(session, contract, part, exit_day)]
    found += await authorities.why_not_authorised(
        connection, TERMINATE, reference, acting.codes, on=act.recorded_on, field="minute"
    )
    refuse(found if command.without_effect else [*found, *(error for _, error in faults)])
    notice = _new_notice(contract, acting, command, act, deemed, exit_day, stated_at=stated_at, by=by)
    notice.functions, notice.leaving = sorted(part.functions), sorted(part.leaving)
    notice.faults = [code for code, _ in faults]
    session.add(notice)
    contract.version += 1
    await session.flush()
    if not faults:
        await outbox.add(session, _served(contract, parties, notice), version=contract.version)
        await _record_authority(session, reference, acting, command.minute, act, stated_at=stated_at, by=by)
    return notice


def _effect(
    reference: str, leaving: Leaving, command: ServeNotice, act: RecordedAct
) -> tuple[date, date, list[tuple[str, DomainError]]]:
    """Return the day of deemed service, the last day of service, and why the notice would have no effect."""
    deemed = deemed_on(act.day, leaving.terms.deemed_service)
    deemed = deemed if act.is_loaded else max(deemed, act.recorded_on)
    exit_day = command.last_day or earliest_exit_from(leaving, deemed)
    return deemed, exit_day, why_without_effect(reference, leaving, command, exit_day, deemed)


def _new_notice(
    contract: Contract,
    acting: ActingSide,
    command: ServeNotice,
    act: RecordedAct,
    deemed: date,
    exit_day: date,
    *,
    stated_at: datetime,
    by: Caller,
) -> ExitNotice:
    return ExitNotice(
        reference=f"N-{uuid.uuid4()}",
        contract_id=contract.id,
        side=acting.side.value,
        served_by=acting.code,
        served_on=act.day,
        deemed_on=deemed,
        exit_day=exit_day,
        form=command.form,
        proof=command.proof,
        document=command.document,
        functions=[],
        leaving=[],
        reason=command.reason,
        note=command.note,
        faults=[],
        stated_at=stated_at,
        recorded_by=by.subject,
    )


def why_without_effect(
    reference: str, leaving: Leaving, command: ServeNotice, exit_day: date, deemed: date
) -> list[tuple[str, DomainError]]:
    """Return the reasons for which a notice has no effect, each with its code."""
    found: list[tuple[str, DomainError]] = []
    terms = leaving.terms
    if terms.notice_forms and command.form not in terms.notice_forms:
        message = f"{reference} asks for notice by {' or '.join(terms.notice_forms)}, and this is by {command.form}"
        found.append(("form_wrong", NoticeFormWrong(message, reasons=[Reason(message, "form")])))
    if terms.proof_required and command.proof is None:
        message = f"{reference} asks for proof of service"
        found.append(("unproved", NoticeUnproved(message, reasons=[Reason(message, "proof")])))
    due = notice_due_for(leaving, exit_day)
    if due is None or exit_day < leaving.starts_on:
        message = f"{reference} runs from {leaving.starts_on} to {leaving.last_day}: {exit_day} is no earlier end"
        found.append(("outside_term", ExitOutsideTerm(message, reasons=[Reason(message, "last_day")])))
    elif not is_offered(leaving, exit_day):
        following = next_exit_day(leaving, max(exit_day, leaving.minimum_ends_on or exit_day))
        message = f"the terms of {reference} allow no end on {exit_day}; the next day that they allow is {following}"
        found.append(("not_offered", ExitNotOffered(message, reasons=[Reason(message, "last_day")])))
    elif deemed > due:
        message = (
            f"{reference} needs {leaving.notice_months} months' notice: deemed served on {deemed}, the earliest exit "
            f"is {earliest_exit_from(leaving, deemed)}; to end with {exit_day}, notice was due by {due}"
        )
        found.append(("too_late", NoticeTooLate(message, reasons=[Reason(message, "last_day")])))
    return found


async def why_notice_does_not_end(
    session: AsyncSession, contract: Contract, last_day: date, act: RecordedAct, *, reason: str
) -> list[DomainError]:
    """Return the reasons against the end of a contract on notice alone, which counts as a letter with its document.

    A notice that stands is neither replaced nor put off: that takes the other side's consent.
    """
    found = await why_not_beside_another(session, contract, WHOLE, last_day)
    conditions = await conditions_on(await raw(session), contract, act.day)
    if conditions.exit_terms is None:
        months, first = conditions.notice_months, conditions.earliest_exit_on
        return [*found, *contract.why_notice_does_not_allow(last_day, act, months=months, not_before=first)]
    letter = ServeNotice(last_day=last_day, reason=reason, proof=act.document)
    _, _, faults = _effect(contract.reference, await leaving_on(session, contract, act.day), letter, act)
    return [*found, *(error for code, error in faults if code != "outside_term")]


def _why_not_recorded(contract: Contract, act: RecordedAct) -> list[DomainError]:
    found = act.why_not_documented("served_on")
    if act.day > act.recorded_on or (contract.signed_on and act.day < contract.signed_on):
        message = f"notice of {contract.reference} on {act.day}: signed on {contract.signed_on}, now {act.recorded_on}"
        found.append(NoticeNotYetServed(message, reasons=[Reason(message, "served_on")]))
    return found


async def why_not_beside_another(
    session: AsyncSession, contract: Contract, part: ContractPart, exit_day: date
) -> list[DomainError]:
    """Return the reason against an end of a part where another end of it stands."""
    other = in_the_way(await standing_ends(await raw(session), contract), part, exit_day)
    if other is None:
        return []
    return [NoticeStands(f"{other.cause} ends {described(contract.reference, other.part)} with {other.exit_day}")]


async def standing_notices(session: AsyncSession, contract: Contract) -> list[ExitNotice]:
    """Return the notices of a contract that have an effect and were not withdrawn or carried out."""
    settled = select(NoticeAct.notice_id).where(NoticeAct.act != "consent")
    query = (
        select(ExitNotice)
        .where(ExitNotice.contract_id == contract.id, ExitNotice.id.not_in(settled))
        .order_by(ExitNotice.id)
    )
    return [notice for notice in (await session.scalars(query)).all() if not notice.faults]


async def serve_for_plan(
    session: AsyncSession,
    contract: Contract,
    parties: ContractParties,
    notice: PlanNotice,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Serve the customers' notice of a plan, in the form that the contract asks for; the plan's move ends it.

    None is served where the contract ends by then without it, or by a notice that stands.
    """
    leaving = await leaving_on(session, contract, today)
    standing = await standing_notices(session, contract)
    if notice_due_for(leaving, notice.last_day) is None or any(
        one.exit_day <= notice.last_day for one in standing if not one.functions and not one.leaving
    ):
        return
    served = ExitNotice(
        reference=notice.reference,
        contract_id=contract.id,
        side=ExitSide.CUSTOMERS.value,
        served_by=parties.customers[0],
        served_on=today,
        deemed_on=deemed_on(today, leaving.terms.deemed_service),
        exit_day=notice.last_day,
        form=next(iter(leaving.terms.notice_forms), "letter"),
        proof=notice.document if leaving.terms.proof_required else None,
        document=notice.document,
        functions=[],
        leaving=[],
        reason=notice.reason,
        note=None,
        faults=[],
        stated_at=stated_at,
        recorded_by=by.subject,
        plan=notice.plan,
    )
    session.add(served)
    contract.version += 1
    await session.flush()
    await outbox.add(session, _served(contract, parties, served), version=contract.version)


async def carry_out(session: AsyncSession, reference: str, *, by: Caller, stated_at: datetime) -> ExitNotice | None:
    """Record that a plan's move has ended a contract by its notice; return the notice, None where none was served."""
    query = select(ExitNotice).where(ExitNotice.reference == reference, ExitNotice.plan.is_not(None))
    notice = (await session.scalars(query)).one_or_none()
    if notice is not None:
        session.add(end_of(notice, by=by, stated_at=stated_at))
    return notice


def end_of(notice: ExitNotice, *, by: Caller, stated_at: datetime) -> NoticeAct:
    """Return the act by which a notice was carried out, on the first day without service."""
    return _act(notice, "end", notice.served_by, None, notice.exit_day + ONE_DAY, stated_at=stated_at, by=by)


def _act(
    notice: ExitNotice, act: str, party: str, agreement: str | None, on: date, *, stated_at: datetime, by: Caller
) -> NoticeAct:
    return NoticeAct(
        notice_id=notice.id,
        act=act,
        party=party,
        agreement=agreement,
        acted_on=on,
        stated_at=stated_at,
        recorded_by=by.subject,
    )


async def _leaving_by(session: AsyncSession, contract: Contract, number: str) -> list[str]:
    """Return the customers whose own part a notice ends: they alone act for their side."""
    notices = ExitNotice.contract_id == contract.id, ExitNotice.reference == number
    return await session.scalar(select(ExitNotice.leaving).where(*notices)) or []


async def _record_authority(
    session: AsyncSession,
    reference: str,
    acting: ActingSide,
    minute: str | None,
    act: RecordedAct,
    *,
    stated_at: datetime,
    by: Caller,
) -> None:
    for code in acting.codes:
        await authorities.record(
            session, TERMINATE, reference, code, minute=minute, on=act.recorded_on, stated_at=stated_at, by=by
        )


def _served(contract: Contract, parties: ContractParties, notice: ExitNotice) -> NoticeServed:
    return NoticeServed(
        effective_on=notice.deemed_on,
        stated_at=notice.stated_at,
        contract=contract.reference,
        notice=notice.reference,
        supplier=parties.supplier,
        customers=parties.customers,
        served_by=notice.served_by,
        served_on=notice.served_on,
        deemed_on=notice.deemed_on,
        exit_on=notice.exit_day + ONE_DAY,
        functions=tuple(notice.functions),
        leaving=tuple(notice.leaving),
    )


async def withdraw_notice(
    session: AsyncSession,
    reference: str,
    number: str,
    command: WithdrawNotice,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> ExitNotice:
    """Withdraw a notice that the other side agreed to, or record that side's consent.

    Raises ContractNotFound, NotYoursToDecide, NoticeNotFound, NoticeSpent, WithdrawalNotAgreed.
    """
    contract = await get_known_contract_to_change(session, reference, by=by, today=today)
    parties = (await parties_on(session, [contract], max(today, contract.starts_on)))[contract.id]
    leaving = await _leaving_by(session, contract, number)
    acting = await acting_side(await raw(session), parties, by=by, today=today, party=command.party, leaving=leaving)
    expect(contract.version)
    on = min(today, day_of(stated_at))
    notice = await _standing(session, contract, number, on)
    if notice.plan is not None:
        raise NoticeSpent(f"{number} of {reference} was served by {notice.plan}, which only goes forward")
    is_own = notice.side == acting.side
    if is_own and command.agreement is None and not await _has_consent(session, notice):
        raise WithdrawalNotAgreed(f"{number} of {reference}: the other side has not agreed")
    act = "withdrawal" if is_own else "consent"
    session.add(_act(notice, act, acting.code, command.agreement, on, stated_at=stated_at, by=by))
    contract.version += 1
    await session.flush()
    if is_own:
        event = _withdrawn(contract, parties, notice, on, stated_at)
        await outbox.add(session, event, version=contract.version)
    return notice


def _withdrawn(
    contract: Contract, parties: ContractParties, notice: ExitNotice, on: date, stated_at: datetime
) -> NoticeWithdrawn:
    return NoticeWithdrawn(
        effective_on=on,
        stated_at=stated_at,
        contract=contract.reference,
        notice=notice.reference,
        supplier=parties.supplier,
        customers=parties.customers,
        agreed_by=(parties.supplier, *parties.customers),
        reason="agreed",
    )


async def _standing(session: AsyncSession, contract: Contract, number: str, on: date) -> ExitNotice:
    notice = await session.scalar(
        select(ExitNotice).where(ExitNotice.contract_id == contract.id, ExitNotice.reference == number)
    )
    if notice is None:
        raise NoticeNotFound(f"{number} is no notice of {contract.reference}")
    if notice.reference not in {one.reference for one in await standing_notices(session, contract)}:
        raise NoticeSpent(f"{number} of {contract.reference} does not stand")
    if notice.exit_day < on:
        raise NoticeSpent(f"{contract.reference} ended by {number} with {notice.exit_day}")
    return notice


async def _has_consent(session: AsyncSession, notice: ExitNotice) -> bool:
    query = select(NoticeAct.id).where(NoticeAct.notice_id == notice.id, NoticeAct.act == "consent")
    return (await session.scalars(query)).first() is not None
