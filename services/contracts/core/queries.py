"""Reads contracts as at a day and as known at an instant, for callers who may see them.

One statement reads any number of contracts. Their status follows from beliefs about their life (`contract_life_belief`)
and customers (`contract_customer_belief`). A draft is shown as it is now.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.identity import Caller, Role
from services.contracts.core.errors import ConsolidationNotFound, ContractNotFound, NotAParty
from services.contracts.core.models import known

Row = Mapping[str, Any]

# $1 as at, $2 as known. JSON is returned as text: a session's connection would decode it, a pooled one would not. `ran`
# is the period of service as it was known; a draft has none. IS TRUE: see libs.common.temporal.believed.
_SEEN = """
WITH seen AS (
    SELECT c.*, coalesce(ran.last, c.last_day) AS ends_on,
           coalesce((SELECT b.value FROM contract_supplier_belief b
                      WHERE b.subject_id = c.id
                        AND (b.valid @> $1::date) IS TRUE AND (b.known @> $2::timestamptz) IS TRUE),
                    c.supplier_code) AS supplier_then,
           CASE WHEN c.status = 'draft' THEN 'draft'
                WHEN now.value IS NOT NULL THEN now.value
                WHEN $1::date < c.starts_on THEN 'signed'
                ELSE 'expired' END AS status_then,
           ARRAY(SELECT cc.customer_code FROM contract_customer cc
                  WHERE cc.contract_id = c.id
                    AND (c.status = 'draft' OR EXISTS (
                         SELECT FROM contract_customer_belief b
                          WHERE b.subject_id = cc.id
                            AND (b.valid @> $1::date) IS TRUE AND (b.known @> $2::timestamptz) IS TRUE))
                  ORDER BY cc.customer_code) AS customers,
           (SELECT jsonb_agg(jsonb_build_object('function', l.function, 'annual_pence', l.annual_pence)
                             ORDER BY l.function)::text FROM contract_line l WHERE l.contract_id = c.id) AS line_rows,
           (SELECT n.reference FROM contract n WHERE n.id = c.replaced_by) AS successor_contract
      FROM contract c
      LEFT JOIN LATERAL (
           SELECT upper(b.valid) - 1 AS last FROM contract_life_belief b
            WHERE b.subject_id = c.id AND b.value = 'active' AND b.known @> $2::timestamptz) ran ON true
      LEFT JOIN contract_life_belief now
        ON now.subject_id = c.id AND (now.valid @> $1::date) IS TRUE AND (now.known @> $2::timestamptz) IS TRUE
     WHERE CASE c.status WHEN 'draft' THEN c.drafted_at <= $2::timestamptz ELSE ran.last IS NOT NULL END
       AND ($3::text IS NULL OR c.reference = $3)
       AND ($4::text[] IS NULL OR c.supplier_code = ANY($4)
            OR EXISTS (SELECT FROM contract_customer cc WHERE cc.contract_id = c.id AND cc.customer_code = ANY($4))
            OR EXISTS (SELECT FROM contract_supplier_belief b WHERE b.subject_id = c.id AND b.value = ANY($4)))
)
SELECT * FROM seen
"""

_LIST = f"""
{_SEEN}
 {PLANNED_EACH_TIME}
 WHERE ($5::text IS NULL OR $5 = ANY(customers))
   AND ($6::text IS NULL OR supplier_then = $6 AND seen.id = ANY(ARRAY(
        SELECT id FROM contract WHERE supplier_code = $6
         UNION ALL SELECT subject_id FROM contract_supplier_belief WHERE value = $6)))
   AND ($7::text IS NULL OR status_then = $7)
   AND ($8::text IS NULL OR EXISTS (SELECT FROM contract_line l WHERE l.contract_id = seen.id AND l.function = $8))
   AND ($9::text IS NULL OR reference > $9)
 ORDER BY reference LIMIT $10
"""  # noqa: S608  (what is put in is ours)

_HANDS = """
SELECT h.merger, h.from_customers, h.to_customer, h.customers, h.effective_on, h.stated_at, h.event, h.caused_by
  FROM change_of_hands h JOIN contract c ON c.id = h.contract_id
 WHERE c.reference = $1 AND h.stated_at <= $2 ORDER BY h.effective_on, h.id
"""

_CUSTOMER_SPANS = """
SELECT cc.customer_code AS code, lower(b.valid * term.days) AS first_day, upper(b.valid * term.days) - 1 AS last_day,
       lower(b.known) AS known_from, upper(b.known) AS known_to
  FROM contract c
  CROSS JOIN LATERAL (SELECT daterange(c.starts_on, coalesce(c.exit_day, c.last_day), '[]') AS days) term
  JOIN contract_customer cc ON cc.contract_id = c.id
  JOIN contract_customer_belief b ON b.subject_id = cc.id
 WHERE c.reference = $1 AND lower(b.known) <= $2 AND NOT isempty(b.valid * term.days)
 ORDER BY lower(b.known), lower(b.valid * term.days), cc.customer_code
"""

_CONSOLIDATION = """
SELECT c.reference, c.title, c.supplier_code, c.starts_on, k.previous_annual_pence, k.agreement, k.event, k.stated_at,
       (SELECT sum(l.annual_pence)::bigint FROM contract_line l WHERE l.contract_id = c.id) AS annual_pence,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc WHERE cc.contract_id = c.id) AS all_parties,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id
              WHERE cc.contract_id = c.id AND b.valid @> c.starts_on AND b.known @> $2::timestamptz
              ORDER BY cc.customer_code) AS customers,
       (SELECT jsonb_agg(jsonb_build_object(
                  'reference', o.reference, 'supplier', o.supplier_code,
                  'annual_pence', (SELECT sum(l.annual_pence) FROM contract_line l WHERE l.contract_id = o.id))
               ORDER BY o.reference)::text FROM contract o WHERE o.replaced_by = c.id) AS replaced
  FROM consolidation k JOIN contract c ON c.id = k.contract_id
 WHERE c.reference = $1 AND k.stated_at <= $2
"""

_NOW = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFilter:
    """Filters of the list of contracts; None leaves a filter out."""

    customer: str | None = None
    supplier: str | None = None
    status: str | None = None
    function: str | None = None


async def list_contracts(
    db: Reads,
    wanted: ContractFilter,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[str] | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Return the contracts that the caller may see, ordered by reference, after the cursor."""
    rows = await db.fetch(
        _LIST,
        as_at,
        as_known or _NOW,
        None,
        await _visible_through(db, by),
        wanted.customer,
        wanted.supplier,
        wanted.status,
        wanted.function,
        after[0] if after else None,
        limit,
    )
    return await _with_parties(db, rows, as_at, as_known)


async def get_contract(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> dict[str, Any]:
    """Return one contract. Raises ContractNotFound where none was known then, NotAParty."""
    rows = await db.fetch(_SEEN, as_at, as_known or _NOW, reference, None)
    if not rows:
        raise ContractNotFound(f"no contract {reference} is known{f' on {as_known.isoformat()}' if as_known else ''}")
    through = await _visible_through(db, by)
    if through is not None and not await db.fetch(_SEEN, as_at, as_known or _NOW, reference, through):
        raise NotAParty(f"{reference}: the token acts for none of its parties")
    return (await _with_parties(db, rows, as_at, as_known))[0]


async def get_history(db: Reads, reference: str, *, by: Caller, as_known: datetime | None) -> dict[str, Any]:
    """Return the customers with their days and since when they are known, and every transfer with its cause.

    Raises ContractNotFound, NotAParty.
    """
    await get_contract(db, reference, by=by, as_at=date.max, as_known=as_known)
    return {
        "reference": reference,
        "customers": [dict(row) for row in await db.fetch(_CUSTOMER_SPANS, reference, as_known or _NOW)],
        "changes_of_hands": [dict(row) for row in await db.fetch(_HANDS, reference, as_known or _NOW)],
    }


async def list_customers_of(
    db: Reads, supplier: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> dict[str, Any]:
    """Return the customers of a supplier on a day under active contracts that the caller may see."""
    wanted = ContractFilter(supplier=supplier, status="active")
    contracts = await list_contracts(db, wanted, by=by, as_at=as_at, as_known=as_known)
    served: dict[str, list[str]] = {}
    for contract in contracts:
        for customer in contract["customers"]:
            served.setdefault(customer.code, []).append(contract["reference"])
    codes = [supplier, *sorted(served)]
    parties = await known.statuses(db, codes, as_at=as_at, as_known=as_known)
    return {
        "supplier": parties[supplier],
        "customers": [{"customer": parties[code], "contracts": served[code]} for code in sorted(served)],
        "annual_pence": sum(contract["annual_pence"] for contract in contracts),
        "as_at": as_at,
        "as_known": as_known,
    }


async def get_consolidation(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> dict[str, Any]:
    """Return a consolidation by the reference of its new contract. Raises ConsolidationNotFound, NotAParty."""
    rows = await db.fetch(_CONSOLIDATION, reference, as_known or _NOW)
    if not rows:
        raise ConsolidationNotFound(f"no consolidation into {reference}")
    row = dict(rows[0])
    replaced = json.loads(row["replaced"])
    through = await _visible_through(db, by)
    parties = {row["supplier_code"], *row["all_parties"], *(old["supplier"] for old in replaced)}
    if through is not None and not parties.intersection(through):
        raise NotAParty(f"{reference}: the token acts for none of its parties")
    names = await known.statuses(db, [row["supplier_code"], *row["customers"]], as_at=as_at, as_known=as_known)
    row["supplier"] = names[row["supplier_code"]]
    row["customers"] = [names[code] for code in row["customers"]]
    row["replaced"] = replaced
    row["saving_pence"] = row["previous_annual_pence"] - row["annual_pence"]
    return row


async def _visible_through(db: Reads, by: Caller) -> list[str] | None:
    """Return the codes whose contracts the caller may see: its own and their predecessors; None: all."""
    if by.is_national or by.has(Role.OPERATOR):
        return None
    return sorted(by.organisations | await known.predecessors(db, by.organisations))


async def _with_parties(
    db: Reads, rows: Collection[Row], as_at: date, as_known: datetime | None
) -> list[dict[str, Any]]:
    """Return the rows with their parties' names and status as at the day, as known then."""
    codes = {code for row in rows for code in (row["supplier_then"], *row["customers"])}
    parties = await known.statuses(db, codes, as_at=as_at, as_known=as_known)
    seen = []
    for row in rows:
        lines = json.loads(row["line_rows"])
        ends_early = row["status"] in ("terminated", "replaced") and row["ends_on"] == row["exit_day"]
        early = {
            "reason": row["exit_reason"],
            "notice_served_on": row["notice_served_on"],
            "agreement": row["exit_agreement"],
            "replaced_by": row["successor_contract"],
        }
        seen.append(
            {
                **row,
                "status": row["status_then"],
                "supplier": parties[row["supplier_then"]],
                "customers": [parties[code] for code in row["customers"]],
                "lines": lines,
                "annual_pence": sum(line["annual_pence"] for line in lines),
                "early_end": early if ends_early else None,
                "as_at": as_at,
                "as_known": as_known,
            }
        )
    return seen
