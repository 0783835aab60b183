"""Finds what waits for too long in finance, with who has to do what, and clears it once it moves."""

from datetime import date, datetime, timedelta

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.findings import NewFinding, in_order_of_days
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.common.rulepacks import in_force
from services.finance.core.packs import PACKS
from services.finance.findings.commands import clear_findings, raise_findings
from services.finance.findings.models import FindingKind
from services.finance.runs.models import RunKind, RunState
from services.finance.tasks.rules import OPERATOR, FinanceStep, FinanceStepBounds, FinanceWait, stalled_on

_KIND = FindingKind.STALLED
_ONE_DAY = timedelta(days=1)

# A run that failed waits for another request, unless its subject has had one, or was stated anew, since. A document
# belongs to its caller, who alone can request it again and reads why it failed: that is no finding of others'.
RUNS = """
SELECT r.reference::text AS reference, r.kind, r.subject, r.state, r.reason, r.requested_at, r.organisations
  FROM (SELECT * FROM run WHERE state IN ('queued', 'running')
         UNION ALL
        SELECT * FROM run failed
         WHERE failed.state = 'failed' AND failed.kind <> 'document'
           AND NOT EXISTS (SELECT FROM run later
                            WHERE later.kind = failed.kind AND later.subject = failed.subject AND later.id > failed.id)
           AND NOT EXISTS (SELECT FROM portfolio p
                            WHERE failed.kind = 'portfolio' AND p.reference = failed.subject
                              AND p.version > failed.version)
           AND NOT EXISTS (SELECT FROM business_case c JOIN case_draft d ON d.case_id = c.id
                            WHERE failed.kind = 'simulation' AND c.reference = split_part(failed.subject, '/', 1)
                              AND d.version::text = split_part(failed.subject, '/', 2)
                              AND d.revision > failed.version)) r
 ORDER BY r.id
"""
# A version on which a decision is asked is appraised and frozen, unless it is unknown or may not be frozen for whoever
# asks. $1 is the day.
_UNAPPRAISED = """
SELECT DISTINCT ON (p.proposal, p.case_reference, p.case_version)
       p.proposal, p.case_reference, p.case_version, p.organisation, p.effective_on, c.organisation_code AS owner,
       EXISTS (SELECT FROM case_draft d WHERE d.case_id = c.id AND d.version = p.case_version) AS is_drafted
  FROM known_proposal p LEFT JOIN business_case c ON c.reference = p.case_reference
 WHERE p.what = 'opened' AND p.case_reference <> '' AND p.effective_on <= $1
   AND NOT EXISTS (SELECT FROM known_proposal w
                    WHERE w.proposal = p.proposal AND w.what = 'withdrawn' AND w.stated_at >= p.stated_at
                      AND w.effective_on <= $1)
   AND NOT EXISTS (SELECT FROM known_delay k WHERE k.proposal = p.proposal AND k.what = 'taken' AND k.first_day <= $1)
   AND NOT EXISTS (SELECT FROM frozen_version f WHERE f.case_id = c.id AND f.version = p.case_version)
 ORDER BY p.proposal, p.case_reference, p.case_version, p.stated_at
"""
# A correction is paid after the item that it corrects, which has not fallen due by $1.
UNCORRECTED = """
SELECT d.item, d.contract, d.payer, d.payee, d.due_on, d.corrects
  FROM (SELECT DISTINCT item FROM known_payment WHERE what = 'due' AND corrects <> '') k
 CROSS JOIN LATERAL (SELECT * FROM known_payment WHERE what = 'due' AND item = k.item
                      ORDER BY stated_at DESC, amount_pence DESC, payer, payee, due_on LIMIT 1) d
 WHERE d.corrects <> '' AND d.due_on <= $1
   AND NOT EXISTS (SELECT FROM known_payment c WHERE c.what = 'due' AND c.item = d.corrects AND c.due_on <= $1)
 ORDER BY d.item
"""
_OPEN = "SELECT key FROM finding WHERE kind = $1 AND cleared_at IS NULL"


@in_order_of_days("stalled computations, appraisals and corrections")
async def find_stalled(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Raise and clear the findings about what waits for too long in finance, as on a day; return how many."""
    connection = await raw(session)
    found: list[NewFinding] = []
    for pack in in_force(PACKS, up_to, subject="finance-step-bounds")[:1]:
        bounds = FinanceStepBounds(pack.values["days"], pack.id)
        waits = [
            *(_run(row) for row in await connection.fetch(RUNS)),
            *(_appraisal(row) for row in await connection.fetch(_UNAPPRAISED, up_to)),
            *(_correction(row) for row in await connection.fetch(UNCORRECTED, up_to)),
        ]
        found += [_finding(one, bounds) for one in stalled_on(waits, bounds, on=up_to)]
    is_open = {row["key"] for row in await connection.fetch(_OPEN, _KIND.value)}
    past = is_open.difference(one.key for one in found)
    done = await clear_findings(session, past, on=up_to, reason="moved", stated_at=stated_at)
    return done + await raise_findings(session, [one for one in found if one.key not in is_open], stated_at=stated_at)


def _finding(wait: FinanceWait, bounds: FinanceStepBounds) -> NewFinding:
    last = bounds.last_day(wait)
    assert last is not None
    return NewFinding(
        key=wait.key,
        kind=_KIND,
        about=wait.about,
        parties=wait.parties,
        text=bounds.text(wait),
        effective_on=last + _ONE_DAY,
        due_on=last,
    )


def _run(row: asyncpg.Record) -> FinanceWait:
    """Return what a run waits for: a process that computes it, or after a failure that it is requested again."""
    reference, parties = row["reference"], tuple(row["organisations"])
    failed = row["state"] == RunState.FAILED
    requested, one = _routes_of(row["kind"], row["subject"], reference)
    again = f"request it again{requested}, since it failed: {row['reason']}"
    computed = "starts a process of finance that computes"
    if one:
        computed = f"{computed}, or who asked cancels by POST {one}/cancellation"
    # What a document is of is its caller's alone.
    subject = () if row["kind"] == RunKind.DOCUMENT else (row["subject"],)
    return FinanceWait(
        step=FinanceStep.REPETITION if failed else FinanceStep.COMPUTATION,
        about=(reference, *subject),
        since=day_of(row["requested_at"]),
        who=parties if failed else (OPERATOR,),
        to_do=again if failed else computed,
        parties=parties,
    )


def _routes_of(kind: str, subject: str, reference: str) -> tuple[str, str]:
    """Return by which route a run of a kind is requested, and the path of one; both empty for a document."""
    if kind == RunKind.PORTFOLIO:
        return f" by POST /portfolios/{subject}/runs", f"/runs/{reference}"
    if kind == RunKind.SIMULATION:
        case, _, version = subject.rpartition("/")
        path = f"/cases/{case}/versions/{version}/simulations"
        return f" by POST {path}", f"{path}/{reference}"
    return "", ""


def _appraisal(row: asyncpg.Record) -> FinanceWait:
    """Return who has to state the version of a case on which a decision is asked, or has to name another one."""
    case, version, owner = row["case_reference"], row["case_version"], row["owner"]
    step, who, parties = FinanceStep.APPRAISAL, owner or row["organisation"], {row["organisation"]}
    path = f"/cases/{case}/versions" if owner else "/cases"
    to_do = f"state version {version} of {case} by POST {path}"
    if row["is_drafted"]:
        step = FinanceStep.PUBLICATION
        to_do = f"publish it by POST {path}/{version}/publication: {row['organisation']} may not have it frozen"
    return FinanceWait(
        step=step,
        about=(row["proposal"], case),
        since=row["effective_on"],
        who=(who,),
        to_do=to_do,
        parties=tuple(sorted(parties | {who})),
    )


def _correction(row: asyncpg.Record) -> FinanceWait:
    return FinanceWait(
        step=FinanceStep.CORRECTION,
        about=(row["item"], row["contract"]),
        since=row["due_on"],
        who=(row["payer"], row["payee"]),
        to_do=f"record in contracts what fell due as {row['corrects']}, which it corrects",
        parties=tuple(sorted({row["payer"], row["payee"]})),
    )
