"""What becomes of a proposal when its subject changes: void where it ended, asked again where its plan was revised."""

from collections.abc import Collection
from datetime import datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.identity import Caller
from libs.common.messaging import outbox
from services.governance.decision_rights.series import end_parts
from services.governance.proposals.acts import end_proposal
from services.governance.proposals.commands import add_act, awaited, lock_proposal
from services.governance.proposals.models import ActKind
from services.governance.proposals.queries import get_proposal
from services.governance.subjects.models import SubjectKind
from services.governance.subjects.queries import find_subject
from services.governance.subjects.rules import Subject

_ON = "SELECT DISTINCT subject FROM proposal WHERE subject = ANY($1::text[])"
_OF = "SELECT reference FROM proposal WHERE subject = $1 ORDER BY reference"


async def subjects_of_proposals(connection: asyncpg.Connection, keys: Collection[str]) -> set[str]:
    """Return those of some keys on which a proposal was made."""
    return {row["subject"] for row in await connection.fetch(_ON, sorted(keys))}


async def follow_subject(session: AsyncSession, subject: str, event: Event, *, by: Caller) -> bool:
    """Bring every proposal on a subject in line with what is known of it; return whether one changed.

    What counts is all that is known, so that events may come in any order, and again.
    """
    connection = await raw(session)
    changed = False
    for row in await connection.fetch(_OF, subject):
        found = await find_subject(connection, subject, as_at=event.effective_on, as_known=None)
        if found is not None:
            changed |= await _follow(session, row["reference"], found, event, by=by)
    return changed


async def _follow(session: AsyncSession, reference: str, subject: Subject, event: Event, *, by: Caller) -> bool:
    proposal = await lock_proposal(session, reference)
    day = max(event.effective_on, proposal.drafted_on)
    stated_at: datetime = max(event.stated_at, proposal.stated_at)
    read = await get_proposal(await raw(session), reference, as_at=day)
    if read.standing.state.is_over:
        return False
    if subject.ended:
        reason = "plan-ended" if subject.kind is SubjectKind.PLAN else "merger-withdrawn"
        await end_proposal(session, proposal, ActKind.VOID, reason, day, by=by, stated_at=stated_at)
        return True
    if subject.kind is not SubjectKind.PLAN or subject.revision <= read.standing.revision:
        return False
    asked = {body: codes for body, codes in read.binding.items() if set(codes) & set(subject.organisations)} or dict(
        read.binding
    )
    # Whom a draft asks is fixed when it is opened.
    revised = {"revision": subject.revision, "still_asked": sorted(asked) if read.was_opened else []}
    add_act(session, proposal, ActKind.REVISED, day, by=by, stated_at=stated_at, **revised)
    await session.flush()
    await end_parts(await raw(session), reference, on=day, stated_at=stated_at)
    if read.was_opened:
        await outbox.add_all(session, awaited(proposal, asked, day, stated_at))
    return True
