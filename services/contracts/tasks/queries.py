"""Reads what waits for the caller's organisations, and for the bodies that they succeeded."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date, datetime
from typing import TypeAlias

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.temporal.days import LATEST
from services.contracts.core.charges import pence_then
from services.contracts.core.shares import FACETS
from services.contracts.core.sight import reads_through
from services.contracts.exits.rules import ONE_DAY, charge_between
from services.contracts.novations.errors import NovationNotFound
from services.contracts.novations.queries import get_novation
from services.contracts.plans.models import PlanState
from services.contracts.plans.queries import NOW, Plan, list_plans
from services.contracts.plans.rules import entered, state, waiting_for
from services.contracts.tasks.views import TaskKind, TaskView

TaskKey: TypeAlias = tuple[int, int, str, str, str, str]

# $1 the instant, $2 the codes that the caller acts for (null: all). A draft is read by those for whom it was drawn up,
# and by all that it names once it was awarded. What has no exposure comes last, by its day: the cursor cuts it in SQL,
# one more than the page, since the task at the cursor is met again.
_SIGNATURES = """
SELECT c.reference, party.code, c.starts_on
  FROM contract c
 CROSS JOIN LATERAL (
       SELECT cc.customer_code AS code, 'customer' AS role FROM contract_customer cc WHERE cc.contract_id = c.id
        UNION ALL SELECT c.supplier_code, 'supplier' WHERE c.supplier_signs) party
 WHERE c.drafted_at <= $1 AND (c.status = 'draft' OR c.signed_at > $1)
   AND ($2::text[] IS NULL OR party.code = ANY($2))
   AND (c.awarded_at <= $1 OR party.role = 'customer' AND ($2::text[] IS NULL OR c.drafted_for && $2))
   AND NOT EXISTS (SELECT FROM signature s
                    WHERE s.contract_id = c.id AND s.party_code = party.code AND s.role = party.role
                      AND s.text_version = c.text_version AND s.stated_at <= $1)
   AND ($3::date IS NULL OR (c.starts_on, c.reference, party.code) >= ($3, $4::text, $5::text))
 ORDER BY c.starts_on, c.reference, party.code LIMIT $6
"""

# What ends early by another act has nothing that waits.
_ENDED = """EXISTS (SELECT FROM contract_life_belief e
                 WHERE e.subject_id = c.id AND e.value <> 'active' AND (e.known @> $1::timestamptz) IS TRUE)"""

# $3 the day.
_PARTIES = f"""
SELECT c.id, c.reference, coalesce(c.exit_day, c.term_end, c.last_day) AS last_day, 'customers' AS side,
       cc.customer_code AS code,
       {pence_then("$3::date", "$1::timestamptz")} AS annual_pence
  FROM contract c JOIN contract_customer cc ON cc.contract_id = c.id
  JOIN contract_customer_belief b ON b.subject_id = cc.id AND b.valid @> $3::date AND (b.known @> $1::timestamptz)
 UNION ALL
SELECT c.id, c.reference, coalesce(c.exit_day, c.term_end, c.last_day), 'supplier',
       coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND b.valid @> $3::date AND b.known @> $1::timestamptz), c.supplier_code),
       {pence_then("$3::date", "$1::timestamptz")}
  FROM contract c
"""  # noqa: S608  (what is put in is ours)

_OFFERS = f"""
SELECT o.reference AS offer, o.exit_day, party.*
  FROM termination_offer o JOIN ({_PARTIES}) party ON party.id = o.contract_id AND party.side <> o.side
 WHERE o.stated_at <= $1 AND o.exit_day >= $3 AND ($2::text[] IS NULL OR party.code = ANY($2))
   AND NOT {_ENDED.replace("c.id", "o.contract_id")}
   AND NOT EXISTS (SELECT FROM termination_offer_act a WHERE a.offer_id = o.id AND a.stated_at <= $1)
 ORDER BY o.reference, party.code
"""  # noqa: S608  (only what stands above is put in)

# Who served a notice to whose withdrawal the other side has consented.
_WITHDRAWALS = f"""
SELECT c.reference AS contract, n.reference AS notice, n.served_by AS code, n.exit_day
  FROM exit_notice n JOIN contract c ON c.id = n.contract_id
 WHERE n.stated_at <= $1 AND n.exit_day >= $3 AND cardinality(n.faults) = 0
   AND ($2::text[] IS NULL OR n.served_by = ANY($2))
   AND NOT {_ENDED}
   AND EXISTS (SELECT FROM exit_notice_act a WHERE a.notice_id = n.id AND a.act = 'consent' AND a.stated_at <= $1)
   AND NOT EXISTS (SELECT FROM exit_notice_act a WHERE a.notice_id = n.id AND a.act <> 'consent' AND a.stated_at <= $1)
   AND ($4::date IS NULL OR (n.exit_day, n.reference, n.served_by) >= ($4, $5::text, $6::text))
 ORDER BY n.exit_day, n.reference, n.served_by LIMIT $7
"""  # noqa: S608  (only what stands above is put in)

_NOVATIONS = f"""
SELECT DISTINCT c.reference
  FROM novation n JOIN contract c ON c.id = n.contract_id
 WHERE n.stated_at <= $1
   AND NOT {_ENDED}
   AND NOT EXISTS (SELECT FROM novation_completion d WHERE d.novation_id = n.id AND d.stated_at <= $1)
   AND ($2::text[] IS NULL OR n.entering = ANY($2) OR c.supplier_code = ANY($2)
        OR EXISTS (SELECT FROM contract_customer cc WHERE cc.contract_id = c.id AND cc.customer_code = ANY($2))
        OR EXISTS (SELECT FROM contract_supplier_belief b WHERE b.subject_id = c.id AND b.value = ANY($2)))
 ORDER BY c.reference
"""  # noqa: S608  (only what stands above is put in)


_STATED_LAST = " ".join(
    f"WHEN {kind!r} THEN (SELECT max(s.stated_at) FROM contract_share_statement s"  # noqa: S608  (what is put in is ours)
    f" WHERE s.subject_id = proposal.contract_id AND s.facet = {facet.value} AND s.stated_at <= $1)"
    for kind, facet in FACETS.items()
)

# Who has not agreed yet to what another customer proposed last of a subject since it was agreed the last time; who
# leaves by then by a notice that stands is not asked who coordinates. The cursor cuts it in SQL: of one contract, body
# and day there may be a task for each kind of table and for who coordinates, in the order of their paths.
_AGREEMENTS = f"""
SELECT c.reference, proposal.subject, proposal.from_day, cc.customer_code AS code
  FROM (SELECT DISTINCT ON (contract_id, subject) * FROM agreement_consent
         WHERE stated_at <= $1 ORDER BY contract_id, subject, stated_at DESC, id DESC) proposal
 CROSS JOIN LATERAL (SELECT CASE proposal.subject {_STATED_LAST} ELSE (
       SELECT max(s.stated_at) FROM contract_coordinator_statement s
        WHERE s.subject_id = proposal.contract_id AND s.stated_at <= $1) END AS at) stated
  JOIN contract c ON c.id = proposal.contract_id
  JOIN contract_customer cc ON cc.contract_id = c.id
  JOIN contract_customer_belief b
    ON b.subject_id = cc.id AND b.valid @> proposal.from_day AND (b.known @> $1::timestamptz)
 WHERE ($2::text[] IS NULL OR cc.customer_code = ANY($2)) AND NOT {_ENDED}
   AND proposal.stated_at > coalesce(stated.at, '-infinity')
   AND NOT EXISTS (SELECT FROM agreement_consent a
                    WHERE a.contract_id = c.id AND a.subject = proposal.subject AND a.content = proposal.content
                      AND a.from_day = proposal.from_day AND a.party_code = cc.customer_code AND a.stated_at <= $1
                      AND a.stated_at > coalesce(stated.at, '-infinity'))
   AND NOT (proposal.subject = 'coordinator' AND EXISTS (
            SELECT FROM exit_notice n
             WHERE n.contract_id = c.id AND cc.customer_code = ANY(n.leaving) AND n.functions = '{{}}'
               AND n.faults = '{{}}' AND n.exit_day < proposal.from_day AND n.stated_at <= $1
               AND NOT EXISTS (SELECT FROM exit_notice_act a WHERE a.notice_id = n.id AND a.act = 'withdrawal')))
   AND ($3::date IS NULL OR (proposal.from_day, c.reference, cc.customer_code) >= ($3, $4::text, $5::text))
 ORDER BY proposal.from_day, c.reference, cc.customer_code, proposal.subject LIMIT $6::bigint + {len(FACETS)}
"""  # noqa: S608  (only what stands above is put in)


async def list_tasks(
    db: Reads,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    after: TaskKey | None = None,
    limit: int | None = None,
) -> list[TaskView]:
    """Return what waits as at a day, as known at an instant, after the cursor: see `in_order`."""
    codes = await reads_through(db, by)
    signatures = [
        TaskView(
            kind=TaskKind.SIGNATURE,
            subject=row["reference"],
            organisation=row["code"],
            path=f"/contracts/{row['reference']}/signature",
            due_on=row["starts_on"],
            exposure_pence=None,
        )
        for row in await db.fetch(_SIGNATURES, as_known or NOW, codes, *_cut(after, limit))
    ]
    plans = await list_plans(db, by=by, as_at=as_at, as_known=as_known)
    acceptances = [task for plan in plans for task in acceptances_of(plan, codes)]
    exits = await _exits(db, codes, as_at=as_at, known=as_known or NOW, cut=_cut(after, limit))
    consents = await _consents(db, by, codes, as_at=as_at, as_known=as_known, cut=_cut(after, limit))
    tasks = in_order([*signatures, *acceptances, *exits, *consents])
    return [task for task in tasks if after is None or key_of(task) > after][:limit]


Cut: TypeAlias = tuple[date | None, str, str, int | None]


def _cut(after: TaskKey | None, limit: int | None) -> Cut:
    """Return from where on tasks without an exposure are read, and how many."""
    most = None if limit is None else limit + 1
    if after is None or not after[0]:
        return (None, "", "", most)
    return (date.fromisoformat(after[2]), after[3], after[4], most)


async def _exits(db: Reads, codes: Collection[str] | None, *, as_at: date, known: datetime, cut: Cut) -> list[TaskView]:
    """Return the offers to end that wait for the other side, and the withdrawals that it has consented to.

    What missing an offer costs is the charge of what is left of the term; of one that is open-ended it is not known.
    """
    offers = [
        TaskView(
            kind=TaskKind.ACCEPTANCE,
            subject=row["offer"],
            organisation=row["code"],
            path=f"/contracts/{row['reference']}/terminations/{row['offer']}/acceptance",
            due_on=row["exit_day"],
            exposure_pence=None
            if row["last_day"] >= LATEST
            else charge_between(row["annual_pence"], row["exit_day"] + ONE_DAY, row["last_day"]),
        )
        for row in await db.fetch(_OFFERS, known, codes, as_at)
    ]
    withdrawals = [
        TaskView(
            kind=TaskKind.WITHDRAWAL,
            subject=row["notice"],
            organisation=row["code"],
            path=f"/contracts/{row['contract']}/notices/{row['notice']}/withdrawal",
            due_on=row["exit_day"],
            exposure_pence=None,
        )
        for row in await db.fetch(_WITHDRAWALS, known, codes, as_at, *cut)
    ]
    return [*offers, *withdrawals]


async def _consents(
    db: Reads, by: Caller, codes: Collection[str] | None, *, as_at: date, as_known: datetime | None, cut: Cut
) -> list[TaskView]:
    """Return the consents to novations, shares and coordinating commissioners that are missing."""
    tasks = [
        TaskView(
            kind=TaskKind.CONSENT,
            subject=row["reference"],
            organisation=row["code"],
            path=f"/contracts/{row['reference']}/"
            + ("coordinator" if row["subject"] == "coordinator" else f"shares/{row['subject']}/acceptance"),
            due_on=row["from_day"],
            exposure_pence=None,
        )
        for row in await db.fetch(_AGREEMENTS, as_known or NOW, codes, *cut)
    ]
    for row in await db.fetch(_NOVATIONS, as_known or NOW, codes):
        with suppress(NovationNotFound):
            novation = await get_novation(db, row["reference"], by=by, as_at=as_at, as_known=as_known)
            tasks += [
                TaskView(
                    kind=TaskKind.CONSENT,
                    subject=novation.contract,
                    organisation=code,
                    path=f"/contracts/{novation.contract}/novation/consents",
                    due_on=novation.takes_effect_on,
                    exposure_pence=None,
                )
                for code in novation.missing
                if codes is None or code in codes
            ]
    return tasks


def acceptances_of(plan: Plan, codes: Collection[str] | None) -> list[TaskView]:
    """Return the acceptances of a plan that wait for these codes (None: every one): to enter, or once it was submitted.

    What a missing one costs is what the plan saves a year.
    """
    now = state(plan.history)
    waiting: Collection[str] = ()
    if now is PlanState.SUBMITTED:
        waiting = waiting_for(plan.history)
    elif now in {PlanState.PLANNED, PlanState.FEASIBLE}:
        waiting = set(plan.history.current.members) - entered(plan.history)
    return [
        TaskView(
            kind=TaskKind.ACCEPTANCE,
            subject=plan.reference,
            organisation=member,
            path=f"/consolidations/{plan.reference}/members/{member}/acceptance",
            due_on=plan.shared.starts_on,
            exposure_pence=max(0, plan.previous_pence - plan.history.current.annual_pence),
        )
        for member in sorted(waiting)
        if codes is None or member in codes
    ]


def in_order(tasks: Iterable[TaskView]) -> list[TaskView]:
    """Return tasks in the order of what missing them costs, what is not known last; then by day and subject."""
    return sorted(tasks, key=key_of)


def key_of(task: TaskView) -> TaskKey:
    """Return the place of a task in the list; no two have one."""
    return (
        int(task.exposure_pence is None),
        -(task.exposure_pence or 0),
        (task.due_on or date.max).isoformat(),
        task.subject,
        task.organisation,
        task.path,
    )
