"""Finds plans of which a step has waited for too long, with who has to do what, and clears it once it moves."""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.findings import in_order_of_days
from libs.common.identity import Caller
from libs.common.rulepacks import in_force
from services.contracts.core.packs import PACKS
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind
from services.contracts.plans.queries import NOW, Plan, plans_of
from services.contracts.plans.rules import History
from services.contracts.tasks.rules import PlanStepName, PlanWait, StepBounds, waits_of

_KIND = FindingKind.STALLED
_ONE_DAY = timedelta(days=1)

_GOING = """
SELECT p.id FROM consolidation_plan p
 WHERE NOT EXISTS (SELECT FROM plan_act a
                    WHERE a.plan_id = p.id AND a.kind IN ('ended', 'consolidated') AND a.effective_on <= $1)
 ORDER BY p.reference
"""
_OPEN = "SELECT key FROM finding WHERE kind = $1 AND cleared_at IS NULL"


@in_order_of_days("stalled plans")
async def find_stalled(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Raise and clear the findings about steps of plans that wait for too long, as on a day; return how many."""
    connection = await raw(session)
    found: list[NewFinding] = []
    for pack in in_force(PACKS, up_to, subject="plan-step-bounds")[:1]:
        bounds = StepBounds(pack.values["days"], pack.id)
        plans = await plans_of(connection, [row["id"] for row in await connection.fetch(_GOING, up_to)])
        for plan in plans:
            found += _findings(plan, plan.history.at(up_to, NOW), bounds, up_to)
    is_open = {row["key"] for row in await connection.fetch(_OPEN, _KIND.value)}
    past = is_open.difference(one.key for one in found)
    done = await clear_findings(session, past, on=up_to, reason="moved", stated_at=stated_at)
    new = [one for one in found if one.key not in is_open]
    return done + await raise_findings(session, new, stated_at=stated_at)


def _findings(plan: Plan, then: History, bounds: StepBounds, day: date) -> list[NewFinding]:
    if not then.revisions:
        return []
    found = []
    for wait in bounds.stalled_on(waits_of(then, on=day), day):
        last = wait.since + timedelta(days=bounds.days[wait.step])
        found.append(
            NewFinding(
                key=f"{_KIND}:{wait.step}:{plan.reference}:{wait.about}:{wait.since}",
                kind=_KIND,
                about=tuple(one for one in (plan.reference, wait.about) if one),
                parties=then.current.members,
                text=_text(plan.reference, wait, bounds),
                effective_on=last + _ONE_DAY,
                due_on=last,
            )
        )
    return found


def _text(plan: str, wait: PlanWait, bounds: StepBounds) -> str:
    what = f"{wait.step} of {wait.about}" if wait.about else str(wait.step)
    to_do = f"{', '.join(wait.who)} by POST /consolidations/{plan}{wait.path}"
    if wait.step is PlanStepName.MOVE:
        to_do = f"due work moves it once its customers are open, see late:{plan}:{wait.about}"
    bound = f"longer than {bounds.days[wait.step]} days ({bounds.pack})"
    return f"{plan}: step {what} waits since {wait.since}, {bound}: {to_do}"
