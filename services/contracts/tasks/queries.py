"""Reads what waits for the caller's organisations, and for the bodies that they succeeded."""

from collections.abc import Collection, Iterable
from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.core.sight import reads_through
from services.contracts.plans.models import PlanState
from services.contracts.plans.queries import NOW, Plan, list_plans
from services.contracts.plans.rules import entered, state, waiting_for
from services.contracts.tasks.views import TaskKind, TasksView, TaskView

# $1 the instant, $2 the codes that the caller acts for (null: all). A draft is read by those for whom it was drawn up,
# and by all that it names once it was awarded.
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
 ORDER BY c.reference, party.code
"""


async def list_tasks(db: Reads, *, by: Caller, as_at: date, as_known: datetime | None) -> TasksView:
    """Return what waits as at a day, as known at an instant: what missing it costs most first, then what is due."""
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
        for row in await db.fetch(_SIGNATURES, as_known or NOW, codes)
    ]
    plans = await list_plans(db, by=by, as_at=as_at, as_known=as_known)
    acceptances = [task for plan in plans for task in acceptances_of(plan, codes)]
    return TasksView(tasks=in_order([*signatures, *acceptances]), as_at=as_at, as_known=as_known)


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
    return sorted(
        tasks,
        key=lambda task: (
            task.exposure_pence is None,
            -(task.exposure_pence or 0),
            task.due_on or date.max,
            task.subject,
            task.organisation,
        ),
    )
