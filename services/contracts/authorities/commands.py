"""Records the authority of an act, refuses what has none where a rule pack asks for it, and takes decisions in."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.errors import DomainError, Reason
from libs.common.events.governance import DecisionReversed, DecisionTaken
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.common.rulepacks import RulePack, in_force
from services.contracts.authorities.errors import AuthorityMissing
from services.contracts.authorities.models import BindingAct
from services.contracts.authorities.queries import APPROVED, deciding
from services.contracts.core.packs import PACKS
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind

_ACTS = """
SELECT DISTINCT organisation, revision FROM binding_act
 WHERE subject = $1 AND action = $2 ORDER BY organisation, revision
"""

_DECISION = "SELECT subject, action FROM known_decision WHERE decision = $1"

_REVERSED = """
SELECT DISTINCT code FROM known_decision d JOIN known_decision_reversal r USING (decision)
 CROSS JOIN LATERAL unnest(d.binds) AS code
 WHERE d.subject = $1 AND d.action = $2 AND d.outcome = ANY($3::text[]) AND r.stated_at >= d.stated_at
   AND ($4::int = 0 OR d.revision = $4)
"""


async def record(
    session: AsyncSession,
    action: str,
    subject: str,
    organisation: str,
    *,
    minute: str | None,
    on: date,
    stated_at: datetime,
    by: Caller,
    revision: int = 0,
) -> bool:
    """Record an organisation's act on a subject with the minute that it names; return whether a decision verifies it.

    An act that the pack asks a decision for, and that has none yet, is a finding until one is published.
    """
    session.add(
        BindingAct(
            action=action,
            subject=subject,
            organisation=organisation,
            revision=revision,
            acted_on=on,
            stated_at=stated_at,
            recorded_by=by.subject,
            minute=minute,
        )
    )
    await session.flush()
    connection = await raw(session)
    if await deciding(connection, action, subject, [organisation], on=date.max, revision=revision):
        return True
    pack = _pack_on(on)
    if pack is not None and action in pack.values["actions"]:
        finding = NewFinding(
            key=_key(FindingKind.AUTHORITY_UNVERIFIED, action, subject, organisation, revision),
            kind=FindingKind.AUTHORITY_UNVERIFIED,
            about=(subject, organisation),
            parties=(organisation,),
            text=f"{organisation}: no published decision on {action} of {subject} ({pack.id})",
            effective_on=on,
        )
        await raise_findings(session, [finding], stated_at=stated_at)
    return False


async def why_not_authorised(
    db: Reads,
    action: str,
    subject: str,
    organisations: Collection[str],
    *,
    on: date,
    field: str,
    revision: int = 0,
    form: str = "",
) -> list[DomainError]:
    """Return a refusal for each organisation without a published decision, where the pack of the day asks for one.

    `form` is the pack's own word for an action that is taken in more than one way.
    """
    pack = _pack_on(on)
    if pack is None or (form or action) not in pack.values["refused"]:
        return []
    decided = await deciding(db, action, subject, organisations, on=on, revision=revision)
    messages = [
        f"{code} has not decided on {action} of {subject}: {pack.id} asks for a published decision"
        for code in sorted(set(organisations) - decided)
    ]
    return [AuthorityMissing(message, reasons=[Reason(message, field)]) for message in messages]


async def take_in(session: AsyncSession, event: DecisionTaken | DecisionReversed) -> bool:
    """Bring the findings about acts in line with the decisions on their subject; return whether one changed.

    An act without a decision that the pack asks for is unverified; one whose decision was reversed is so marked, and
    nothing is undone. Events may come in any order: what counts is all that is known of the subject.
    """
    connection = await raw(session)
    decision = await connection.fetchrow(_DECISION, event.decision)
    if decision is None:
        return False
    subject, action = decision["subject"], decision["action"]
    on = max(event.effective_on, day_of(event.stated_at))
    changed = 0
    for revision, codes in _by_revision(await connection.fetch(_ACTS, subject, action)).items():
        decided = await deciding(connection, action, subject, codes, on=date.max, revision=revision)
        rows = await connection.fetch(_REVERSED, subject, action, list(APPROVED), revision)
        undone = {row["code"] for row in rows}.intersection(codes) - decided
        settled = [
            _key(kind, action, subject, code, revision)
            for code in decided
            for kind in (FindingKind.AUTHORITY_UNVERIFIED, FindingKind.AUTHORITY_REVERSED)
        ]
        settled += [_key(FindingKind.AUTHORITY_UNVERIFIED, action, subject, code, revision) for code in undone]
        changed += await clear_findings(session, settled, on=on, reason="decided", stated_at=event.stated_at)
        reversed_ = [_reversed(action, subject, code, revision, on=on) for code in sorted(undone)]
        changed += await raise_findings(session, reversed_, stated_at=event.stated_at)
    return changed > 0


def _by_revision(rows: Iterable[asyncpg.Record]) -> dict[int, list[str]]:
    acts: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        acts[row["revision"]].append(row["organisation"])
    return acts


def _reversed(action: str, subject: str, organisation: str, revision: int, *, on: date) -> NewFinding:
    return NewFinding(
        key=_key(FindingKind.AUTHORITY_REVERSED, action, subject, organisation, revision),
        kind=FindingKind.AUTHORITY_REVERSED,
        about=(subject, organisation),
        parties=(organisation,),
        text=f"{organisation}: the decision on {action} of {subject} was reversed",
        effective_on=on,
    )


def _key(kind: FindingKind, action: str, subject: str, organisation: str, revision: int) -> str:
    return ":".join([kind.value, action, subject, organisation, str(revision)])


def _pack_on(day: date) -> RulePack | None:
    return next(iter(in_force(PACKS, day, subject="authority")), None)
