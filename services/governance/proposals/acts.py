"""Acts on a proposal that asks already: consultations, deferrals, withdrawal, evidence, and where it is scheduled."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import Conflict, Reason
from libs.common.events.governance import DecisionDeferred, ProposalWithdrawn
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from services.governance.core.acts import new_act, paper_refusals
from services.governance.core.codes import BodyReference, Command, ConditionCode, Document, Note, PrivateWords, Sentence
from services.governance.core.errors import EndsBeforeItBegins, refuse
from services.governance.core.models import known
from services.governance.core.powers import conditions_on
from services.governance.decision_rights.series import end_parts
from services.governance.proposals.commands import add_act
from services.governance.proposals.errors import (
    MinuteContradicts,
    NoEvidence,
    NoSuchCondition,
    NotAsked,
    ProposalNotOpen,
)
from services.governance.proposals.models import ActKind, Proposal, State
from services.governance.proposals.packs import codes_of, listed_on, unlisted
from services.governance.proposals.queries import ProposalRead, find_last_decision, get_proposal
from services.governance.proposals.rules import APPROVED, unmet_of

_Code = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]


class Position(StrEnum):
    """What someone who was consulted thinks of a proposal."""

    SUPPORTS = "supports"
    OPPOSES = "opposes"
    NEUTRAL = "neutral"


class Dated(Command):
    """An act with its day, left out: today, and its private words."""

    on: Annotated[WrittenDay | None, Field(description="The day from which it counts; left out: today.")] = None
    note: Note = None
    document: Document = None


class RecordConsultation(Dated):
    """Who was consulted, and what they think."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"consulted": "members", "position": "supports"}]})

    consulted: Annotated[_Code, Field(description=f"Who: {codes_of('consultations')}.", examples=["members"])]
    body: Annotated[BodyReference | None, Field(description="The body whose view it is, if it is a body's.")] = None
    position: Position


class DeferDecision(Command):
    """A body puts its decision off, for a listed reason; without a last day until it says otherwise."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "body": "14Y-governing-body",
                    "from_on": "2018-06-01",
                    "until_on": "2018-08-01",
                    "reason": "consultation-under-way",
                }
            ]
        }
    )

    body: BodyReference
    from_on: WrittenDay
    until_on: Annotated[WrittenDay | None, Field(description="From which day time counts again.")] = None
    reason: Annotated[_Code, Field(description=f"Why: {codes_of('decision-deferrals')}.")]
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until_on is not None and self.until_on <= self.from_on:
            raise ValueError("until_on: it ends after the day on which it begins")
        return self


class WithdrawProposal(Dated):
    """The proposal is no longer asked, for a listed reason."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "withdrawn-by-proposer"}]})

    reason: Annotated[_Code, Field(description=f"Why: {codes_of('proposal-withdrawals')}.")]


class GiveEvidence(Dated):
    """The paper that shows that a condition was met on a day, and the minute that records it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"document": "Letter of the auditor, 12 March 2018"}]})

    body: Annotated[
        BodyReference | None,
        Field(
            description="The body to whose right or approval the condition belongs. Left out: one of an approval, or of"
            " the right of a body that decides for the proposal's organisation alone."
        ),
    ] = None
    document: Annotated[PrivateWords, Field(description="The paper that shows it. Private.")]
    minute: Annotated[
        Sentence | None,
        Field(
            description="The minute that records it. Who reads the proposal reads it.",
            examples=["Governing body, 24 May 2018, item 7"],
        ),
    ] = None


class RetractEvidence(Dated):
    """Evidence of a condition is taken back from a day on, for a listed reason."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "no-longer-met"}]})

    body: Annotated[BodyReference | None, Field(description="The body that was named with the evidence, if any.")] = (
        None
    )
    reason: Annotated[_Code, Field(description=f"Why: {codes_of('evidence-retractions')}.")]


async def record_consultation(
    session: AsyncSession,
    proposal: Proposal,
    command: RecordConsultation,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Record who was consulted on a locked proposal.

    Raises ProposalNotOpen, EndsBeforeItBegins, ReasonNotListed, MinuteContradicts, DocumentMissing.
    """
    day = command.on or today
    connection = await raw(session)
    read = await get_proposal(connection, proposal.reference, as_at=max(day, proposal.drafted_on))
    refusals = [
        *_over(read),
        *_before(day, proposal.drafted_on, "on"),
        *unlisted(command.consulted, day, "consultations", field="consulted"),
        *paper_refusals_of(command, day, today=today, stated_at=stated_at),
    ]
    if command.body is not None:
        refusals += await contradictions(
            *(connection, proposal.subject, proposal.action, command.body, command.position), on=day, field="position"
        )
    refuse(refusals)
    given = {"body": command.body or "", "code": command.consulted, "outcome": command.position}
    add_act(session, proposal, ActKind.CONSULTED, day, by=by, stated_at=stated_at, **given)
    _record(session, proposal, command, "consultation recorded", day, by=by, stated_at=stated_at)
    await session.flush()


async def contradictions(
    db: Reads, subject: str, action: str, body: str, position: Position, *, on: date, field: str
) -> list[Conflict]:
    """Return why a position cannot be stated for a body on a day: its minute of a decision on the action differs."""
    decided = await find_last_decision(db, subject, action, body, on=on)
    if (
        decided is None
        or position is Position.NEUTRAL
        or (decided.outcome in APPROVED) is (position is Position.SUPPORTS)
    ):
        return []
    message = f"{body} did not: it decided {decided.outcome} on {subject} by {decided.reference}"
    return [MinuteContradicts(message, reasons=[Reason(message, field)])]


async def defer_decision(
    session: AsyncSession, proposal: Proposal, command: DeferDecision, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Put a body's decision on a locked proposal off; a lawful deferral stops its clock.

    The caller acts for each organisation that the body decides for. Raises NotYoursToDecide, NotAsked, ProposalNotOpen,
    ReasonNotListed, DocumentMissing.
    """
    connection = await raw(session)
    read = await get_proposal(connection, proposal.reference, as_at=max(command.from_on, proposal.drafted_on))
    codes = read.binding.get(command.body, (proposal.organisation,))
    await known.must_act_for(connection, await known.deciders(connection, codes, today=today), by=by)
    refuse(
        [
            *_not_awaited(read, command.body),
            *unlisted(command.reason, command.from_on, "decision-deferrals", field="reason"),
            *_before(command.from_on, proposal.drafted_on, "from_on"),
            *paper_refusals(
                command.from_on, field="from_on", document=command.document, today=today, stated_at=stated_at
            ),
        ]
    )
    lawful = listed_on(command.from_on, "decision-deferrals")[command.reason]["lawful"]
    add_act(
        *(session, proposal, ActKind.DEFERRED, command.from_on),
        by=by,
        stated_at=stated_at,
        body=command.body,
        code=command.reason,
        until_on=command.until_on,
        lawful=lawful,
    )
    for code in codes:
        given = (command, "decision deferred", proposal.reference, command.from_on)
        session.add(new_act(*given, organisation=code, by=by, stated_at=stated_at, reason=command.reason))
    await session.flush()
    await outbox.add_all(session, _deferred(proposal, command, codes, lawful=lawful, stated_at=stated_at))


def _deferred(
    proposal: Proposal, command: DeferDecision, codes: Iterable[str], *, lawful: bool, stated_at: datetime
) -> list[DecisionDeferred]:
    return [
        DecisionDeferred(
            effective_on=command.from_on,
            stated_at=stated_at,
            proposal=proposal.reference,
            body=command.body,
            organisation=code,
            from_on=command.from_on,
            until_on=command.until_on,
            lawful=lawful,
            reason=command.reason,
        )
        for code in codes
    ]


async def withdraw_proposal(
    session: AsyncSession,
    proposal: Proposal,
    command: WithdrawProposal,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Withdraw a locked proposal. Raises ProposalNotOpen, ReasonNotListed, DocumentMissing."""
    day = command.on or today
    refusals: list[Conflict] = [
        *_before(day, proposal.drafted_on, "on"),
        *unlisted(command.reason, day, "proposal-withdrawals", field="reason"),
    ]
    for on in sorted({max(day, proposal.drafted_on), max(day, today)}):
        read = await get_proposal(await raw(session), proposal.reference, as_at=on)
        if read.standing.state.is_over or read.standing.in_effect:
            refusals.append(_not_open(read))
            break
    refuse([*refusals, *paper_refusals_of(command, day, today=today, stated_at=stated_at)])
    _record(session, proposal, command, "proposal withdrawn", day, by=by, stated_at=stated_at, reason=command.reason)
    await end_proposal(session, proposal, ActKind.WITHDRAWN, command.reason, day, by=by, stated_at=stated_at)


async def end_proposal(
    session: AsyncSession, proposal: Proposal, what: ActKind, reason: str, day: date, *, by: Caller, stated_at: datetime
) -> None:
    """End a locked proposal, withdrawn or void, and tell it; what was decided on it commits no one any longer."""
    add_act(session, proposal, what, day, by=by, stated_at=stated_at, code=reason)
    await session.flush()
    connection = await raw(session)
    await end_parts(connection, proposal.reference, on=day, stated_at=stated_at)
    read = await get_proposal(connection, proposal.reference, as_at=day)
    if not read.was_opened:
        return  # A draft asked no one: no event of its end is due.
    told = ProposalWithdrawn(
        effective_on=day,
        stated_at=stated_at,
        proposal=proposal.reference,
        organisation=proposal.organisation,
        subject=proposal.subject,
        reason=reason,
    )
    await outbox.add(session, told)


async def give_evidence(
    session: AsyncSession,
    proposal: Proposal,
    condition: ConditionCode,
    command: GiveEvidence,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Record that a condition of a decision on a locked proposal was met, or one of a right to decide on it.

    Of a right it is one that a rule pack of the day lists. The caller acts for each organisation that the named body
    decides for; where none is named, for the proposal's. Raises NotYoursToDecide, NotAsked, NoSuchCondition,
    ProposalNotOpen.
    """
    day = command.on or today
    connection = await raw(session)
    read = await get_proposal(connection, proposal.reference, as_at=max(day, proposal.drafted_on))
    codes = read.binding.get(command.body or "", (proposal.organisation,))
    await known.must_act_for(connection, await known.deciders(connection, codes, today=today), by=by)
    refusals: list[Conflict] = [*_over(read), *(_not_asked(read, command.body) if command.body else ())]
    if condition not in _open_conditions(read, command.body or "", day):
        message = f"{condition} is no unmet condition of {proposal.reference} on {day.isoformat()}"
        refusals.append(NoSuchCondition(message, reasons=[Reason(message, "condition")]))
    refuse(refusals)
    given: dict[str, Any] = {"code": condition, "revision": read.standing.revision, "reference": command.minute or ""}
    add_act(session, proposal, ActKind.EVIDENCED, day, by=by, stated_at=stated_at, body=command.body or "", **given)
    for code in codes:
        _record(session, proposal, command, "condition met", day, by=by, stated_at=stated_at, reason=condition, of=code)
    await session.flush()


async def retract_evidence(
    session: AsyncSession,
    proposal: Proposal,
    condition: ConditionCode,
    command: RetractEvidence,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Take back from a day on what showed that a condition of a locked proposal was met; what was decided stands.

    The caller acts for whom `give_evidence` asks for. Raises NotYoursToDecide, NotAsked, NoEvidence, ReasonNotListed,
    ProposalNotOpen, DocumentMissing.
    """
    day = command.on or today
    connection = await raw(session)
    read = await get_proposal(connection, proposal.reference, as_at=max(day, proposal.drafted_on))
    body = command.body or ""
    codes = read.binding.get(body, (proposal.organisation,))
    await known.must_act_for(connection, await known.deciders(connection, codes, today=today), by=by)
    refusals: list[Conflict] = [
        *_over(read),
        *(_not_asked(read, body) if body else ()),
        *unlisted(command.reason, day, "evidence-retractions", field="reason"),
        *paper_refusals_of(command, day, today=today, stated_at=stated_at),
    ]
    if not any((act.code, act.body) == (condition, body) for act in read.standing.evidence):
        message = f"no evidence of {condition}{f' of {body}' if body else ''} counts on {day.isoformat()}"
        refusals.append(NoEvidence(message, reasons=[Reason(message, "condition")]))
    refuse(refusals)
    given: dict[str, Any] = {"code": condition, "outcome": command.reason, "revision": read.standing.revision}
    add_act(session, proposal, ActKind.RETRACTED, day, by=by, stated_at=stated_at, body=body, **given)
    for code in codes:
        said: dict[str, Any] = {"by": by, "stated_at": stated_at, "reason": command.reason, "of": code}
        _record(session, proposal, command, "evidence taken back", day, **said)
    await session.flush()


def _open_conditions(read: ProposalRead, body: str, day: date) -> set[str]:
    """Return the conditions that evidence can be given of: of rights, and of approvals; those of one body if named."""
    evidence = read.standing.evidence
    of_approvals = (unmet_of(one, evidence) for one in read.standing.consents if body in ("", one.body))
    of_rights = set(conditions_on(day)) - {act.code for act in evidence if act.body == body}
    return of_rights.union(*of_approvals)


async def schedule_proposal(
    session: AsyncSession, proposal: Proposal, *, body: str, item: str, held_on: date, by: Caller, stated_at: datetime
) -> None:
    """Record that a locked proposal is on a body's agenda: the item, and the day of its meeting.

    Raises NotAsked, ProposalNotOpen.
    """
    read = await get_proposal(await raw(session), proposal.reference, as_at=max(held_on, proposal.drafted_on))
    refuse([*_not_awaited(read, body)])
    add_act(session, proposal, ActKind.SCHEDULED, held_on, by=by, stated_at=stated_at, body=body, reference=item)
    await session.flush()


def paper_refusals_of(command: Dated, day: date, *, today: date, stated_at: datetime) -> list[Conflict]:
    """Return why the act cannot count from its day without a document."""
    return [*paper_refusals(day, field="on", document=command.document, today=today, stated_at=stated_at)]


def _over(read: ProposalRead) -> Iterable[Conflict]:
    if read.standing.state is State.DRAFT or read.standing.state.is_over:
        yield _not_open(read)


def _not_open(read: ProposalRead) -> ProposalNotOpen:
    state = "in effect" if read.standing.in_effect else read.standing.state.value
    message = f"{read.reference} is {state} on {read.as_at.isoformat()}"
    return ProposalNotOpen(message, reasons=[Reason(message, "proposal")])


def _not_awaited(read: ProposalRead, body: str) -> Iterable[Conflict]:
    yield from _over(read)
    yield from _not_asked(read, body)
    for consent in read.standing.consents:
        if consent.body == body and consent.outcome:
            message = f"{body} has decided on {read.reference} by {consent.decision}"
            yield ProposalNotOpen(message, reasons=[Reason(message, "body")])


def _not_asked(read: ProposalRead, body: str) -> Iterable[Conflict]:
    if body not in read.binding:
        message = f"{read.reference} does not ask {body}"
        yield NotAsked(message, reasons=[Reason(message, "body")])


def _before(day: date, first: date, field: str) -> Iterable[Conflict]:
    if day < first:
        message = f"{day.isoformat()} lies before {first.isoformat()}, the day of the proposal"
        yield EndsBeforeItBegins(message, reasons=[Reason(message, field)])


def _record(
    session: AsyncSession,
    proposal: Proposal,
    command: Dated,
    operation: str,
    day: date,
    *,
    by: Caller,
    stated_at: datetime,
    reason: str | None = None,
    of: str | None = None,
) -> None:
    """Record the act of an organisation: left out, of the proposal's."""
    given = (command, operation, proposal.reference, day)
    session.add(new_act(*given, organisation=of or proposal.organisation, by=by, stated_at=stated_at, reason=reason))
