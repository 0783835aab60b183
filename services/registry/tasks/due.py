"""Raises and clears findings about steps of mergers that wait, and about bodies that an undoing leaves closed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.findings import NewFinding, in_order_of_days
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.common.rulepacks import in_force
from libs.common.temporal.believed import NOW, about, as_known
from libs.organisations.schemes import suspension_in_force
from libs.organisations.statements import Facet
from services.registry.applications.content import ApplicationContent
from services.registry.applications.models import ApplicationStatus
from services.registry.core.models import successions, timeline
from services.registry.core.rule_packs import PACKS
from services.registry.findings.commands import clear_findings, raise_findings
from services.registry.findings.models import MergerFindingKind
from services.registry.tasks.rules import MergerStep, MergerStepBounds, MergerWait, stalled_on

_ONE_DAY = timedelta(days=1)

_OPEN = "SELECT key FROM merger_finding WHERE kind = $1 AND cleared_at IS NULL"

_APPLICATIONS = """
SELECT a.reference, a.drafted_on, step.status, step.filed_by, step.content, step.stated_at
  FROM merger_application a
 CROSS JOIN LATERAL (SELECT * FROM merger_application_step s WHERE s.application_id = a.id
                      ORDER BY s.stated_at DESC, s.number DESC LIMIT 1) step
 WHERE step.status IN ('drafted', 'filed', 'deferred') ORDER BY a.reference
"""
# An agreed merger whose day has passed waits for a new day.
_OVERDUE = """
SELECT reference, successor, predecessors, effective_on FROM merger
 WHERE status = 'agreed' AND effective_on <= $1 ORDER BY reference
"""
_PAUSES = """
SELECT m.reference, m.successor, p.scheme, t.predecessors, p.number, p.suspended, p.effective_on, p.stated_at
  FROM transfer_scheme_pause p
  JOIN transfer_scheme t ON t.merger_id = p.merger_id AND t.reference = p.scheme
  JOIN merger m ON m.id = p.merger_id AND m.status IN ('agreed', 'carried_out')
 WHERE p.effective_on <= $1 ORDER BY m.reference, p.scheme, p.number
"""
# A body whose succession was undone, which is closed on the day $1 and which no other succession follows.
_STAYS_CLOSED = f"""
SELECT s.code, s.successor, s.effective_on, max(upper(s.known)) AS undone_at,
       (SELECT min(lower(b.valid)) FROM organisation o JOIN {timeline.beliefs} b ON b.subject_id = o.id
         WHERE o.code = s.code AND {about("b", Facet.LIFE)} AND b.value = 'closed' AND {as_known("b", NOW)}
           AND b.valid @> $1::date) AS closed_on
  FROM {successions.beliefs} s
 WHERE NOT {as_known("s", NOW)}
   AND NOT EXISTS (SELECT FROM {successions.beliefs} n WHERE n.code = s.code AND {as_known("n", NOW)})
 GROUP BY s.code, s.successor, s.effective_on ORDER BY s.code, s.successor, s.effective_on
"""  # noqa: S608  (names of ours)


@dataclass(frozen=True, slots=True)
class _Pause:
    """What was stated of a scheme: it waits from a day on, or continues."""

    suspended: bool
    effective_on: date
    stated_at: datetime


@in_order_of_days("stalled mergers")
async def find_stalled(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Raise and clear the findings about steps of mergers that wait for too long, as on a day; return how many."""
    connection = await raw(session)
    found = []
    for pack in in_force(PACKS, up_to, subject="merger-step-bounds")[:1]:
        bounds = MergerStepBounds(pack.values["days"], pack.id)
        waits = [
            *(_application(row) for row in await connection.fetch(_APPLICATIONS)),
            *(_overdue(row) for row in await connection.fetch(_OVERDUE, up_to)),
            *_suspended(await connection.fetch(_PAUSES, up_to)),
        ]
        found += [_stalled(one, bounds) for one in stalled_on(waits, bounds, on=up_to)]
    return await _bring_in_line(session, MergerFindingKind.STALLED, found, "moved", up_to, stated_at)


@in_order_of_days("bodies that stay closed")
async def find_not_put_back(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Raise and clear the findings about bodies that stay closed though what they were closed for was undone."""
    rows = await (await raw(session)).fetch(_STAYS_CLOSED, up_to)
    found = [_closed(row) for row in rows if row["closed_on"] is not None and day_of(row["undone_at"]) <= up_to]
    return await _bring_in_line(session, MergerFindingKind.NOT_PUT_BACK, found, "put_back", up_to, stated_at)


async def _bring_in_line(
    session: AsyncSession, kind: MergerFindingKind, found: list[NewFinding], reason: str, on: date, stated_at: datetime
) -> int:
    is_open = {row["key"] for row in await (await raw(session)).fetch(_OPEN, kind.value)}
    past = is_open.difference(one.key for one in found)
    done = await clear_findings(session, past, on=on, reason=reason, stated_at=stated_at)
    return done + await raise_findings(session, [one for one in found if one.key not in is_open], stated_at=stated_at)


def _stalled(wait: MergerWait, bounds: MergerStepBounds) -> NewFinding:
    last = bounds.last_day(wait)
    assert last is not None
    return NewFinding(
        key=wait.key,
        kind=MergerFindingKind.STALLED,
        about=wait.about,
        parties=wait.parties,
        text=bounds.text(wait),
        effective_on=last + _ONE_DAY,
        due_on=last,
    )


def _application(row: asyncpg.Record) -> MergerWait:
    """Return what an application waits for: its applicants' agreement, or NHS England's determination."""
    content = ApplicationContent.model_validate(row["content"])
    path, parties = f"/merger-applications/{row['reference']}", tuple(sorted({row["filed_by"], *content.applicants}))
    if row["status"] == ApplicationStatus.DRAFTED:
        return MergerWait(
            step=MergerStep.AGREEMENT,
            about=(row["reference"],),
            since=day_of(row["stated_at"]),
            who=tuple(content.lacking),
            path=f"{path}/agreements",
            parties=parties,
        )
    deferred = content.determination.deferred_to if content.determination else None
    return MergerWait(
        step=MergerStep.DETERMINATION,
        about=(row["reference"],),
        since=max(content.filed_on or row["drafted_on"], deferred or date.min),
        path=f"{path}/determination",
        parties=parties,
    )


def _overdue(row: asyncpg.Record) -> MergerWait:
    return MergerWait(
        step=MergerStep.REDATING,
        about=(row["reference"],),
        since=row["effective_on"],
        path=f"/mergers/{row['reference']}/redating",
        parties=tuple(sorted({row["successor"], *row["predecessors"]})),
    )


def _suspended(rows: Iterable[asyncpg.Record]) -> list[MergerWait]:
    waits = []
    for (merger, scheme), several in groupby(rows, itemgetter("reference", "scheme")):
        of_scheme = list(several)
        suspension = suspension_in_force(
            _Pause(row["suspended"], row["effective_on"], row["stated_at"]) for row in of_scheme
        )
        if suspension is not None:
            waits.append(
                MergerWait(
                    step=MergerStep.RESUMPTION,
                    about=(merger, scheme),
                    since=suspension.effective_on,
                    path=f"/mergers/{merger}/schemes/{scheme}/resumption",
                    parties=tuple(sorted({of_scheme[0]["successor"], *of_scheme[0]["predecessors"]})),
                )
            )
    return waits


def _closed(row: asyncpg.Record) -> NewFinding:
    """Return that a body stays closed, though the succession for which it was closed was undone."""
    code, successor, undone_on = row["code"], row["successor"], day_of(row["undone_at"])
    kind = MergerFindingKind.NOT_PUT_BACK
    return NewFinding(
        key=f"{kind}:{code}>{successor}:{row['effective_on'].isoformat()}",
        kind=kind,
        about=(code, successor),
        parties=(code, successor),
        text=f"{code}: that {successor} succeeded it on {row['effective_on']} was undone on {undone_on}, and it stays "
        f"closed since {row['closed_on']}: its source states that it is open, or which body took it over",
        effective_on=max(undone_on, row["closed_on"]),
    )
