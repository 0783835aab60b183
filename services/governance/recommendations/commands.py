"""Makes recommendations and answers them; finds, as due work, who stands in their way."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

import asyncpg
from pydantic import ConfigDict, Field, StrictInt, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.events.governance import RecommendationAnswered, RecommendationMade
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.days import WrittenDay
from services.governance.core.acts import must_decide_for, new_act, paper_refusals
from services.governance.core.catalogue import reasons_on
from services.governance.core.codes import Action, BodyReference, Command, Document, Note, OrganisationCode
from services.governance.core.errors import (
    BodyNotStanding,
    EndsBeforeItBegins,
    OrganisationNotOpen,
    ReasonNotListed,
    refuse,
)
from services.governance.core.members import living
from services.governance.core.models import known
from services.governance.core.sight import reads_through
from services.governance.decisions.errors import DecisionNotFound
from services.governance.decisions.queries import get_decision
from services.governance.obstructions.commands import Change, settle
from services.governance.obstructions.queries import bodies_gone, limits_on, list_past, pack_on
from services.governance.obstructions.rules import ACCEPTED
from services.governance.proposals.acts import Position, contradictions
from services.governance.proposals.errors import MinuteContradicts
from services.governance.proposals.queries import StandingBody, bodies_standing
from services.governance.proposals.rules import APPROVED
from services.governance.recommendations.errors import (
    AlreadyAnswered,
    NotAddressed,
    NotAFootprint,
    NotItsDecision,
    RecommendationNotFound,
)
from services.governance.recommendations.models import Addressee, Recommendation, RecommendationReply
from services.governance.recommendations.queries import positions_of, replies_of

Votes = Annotated[StrictInt | None, Field(ge=0, le=1000)]
_AT_ONCE = 500

_TO_LOOK_AT = """
SELECT r.id, r.parties, r.reply_by, r.made_on
  FROM recommendation r
 WHERE r.id > $2
   AND (EXISTS (SELECT FROM obstruction o WHERE o.about = r.id AND o.ended_at IS NULL)
        OR ((r.reply_by < $1 OR EXISTS (
             SELECT FROM recommendation_addressee a
               JOIN body b ON b.reference = a.body JOIN meeting m ON m.body_id = b.id
              WHERE a.recommendation = r.id AND a.consents AND m.held_on > r.made_on AND m.held_on < $1)
             OR NOT EXISTS (
             SELECT FROM recommendation_addressee a
              WHERE a.recommendation = r.id AND a.consents AND NOT EXISTS (
                    SELECT FROM recommendation_reply p WHERE p.recommendation = r.id AND p.body = a.body)))
            AND EXISTS (SELECT FROM recommendation_addressee a
                         WHERE a.recommendation = r.id AND a.consents AND NOT EXISTS (
                               SELECT FROM recommendation_reply p
                                WHERE p.recommendation = r.id AND p.body = a.body AND p.answer = 'accepted'))))
 ORDER BY r.id LIMIT $3
"""


class MakeRecommendation(Command):
    """What a footprint's board recommends, to which bodies, and by when they answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "footprint": "QJ2",
                    "action": "merger.apply",
                    "subject": "10H-10Y",
                    "bodies": ["10H-governing-body", "10Y-governing-body"],
                    "made_on": "2017-03-01",
                    "reply_by": "2017-06-01",
                    "votes_for": 10,
                    "votes_against": 1,
                }
            ]
        }
    )

    footprint: OrganisationCode
    action: Action
    subject: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$", max_length=80, description="What is to be decided on."),
    ]
    bodies: Annotated[tuple[BodyReference, ...], Field(min_length=1, max_length=60)]
    consents: Annotated[
        tuple[BodyReference, ...] | None,
        Field(min_length=1, max_length=60, description="Those whose consent it takes; left out: all of them."),
    ] = None
    made_on: WrittenDay
    reply_by: WrittenDay
    votes_for: Votes = None
    votes_against: Votes = None
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.reply_by < self.made_on:
            raise ValueError("reply_by lies before made_on")
        if len(set(self.bodies)) < len(self.bodies) or len(set(self.consents or ())) < len(self.consents or ()):
            raise ValueError("a body is named twice")
        if not set(self.consents or ()) <= set(self.bodies):
            raise ValueError("consents: every one is among the bodies")
        return self


class ReplyToRecommendation(Command):
    """A body's answer, with its reason where it rejects, and its decision where it took one that is recorded."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "body": "10H-governing-body",
                    "answer": "rejected",
                    "reason": "members-against",
                    "replied_on": "2017-05-11",
                    "document": "Governing body, 11 May 2017, item 4",
                }
            ]
        }
    )

    body: BodyReference
    answer: Literal["accepted", "rejected"]
    reason: Annotated[
        str,
        Field(pattern=r"^([a-z]+(-[a-z]+)*)?$", max_length=40, description="Why it rejects: a code of a rule pack."),
    ] = ""
    decision: Annotated[
        str, Field(pattern=r"^(D-[A-Za-z0-9-]{1,40})?$", description="The body's decision, as recorded here.")
    ] = ""
    replied_on: WrittenDay
    note: Note = None
    document: Document = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if bool(self.reason) != (self.answer == "rejected"):
            raise ValueError("reason: a rejection has one, an acceptance has none")
        return self


async def make_recommendation(
    session: AsyncSession, command: MakeRecommendation, *, by: Caller, today: date, stated_at: datetime
) -> str:
    """Recommend a decision to bodies; return the id. Nothing follows from it by itself.

    Raises NotYoursToDecide, NotAFootprint, OrganisationNotOpen, BodyNotStanding, DocumentMissing.
    """
    connection = await raw(session)
    await must_decide_for(connection, command.footprint, by=by, today=today)
    standing = {
        one.reference: one for one in await bodies_standing(connection, command.bodies, (), as_at=command.made_on)
    }
    refuse(
        [
            *await _not_a_footprint(connection, command),
            *paper_refusals(
                command.made_on, field="made_on", document=command.document, today=today, stated_at=stated_at
            ),
            *_not_standing(command, standing),
        ]
    )
    asked = [(body, code) for body in command.bodies for code in standing[body].organisations]
    made = f"RC-{uuid.uuid4()}"
    consents = command.consents or command.bodies
    await _record(session, made, command, standing, by=by, stated_at=stated_at)
    what = (command, "recommendation made", made, command.made_on)
    session.add(new_act(*what, organisation=command.footprint, by=by, stated_at=stated_at))
    event = RecommendationMade(
        effective_on=command.made_on,
        stated_at=stated_at,
        recommendation=made,
        footprint=command.footprint,
        bodies=tuple(body for body, _ in asked),
        organisations=tuple(code for _, code in asked),
        action=command.action,
        subject=command.subject,
        consents=consents,
        reply_by=command.reply_by,
    )
    await outbox.add(session, event)
    return made


async def _record(
    session: AsyncSession,
    made: str,
    command: MakeRecommendation,
    standing: Mapping[str, StandingBody],
    *,
    by: Caller,
    stated_at: datetime,
) -> None:
    session.add(
        Recommendation(
            id=made,
            footprint=command.footprint,
            action=command.action,
            subject=command.subject,
            parties=sorted({command.footprint, *(code for one in standing.values() for code in one.organisations)}),
            made_on=command.made_on,
            reply_by=command.reply_by,
            votes_for=command.votes_for,
            votes_against=command.votes_against,
            stated_at=stated_at,
            recorded_by=by.subject,
        )
    )
    await session.flush()
    consents = command.consents or command.bodies
    session.add_all(
        Addressee(
            recommendation=made,
            body=body,
            organisations=list(standing[body].organisations),
            consents=body in consents,
        )
        for body in command.bodies
    )


async def _not_a_footprint(connection: asyncpg.Connection, command: MakeRecommendation) -> list[Conflict]:
    status = await known.status(connection, command.footprint, as_at=command.made_on)
    if status.status != "open":
        message = f"{command.footprint} is {status.status} on {command.made_on.isoformat()}"
        return [OrganisationNotOpen(message, reasons=[Reason(message, "footprint")])]
    if status.kind not in _footprints(command.made_on):
        message = f"{command.footprint} is of the kind {status.kind}, which is no footprint"
        return [NotAFootprint(message, reasons=[Reason(message, "footprint")])]
    return []


def _not_standing(command: MakeRecommendation, standing: Mapping[str, StandingBody]) -> list[Conflict]:
    day = command.made_on.isoformat()
    messages = (f"{body} does not stand on {day}" for body in command.bodies if body not in standing)
    return [BodyNotStanding(message, reasons=[Reason(message, "bodies")]) for message in messages]


def _footprints(day: date) -> list[str]:
    pack = pack_on(day, subject="escalation")
    return list(pack.values["footprints"]) if pack else []


async def reply_to_recommendation(
    session: AsyncSession,
    recommendation: str,
    command: ReplyToRecommendation,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Record a body's one answer. The successor of an abolished body answers for it.

    Raises RecommendationNotFound, NotAddressed, NotYoursToDecide, AlreadyAnswered, MinuteContradicts, NotItsDecision,
    ReasonNotListed, EndsBeforeItBegins, DocumentMissing.
    """
    found, asked = await _get_asked_to_change(session, recommendation, command.body, by=by, today=today)
    connection = await raw(session)
    refusals: list[Conflict] = paper_refusals(
        command.replied_on, field="replied_on", document=command.document, today=today, stated_at=stated_at
    )
    if await session.get(RecommendationReply, (recommendation, command.body)) is not None:
        message = f"{command.body} has answered {recommendation}"
        refusals.append(AlreadyAnswered(message, reasons=[Reason(message, "body")]))
    refuse(
        [
            *refusals,
            *_before_it_was_made(command, found),
            *_unlisted(command),
            *await _contradicted(connection, command, found, asked),
        ]
    )
    session.add(_reply(command, recommendation, by=by, stated_at=stated_at))
    what = (command, "recommendation answered", recommendation, command.replied_on)
    for code in asked.organisations:
        session.add(new_act(*what, organisation=code, by=by, stated_at=stated_at, reason=command.reason or None))
    await outbox.add_all(session, _answered(command, found, asked, stated_at))


def _answered(
    command: ReplyToRecommendation, found: Recommendation, asked: Addressee, stated_at: datetime
) -> list[RecommendationAnswered]:
    return [
        RecommendationAnswered(
            effective_on=command.replied_on,
            stated_at=stated_at,
            recommendation=found.id,
            footprint=found.footprint,
            body=command.body,
            organisation=code,
            answer=command.answer,
            decision=command.decision,
        )
        for code in asked.organisations
    ]


def _before_it_was_made(command: ReplyToRecommendation, found: Recommendation) -> list[Conflict]:
    if command.replied_on >= found.made_on:
        return []
    message = f"{command.replied_on.isoformat()} lies before {found.made_on.isoformat()}, the day of {found.id}"
    return [EndsBeforeItBegins(message, reasons=[Reason(message, "replied_on")])]


def _unlisted(command: ReplyToRecommendation) -> list[Conflict]:
    listed = reasons_on(command.replied_on, subject="recommendation-replies") if command.reason else {}
    if not command.reason or command.reason in listed:
        return []
    day = command.replied_on.isoformat()
    message = f"{command.reason} is no reason on {day}; the reasons are: {', '.join(listed) or 'none'}"
    return [ReasonNotListed(message, reasons=[Reason(message, "reason")])]


async def _contradicted(
    connection: asyncpg.Connection, command: ReplyToRecommendation, found: Recommendation, asked: Addressee
) -> list[Conflict]:
    """Return why the answer is not what the body decided: on the subject, and by the decision that it names."""
    position = Position.SUPPORTS if command.answer == ACCEPTED else Position.OPPOSES
    day = command.replied_on
    about = (found.subject, found.action, command.body, position)
    refusals = await contradictions(connection, *about, on=day, field="answer")
    if not command.decision:
        return refusals
    try:
        decision = await get_decision(connection, command.decision, as_at=day, as_known=None)
    except DecisionNotFound as error:
        return [*refusals, NotItsDecision(str(error), reasons=[Reason(str(error), "decision")])]
    if not decision["stands"]:
        message = f"{command.decision} was reversed by {day.isoformat()}"
        return [*refusals, NotItsDecision(message, reasons=[Reason(message, "decision")])]
    if not await _decided_for(connection, decision, command, asked) or not _same_action(
        decision["action"], found.action
    ):
        message = f"{command.decision} is a decision of {decision['body']} on {decision['action']}"
        return [*refusals, NotItsDecision(message, reasons=[Reason(message, "decision")])]
    if not refusals and (decision["outcome"] in APPROVED) is not (position is Position.SUPPORTS):
        message = f"{command.body} did not: it decided {decision['outcome']} by {command.decision}"
        refusals.append(MinuteContradicts(message, reasons=[Reason(message, "decision")]))
    return refusals


async def _decided_for(
    connection: asyncpg.Connection, decision: Mapping[str, Any], command: ReplyToRecommendation, asked: Addressee
) -> bool:
    """Return whether the body decided, or, where it was abolished, a body of those who took its organisations over."""
    if decision["body"] == command.body:
        return True
    gone = await bodies_gone(connection, [command.body], on=command.replied_on)
    heirs = await living(connection, asked.organisations, on=command.replied_on)
    return bool(gone) and set(heirs) <= set(decision["binds"])


def _same_action(decided: str, recommended: str) -> bool:
    """Return whether an action is the other, or one that it covers."""
    return f"{decided}.".startswith(f"{recommended}.") or f"{recommended}.".startswith(f"{decided}.")


def _reply(
    command: ReplyToRecommendation, recommendation: str, *, by: Caller, stated_at: datetime
) -> RecommendationReply:
    return RecommendationReply(
        recommendation=recommendation,
        body=command.body,
        answer=command.answer,
        reason=command.reason,
        decision=command.decision,
        replied_on=command.replied_on,
        stated_at=stated_at,
        recorded_by=by.subject,
    )


async def _get_asked_to_change(
    session: AsyncSession, recommendation: str, body: str, *, by: Caller, today: date
) -> tuple[Recommendation, Addressee]:
    """Lock a recommendation; return it with a body that it asks, for which the caller decides."""
    connection = await raw(session)
    found = await session.get(Recommendation, recommendation, with_for_update=True)
    codes = await reads_through(connection, by)
    if found is None or (codes is not None and not set(codes).intersection(found.parties)):
        raise RecommendationNotFound(f"there is no recommendation {recommendation}")
    asked = await session.get(Addressee, (recommendation, body))
    if asked is None:
        message = f"{recommendation} does not ask {body}"
        raise NotAddressed(message, reasons=[Reason(message, "body")])
    for code in asked.organisations:
        await must_decide_for(connection, code, by=by, today=today)
    return found, asked


@in_order_of_days("recommendations")
async def find_obstructed(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
) -> int:
    """Find who stands in the way of recommendations by a day, and who no longer does; return how many changed."""
    limits = limits_on(up_to)
    connection = await raw(session)
    done, after = 0, ""
    while limits is not None:
        rows = await connection.fetch(_TO_LOOK_AT, up_to, after, _AT_ONCE)
        replies = await replies_of(connection, [row["id"] for row in rows], as_at=up_to, as_known=None)
        bodies = {one.body for own in replies.values() for one in own}
        gone: Mapping[str, date] = await bodies_gone(connection, bodies, on=up_to)
        meetings = await list_past(connection, bodies, before=up_to)
        changes = [
            Change(
                about=row["id"],
                parties=row["parties"],
                due_on=row["reply_by"],
                positions=positions_of(replies[row["id"]], row["made_on"], gone, meetings),
                replies={one.body: one.decision for one in replies[row["id"]] if one.decision},
            )
            for row in rows
        ]
        done += await settle(session, changes, on=up_to, limits=limits, stated_at=stated_at)
        if len(rows) < _AT_ONCE:
            break
        after = rows[-1]["id"]
    return done
