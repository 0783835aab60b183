"""Takes decisions that a vote or an urgent action came to, and reverses them."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import Conflict, Reason
from libs.common.events.governance import DecisionReversed, DecisionTaken
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from services.governance.core.acts import must_decide_for, new_act, paper_refusals
from services.governance.core.chains import Actor, LimitBasis, Question
from services.governance.core.codes import Command, Document, Note
from services.governance.core.errors import EndsBeforeItBegins, refuse
from services.governance.core.models import known
from services.governance.decision_rights.models import SeriesPart
from services.governance.decision_rights.permits import ask_for_act, record_permit, unshown
from services.governance.decision_rights.series import Series, end_parts, restore_parts
from services.governance.decisions.errors import (
    BindsNoOne,
    DecidedAlready,
    DecisionNotFound,
    NoLongerStands,
    NotALaterDecision,
)
from services.governance.decisions.models import Decision, DecisionReversal, Outcome
from services.governance.proposals.commands import add_act, awaited, lock_proposal
from services.governance.proposals.errors import NotAsked, NotConsulted, ProposalNotOpen
from services.governance.proposals.models import ActKind, Proposal, State
from services.governance.proposals.packs import consultations_asked
from services.governance.proposals.queries import ProposalRead, get_proposal
from services.governance.proposals.rules import Done
from services.governance.reach.queries import NO_ONE, Binding, binding_of
from services.governance.subjects.models import SubjectKind
from services.governance.subjects.queries import find_subject
from services.governance.subjects.rules import Subject

_VOID_WITH = frozenset({SubjectKind.PLAN, SubjectKind.MERGER, SubjectKind.PROCUREMENT})
"""The subjects after whose end there is nothing to decide: a proposal on a plan or merger is void then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision:
    """What a vote or an urgent action came to.

    `body` decides; `actor` acts where it is not the body itself, as in an urgent action of a post. `met` are conditions
    of rights, by codes, that `document` shows to be met on the day, beside those with evidence; `conditions` are those
    of an approval. `minute` names meeting and item.
    """

    proposal: str
    body: str
    outcome: Outcome
    on: date
    minute: str
    conditions: tuple[str, ...] = ()
    urgent: bool = False
    actor: Actor | None = None
    met: frozenset[str] = frozenset()
    document: str | None = None


async def take_decision(session: AsyncSession, new: NewDecision, *, by: Caller, stated_at: datetime) -> Decision:
    """Record what a body decided on a proposal, if `can` permits it for each organisation that it binds.

    A condition of a right is met where evidence of it was given by the day and stated by then. Who may act for the body
    is for the caller of this function to check. Raises ProposalNotFound, and with all reasons at once ProposalNotOpen,
    NotAsked, DecidedAlready, NotConsulted, BindsNoOne, NoPower, LimitExceeded, SplitToStayUnder, ConditionUnmet.
    """
    proposal = await lock_proposal(session, new.proposal)
    connection = await raw(session)
    read = await get_proposal(connection, new.proposal, as_at=new.on)
    subject = await find_subject(connection, proposal.subject, as_at=new.on, as_known=None)
    refusals = [*_not_open(read, new, subject), *_not_consulted(read, new), *unshown(new.met, new.document)]
    binding = await _binding(connection, proposal, read, new)
    refusals += _binds_no_one(read, new, binding)
    asked = await ask_for_act(
        session,
        new.actor or Actor(body=new.body),
        binding.binds,
        _question(proposal, subject, new, met=_met(read, new, stated_at)),
        series=Series(name=proposal.series, proposal=proposal.reference),
        on=new.on,
        stated_at=stated_at,
    )
    refuse([*refusals, *asked.refusals])
    decision_id = f"D-{uuid.uuid4()}"
    permitted = await record_permit(session, asked, act=decision_id, by=by)
    decision = _decision(decision_id, proposal, read, new, permitted, binding, by=by, stated_at=stated_at)
    session.add(decision)
    await session.flush()
    if new.outcome.approves:
        session.add_all(_parts(decision, proposal, subject))
    _add_acts(session, proposal, new, decision, by=by)
    await session.flush()
    await _follow_withdrawals(session, read, decision)
    await outbox.add(session, _told(decision))
    return decision


def _add_acts(session: AsyncSession, proposal: Proposal, new: NewDecision, decision: Decision, *, by: Caller) -> None:
    """Record the decision with its proposal, and the evidence that was stated with it."""
    when: dict[str, Any] = {"by": by, "stated_at": decision.stated_at, "revision": decision.revision}
    for code in sorted(new.met):
        add_act(session, proposal, ActKind.EVIDENCED, new.on, body=new.body, code=code, reference=new.minute, **when)
    given: dict[str, Any] = {"body": new.body, "outcome": decision.outcome, "conditions": decision.conditions}
    add_act(session, proposal, ActKind.DECIDED, new.on, reference=decision.id, **given, **when)


async def _follow_withdrawals(session: AsyncSession, read: ProposalRead, decision: Decision) -> None:
    """Have what was decided on a proposal count in its series from the day of a withdrawal to come, or no longer.

    The withdrawal ends nothing where all bodies have decided before its day.
    """
    connection = await raw(session)
    ahead = {act.effective_on for act in read.acts if act.what == ActKind.WITHDRAWN}
    for day in sorted(one for one in ahead if one > decision.taken_on):
        then = await get_proposal(connection, read.reference, as_at=day)
        if then.standing.state is State.WITHDRAWN:
            await end_parts(connection, decision.id, on=day, stated_at=decision.stated_at)
        else:
            await restore_parts(connection, read.reference, on=day, stated_at=decision.stated_at)


def _not_open(read: ProposalRead, new: NewDecision, subject: Subject | None) -> Iterable[Conflict]:
    state = read.standing.state
    if subject is not None and subject.ended and subject.kind in _VOID_WITH:
        yield _refusal(ProposalNotOpen, f"{read.subject} has ended by {new.on.isoformat()}", "proposal")
    elif state is State.DRAFT or state.is_over:
        yield _refusal(ProposalNotOpen, f"{read.reference} is {state} on {new.on.isoformat()}", "proposal")
    if new.body not in read.binding:
        yield _refusal(NotAsked, f"{read.reference} does not ask {new.body}", "body")
    for consent in read.standing.consents:
        if consent.body == new.body and consent.outcome:
            message = f"{new.body} {consent.outcome.replace('_', ' ')} {read.reference} by {consent.decision}"
            yield _refusal(DecidedAlready, message, "body")


async def _binding(db: Reads, proposal: Proposal, read: ProposalRead, new: NewDecision) -> Binding:
    """Return whom the decision binds: no one where the body is not asked."""
    if new.body not in read.binding:
        return Binding(NO_ONE, ())
    about = read.binding[new.body]
    return await binding_of(db, new.body, proposal.action, on=new.on, as_known=None, about=about)


def _binds_no_one(read: ProposalRead, new: NewDecision, binding: Binding) -> Iterable[Conflict]:
    if new.body in read.binding and not binding.binds:
        reasons = [Reason(reason, "body") for reason in binding.reasons]
        message = f"a decision of {new.body} on {read.action} binds no organisation"
        yield BindsNoOne(message, reasons=reasons)


def _not_consulted(read: ProposalRead, new: NewDecision) -> Iterable[Conflict]:
    """Yield whose views have to be sought before a body approves: a rejection leaves all as it was."""
    if new.outcome.approves:
        asked = consultations_asked(read.kind, new.on, before_decision=True)
        for code in sorted(asked - set(read.standing.consulted)):
            message = f"{code}: not consulted on {read.reference} by {new.on.isoformat()}"
            yield _refusal(NotConsulted, message, "proposal")


def _met(read: ProposalRead, new: NewDecision, stated_at: datetime) -> frozenset[str]:
    """Return the conditions of the body's rights of which there is evidence by the day, stated by the instant.

    What the proposer shows without naming a body is of the proposer's own rights: no one shows another's.
    """
    return new.met | {act.code for act in own_evidence(read, new.body) if act.stated_at <= stated_at}


def own_evidence(read: ProposalRead, body: str) -> list[Done]:
    """Return the evidence of conditions of a body's rights, on the day of the read."""
    own = {body, ""} if read.binding.get(body) == (read.organisation,) else {body}
    return [act for act in read.standing.evidence if act.body in own]


def _question(proposal: Proposal, subject: Subject | None, new: NewDecision, *, met: frozenset[str]) -> Question:
    """Return what `can` is asked: a rejection commits nothing, so that only the power to decide is needed for it."""
    annual, whole = (proposal.annual_pence, proposal.value_pence) if new.outcome.approves else (0, 0)
    return Question(
        action=proposal.action,
        value_pence={LimitBasis.SINGLE: whole, LimitBasis.ANNUAL: annual, LimitBasis.WHOLE_LIFE: whole},
        recurrent=proposal.recurrent and new.outcome.approves,
        subjects=(subject.names if subject is not None else frozenset()) | {proposal.subject},
        met=met,
    )


def _decision(
    decision_id: str,
    proposal: Proposal,
    read: ProposalRead,
    new: NewDecision,
    permitted: str,
    binding: Binding,
    *,
    by: Caller,
    stated_at: datetime,
) -> Decision:
    binds = binding.binds
    return Decision(
        id=decision_id,
        proposal=proposal.reference,
        body=new.body,
        organisation=binds[0] if len(binds) == 1 else "",
        binds=list(binds),
        subject=proposal.subject,
        action=proposal.action,
        outcome=new.outcome,
        conditions=sorted(set(new.conditions)),
        minute=new.minute,
        value_pence=proposal.value_pence,
        annual_pence=proposal.annual_pence,
        recurrent=proposal.recurrent,
        case_reference=proposal.case_reference,
        case_version=proposal.case_version,
        revision=read.standing.revision,
        urgent=new.urgent,
        permit=permitted,
        taken_on=new.on,
        stated_at=stated_at,
        recorded_by=by.subject,
    )


def _parts(decision: Decision, proposal: Proposal, subject: Subject | None) -> Iterable[SeriesPart]:
    procured = subject is not None and subject.kind is SubjectKind.PROCUREMENT
    for code in decision.binds:
        yield SeriesPart(
            decision=decision.id,
            organisation=code,
            proposal=proposal.reference,
            series=proposal.series,
            suppliers=[] if subject is None or procured else list(subject.suppliers),
            procurement=proposal.subject if procured else "",
            functions=list(subject.functions) if subject is not None else [],
            value_pence=decision.value_pence,
            annual_pence=decision.annual_pence,
            decided_on=decision.taken_on,
            stated_at=decision.stated_at,
        )


def _told(decision: Decision) -> DecisionTaken:
    return DecisionTaken(
        effective_on=decision.taken_on,
        stated_at=decision.stated_at,
        decision=decision.id,
        proposal=decision.proposal,
        body=decision.body,
        organisation=decision.organisation,
        binds=tuple(decision.binds),
        subject=decision.subject,
        action=decision.action,
        outcome=decision.outcome,
        conditions=tuple(decision.conditions),
        minute=decision.minute,
        value_pence=decision.value_pence,
        annual_pence=decision.annual_pence,
        recurrent=decision.recurrent,
        case=decision.case_reference,
        case_version=decision.case_version,
        revision=decision.revision,
        urgent=decision.urgent,
    )


class ReverseDecision(Command):
    """The later decision of the same body that takes this one's place, from its day or a later one on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"by_decision": "D-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"}]}
    )

    by_decision: Annotated[
        str, Field(pattern=r"^D-[0-9a-fA-F-]{36}$", examples=["D-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])
    ]
    from_day: Annotated[WrittenDay | None, Field(description="The first day without it; left out: today.")] = None
    note: Note = None
    document: Document = None


async def get_decision_to_change(session: AsyncSession, decision_id: str, *, by: Caller, today: date) -> Decision:
    """Lock a decision's proposal and return it, for who acts for all that it binds.

    The organisations are locked first, as an item's are before its proposal. Raises DecisionNotFound, RoleMissing,
    NotYoursToDecide.
    """
    by.must_have(Role.GOVERNANCE_LEAD)
    decision = await session.get(Decision, decision_id)
    if decision is None:
        raise DecisionNotFound(f"there is no decision {decision_id}")
    connection = await raw(session)
    await known.lock(connection, sorted(decision.binds))
    await lock_proposal(session, decision.proposal)
    for code in decision.binds:
        await must_decide_for(connection, code, by=by, today=today)
    return decision


async def reverse_by_decision(
    session: AsyncSession, decision: Decision, command: ReverseDecision, *, by: Caller, today: date, stated_at: datetime
) -> DecisionReversal:
    """Reverse a locked decision by a later one. Raises NoLongerStands, NotALaterDecision, DocumentMissing."""
    later = await session.get(Decision, command.by_decision)
    day = command.from_day or today
    refusals: list[Conflict] = paper_refusals(
        day, field="from_day", document=command.document, today=today, stated_at=stated_at
    )
    if later is None or not await _takes_the_place(session, later, decision):
        message = f"{command.by_decision} is no later decision of {decision.body} on {decision.subject} that stands"
        refusals.append(_refusal(NotALaterDecision, message, "by_decision"))
    elif day < later.taken_on:
        message = f"{day.isoformat()} lies before {later.taken_on.isoformat()}, the day of {later.id}"
        refusals.append(_refusal(EndsBeforeItBegins, message, "from_day"))
    refuse(refusals)
    minute = later.minute if later is not None else ""
    reversal = await reverse_decision(
        session, decision, by_decision=command.by_decision, minute=minute, on=day, by=by, stated_at=stated_at
    )
    for code in decision.binds:
        given = (command, "decision reversed", decision.id, day)
        session.add(new_act(*given, organisation=code, by=by, stated_at=stated_at))
    return reversal


async def _takes_the_place(session: AsyncSession, later: Decision, decision: Decision) -> bool:
    same = (later.body, later.subject, sorted(later.binds)) == (
        *(decision.body, decision.subject),
        sorted(decision.binds),
    )
    after = (later.taken_on, later.stated_at) > (decision.taken_on, decision.stated_at)
    return same and after and await session.get(DecisionReversal, later.id) is None


async def reverse_decision(
    session: AsyncSession,
    decision: Decision,
    *,
    by_decision: str,
    minute: str,
    on: date,
    by: Caller,
    stated_at: datetime,
    ratification_refused: bool = False,
) -> DecisionReversal:
    """Record that a decision no longer stands from a day on; it no longer counts in its series either.

    `ratification_refused`: it was an urgent action that the next meeting did not ratify. Raises NoLongerStands.
    """
    proposal = await lock_proposal(session, decision.proposal)
    if await session.get(DecisionReversal, decision.id) is not None:
        raise NoLongerStands(f"{decision.id} was reversed already")
    connection = await raw(session)
    await known.lock(connection, sorted(decision.binds))
    reversal = DecisionReversal(
        decision=decision.id,
        by_decision=by_decision,
        minute=minute,
        ratification_refused=ratification_refused,
        effective_on=on,
        stated_at=stated_at,
        recorded_by=by.subject,
    )
    session.add(reversal)
    given = {"body": decision.body, "reference": decision.id}
    add_act(session, proposal, ActKind.REVERSED, on, by=by, stated_at=stated_at, **given)
    await session.flush()
    await end_parts(connection, decision.id, on=on, stated_at=stated_at)
    await outbox.add(session, _reversed(decision, reversal))
    await _ask_again(session, proposal, decision, on=on, stated_at=stated_at)
    return reversal


async def _ask_again(
    session: AsyncSession, proposal: Proposal, decision: Decision, *, on: date, stated_at: datetime
) -> None:
    """Ask a body again whose decision no longer stands, where its proposal is open again."""
    read = await get_proposal(await raw(session), proposal.reference, as_at=max(on, decision.taken_on))
    waits = {consent.body for consent in read.standing.consents if not consent.outcome}
    of_this_revision = decision.revision in (0, read.standing.revision)  # a later one has asked again already
    if decision.body in waits and of_this_revision and not read.standing.state.is_over:
        asked = {decision.body: read.binding[decision.body]}
        await outbox.add_all(session, awaited(proposal, asked, on, stated_at))


def _reversed(decision: Decision, reversal: DecisionReversal) -> DecisionReversed:
    return DecisionReversed(
        effective_on=reversal.effective_on,
        stated_at=reversal.stated_at,
        decision=decision.id,
        proposal=decision.proposal,
        body=decision.body,
        organisation=decision.organisation,
        subject=decision.subject,
        by_decision=reversal.by_decision,
        minute=reversal.minute,
        ratification_refused=reversal.ratification_refused,
    )


def _refusal(kind: type[Conflict], message: str, field: str) -> Conflict:
    return kind(message, reasons=[Reason(message, field)])
