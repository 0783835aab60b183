"""States obligations, milestones, measures and results; finds what is due or missed."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import DomainError, Reason
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from services.contracts.agreements.commands import ContractParties, get_contracts_to_bind, parties_on
from services.contracts.core.acts import act_of
from services.contracts.core.codes import MOST_ANNUAL_PENCE, Day, Document, Number, OdsCode, Text
from services.contracts.core.errors import NotSigned, SignedInTheFuture, refuse
from services.contracts.core.models import Contract, Status
from services.contracts.core.shares import equal_parts
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind
from services.contracts.payments.commands import make_due
from services.contracts.payments.queries import list_due
from services.contracts.performance import queries
from services.contracts.performance.errors import NotAParty, PeriodOverlaps
from services.contracts.performance.models import Duty, Measure, MeasureResult
from services.contracts.performance.queries import OpenDuty, finding_of
from services.contracts.performance.rules import CREDIT, MILESTONE, attention_from, credits_due, is_reached

_FOUND = {"obligation": FindingKind.OBLIGATION_DUE, "milestone": FindingKind.MILESTONE_MISSED}
_MEASURE = "measure"


class StateDuty(BaseModel):
    """What a party owes by a day."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"title": "Annual report", "owed_by": "0CX", "due_on": "2018-06-30"}]},
    )

    title: Text
    owed_by: OdsCode = Field(description="A party of the contract.")
    due_on: Day


class FulfilDuty(BaseModel):
    """That an obligation was fulfilled, or a milestone reached."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{}, {"fulfilled_on": "2018-06-20", "document": "Report of 20 June 2018"}]},
    )

    fulfilled_on: Day | None = Field(default=None, description="Today if left out. An earlier day needs `document`.")
    document: Document | None = None


class StateMeasure(BaseModel):
    """What the supplier has to reach in each period from a day on, and the credit where it does not."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "title": "Payslips without an error",
                    "unit": "%",
                    "target": "99.5",
                    "better": "higher",
                    "credit_pence": 250_000,
                    "effective_on": "2018-04-01",
                }
            ]
        },
    )

    title: Text
    unit: Annotated[Text, Field(max_length=40, examples=["%"])]
    target: Number
    better: Literal["higher", "lower"]
    credit_pence: int = Field(strict=True, ge=0, le=MOST_ANNUAL_PENCE, description="For each period that misses it.")
    effective_on: Day = Field(description="The first day from which it is measured.")


class StateResult(BaseModel):
    """What was reached of a measure in a period."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"period_from": "2018-04-01", "period_to": "2018-04-30", "reached": "98.5"}]},
    )

    period_from: Day
    period_to: Day
    reached: Number
    document: Document | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.period_to < self.period_from:
            raise ValueError("period_to is before period_from")
        return self


async def state_duty(
    session: AsyncSession,
    reference: str,
    kind: str,
    code: str,
    command: StateDuty,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """State an obligation or a milestone, for all customers; one of this code that was stated before is replaced.

    Raises ContractNotFound, NotYoursToDecide, NotSigned, NotAParty.
    """
    contract = await _signed(session, reference, by=by, today=today)
    parties = await _parties(session, contract, command.due_on)
    if command.owed_by not in (parties.supplier, *parties.customers):
        message = f"{command.owed_by} is no party of {reference} on {command.due_on}"
        raise NotAParty(message, reasons=[Reason(message, "owed_by")])
    before = await queries.find_duty(await raw(session), contract.id, kind, code)
    if before is not None and before["due_on"] != command.due_on:
        key = finding_of(kind, reference, code, before["due_on"])
        await clear_findings(session, [key], on=day_of(stated_at), reason="redated", stated_at=stated_at)
    session.add(
        Duty(
            contract_id=contract.id,
            kind=kind,
            code=code,
            title=command.title,
            owed_by=command.owed_by,
            due_on=command.due_on,
            fulfilled_on=None,
            document=None,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    await session.flush()


async def fulfil_duty(
    session: AsyncSession,
    reference: str,
    kind: str,
    code: str,
    command: FulfilDuty,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """State that a duty was fulfilled, for all customers, to whom it is owed; its finding is cleared.

    Raises ContractNotFound, NotYoursToDecide, DutyNotFound, SignedInTheFuture, DocumentMissing.
    """
    contract = await _signed(session, reference, by=by, today=today)
    row = await queries.get_duty(await raw(session), contract.id, kind, code)
    act = act_of(command.fulfilled_on, command.document, by=by, today=today, stated_at=stated_at)
    refuse([*act.why_not_documented("fulfilled_on"), *_why_not_yet(act.day, act.recorded_on, "fulfilled_on")])
    session.add(
        Duty(
            contract_id=contract.id,
            kind=kind,
            code=code,
            title=row["title"],
            owed_by=row["owed_by"],
            due_on=row["due_on"],
            fulfilled_on=act.day,
            document=command.document,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    key = finding_of(kind, reference, code, row["due_on"])
    await clear_findings(session, [key], on=act.day, reason="fulfilled", stated_at=stated_at)
    await session.flush()


async def state_measure(
    session: AsyncSession,
    reference: str,
    code: str,
    command: StateMeasure,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """State a measure from a day on, for all customers; the credits of periods with a result follow it.

    Raises ContractNotFound, NotYoursToDecide, NotSigned.
    """
    contract = await _signed(session, reference, by=by, today=today)
    session.add(
        Measure(contract_id=contract.id, code=code, stated_at=stated_at, recorded_by=by.subject, **command.model_dump())
    )
    await session.flush()
    results = [
        row
        for row in await queries.results_of(await raw(session), contract.id, code)
        if row["period_from"] >= command.effective_on
    ]
    on = min(today, day_of(stated_at))
    await _settle_results(session, contract, results, on=on, stated_at=stated_at, by=by)


async def state_result(
    session: AsyncSession,
    reference: str,
    code: str,
    command: StateResult,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """State what was reached in a period that has ended, for all customers; a missed target makes a credit due.

    Stated again, the credit is corrected, and the finding cleared where the target was reached. Raises
    ContractNotFound, NotYoursToDecide, NotSigned, MeasureNotFound, SignedInTheFuture, PeriodOverlaps.
    """
    contract = await _signed(session, reference, by=by, today=today)
    await queries.get_measure(await raw(session), contract.id, code, on=command.period_from)
    stated_on = min(today, day_of(stated_at))
    before = await queries.results_of(await raw(session), contract.id, code)
    refuse([*_why_not_yet(command.period_to, stated_on, "period_to"), *_why_overlaps(code, command, before)])
    session.add(
        MeasureResult(
            contract_id=contract.id,
            measure=code,
            stated_at=stated_at,
            recorded_by=by.subject,
            **command.model_dump(),
        )
    )
    await session.flush()
    # What was stated last counts: a loader may add what was known of the period before it.
    results = [
        row
        for row in await queries.results_of(await raw(session), contract.id, code)
        if row["period_from"] == command.period_from
    ]
    await _settle_results(session, contract, results, on=stated_on, stated_at=stated_at, by=by)


def _why_overlaps(code: str, command: StateResult, before: Sequence[Mapping[str, Any]]) -> list[DomainError]:
    """Return the reason against a period of which another one has a part: it would be credited twice."""
    period = command.period_from, command.period_to
    for row in before:
        other = row["period_from"], row["period_to"]
        if other[0] != period[0] and other[0] <= period[1] and period[0] <= other[1]:
            message = f"{code} has a result from {other[0]} to {other[1]}: state it for that period, or for other days"
            return [PeriodOverlaps(message, reasons=[Reason(message, "period_from")])]
    return []


async def _settle_results(
    session: AsyncSession,
    contract: Contract,
    results: Sequence[Mapping[str, Any]],
    *,
    on: date,
    stated_at: datetime,
    by: Caller,
) -> None:
    for result in results:
        await _settle_result(session, contract, result, on=on, stated_at=stated_at, by=by)


async def _settle_result(
    session: AsyncSession,
    contract: Contract,
    result: Mapping[str, Any],
    *,
    on: date,
    stated_at: datetime,
    by: Caller,
) -> None:
    """Make the credit of a missed target due and raise its finding, or take both back where it was reached."""
    code, period = result["measure"], (result["period_from"], result["period_to"])
    parties = await _parties(session, contract, result["period_to"])
    missed = not is_reached(Fraction(result["reached"]), Fraction(result["target"]), result["better"])
    credit = result["credit_pence"] if missed else 0
    await _credit(session, contract, code, *period, parties, credit, on=on, stated_at=stated_at, by=by)
    key = finding_of(_MEASURE, contract.reference, code, result["period_from"])
    if not missed:
        await clear_findings(session, [key], on=on, reason="reached", stated_at=stated_at)
        return
    finding = NewFinding(
        key=key,
        kind=FindingKind.MEASURE_MISSED,
        about=(contract.reference, parties.supplier),
        parties=(parties.supplier, *parties.customers),
        text=f"{contract.reference}: {code} from {period[0]}: {result['reached']}, not {result['target']}",
        effective_on=on,
        exposure_pence=credit,
    )
    await raise_findings(session, [finding], stated_at=stated_at)


async def find_duties(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
) -> int:
    """Raise a finding for each duty that is due soon or was missed by a day. Part of the due work."""
    late = [
        one
        for one in await queries.list_open_duties(await raw(session))
        if attention_from(one.kind, one.due_on) <= up_to
    ]
    parties = await queries.parties_of_duties(await raw(session), late)
    findings = [_finding(duty, one) for duty, one in zip(late, parties, strict=True)]
    return await raise_findings(session, findings, stated_at=stated_at)


def _finding(duty: OpenDuty, parties: Sequence[str]) -> NewFinding:
    missed = "was missed" if duty.kind == MILESTONE else "is not fulfilled"
    return NewFinding(
        key=duty.finding,
        kind=_FOUND[duty.kind],
        about=(duty.reference, duty.owed_by),
        parties=parties,
        text=f"{duty.reference}: {duty.kind} {duty.code} of {duty.owed_by}, due on {duty.due_on}, {missed}",
        effective_on=attention_from(duty.kind, duty.due_on),
        due_on=duty.due_on,
    )


async def _signed(session: AsyncSession, reference: str, *, by: Caller, today: date) -> Contract:
    [contract] = await get_contracts_to_bind(session, [reference], by=by, on=today, today=today)
    if contract.status == Status.DRAFT:
        raise NotSigned(f"{reference} is a draft")
    return contract


async def _parties(session: AsyncSession, contract: Contract, day: date) -> ContractParties:
    """Return the parties on a day, or on the nearest day of the term."""
    within = min(max(day, contract.starts_on), contract.ends_on)
    return (await parties_on(session, [contract], within))[contract.id]


def _why_not_yet(day: date, recorded_on: date, field: str) -> list[DomainError]:
    if day <= recorded_on:
        return []
    message = f"{day} is still to come: it is recorded on {recorded_on}"
    return [SignedInTheFuture(message, reasons=[Reason(message, field)])]


async def _credit(
    session: AsyncSession,
    contract: Contract,
    code: str,
    period_from: date,
    period_to: date,
    parties: ContractParties,
    pence: int,
    *,
    on: date,
    stated_at: datetime,
    by: Caller,
) -> None:
    """Make the credit of a period due by the shares of cost of its last day, or correct what fell due of it."""
    connection = await raw(session)
    table = await queries.cost_table(connection, contract.id, period_to) or equal_parts(parties.customers)
    items = credits_due(
        f"{contract.reference}/{CREDIT}/{code}/{period_from.isoformat()}",
        table.divided(pence) if table.weights else {},
        await list_due(connection, contract.id, [CREDIT], known=queries.NOW),
        supplier=parties.supplier,
        due_on=on,
    )
    await make_due(session, contract.id, contract.reference, items, stated_at=stated_at, by=by)
