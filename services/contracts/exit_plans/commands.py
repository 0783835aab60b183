"""States the plan of an exit, and acknowledges what was returned by it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller
from libs.common.rulepacks import in_force
from services.contracts.agreements.commands import ContractParties, get_known_contract_to_change, parties_on
from services.contracts.core.acts import RecordedAct, act_of
from services.contracts.core.codes import Day, Document, OdsCode, Text
from services.contracts.core.errors import NotSigned, SignedInTheFuture, refuse
from services.contracts.core.models import Contract, Status
from services.contracts.core.packs import PACKS
from services.contracts.core.rights import Expect, must_act_for_customers
from services.contracts.exit_plans.errors import NotTheReceiver, ReceiptNotUploaded, ReturnNotPlanned, StepNotPlanned
from services.contracts.exit_plans.queries import finding_of, is_uploaded, list_unreturned, plan_of
from services.contracts.exits.models import ExitPaper
from services.contracts.exits.parties import acting_side
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind

StepCode = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", examples=["handover"])]


class ExitStep(BaseModel):
    """Something that one party does by a day."""

    model_config = ConfigDict(extra="forbid")

    step: StepCode
    title: Text
    owner: OdsCode = Field(description="The party that does it.")
    due_on: Day


class PlannedReturn(BaseModel):
    """Data that one party returns to a customer by a day; the customer acknowledges it by its receipt."""

    model_config = ConfigDict(extra="forbid")

    item: StepCode
    title: Text
    owner: OdsCode = Field(description="The party that has the data.")
    receiver: OdsCode = Field(description="The customer to whom they are returned.")
    due_on: Day


class PlanExit(BaseModel):
    """The whole plan of a contract's exit; the later statement replaces the earlier."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "exit_on": "2018-04-01",
                    "steps": [{"step": "handover", "title": "Hand over", "owner": "0CX", "due_on": "2018-03-01"}],
                    "returns": [
                        {
                            "item": "payroll-files",
                            "title": "Payroll files",
                            "owner": "0CX",
                            "receiver": "10H",
                            "due_on": "2018-03-15",
                        }
                    ],
                }
            ]
        },
    )

    exit_on: Day = Field(description="The first day without service.")
    steps: list[ExitStep] = Field(default_factory=list, max_length=200)
    returns: list[PlannedReturn] = Field(default_factory=list, max_length=200)
    party: OdsCode | None = Field(default=None, description="The supplier, where the caller acts for both sides.")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for codes in ([one.step for one in self.steps], [one.item for one in self.returns]):
            if len(set(codes)) != len(codes):
                raise ValueError("each step and each item may be named once only")
        if any(one.due_on >= self.exit_on for one in self.returns):
            raise ValueError("data are returned before exit_on")
        return self


class AcknowledgeReturn(BaseModel):
    """The receipt of a customer for data that were returned to it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}]
        },
    )

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the document that lists what was returned.")
    uploaded: StrictBool = Field(
        default=False, description="Whether that document is one of the contract's: it must be there then."
    )
    received_on: Day | None = Field(
        default=None, description="Today if left out. A day before the one of recording needs `document`."
    )
    document: Document | None = None


class CompleteStep(BaseModel):
    """That a step was done, by its owner's word."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    done_on: Day | None = Field(
        default=None, description="Today if left out. A day before the one of recording needs `document`."
    )
    document: Document | None = None


async def plan_exit(
    session: AsyncSession,
    reference: str,
    command: PlanExit,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """State the plan of an exit, for one side. Raises ContractNotFound, NotYoursToDecide, NotSigned, NotTheReceiver."""
    contract = await get_known_contract_to_change(session, reference, by=by, today=today)
    parties = await _parties(session, contract, today)
    await acting_side(await raw(session), parties, by=by, today=today, party=command.party)
    expect(contract.version)
    if contract.status == Status.DRAFT:
        raise NotSigned(f"{reference} is a draft")
    refuse(_why_not_named(reference, parties, command))
    before = await plan_of(await raw(session), contract.id)
    _add(session, contract, "plan", command.model_dump(mode="json", exclude={"party"}), today, stated_at, by)
    contract.version += 1
    await session.flush()
    wanted = {one.item: one.model_dump(mode="json") for one in command.returns}
    changed = [item for item, one in (before.returns if before else {}).items() if wanted.get(item) != one]
    gone = [finding_of(reference, item) for item in changed]
    await clear_findings(session, gone, on=today, reason="plan_changed", stated_at=stated_at)
    return contract


def _why_not_named(reference: str, parties: ContractParties, command: PlanExit) -> list[NotTheReceiver]:
    named = {parties.supplier, *parties.customers}
    found = [(f"{one.owner} is no party of {reference}", "steps") for one in command.steps if one.owner not in named]
    for one in command.returns:
        if one.owner not in named:
            found.append((f"{one.owner} is no party of {reference}", "returns"))
        if one.receiver not in parties.customers or one.receiver == one.owner:
            found.append((f"{one.receiver} is no customer of {reference} that receives {one.item}", "returns"))
    return [NotTheReceiver(message, reasons=[Reason(message, field)]) for message, field in found]


async def acknowledge_return(
    session: AsyncSession,
    reference: str,
    item: str,
    command: AcknowledgeReturn,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """Record the receipt of the customer to whom an item was returned, which it alone gives.

    Raises ContractNotFound, NotYoursToDecide, ReturnNotPlanned, DocumentMissing, SignedInTheFuture, ReceiptNotUploaded.
    """
    contract = await get_known_contract_to_change(session, reference, by=by, today=today)
    connection = await raw(session)
    plan = await plan_of(connection, contract.id)
    receiver = plan.returns[item]["receiver"] if plan and item in plan.returns else None
    receivers = [receiver] if receiver else (await _parties(session, contract, today)).customers
    await must_act_for_customers(connection, receivers, by=by, today=today)
    expect(contract.version)
    if receiver is None:
        raise ReturnNotPlanned(f"{item} is no return of the exit plan of {reference}")
    act = act_of(command.received_on, command.document, by=by, today=today, stated_at=stated_at)
    found = _why_not_then(act, "received_on")
    if command.uploaded and not await is_uploaded(connection, contract.id, command.sha256):
        message = f"{reference} has no document {command.sha256}"
        found.append(ReceiptNotUploaded(message, reasons=[Reason(message, "sha256")]))
    refuse(found)
    content = {"item": item, "receiver": receiver, "sha256": command.sha256, "document": command.document}
    _add(session, contract, "receipt", content, act.day, stated_at, by)
    contract.version += 1
    await session.flush()
    await clear_findings(session, [finding_of(reference, item)], on=act.day, reason="returned", stated_at=stated_at)
    return contract


async def complete_step(
    session: AsyncSession,
    reference: str,
    step: str,
    command: CompleteStep,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
    expect: Expect,
) -> Contract:
    """Mark a step done, for the party that does it.

    Raises ContractNotFound, NotYoursToDecide, StepNotPlanned, DocumentMissing, SignedInTheFuture.
    """
    contract = await get_known_contract_to_change(session, reference, by=by, today=today)
    connection = await raw(session)
    plan = await plan_of(connection, contract.id)
    owner = plan.owners.get(step) if plan else None
    owners = [owner] if owner else (await _parties(session, contract, today)).customers
    await must_act_for_customers(connection, owners, by=by, today=today)
    expect(contract.version)
    if owner is None:
        raise StepNotPlanned(f"{step} is no step of the exit plan of {reference}")
    act = act_of(command.done_on, command.document, by=by, today=today, stated_at=stated_at)
    refuse(_why_not_then(act, "done_on"))
    content = {"step": step, "owner": owner, "document": command.document}
    _add(session, contract, "step", content, act.day, stated_at, by)
    contract.version += 1
    await session.flush()
    return contract


def _why_not_then(act: RecordedAct, field: str) -> list[DomainError]:
    """Return the refusals of an act of a day to come, or of an earlier one without its document."""
    found: list[DomainError] = []
    if act.day > act.recorded_on:
        message = f"{act.day} is still to come: it is recorded on {act.recorded_on}"
        found.append(SignedInTheFuture(message, reasons=[Reason(message, field)]))
    return [*found, *act.why_not_documented(field)]


async def find_unreturned(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
) -> int:
    """Raise a finding for each return of data whose receipt is missing some days ahead. Part of the due work."""
    packs = in_force(PACKS, up_to, subject="obligation-alerts")
    ahead = timedelta(days=int(packs[0].values["days_ahead"]) if packs else 0)
    findings = [
        NewFinding(
            key=finding_of(one.reference, one.item),
            kind=FindingKind.OBLIGATION_DUE,
            about=(one.reference, one.owner),
            parties=(one.supplier, *one.customers),
            text=f"{one.reference}: {one.receiver} has no receipt of {one.item} from {one.owner}, due on {one.due_on}",
            effective_on=one.due_on - ahead,
            due_on=one.due_on,
        )
        for one in await list_unreturned(await raw(session), due_by=up_to + ahead)
    ]
    return await raise_findings(session, findings, stated_at=stated_at)


async def _parties(session: AsyncSession, contract: Contract, today: date) -> ContractParties:
    """Return the parties of the day, or of the nearest day of service."""
    day = min(max(today, contract.starts_on), contract.ends_on)
    return (await parties_on(session, [contract], day))[contract.id]


def _add(
    session: AsyncSession,
    contract: Contract,
    kind: str,
    content: Mapping[str, Any],
    day: date,
    stated_at: datetime,
    by: Caller,
) -> None:
    session.add(
        ExitPaper(
            contract_id=contract.id,
            kind=kind,
            content=dict(content),
            effective_on=day,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
