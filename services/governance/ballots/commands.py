"""Puts motions, takes votes, and closes items: with a quorum at the votes, by the body's method, into a decision."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.errors import Conflict, Reason
from libs.common.identity import Caller
from libs.common.temporal.days import WrittenInstant
from services.governance.core.codes import Command, ConditionCode, Document, Note, PersonId, Reference
from services.governance.core.errors import refuse
from services.governance.core.quorum import Quorum, who_counts
from services.governance.core.votes import Choice
from services.governance.decisions.commands import NewDecision, take_decision
from services.governance.decisions.models import Outcome
from services.governance.meetings import queries
from services.governance.meetings.attendance import (
    closed_refusals,
    instants_refusals,
    know_persons,
    presiding_refusals,
)
from services.governance.meetings.commands import ToChange, acts, sitting_refusals
from services.governance.meetings.errors import (
    CastingVoteNotYours,
    Conflicted,
    ItemClosed,
    NoMotion,
    NotPresent,
    NotQuorate,
    NotYetDue,
    ProxyVoid,
    VotedTwice,
)
from services.governance.meetings.models import ItemOutcome, ItemResult, MeetingItem, Motion, Vote
from services.governance.meetings.rules import (
    Cast,
    Room,
    Tally,
    Voter,
    counting,
    tally,
    voted_before,
)
from services.governance.minutes.commands import approve_minutes
from services.governance.urgent_actions.commands import refuse_ratification

_REFUSALS: dict[str, type[Conflict]] = {"conflicted": Conflicted, "proxy": ProxyVoid, "absent": NotPresent}


class PutMotion(Command):
    """What is put to the vote at an item, from which instant on. For a proposal, to approve it."""

    put_at: WrittenInstant
    presides: Annotated[
        PersonId | None,
        Field(description="Whom the meeting elected, where no one of the terms' order is there and not excluded."),
    ] = None
    conditions: Annotated[
        tuple[ConditionCode, ...], Field(max_length=20, description="Under which conditions it is to be approved.")
    ] = ()
    note: Note = None
    document: Document = None


class BallotOf(Command):
    """The vote of a seat, cast by its holder, by a deputy who sits in it, or by another member as a proxy."""

    seat: Annotated[Reference, Field(description="The post.", examples=["14Y/chair"])]
    by: PersonId
    choice: Choice


class CastVotes(Command):
    """Votes cast at one instant: all of an item, or some of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "cast_at": "2019-03-28T15:10:00Z",
                    "ballots": [{"seat": "14Y/chair", "by": "P-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11", "choice": "for"}],
                }
            ]
        }
    )

    cast_at: WrittenInstant
    ballots: Annotated[tuple[BallotOf, ...], Field(min_length=1, max_length=200)]
    note: Note = None
    document: Document = None


class CastingVote(Command):
    """The casting vote of whoever presides."""

    by: PersonId
    choice: Choice

    @model_validator(mode="after")
    def _decides(self) -> Self:
        if self.choice is Choice.ABSTAIN:
            raise ValueError("choice: a casting vote is for or against")
        return self


class CloseItem(Command):
    """The item's votes are counted."""

    closed_at: WrittenInstant
    casting: Annotated[CastingVote | None, Field(description="In a tie of a simple majority only.")] = None
    met: Annotated[
        tuple[ConditionCode, ...],
        Field(max_length=20, description="Conditions of the body's right that `document` shows to be met, by codes."),
    ] = ()
    note: Note = None
    document: Document = None


async def put_motion(
    session: AsyncSession,
    found: ToChange,
    item: MeetingItem,
    command: PutMotion,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Open a locked item for votes. Raises MeetingOver, MeetingNotCalled, NotYetDue, ItemClosed, NotPresiding."""
    connection = await raw(session)
    row = await queries.get_item(connection, item.reference, as_known=None)
    refusals = [*sitting_refusals(found, today), *closed_refusals(row)]
    refusals += instants_refusals(found, [command.put_at], field="put_at")
    if command.put_at < found.meeting.starts_at:
        message = f"the meeting begins at {found.meeting.starts_at.isoformat()}"
        refusals.append(NotYetDue(message, reasons=[Reason(message, "put_at")]))
    if row["put_at"] is not None:
        refusals.append(ItemClosed(f"a motion was put at {row['put_at'].isoformat()}"))
    room = await queries.room_at(connection, row, as_known=None)
    presides = room.presider(command.put_at)
    if command.presides is not None:
        await know_persons(session, [command.presides], field="presides")
        refusals += presiding_refusals(room, command.presides, command.put_at, field="presides")
    refuse(refusals)
    motion = Motion(
        item_id=item.id,
        put_at=command.put_at,
        presides=command.presides or presides,
        conditions=sorted(set(command.conditions)),
        stated_at=stated_at,
    )
    session.add_all([motion, *acts(found, command, "motion put", subject=item.reference, by=by, stated_at=stated_at)])
    await session.flush()


async def cast_votes(
    session: AsyncSession,
    found: ToChange,
    item: MeetingItem,
    command: CastVotes,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> None:
    """Take votes at a locked item.

    Raises MeetingOver, NotYetDue, NoMotion, ItemClosed, NotPresent, Conflicted, ProxyVoid, VotedTwice.
    """
    connection = await raw(session)
    row = await queries.get_item(connection, item.reference, as_known=None)
    refusals = [*sitting_refusals(found, today), *closed_refusals(row), *_not_open(row)]
    refusals += instants_refusals(found, [command.cast_at], field="cast_at")
    if row["put_at"] is not None and command.cast_at < row["put_at"]:
        message = f"the item opened for votes at {row['put_at'].isoformat()}"
        refusals.append(NotYetDue(message, reasons=[Reason(message, "cast_at")]))
    room = await queries.room_at(connection, row, as_known=None)
    before = await queries.list_votes(connection, item.reference, as_known=None)
    votes, against = _votes(room, item, command, before, stated_at)
    refusals += against
    refuse(refusals)
    session.add_all([*votes, *acts(found, command, "votes cast", subject=item.reference, by=by, stated_at=stated_at)])
    await session.flush()


def _votes(
    room: Room, item: MeetingItem, command: CastVotes, before: Sequence[queries.Row], stated_at: datetime
) -> tuple[list[Vote], list[Conflict]]:
    """Return the votes that are cast, after those before that are not void, and why some do not count."""
    cast = [(vote.seat, voter) for vote, voter in counting(room, queries.casts_of(before))]
    votes: list[Vote] = []
    refusals: list[Conflict] = []
    for ballot in command.ballots:
        whose = room.whose(Cast(ballot.seat, ballot.by, ballot.choice, command.cast_at))
        if not isinstance(whose, Voter):
            refusals.append(_REFUSALS[whose.kind](whose.message, reasons=[Reason(whose.message, "ballots")]))
            continue
        if voted_before(ballot.seat, whose, cast):
            message = f"{ballot.seat}: the seat, or {' or '.join(sorted(whose.persons))}, has voted already"
            refusals.append(VotedTwice(message, reasons=[Reason(message, "ballots")]))
        cast.append((ballot.seat, whose))
        vote = Vote(
            item_id=item.id,
            seat=ballot.seat,
            voter=whose.person,
            cast_by=ballot.by,
            choice=ballot.choice,
            cast_at=command.cast_at,
            stated_at=stated_at,
            principal=whose.principal,
        )
        votes.append(vote)
    return votes, refusals


async def close_item(
    session: AsyncSession,
    found: ToChange,
    item: MeetingItem,
    command: CloseItem,
    *,
    by: Caller,
    today: date,
    stated_at: datetime,
) -> ItemResult:
    """Count the votes of a locked item, and do what they came to where `can` permits it.

    Raises MeetingOver, NotYetDue, NoMotion, ItemClosed, CastingVoteNotYours, NotQuorate, and what `take_decision`,
    `approve_minutes` and `refuse_ratification` raise.
    """
    connection = await raw(session)
    row = await queries.get_item(connection, item.reference, as_known=None)
    refusals = [*sitting_refusals(found, today), *closed_refusals(row), *_not_open(row)]
    refusals += instants_refusals(found, [command.closed_at], field="closed_at")
    if row["put_at"] is None:
        refuse(refusals)
    room = await queries.room_at(connection, row, as_known=None)
    casts = queries.casts_of(await queries.list_votes(connection, item.reference, as_known=None))
    casting = command.casting.choice if command.casting else None
    counted = tally(room, casts, put_at=row["put_at"], action=row["action"], casting=casting)
    if command.closed_at < max([row["put_at"], *(cast.cast_at for cast in casts)]):
        message = "the item closes after its last vote"
        refusals.append(NotYetDue(message, reasons=[Reason(message, "closed_at")]))
    refusals += _casting_refusals(room, counted, command, row)
    if not counted.quorum:
        reasons = [Reason(f"{item.reference}: {sentence}", "quorum") for sentence in _shortfalls(counted.quorum)]
        refusals.append(NotQuorate(f"no quorum of {found.body.reference} for {item.reference}", reasons=reasons))
    refuse(refusals)
    result = _result(room, item, counted, command.closed_at, stated_at)
    session.add_all([result, *acts(found, command, "item closed", subject=item.reference, by=by, stated_at=stated_at)])
    if item.minutes_of is not None and result.outcome == ItemOutcome.CARRIED:
        shown: dict[str, Any] = {"met": frozenset(command.met), "document": command.document}
        result.approves = await approve_minutes(session, found, item, **shown, by=by, stated_at=stated_at)
    if item.urgent_action_id is not None and result.outcome == ItemOutcome.FAILED:
        await refuse_ratification(session, found, item, by=by, stated_at=stated_at)
    if item.proposal:
        result.decision = await _decide(session, found, item, result, row, command, by=by, stated_at=stated_at)
    await session.flush()
    return result


async def _decide(
    session: AsyncSession,
    found: ToChange,
    item: MeetingItem,
    result: ItemResult,
    row: queries.Row,
    command: CloseItem,
    *,
    by: Caller,
    stated_at: datetime,
) -> str:
    """Take the decision that a vote came to, which `can` permits or not; return its id."""
    approved = Outcome.APPROVED_WITH_CONDITIONS if row["conditions"] else Outcome.APPROVED
    carried = result.outcome == ItemOutcome.CARRIED
    new = NewDecision(
        proposal=item.proposal,
        body=found.body.reference,
        outcome=approved if carried else Outcome.REJECTED,
        on=found.meeting.held_on,
        minute=f"{found.meeting.reference}, item {item.number}",
        conditions=tuple(row["conditions"]) if carried else (),
        met=frozenset(command.met),
        document=command.document,
    )
    decision = await take_decision(session, new, by=by, stated_at=stated_at)
    return decision.id


def _result(room: Room, item: MeetingItem, counted: Tally, closed_at: datetime, stated_at: datetime) -> ItemResult:
    people = who_counts(room.places, room.sitting(counted.at), recused=room.excluded)
    sums = counted.result
    return ItemResult(
        item_id=item.id,
        outcome=ItemOutcome.CARRIED if sums.carried else ItemOutcome.FAILED,
        closed_at=closed_at,
        stated_at=stated_at,
        votes_for=sums.votes_for,
        against=sums.against,
        abstained=sums.abstained,
        of=sums.of,
        tie=sums.tie,
        casting=sums.casting or "",
        clause=counted.quorum.clause,
        filled=list(counted.quorum.filled),
        counted=sorted(person.person for person in people),
        void=list(counted.void),
    )


def _casting_refusals(room: Room, counted: Tally, command: CloseItem, item: queries.Row) -> list[Conflict]:
    """Return why no casting vote is due: none is known, there is no tie, or another person presides."""
    if command.casting is None:
        return []
    field = "casting"
    if not counted.method.has_casting_vote:
        message = "the terms of reference know no casting vote for this item"
    elif not counted.result.tie:
        message = "there is no tie"
    else:
        elected = item["presides"] if room.may_be_elected(item["presides"] or "", counted.at) else None
        first = room.presider(counted.at) or elected
        if first == command.casting.by:
            return []
        message = f"{command.casting.by} does not preside, but {first or 'no one'}"
    return [CastingVoteNotYours(message, reasons=[Reason(message, field)])]


def _not_open(item: queries.Row) -> list[Conflict]:
    return [] if item["put_at"] is not None else [NoMotion(f"no motion was put at item {item['number']}")]


def _shortfalls(found: Quorum) -> list[str]:
    """Return why there is no quorum, a sentence for each clause: seats, rivals, conditions, and members missing."""
    sentences = []
    for number, short in enumerate(found.shortfalls, start=1):
        parts = []
        if short.contested:
            seats = "; ".join(" or ".join(sorted(seat.roles)) or "any member" for seat in short.contested)
            rivals = ", ".join(short.rivals) or "no one"
            parts.append(f"the seats {seats} can be filled by {rivals} alone")
        if short.unmet:
            parts.append("no one is there as " + "; ".join(" or ".join(sorted(roles)) for roles in short.unmet))
        if short.missing:
            parts.append(f"{short.missing} voting members too few")
        sentences.append(f"clause {number}: " + ", ".join(parts))
    return sentences
