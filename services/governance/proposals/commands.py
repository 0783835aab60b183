"""Drafts and opens proposals: what is asked, of which bodies, by when."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, StrictBool, StrictInt, model_validator
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import Conflict, Reason
from libs.common.events.governance import DecisionAwaited, ProposalOpened
from libs.common.identity import Caller, Role
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from services.governance.core.actions import action_refusals
from services.governance.core.acts import must_decide_for, new_act, paper_refusals
from services.governance.core.codes import Action, BodyReference, Command, Document, Note, OrganisationCode
from services.governance.core.errors import EndsBeforeItBegins, refuse
from services.governance.proposals.errors import ConsentMissing, ProposalNotFound, ProposalNotOpen, SubjectUnknown
from services.governance.proposals.models import ActKind, Proposal, ProposalAct, ProposalConsent, ProposalKind
from services.governance.proposals.queries import StandingBody, bodies_standing
from services.governance.reach.queries import binding_of
from services.governance.subjects.models import SubjectKind
from services.governance.subjects.queries import find_case_digest, find_subject
from services.governance.subjects.rules import Subject

MOST_PENCE = 10**13
_ASKS_MEMBERS = frozenset({ProposalKind.MERGER, ProposalKind.CONSOLIDATION})

SubjectReference = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$",
        max_length=140,
        description="The contract, plan, procurement, merger, case, body or organisation that is decided on.",
        examples=["CP-14Y-payroll"],
    ),
]
SeriesName = Annotated[
    str,
    Field(
        pattern=r"^([a-z0-9]+(-[a-z0-9]+)*)?$",
        max_length=80,
        description="Names what is decided in parts, which count together; empty: the same supplier and function do.",
    ),
]
Pence = Annotated[StrictInt, Field(ge=0, le=MOST_PENCE)]


class OpenProposal(Command):
    """The day on which a draft is opened; left out: today."""

    opened_on: WrittenDay | None = None
    note: Note = None
    document: Document = None


class MakeProposal(OpenProposal):
    """What is asked of which bodies, by when. It is opened at once, unless it is to stay a draft."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation": "14Y",
                    "kind": "consolidation",
                    "action": "consolidation.commit",
                    "subject": "CP-14Y-payroll",
                    "value_pence": 120000000,
                    "annual_pence": 30000000,
                    "recurrent": True,
                    "due_on": "2018-06-30",
                }
            ]
        }
    )

    organisation: OrganisationCode
    kind: ProposalKind
    action: Action
    subject: SubjectReference
    value_pence: Annotated[Pence, Field(description="For the whole life, with extensions.")] = 0
    annual_pence: Annotated[Pence, Field(description="For the highest year.")] = 0
    recurrent: StrictBool = False
    series: SeriesName = ""
    case: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._/-]*)?$", max_length=140)] = ""
    case_version: Annotated[StrictInt, Field(ge=0, le=1_000_000)] = 0
    due_on: Annotated[WrittenDay, Field(description="The last day in time.")]
    consents: Annotated[
        tuple[BodyReference, ...],
        Field(max_length=250, description="The bodies that are asked; left out: each member's body that leads it."),
    ] = ()
    draft: Annotated[StrictBool, Field(description="Whether it stays a draft, which asks no one yet.")] = False

    @model_validator(mode="after")
    def _is_of_one_piece(self) -> Self:
        if self.annual_pence > self.value_pence:
            raise ValueError("annual_pence: the highest year is a part of the whole life")
        if bool(self.case) != bool(self.case_version):
            raise ValueError("case_version: name the case and its version, or neither")
        return self


async def make_proposal(
    session: AsyncSession, command: MakeProposal, *, by: Caller, today: date, stated_at: datetime
) -> Proposal:
    """Draft a proposal, and open it unless it is to stay a draft.

    Raises RoleMissing, NotYoursToDecide, SubjectUnknown, ConsentMissing, DocumentMissing, EndsBeforeItBegins.
    """
    by.must_have(Role.GOVERNANCE_LEAD)
    connection = await raw(session)
    await must_decide_for(connection, command.organisation, by=by, today=today)
    day = command.opened_on or today
    subject = await find_subject(connection, command.subject, as_at=day, as_known=None)
    digest = await find_case_digest(connection, command.case, command.case_version, as_known=None)
    bodies = await _bodies(connection, command, subject, day)
    refuse(
        [
            *paper_refusals(day, field="opened_on", document=command.document, today=today, stated_at=stated_at),
            *_too_early(command.due_on, day),
            *action_refusals(command.action, day, field="action"),
            *_unknown(command, subject, digest),
            *_without_body(command, subject, bodies),
        ]
    )
    proposal = _proposal(command, subject, digest, day, by=by, stated_at=stated_at)
    session.add(proposal)
    await session.flush()
    session.add_all(
        ProposalConsent(proposal=proposal.reference, body=body.reference, organisations=list(body.organisations))
        for body in bodies
    )
    await session.flush()
    if not command.draft:
        await _open(session, proposal, day, by=by, stated_at=stated_at)
    given = (command, "proposal drafted" if command.draft else "proposal opened", proposal.reference, day)
    session.add(new_act(*given, organisation=proposal.organisation, by=by, stated_at=stated_at))
    return proposal


def _proposal(
    command: MakeProposal, subject: Subject | None, digest: str | None, day: date, *, by: Caller, stated_at: datetime
) -> Proposal:
    return Proposal(
        reference=f"PR-{uuid.uuid4()}",
        organisation=command.organisation,
        kind=command.kind,
        action=command.action,
        subject=command.subject,
        revision=subject.revision if subject is not None and subject.kind is SubjectKind.PLAN else 0,
        value_pence=command.value_pence,
        annual_pence=command.annual_pence,
        recurrent=command.recurrent,
        series=command.series,
        case_reference=command.case,
        case_version=command.case_version,
        digest=digest or "",
        due_on=command.due_on,
        drafted_on=day,
        stated_at=stated_at,
        recorded_by=by.subject,
    )


async def open_proposal(
    session: AsyncSession, proposal: Proposal, command: OpenProposal, *, by: Caller, today: date, stated_at: datetime
) -> None:
    """Open a locked draft. Raises ProposalNotOpen, ConsentMissing, DocumentMissing, EndsBeforeItBegins."""
    day = command.opened_on or today
    connection = await raw(session)
    acts = await session.scalars(select(ProposalAct.what).where(ProposalAct.proposal == proposal.reference))
    done = set(acts)
    if done & {ActKind.OPENED, ActKind.WITHDRAWN, ActKind.VOID}:
        raise ProposalNotOpen(f"{proposal.reference} is no draft any longer")
    asked = await _asked(session, proposal.reference)
    subject = await find_subject(connection, proposal.subject, as_at=day, as_known=None)
    named = await bodies_standing(connection, asked, [], as_at=day)
    stand = await _with_led(connection, named, proposal.action, subject, day)
    missing = set(asked) - {body.reference for body in stand}
    members = _members(ProposalKind(proposal.kind), proposal.organisation, subject)
    if subject is not None and subject.kind is SubjectKind.PLAN and subject.revision > proposal.revision:
        stand = [body for body in stand if set(body.organisations) & set(subject.organisations)] or stand
    uncovered = set(members) - {code for body in stand for code in body.organisations}
    bodies = [*stand, *await bodies_standing(connection, [], uncovered, as_at=day)]
    refusals: list[Conflict] = [
        *paper_refusals(day, field="opened_on", document=command.document, today=today, stated_at=stated_at),
        *_too_early(proposal.due_on, day),
        *_too_early(day, proposal.drafted_on, field="opened_on"),
        *(_missing(f"{body} does not stand on {day.isoformat()}") for body in sorted(missing)),
        *_uncovered(members, bodies),
    ]
    refuse(refusals)
    await _fix_consents(session, proposal, bodies)
    await _open(session, proposal, day, by=by, stated_at=stated_at)
    given = (command, "proposal opened", proposal.reference, day)
    session.add(new_act(*given, organisation=proposal.organisation, by=by, stated_at=stated_at))


async def _with_led(
    db: Reads, bodies: Sequence[StandingBody], action: str, subject: Subject | None, day: date
) -> list[StandingBody]:
    """Return bodies with those organisations too for which they decide as lead commissioner, whose the subject is.

    An organisation of which another body is asked decides by that one.
    """
    others = set(subject.organisations if subject is not None else ()) - {
        code for body in bodies for code in body.organisations
    }
    if not others:
        return list(bodies)
    found = []
    for body in bodies:
        binding = await binding_of(db, body.reference, action, on=day, as_known=None)
        led = others & set(binding.binds) if len(body.organisations) == 1 else set[str]()
        found.append(StandingBody(body.reference, (*body.organisations, *sorted(led))))
        others -= led
    return found


async def _fix_consents(session: AsyncSession, proposal: Proposal, bodies: Collection[StandingBody]) -> None:
    """Fix whom a draft asks, as the members and their bodies are on the day on which it is opened."""
    await session.execute(delete(ProposalConsent).where(ProposalConsent.proposal == proposal.reference))
    session.add_all(
        ProposalConsent(proposal=proposal.reference, body=body.reference, organisations=list(body.organisations))
        for body in bodies
    )
    await session.flush()


async def _open(session: AsyncSession, proposal: Proposal, day: date, *, by: Caller, stated_at: datetime) -> None:
    asked = await _asked(session, proposal.reference)
    add_act(session, proposal, ActKind.OPENED, day, by=by, stated_at=stated_at)
    when = {"effective_on": day, "stated_at": stated_at}
    opened = ProposalOpened(
        **when,
        proposal=proposal.reference,
        organisation=proposal.organisation,
        subject=proposal.subject,
        kind=proposal.kind,
        action=proposal.action,
        consents=tuple(sorted(asked)),
        value_pence=proposal.value_pence,
        annual_pence=proposal.annual_pence,
        recurrent=proposal.recurrent,
        case=proposal.case_reference,
        case_version=proposal.case_version,
        series=proposal.series,
    )
    await outbox.add(session, opened)
    await outbox.add_all(session, awaited(proposal, asked, day, stated_at))


def awaited(
    proposal: Proposal, asked: Mapping[str, Sequence[str]], day: date, stated_at: datetime
) -> list[DecisionAwaited]:
    """Return the events that ask bodies to decide: one for each organisation of each body."""
    return [
        DecisionAwaited(
            effective_on=day,
            stated_at=stated_at,
            proposal=proposal.reference,
            body=body,
            organisation=code,
            due_on=proposal.due_on,
        )
        for body, codes in sorted(asked.items())
        for code in codes
    ]


def add_act(
    session: AsyncSession,
    proposal: Proposal,
    what: ActKind,
    day: date,
    *,
    by: Caller,
    stated_at: datetime,
    **more: Any,
) -> None:
    """Record an act on a proposal."""
    session.add(
        ProposalAct(
            proposal=proposal.reference,
            what=what,
            effective_on=day,
            stated_at=stated_at,
            recorded_by=by.subject,
            **more,
        )
    )


async def _asked(session: AsyncSession, reference: str) -> dict[str, list[str]]:
    found = select(ProposalConsent).where(ProposalConsent.proposal == reference).order_by(ProposalConsent.body)
    return {consent.body: consent.organisations for consent in await session.scalars(found)}


async def lock_proposal(session: AsyncSession, reference: str) -> Proposal:
    """Lock a proposal. Raises ProposalNotFound."""
    proposal = await session.get(Proposal, reference, with_for_update=True, populate_existing=True)
    if proposal is None:
        raise ProposalNotFound(f"there is no proposal {reference}")
    return proposal


async def get_proposal_to_change(session: AsyncSession, reference: str, *, by: Caller, today: date) -> Proposal:
    """Lock a proposal for who acts for its organisation. Raises ProposalNotFound, RoleMissing, NotYoursToDecide."""
    by.must_have(Role.GOVERNANCE_LEAD)
    proposal = await lock_proposal(session, reference)
    await must_decide_for(await raw(session), proposal.organisation, by=by, today=today)
    return proposal


async def get_proposal_of_body_to_change(
    session: AsyncSession, reference: str, body: str | None, *, by: Caller, today: date
) -> Proposal:
    """Lock a proposal for who acts for all that a body decides for; for its organisation where no body is asked.

    The act asks again behind the lock. Raises ProposalNotFound, NotYoursToDecide.
    """
    proposal = await session.get(Proposal, reference)
    asked = await session.get(ProposalConsent, (reference, body or ""))
    if proposal is not None:
        for code in asked.organisations if asked is not None else [proposal.organisation]:
            await must_decide_for(await raw(session), code, by=by, today=today)
    return await lock_proposal(session, reference)


async def _bodies(db: Reads, command: MakeProposal, subject: Subject | None, day: date) -> list[StandingBody]:
    """Return the bodies that are named and stand, or those that lead the members."""
    if command.consents:
        named = await bodies_standing(db, command.consents, [], as_at=day)
        return await _with_led(db, named, command.action, subject, day)
    return await bodies_standing(db, [], _members(command.kind, command.organisation, subject), as_at=day)


def _members(kind: ProposalKind, organisation: str, subject: Subject | None) -> tuple[str, ...]:
    """Return the organisations each of which has to consent: a plan's or merger's members, else the proposer."""
    if subject is not None and kind in _ASKS_MEMBERS and subject.organisations:
        return subject.organisations
    return (organisation,)


def _too_early(last: date, first: date, *, field: str = "due_on") -> Iterable[Conflict]:
    if last < first:
        message = f"{last.isoformat()} lies before {first.isoformat()}"
        yield EndsBeforeItBegins(message, reasons=[Reason(message, field)])


def _unknown(command: MakeProposal, subject: Subject | None, digest: str | None) -> Iterable[Conflict]:
    if subject is None or subject.ended:
        why = "nothing is known" if subject is None else "it has ended"
        message = f"{command.subject}: {why}"
        yield SubjectUnknown(message, reasons=[Reason(message, "subject")])
    if command.case and digest is None:
        message = f"{command.case}: no appraisal of version {command.case_version} is known"
        yield SubjectUnknown(message, reasons=[Reason(message, "case_version")])


def _without_body(
    command: MakeProposal, subject: Subject | None, bodies: Collection[StandingBody]
) -> Iterable[Conflict]:
    stand = {body.reference for body in bodies}
    for named in command.consents:
        if named not in stand:
            yield _missing(f"{named} does not stand on the day")
    yield from _uncovered(_members(command.kind, command.organisation, subject), bodies)


def _uncovered(members: Iterable[str], bodies: Iterable[StandingBody]) -> Iterable[Conflict]:
    covered = {code for body in bodies for code in body.organisations}
    for code in members:
        if code not in covered:
            yield _missing(f"{code} has no body that is asked")


def _missing(message: str) -> ConsentMissing:
    return ConsentMissing(message, reasons=[Reason(message, "consents")])
