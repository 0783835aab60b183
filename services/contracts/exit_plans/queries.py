"""Reads exit plans and receipts, as at a day and as known, for the parties of a contract."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.core.sight import sight_of
from services.contracts.exit_plans.views import ExitPlanView, ReceiptView, StepDoneView

_PLAN = """
SELECT content::text AS content, stated_at FROM exit_paper
 WHERE contract_id = $1 AND kind = 'plan' AND effective_on <= $2 AND stated_at <= $3
 ORDER BY stated_at DESC, id DESC LIMIT 1
"""
# Of each step its owner's last word, of each item that of its receiver.
_DONE = """
SELECT DISTINCT ON (p.kind, name, party) p.kind, name, party, p.effective_on, p.content ->> 'document' AS document,
       p.content ->> 'sha256' AS sha256,
       EXISTS (SELECT FROM contract_document d WHERE d.contract_id = $1 AND d.sha256 = p.content ->> 'sha256'
                  AND d.stated_at <= $3) AS uploaded
  FROM exit_paper p
 CROSS JOIN LATERAL (SELECT coalesce(p.content ->> 'step', p.content ->> 'item') AS name,
                            coalesce(p.content ->> 'owner', p.content ->> 'receiver') AS party) who
 WHERE p.contract_id = $1 AND p.kind IN ('step', 'receipt') AND p.effective_on <= $2 AND p.stated_at <= $3
 ORDER BY p.kind, name, party, p.stated_at DESC, p.id DESC
"""
_UPLOADED = """
SELECT EXISTS (SELECT FROM contract_document WHERE contract_id = $1 AND sha256 = $2) AS uploaded
"""
_NEWEST = """
SELECT content::text AS content FROM exit_paper WHERE contract_id = $1 AND kind = 'plan'
 ORDER BY stated_at DESC, id DESC LIMIT 1
"""

# What the newest plan of each contract wants returned by a day, and no receiver has acknowledged.
_UNRETURNED = """
SELECT c.reference, one ->> 'item' AS item, one ->> 'owner' AS owner, one ->> 'receiver' AS receiver,
       (one ->> 'due_on')::date AS due_on,
       coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND b.valid @> (one ->> 'due_on')::date AND upper_inf(b.known)),
                c.supplier_code) AS supplier,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id
              WHERE cc.contract_id = c.id AND b.valid @> (one ->> 'due_on')::date AND upper_inf(b.known)
              ORDER BY cc.customer_code) AS customers
  FROM (SELECT DISTINCT ON (contract_id) contract_id, content FROM exit_paper WHERE kind = 'plan'
         ORDER BY contract_id, stated_at DESC, id DESC) plan
  JOIN contract c ON c.id = plan.contract_id
 CROSS JOIN LATERAL jsonb_array_elements(plan.content -> 'returns') AS one
 WHERE (one ->> 'due_on')::date <= $1
   AND NOT EXISTS (SELECT FROM exit_paper r WHERE r.contract_id = plan.contract_id AND r.kind = 'receipt'
                      AND r.content ->> 'item' = one ->> 'item' AND r.content ->> 'receiver' = one ->> 'receiver')
   AND NOT EXISTS (SELECT FROM finding f WHERE f.cleared_at IS NULL
                      AND f.key = 'return:' || c.reference || ':' || (one ->> 'item'))
 ORDER BY due_on, c.id, item
"""


@dataclass(frozen=True, slots=True)
class ExitPlan:
    """The returns of a plan by item, and who does each step."""

    returns: Mapping[str, Mapping[str, str]]
    owners: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unreturned:
    """An item of a plan that its receiver has not acknowledged, with the parties of the day on which it is due."""

    reference: str
    item: str
    owner: str
    receiver: str
    due_on: date
    supplier: str
    customers: list[str]


async def get_exit_plan(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> ExitPlanView:
    """Return the plan that stands, and what was returned by it. Raises ContractNotFound."""
    sight = await sight_of(db, reference, by=by, as_at=as_at, as_known=as_known)
    found = await db.fetch(_PLAN, sight.id, as_at, sight.known)
    done = {
        (row["kind"], row["name"], row["party"]): row for row in await db.fetch(_DONE, sight.id, as_at, sight.known)
    }
    plan = json.loads(found[0]["content"]) if found else {"exit_on": None, "steps": [], "returns": []}
    steps = [one | {"done": _done(done.get(("step", one["step"], one["owner"])))} for one in plan["steps"]]
    returns = [
        one | {"receipt": _receipt(done.get(("receipt", one["item"], one["receiver"])))} for one in plan["returns"]
    ]
    return ExitPlanView.model_validate(
        plan
        | {
            "reference": reference,
            "steps": steps,
            "returns": returns,
            "missing": [one["item"] for one in returns if one["receipt"] is None],
            "stated_at": found[0]["stated_at"] if found else None,
            "as_at": as_at,
            "as_known": as_known,
        }
    )


def _done(row: Mapping[str, Any] | None) -> StepDoneView | None:
    return StepDoneView(done_on=row["effective_on"], document=row["document"]) if row else None


def _receipt(row: Mapping[str, Any] | None) -> ReceiptView | None:
    if row is None:
        return None
    return ReceiptView(
        received_on=row["effective_on"], sha256=row["sha256"], uploaded=row["uploaded"], document=row["document"]
    )


async def plan_of(connection: asyncpg.Connection, contract_id: int) -> ExitPlan | None:
    """Return what the plan of a locked contract wants done and returned; None where there is none."""
    row = await connection.fetchrow(_NEWEST, contract_id)
    if row is None:
        return None
    plan = json.loads(row["content"])
    return ExitPlan({one["item"]: one for one in plan["returns"]}, {one["step"]: one["owner"] for one in plan["steps"]})


async def is_uploaded(connection: asyncpg.Connection, contract_id: int, sha256: str) -> bool:
    """Whether a document of the contract has these bytes."""
    return bool(await connection.fetchval(_UPLOADED, contract_id, sha256))


async def list_unreturned(connection: asyncpg.Connection, *, due_by: date) -> list[Unreturned]:
    """Return what is due by a day, was not acknowledged, and is no finding yet."""
    return [Unreturned(**row) for row in await connection.fetch(_UNRETURNED, due_by)]


def finding_of(reference: str, item: str) -> str:
    """Return the key of the finding about an item."""
    return f"return:{reference}:{item}"
