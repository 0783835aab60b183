"""Raises a finding for each applicant of a merger whose own body has not decided to apply, and clears it with the vote.

An application that the registry has accepted stands: the finding undoes nothing. It is due work, because the vote may
be taken, or reversed, later.
"""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Database, raw
from libs.common.identity import Caller
from libs.common.messaging.event_log import is_shown
from libs.common.messaging.provenance import MOST_CAUSES, Cause, Origin
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind
from services.governance.mergers.queries import find_states
from services.governance.mergers.stages import MergerStage

APPLY = "merger.apply"
_KIND = FindingKind.APPLIED_WITHOUT_DECISION
_OVER = frozenset({MergerStage.REJECTED, MergerStage.WITHDRAWN})

_APPLICATIONS = """
SELECT DISTINCT reference FROM known_merger_event
 WHERE what = 'MergerApplied' AND effective_on <= $1 AND ($2::text IS NULL OR reference = $2)
 ORDER BY reference
"""
# A vote to apply is taken before there is an application: its subject is one of the bodies then, or the successor.
_VOTED = """
SELECT asked.n FROM unnest($1::int[], $2::text[], $3::text[]) AS asked (n, code, subjects)
 WHERE EXISTS (
       SELECT FROM decision d
        WHERE d.subject = ANY(string_to_array(asked.subjects, ',')) AND asked.code = ANY(d.binds)
          AND (d.action = $4 OR d.action LIKE $4 || '.%') AND d.outcome <> 'rejected' AND d.taken_on <= $5
          AND NOT EXISTS (SELECT FROM decision_reversal r WHERE r.decision = d.id AND r.effective_on <= $5))
"""
_OPEN = """
SELECT key FROM finding
 WHERE kind = $1 AND cleared_at IS NULL AND raised_on <= $2 AND ($3::text IS NULL OR about @> ARRAY[$3])
"""
_VOTES = """
SELECT l.event_id::text AS id, l.name, l.body FROM decision d
  JOIN event_log l ON l.keys && ARRAY[d.id] AND l.name = 'DecisionTaken'
 WHERE d.subject = ANY($1) AND d.binds && $2 AND (d.action = $3 OR d.action LIKE $3 || '.%')
 ORDER BY l.position LIMIT $4
"""


async def find_unvoted(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
    application: str | None = None,
) -> int:
    """Raise and clear the findings about applicants' own votes, as on a day; return how many changed.

    Those of one application alone, if one is given; what was found of a later day stays.
    """
    connection = await raw(session)
    references = [row["reference"] for row in await connection.fetch(_APPLICATIONS, up_to, application)]
    states = await find_states(connection, references, as_known=None)
    asked = [
        (reference, code, state)
        for reference, state in states.items()
        if state.stage not in _OVER
        for code in state.bodies
    ]
    subjects = [
        ",".join({reference, state.merger, state.successor, *state.bodies} - {""}) for reference, _, state in asked
    ]
    codes = [code for _, code, _ in asked]
    rows = await connection.fetch(_VOTED, list(range(len(asked))), codes, subjects, APPLY, up_to)
    voted = {row["n"] for row in rows}
    missing = {
        f"{_KIND}:{reference}:{code}": NewFinding(
            key=f"{_KIND}:{reference}:{code}",
            kind=_KIND,
            about=(reference,),
            parties=(code,),
            text=f"{code} applied to merge by {reference}, and no decision of its own body to apply is recorded",
            effective_on=state.applied_on or up_to,
        )
        for number, (reference, code, state) in enumerate(asked)
        if number not in voted
    }
    decided = {f"{_KIND}:{reference}:{code}" for n, (reference, code, _) in enumerate(asked) if n in voted}
    past = {row["key"] for row in await connection.fetch(_OPEN, _KIND.value, up_to, application)} - missing.keys()
    done = await clear_findings(session, past & decided, on=up_to, reason="decided", stated_at=stated_at)
    done += await clear_findings(session, past - decided, on=up_to, reason="application_ended", stated_at=stated_at)
    return done + await raise_findings(session, list(missing.values()), stated_at=stated_at)


async def find_votes_to_apply(db: Database, reference: str, by: Caller) -> Origin | None:
    """Return the applicants' votes that an application follows from, for the provenance; None where none is read."""
    state = (await find_states(db, [reference], as_known=None)).get(reference)
    if state is None:
        return None
    subjects = sorted({reference, state.merger, state.successor, *state.bodies} - {""})
    rows = await db.fetch(_VOTES, subjects, sorted(state.bodies), APPLY, MOST_CAUSES + 1)
    shown = [row for row in rows if is_shown(row, frozenset({"DecisionTaken"}), by)]
    if not shown:
        return None
    because = [Cause("event", "governance", row["id"]) for row in shown[:MOST_CAUSES]]
    return Origin(kind="fact", source="governance", because=because, is_whole=len(shown) == len(rows) <= MOST_CAUSES)
