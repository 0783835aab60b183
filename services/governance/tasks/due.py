"""Finds what has waited longer than its step's bound, with who has to do what, and clears it once it moves."""

from datetime import UTC, date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller
from libs.common.rulepacks import in_force
from services.governance.core.catalogue import PACKS
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind
from services.governance.obstructions.queries import asked_on
from services.governance.obstructions.rules import ONE_DAY
from services.governance.proposals.models import ActKind, ProposalKind
from services.governance.proposals.queries import ProposalRead, list_named
from services.governance.tasks.queries import CONSENT_STEPS, MINUTES_STEPS
from services.governance.tasks.rules import (
    StepBounds,
    StepWait,
    WaitStep,
    carrying_out,
    stalled_on,
    unmet_conditions,
)

_KIND = FindingKind.STALLED
_NOW = datetime.max.replace(tzinfo=UTC)

_OPEN = "SELECT key FROM finding WHERE kind = $1 AND cleared_at IS NULL"

# $1 the day. Approved, with a condition that has no evidence; or what another service is to carry out and has not.
_APPROVED = """
SELECT * FROM (
    SELECT p.reference, p.kind, p.subject,
           EXISTS (SELECT FROM proposal_act d CROSS JOIN unnest(d.conditions) code
                    WHERE d.proposal = p.reference AND d.what = 'decided' AND d.effective_on <= $1
                      AND NOT EXISTS (SELECT FROM proposal_act e
                                       WHERE e.proposal = p.reference AND e.what = 'evidenced' AND e.code = code
                                         AND e.body IN ('', d.body) AND e.revision IN (0, d.revision)
                                         AND e.effective_on <= $1
                                         AND NOT EXISTS (
                                             SELECT FROM proposal_act t
                                              WHERE t.proposal = e.proposal AND t.what = 'retracted'
                                                AND (t.code, t.body) = (e.code, e.body) AND t.effective_on <= $1
                                                AND (t.stated_at, t.id) > (e.stated_at, e.id)))) AS is_unmet,
           CASE p.kind
           WHEN 'consolidation' THEN p.action = 'consolidation.commit'
                AND EXISTS (SELECT FROM known_subject s WHERE s.reference = p.subject AND s.kind = 'plan')
                AND NOT EXISTS (SELECT FROM known_subject s
                                 WHERE s.reference = p.subject AND s.effective_on <= $1
                                   AND (s.what = 'ConsolidationAgreed'
                                        OR s.what = 'ConsolidationWithdrawn'
                                           AND s.content::jsonb ->> 'revision' = '0'))
           WHEN 'merger' THEN (p.action = 'merger.apply' OR p.action LIKE 'merger.apply.%')
                AND NOT EXISTS (SELECT FROM known_merger_event m JOIN proposal_consent c ON c.proposal = p.reference
                                 WHERE m.effective_on BETWEEN p.drafted_on AND $1
                                   AND (m.reference = p.subject OR m.bodies && c.organisations))
           ELSE false END AS is_to_carry_out
      FROM proposal p
     WHERE EXISTS (SELECT FROM proposal_act d
                    WHERE d.proposal = p.reference AND d.what = 'decided' AND d.effective_on <= $1
                      AND d.outcome <> 'rejected')) approved
 WHERE is_unmet OR is_to_carry_out ORDER BY reference
"""


@in_order_of_days("stalled steps")
async def find_stalled(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (due work is called so)
    """Raise and clear the findings about steps that wait for too long, as on a day; return how many changed."""
    connection = await raw(session)
    found = []
    for pack in in_force(PACKS, up_to, subject="step-bounds")[:1]:
        bounds = StepBounds(pack.values["days"], pack.id)
        waits = [
            *await _on_no_agenda(connection, up_to),
            *await _approved(connection, up_to),
            *await _minutes(connection, up_to),
        ]
        found += [_finding(one, bounds) for one in stalled_on(waits, bounds, on=up_to)]
    is_open = {row["key"] for row in await connection.fetch(_OPEN, _KIND.value)}
    past = is_open.difference(one.key for one in found)
    done = await clear_findings(session, past, on=up_to, reason="moved", stated_at=stated_at)
    new = [one for one in found if one.key not in is_open]
    return done + await raise_findings(session, new, stated_at=stated_at)


def _finding(wait: StepWait, bounds: StepBounds) -> NewFinding:
    last = bounds.last_day(wait)
    assert last is not None
    return NewFinding(
        key=wait.key,
        kind=_KIND,
        about=wait.about,
        parties=wait.parties,
        text=bounds.text(wait),
        effective_on=last + ONE_DAY,
        due_on=last,
    )


async def _on_no_agenda(connection: asyncpg.Connection, day: date) -> list[StepWait]:
    """Return the proposals that a body was asked about and has on no agenda to come, unless lawfully deferred.

    The time counts from when it was last asked, from the end of a lawful deferral, or from a meeting that passed.
    """
    rows = [row for row in await connection.fetch(CONSENT_STEPS, day, _NOW) if row["scheduled_on"] is None]
    named = {one.reference: one for one in await list_named(connection, {row["about"] for row in rows}, as_at=day)}
    return [_consent(named[row["about"]], row, day) for row in rows]


def _consent(proposal: ProposalRead, row: asyncpg.Record, day: date) -> StepWait:
    ends = [act.until_on for act in proposal.acts if act.body == row["body"] and act.lawful and act.until_on]
    asked = [asked_on(proposal, row["body"]), *([row["passed_on"]] if row["passed_on"] else [])]
    return StepWait(
        step=WaitStep.AGENDA,
        about=(proposal.reference, row["body"]),
        since=max([*asked, *(one for one in ends if one <= day)]),
        who=proposal.binding[row["body"]],
        path=row["path"],
        parties=tuple(sorted({proposal.organisation, *proposal.organisations})),
    )


async def _approved(connection: asyncpg.Connection, day: date) -> list[StepWait]:
    """Return what waits for evidence of a condition, and what another service has not carried out."""
    rows = {row["reference"]: row for row in await connection.fetch(_APPROVED, day)}
    waits: list[StepWait] = []
    for one in await list_named(connection, rows, as_at=day):
        back = (act for act in one.acts if act.what == ActKind.RETRACTED and act.effective_on <= day)
        retracted = {act.code: act.effective_on for act in sorted(back, key=lambda act: act.effective_on)}
        waits += unmet_conditions(one.reference, one.organisation, one.organisations, one.standing, retracted=retracted)
        if rows[one.reference]["is_to_carry_out"]:
            merges = one.kind == ProposalKind.MERGER
            waits += carrying_out(
                one.reference, one.subject, one.organisation, one.organisations, one.standing, is_merger=merges
            )
    return waits


async def _minutes(connection: asyncpg.Connection, day: date) -> list[StepWait]:
    """Return the meetings without a draft of their minutes, and the drafts that are on no agenda to come."""
    return [
        StepWait(
            step=WaitStep.APPROVAL if row["drafted_on"] else WaitStep.MINUTES,
            about=(row["about"], row["body"]),
            since=row["drafted_on"] or row["since"],
            who=tuple(row["organisations"]),
            path=row["path"],
            parties=tuple(row["organisations"]),
        )
        for row in await connection.fetch(MINUTES_STEPS, day, _NOW)
    ]
