"""Acts between meetings for a body, reports it to the next meeting, and reverses what that one does not ratify."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from libs.common.temporal.days import WrittenDay
from services.governance.bodies.joint import get_named_body_to_change
from services.governance.bodies.terms import get_terms
from services.governance.core.acts import new_act, paper_refusals
from services.governance.core.codes import BodyReference, Command, ConditionCode, Document, Note, PersonId, Title
from services.governance.core.errors import refuse
from services.governance.core.members import organisations_of
from services.governance.core.quorum import BodySeat
from services.governance.core.terms import TermsOfReference
from services.governance.decisions.commands import NewDecision, reverse_decision, take_decision
from services.governance.decisions.models import Decision, Outcome
from services.governance.interests.rules import Action
from services.governance.meetings import queries as meetings
from services.governance.meetings.attendance import know_persons
from services.governance.meetings.commands import AddItem, MeetingRef, ProposalRef, ToChange, add_item
from services.governance.meetings.errors import Conflicted, NotALaterMeeting, NotYetDue
from services.governance.meetings.models import MeetingItem, Opinion, UrgentAct, UrgentConsultation
from services.governance.urgent_actions.errors import UrgentNotAllowed, UrgentReported
from services.governance.urgent_actions.queries import get_urgent_action


class Consulted(Command):
    """A person who was consulted before the action, on which day, and with which view."""

    person: PersonId
    consulted_on: WrittenDay
    view: Opinion


class ActUrgently(Command):
    """A decision on a proposal between meetings, by holders of the roles that the terms of reference name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "body": "14Y-governing-body",
                    "proposal": "PR-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11",
                    "acted_on": "2019-04-10",
                    "acted_by": ["P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"],
                    "document": "Letter of the chair, 10 April 2019",
                }
            ]
        }
    )

    body: BodyReference
    proposal: ProposalRef
    acted_on: WrittenDay
    acted_by: Annotated[tuple[PersonId, ...], Field(min_length=1, max_length=20)]
    consulted: Annotated[tuple[Consulted, ...], Field(max_length=50)] = ()
    conditions: Annotated[
        tuple[ConditionCode, ...], Field(max_length=20, description="Under which conditions it is approved.")
    ] = ()
    met: Annotated[
        tuple[ConditionCode, ...],
        Field(max_length=20, description="Conditions of the body's right that `document` shows."),
    ] = ()
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _consults_first(self) -> Self:
        if any(one.consulted_on > self.acted_on for one in self.consulted):
            raise ValueError("consulted: who is consulted is consulted before the action")
        if len({one.person for one in self.consulted}) != len(self.consulted):
            raise ValueError("consulted: a person is named once")
        return self


class ReportUrgentAction(Command):
    """The item at which an urgent action is reported to the next meeting, which ratifies it or not."""

    meeting: MeetingRef
    title: Title = "Urgent action"
    note: Note = None
    document: Document = None


async def act_urgently(
    session: AsyncSession, command: ActUrgently, *, by: Caller, today: date, stated_at: datetime
) -> UrgentAct:
    """Decide for a body between its meetings.

    Raises BodyNotFound, TermsNotFound, PersonNotFound, NotYetDue, DocumentMissing, UrgentNotAllowed, Conflicted, and
    what `take_decision` raises.
    """
    body = await get_named_body_to_change(session, command.body, by=by, today=today)
    await _must_be_allowed(session, body.reference, command, today=today, stated_at=stated_at)
    reference = f"UA-{uuid.uuid4()}"
    approved = Outcome.APPROVED_WITH_CONDITIONS if command.conditions else Outcome.APPROVED
    new = NewDecision(
        proposal=command.proposal,
        body=body.reference,
        outcome=approved,
        on=command.acted_on,
        minute=f"Urgent action {reference}",
        conditions=command.conditions,
        urgent=True,
        met=frozenset(command.met),
        document=command.document,
    )
    decision = await take_decision(session, new, by=by, stated_at=stated_at)
    made = UrgentAct(
        reference=reference,
        body_id=body.id,
        proposal=command.proposal,
        acted_on=command.acted_on,
        acted_by=sorted(set(command.acted_by)),
        outcome=approved,
        conditions=sorted(set(command.conditions)),
        decision=decision.id,
        stated_at=stated_at,
    )
    session.add(made)
    await session.flush()
    await _note(session, made, body.reference, command, by=by)
    return made


async def _note(session: AsyncSession, made: UrgentAct, body: str, command: ActUrgently, *, by: Caller) -> None:
    """Record who was consulted, and the act of each organisation whose body acted."""
    connection = await raw(session)
    organisations = await organisations_of(connection, body, on=command.acted_on, as_known=None)
    session.add_all(_consultations(made, command))
    session.add_all(
        new_act(
            *(command, "urgent action taken", made.reference, command.acted_on),
            organisation=organisation,
            by=by,
            stated_at=made.stated_at,
        )
        for organisation in organisations
    )
    await session.flush()


async def _must_be_allowed(
    session: AsyncSession, body: str, command: ActUrgently, *, today: date, stated_at: datetime
) -> None:
    """Raise every reason against an urgent action."""
    connection = await raw(session)
    await know_persons(session, [*command.acted_by, *(one.person for one in command.consulted)], field="acted_by")
    terms, _, _ = await get_terms(connection, body, as_at=command.acted_on, as_known=None)
    places = await meetings.places_of(connection, body, on=command.acted_on, as_known=None)
    refusals: list[Conflict] = paper_refusals(
        command.acted_on, field="acted_on", document=command.document, today=today, stated_at=stated_at
    )
    if command.acted_on > today:
        message = f"acted_on {command.acted_on.isoformat()} lies after today"
        refusals.append(NotYetDue(message, reasons=[Reason(message, "acted_on")]))
    refusals += not_allowed(terms, places, command)
    refusals += await _conflicted(session, command)
    refuse(refusals)


def _consultations(made: UrgentAct, command: ActUrgently) -> Iterable[UrgentConsultation]:
    return (
        UrgentConsultation(urgent_action_id=made.id, person_id=one.person, consulted_on=one.consulted_on, view=one.view)
        for one in command.consulted
    )


def not_allowed(terms: TermsOfReference, places: Sequence[BodySeat], command: ActUrgently) -> list[Conflict]:
    """Return why the terms of reference do not allow an urgent action: who is missing, and who has no part in it."""
    if terms.urgent is None:
        return [UrgentNotAllowed(f"the terms of reference of {command.body} know no urgent action")]
    roles: dict[str, set[str]] = {}
    for place in places:
        if place.holder is not None:
            roles.setdefault(place.holder, set()).update(place.roles)
    acting, named = set(command.acted_by), set(terms.urgent.roles)
    consulted = {one.person for one in command.consulted} - acting
    found = [
        (f"a holder of {role} has to act", "acted_by")
        for role in terms.urgent.roles
        if not any(role in roles.get(person, ()) for person in acting)
    ]
    found += [
        (f"{person} holds none of the roles that act between meetings", "acted_by")
        for person in sorted(acting)
        if not named & roles.get(person, set())
    ]
    found += [
        (f"a holder of {role} has to be consulted before", "consulted")
        for role in terms.urgent.consult
        if not any(role in roles.get(person, ()) for person in consulted)
    ]
    return [UrgentNotAllowed(message, reasons=[Reason(message, field)]) for message, field in found]


async def _conflicted(session: AsyncSession, command: ActUrgently) -> list[Conflict]:
    """Return why persons may not act: an interest would exclude them from an item about the proposal."""
    item = {"proposal": command.proposal, "body": command.body, "held_on": command.acted_on, "stage": ""}
    conflicts = await meetings.conflicts_at(await raw(session), item, command.acted_by, None)
    messages = [
        f"{person}: {conflict.pack} asks for {conflict.action}, by an interest in {conflict.party}"
        for person, conflict in sorted(conflicts.items())
        if conflict.action is not Action.NOTE_ONLY
    ]
    return [Conflicted(message, reasons=[Reason(message, "acted_by")]) for message in messages]


async def report_urgent_action(
    session: AsyncSession,
    found: ToChange,
    reference: str,
    command: ReportUrgentAction,
    *,
    by: Caller,
    stated_at: datetime,
) -> MeetingItem:
    """Put an urgent action on the agenda of a locked later meeting of its body.

    Raises UrgentActionNotFound, NotALaterMeeting, UrgentReported, MeetingOver.
    """
    action = await get_urgent_action(await raw(session), reference, as_known=None)
    refusals: list[Conflict] = []
    if action["body"] != found.body.reference or action["acted_on"] > found.meeting.held_on:
        message = f"{found.meeting.reference} is no meeting of {action['body']} after {action['acted_on'].isoformat()}"
        refusals.append(NotALaterMeeting(message, reasons=[Reason(message, "meeting")]))
    if action["reported_at"] is not None:
        refusals.append(UrgentReported(f"{reference} is on the agenda of {action['meeting']}"))
    refuse(refusals)
    item = AddItem(title=command.title, note=command.note, document=command.document)
    return await add_item(session, found, item, by=by, stated_at=stated_at, urgent_action=action["id"])


async def refuse_ratification(
    session: AsyncSession, found: ToChange, item: MeetingItem, *, by: Caller, stated_at: datetime
) -> None:
    """Reverse from the meeting's day on what an urgent action decided; what was done meanwhile stands.

    Raises NoLongerStands.
    """
    action = await session.get_one(UrgentAct, item.urgent_action_id)
    decision = await session.get_one(Decision, action.decision)
    await reverse_decision(
        session,
        decision,
        by_decision=item.reference,
        minute=f"{found.meeting.reference}, item {item.number}",
        on=found.meeting.held_on,
        by=by,
        stated_at=stated_at,
        ratification_refused=True,
    )
