"""Records who stands in the way and who no longer does, each once, as due work; ends nothing but by its own causes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.governance import ObstructionEnded, ObstructionFound
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller
from libs.common.messaging import outbox
from services.governance.obstructions.queries import bodies_gone, limits_on, list_past, positions_of
from services.governance.obstructions.rules import (
    ACCEPTED,
    BodyPosition,
    Limits,
    Obstructing,
    PastMeeting,
    asked_again,
    find_obstructing,
)
from services.governance.proposals.models import ActKind, State
from services.governance.proposals.queries import ProposalRead, list_named

_AT_ONCE = 500
WITHDRAWAL, DISSOLUTION = "withdrawal", "dissolution"

# $1 the day. What every body has approved, and what is over, is looked at again only while a body is in the way.
_TO_LOOK_AT = """
SELECT p.reference FROM proposal p
 WHERE p.reference > $2
   AND (EXISTS (SELECT FROM obstruction o WHERE o.about = p.reference AND o.ended_at IS NULL)
        OR (NOT EXISTS (SELECT FROM proposal_act a
                         WHERE a.proposal = p.reference AND a.what IN ('withdrawn', 'void') AND a.effective_on <= $1)
            AND (p.due_on < $1 OR EXISTS (SELECT FROM proposal_act a
                                           WHERE a.proposal = p.reference AND a.what = 'decided'
                                             AND a.outcome = 'rejected')
                 OR EXISTS (SELECT FROM proposal_consent c JOIN body b ON b.reference = c.body
                              JOIN meeting m ON m.body_id = b.id
                             WHERE c.proposal = p.reference AND m.held_on > p.drafted_on AND m.held_on < $1))
            AND EXISTS (SELECT FROM proposal_consent c
                         WHERE c.proposal = p.reference
                           AND (SELECT a.outcome FROM proposal_act a
                                 WHERE a.proposal = c.proposal AND a.body = c.body AND a.what IN ('decided', 'reversed')
                                 ORDER BY a.effective_on DESC, a.id DESC LIMIT 1)
                               IN ('approved', 'approved_with_conditions') IS NOT TRUE)))
 ORDER BY p.reference LIMIT $3
"""
_OPEN = """
SELECT id, about, body, organisations, kind FROM obstruction WHERE about = ANY($1) AND ended_at IS NULL ORDER BY id
"""
_FIND = """
INSERT INTO obstruction (about, body, organisations, parties, kind, since, share, due_on, pack, found_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (about, body, kind) WHERE ended_at IS NULL DO NOTHING
RETURNING id
"""
_END = """
UPDATE obstruction SET ended_on = greatest($2, since), ended_by = $3, ended_at = greatest($4, found_at) WHERE id = $1
RETURNING ended_on, ended_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A proposal or recommendation that several bodies are asked about, as it stands on a day.

    `parties` read who stands in its way. `over_on` is the day from which it is no longer asked, where it is over;
    `again` from when it was last asked again, and why.
    """

    about: str
    parties: Sequence[str]
    due_on: date
    positions: Sequence[BodyPosition]
    over_on: date | None = None
    again: tuple[date, str] | None = None
    replies: Mapping[str, str] = field(default_factory=dict[str, str])
    """The decision or answer of each body that gave one, by body."""


@in_order_of_days("obstructions")
async def find_obstructions(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
) -> int:
    """Find who stands in the way of proposals by a day, and who no longer does; return how many changed."""
    limits = limits_on(up_to)
    connection = await raw(session)
    done, after = 0, ""
    while limits is not None:
        rows = await connection.fetch(_TO_LOOK_AT, up_to, after, _AT_ONCE)
        proposals = await list_named(connection, [row["reference"] for row in rows], as_at=up_to)
        bodies = {body for one in proposals for body in one.binding}
        gone = await bodies_gone(connection, bodies, on=up_to)
        meetings = await list_past(connection, bodies, before=up_to)
        changes = [_change(one, gone, meetings) for one in proposals if one.standing.state is not State.DRAFT]
        done += await settle(session, changes, on=up_to, limits=limits, stated_at=stated_at)
        if len(rows) < _AT_ONCE:
            break
        after = rows[-1]["reference"]
    return done


def _change(proposal: ProposalRead, gone: Mapping[str, date], meetings: Mapping[str, Sequence[PastMeeting]]) -> Change:
    over = (act.effective_on for act in proposal.acts if act.what in (ActKind.WITHDRAWN, ActKind.VOID))
    return Change(
        about=proposal.reference,
        parties=sorted({proposal.organisation, *proposal.organisations}),
        due_on=proposal.due_on,
        positions=positions_of(proposal, gone, meetings),
        over_on=min(over) if proposal.standing.state.is_over else None,
        again=asked_again(proposal.acts, on=proposal.as_at),
        replies={one.body: one.decision for one in proposal.standing.consents if one.decision},
    )


async def settle(
    session: AsyncSession, changes: Sequence[Change], *, on: date, limits: Limits, stated_at: datetime
) -> int:
    """Record for each change who stands in its way on a day, once, and who no longer does; return how many changed."""
    connection = await raw(session)
    is_open: dict[str, list[asyncpg.Record]] = {one.about: [] for one in changes}
    for row in await connection.fetch(_OPEN, list(is_open)):
        is_open[row["about"]].append(row)
    events: list[Event] = []
    for change in changes:
        over = change.over_on is not None
        found = [] if over else find_obstructing(change.positions, change.due_on, on=on, limits=limits)
        events += await _end(connection, change, is_open[change.about], found, stated_at)
        there = {(row["body"], row["kind"]) for row in is_open[change.about]}
        for one in (one for one in found if (one.body, one.kind.value) not in there):
            events += await _find(connection, change, one, limits.pack, stated_at)
    await outbox.add_all(session, events)
    return len(events)


async def _find(
    connection: asyncpg.Connection, change: Change, found: Obstructing, pack: str, stated_at: datetime
) -> list[Event]:
    parties, kind = sorted(set(change.parties)), found.kind.value
    where = (change.about, found.body, list(found.organisations), parties, kind)
    row = await connection.fetchrow(_FIND, *where, found.since, found.share, change.due_on, pack, stated_at)
    if row is None:
        return []
    return [
        ObstructionFound(
            effective_on=found.since,
            stated_at=stated_at,
            proposal=change.about,
            body=found.body,
            organisation=code,
            kind=kind,
            since=found.since,
            share=found.share,
        )
        for code in found.organisations
    ]


async def _end(
    connection: asyncpg.Connection,
    change: Change,
    is_open: Sequence[asyncpg.Record],
    found: Sequence[Obstructing],
    stated_at: datetime,
) -> list[Event]:
    standing = {(one.body, one.kind.value) for one in found}
    positions = {one.body: one for one in change.positions}
    events: list[Event] = []
    for row in is_open:
        cause = _cause(change, positions.get(row["body"]), row["kind"])
        if (row["body"], row["kind"]) in standing or cause is None:
            continue
        day, ended_by = cause
        ended = await connection.fetchrow(_END, row["id"], day, ended_by, stated_at)
        events += [
            ObstructionEnded(
                effective_on=ended["ended_on"],
                stated_at=ended["ended_at"],
                proposal=change.about,
                body=row["body"],
                organisation=code,
                by=ended_by,
            )
            for code in row["organisations"]
        ]
    return events


def _cause(change: Change, position: BodyPosition | None, kind: str) -> tuple[date, str] | None:
    """Return from when and by what a body no longer stands in the way.

    That is a decision, the withdrawal, its abolition; or what asked again: a plan was revised, which may ask it no
    longer (no position), or a decision was reversed, on which a veto rests.
    """
    if change.over_on is not None:
        return change.over_on, WITHDRAWAL
    if position is None:
        return change.again
    if position.decided_on is not None and (kind == "inertia" or position.outcome == ACCEPTED):
        return position.decided_on, change.replies.get(position.body) or position.outcome
    if position.gone_on is not None:
        return position.gone_on, DISSOLUTION
    return change.again if kind == "veto" else None
