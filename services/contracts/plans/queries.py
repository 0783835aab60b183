"""Reads plans to consolidate: all that was stated of one, for the members that it concerns."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.agreements.terms import Terms
from services.contracts.core.errors import ConsolidationNotFound
from services.contracts.core.sight import reads_through
from services.contracts.plans.models import Cause, ExitChoice, Kind
from services.contracts.plans.rules import History, Revision, StatedAct, Step

NOW = datetime.max.replace(tzinfo=UTC)

# Who takes part in any revision that was known reads the plan up to the revision without it.
_IDS = """
SELECT p.id FROM consolidation_plan p
 WHERE ($1::text IS NULL OR p.reference = $1) AND p.planned_at <= $2::timestamptz
   AND ($3::text[] IS NULL OR EXISTS (
        SELECT FROM plan_revision r WHERE r.plan_id = p.id AND r.members && $3 AND r.stated_at <= $2::timestamptz))
 ORDER BY p.reference
"""

_REVISIONS = """
SELECT p.reference, r.id, r.plan_id, r.number, r.cause, r.members, r.weights, r.contracts, r.option, r.terms::text,
       r.previous_annual_pence, r.effective_on, r.stated_at
  FROM plan_revision r JOIN consolidation_plan p ON p.id = r.plan_id WHERE r.plan_id = ANY($1) ORDER BY plan_id, number
"""

_STEPS = """
SELECT s.revision_id, s.contract, s.choice, s.exit_on, s.move_on, s.price_pence, s.unpriced
  FROM plan_step s JOIN plan_revision r ON r.id = s.revision_id WHERE r.plan_id = ANY($1) ORDER BY s.contract
"""

_ACTS = """
SELECT plan_id, kind, revision, effective_on, stated_at, member, contract, detail, decision, document, price_pence
  FROM plan_act WHERE plan_id = ANY($1) ORDER BY plan_id, id
"""


class SharedTerms(Terms):
    """The terms of the shared contract of a plan, with its reference."""

    reference: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with all that was stated about it, and the shared contract's terms and old charges by revision."""

    id: int
    reference: str
    history: History
    terms: tuple[SharedTerms, ...]
    options: tuple[str, ...]
    previous_annual_pence: tuple[int, ...]

    @property
    def shared(self) -> SharedTerms:
        """The terms of the shared contract by the current revision."""
        return self.terms[self.history.current.number - 1]

    @property
    def option(self) -> str:
        """The current option of delivery."""
        return self.options[self.history.current.number - 1]

    @property
    def previous_pence(self) -> int:
        """The charges a year of the contracts that the current revision replaces."""
        return self.previous_annual_pence[self.history.current.number - 1]


async def get_plan(db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None = None) -> Plan:
    """Return a plan as at a day, as known at an instant. Raises ConsolidationNotFound.

    Its members read it, and who withdrew reads what was stated up to its withdrawal; a national body reads every plan.
    """
    plan = await find_plan(db, reference, by=by, as_at=as_at, as_known=as_known)
    if plan is None:
        raise ConsolidationNotFound(f"no consolidation {reference}")
    return plan


async def find_plan(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None = None
) -> Plan | None:
    """Return the same, or None."""
    plans = await list_plans(db, by=by, as_at=as_at, as_known=as_known, reference=reference)
    return plans[0] if plans else None


async def list_plans(
    db: Reads, *, by: Caller, as_at: date, as_known: datetime | None = None, reference: str | None = None
) -> list[Plan]:
    """Return the plans that the caller reads as at a day, ordered by reference."""
    codes = await reads_through(db, by)
    rows = await db.fetch(_IDS, reference, as_known or NOW, codes)
    found = []
    for plan in await plans_of(db, [row["id"] for row in rows]):
        history = _seen_by(plan.history.at(as_at, as_known or NOW), codes)
        if history.revisions:
            found.append(Plan(plan.id, plan.reference, history, plan.terms, plan.options, plan.previous_annual_pence))
    return found


def _seen_by(history: History, codes: Collection[str] | None) -> History:
    """Leave out what was stated after the last revision in which one of these codes takes part."""
    if codes is None:
        return history
    own = [one.number for one in history.revisions if set(codes).intersection(one.members)]
    if not own:
        return History((), ())
    left = next((one for one in history.revisions if one.number > own[-1]), None)
    if left is None:
        return history
    return History(
        tuple(one for one in history.revisions if one.number <= left.number - 1),
        tuple(act for act in history.acts if act.stated_at <= left.stated_at and act.revision < left.number),
    )


async def plans_of(db: Reads | asyncpg.Connection, ids: Sequence[int]) -> list[Plan]:
    """Return the plans of these ids with all that was stated about them, in the order of the ids."""
    if not ids:
        return []
    steps: dict[int, list[Step]] = defaultdict(list)
    for row in await db.fetch(_STEPS, list(ids)):
        steps[row["revision_id"]].append(
            Step(
                row["contract"],
                ExitChoice(row["choice"]),
                row["exit_on"],
                row["move_on"],
                row["price_pence"],
                tuple(row["unpriced"]),
            )
        )
    acts: dict[int, list[StatedAct]] = defaultdict(list)
    for row in await db.fetch(_ACTS, list(ids)):
        values = {name: value for name, value in row.items() if name != "plan_id"}
        acts[row["plan_id"]].append(StatedAct(**values | {"kind": Kind(row["kind"])}))
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in await db.fetch(_REVISIONS, list(ids)):
        rows[row["plan_id"]].append(row)
    return [_plan(rows[one], steps, acts[one]) for one in ids]


def _plan(rows: Sequence[Any], steps: dict[int, list[Step]], acts: Sequence[StatedAct]) -> Plan:
    terms = tuple(SharedTerms.model_validate_json(row["terms"]) for row in rows)
    revisions = tuple(
        Revision(
            row["number"],
            Cause(row["cause"]),
            tuple(row["members"]),
            tuple(row["weights"]),
            tuple(row["contracts"]),
            sum(line.annual_pence for line in one.lines),
            row["effective_on"],
            row["stated_at"],
            tuple(steps[row["id"]]),
        )
        for row, one in zip(rows, terms, strict=True)
    )
    return Plan(
        rows[0]["plan_id"],
        rows[0]["reference"],
        History(revisions, tuple(acts)),
        terms,
        tuple(row["option"] for row in rows),
        tuple(row["previous_annual_pence"] for row in rows),
    )
