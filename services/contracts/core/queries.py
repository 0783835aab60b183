"""Reads contracts as at a day and as known at an instant, for callers who may see them.

One statement reads any number of contracts, and only those that the caller may see (`sight`). Their status follows from
beliefs about their life (`contract_life_belief`) and customers (`contract_customer_belief`). A draft is shown as it is
now.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.identity import Caller
from services.contracts.core.charges import lines_then, pence_then
from services.contracts.core.conditions import conditions_in, conditions_then
from services.contracts.core.errors import ConsolidationNotFound, ContractNotFound
from services.contracts.core.known_acts import states_of
from services.contracts.core.models import known
from services.contracts.core.schemes import property_schemes
from services.contracts.core.sight import IS_DRAFT, ON_ANY_DAY, ON_THE_DAY, PARTY, reads_through

Row = Mapping[str, Any]

# $1 as at, $2 as known, $3 the reference, $4 the codes that the caller reads through (null: all). JSON is returned as
# text: a session's connection would decode it, a pooled one would not. Its life, of which a draft has none, and its
# parties are as the caller knows them: `sight.known`. IS TRUE: see libs.common.temporal.believed.
_SEEN = f"""
WITH seen AS (
    SELECT c.*, coalesce(life.last_day, c.last_day) AS ends_on, life.ended_as, life.ended_at,
           sight.known AS known_up_to, sight.is_current,
           coalesce((SELECT b.value FROM contract_supplier_belief b
                      WHERE b.subject_id = c.id
                        AND (b.valid @> $1::date) IS TRUE AND (b.known @> sight.known) IS TRUE),
                    c.supplier_code) AS supplier_then,
           CASE WHEN {IS_DRAFT} THEN
                CASE WHEN c.committed_at IS NULL OR c.committed_at > sight.known THEN 'draft'
                     WHEN EXISTS (SELECT FROM ratification r
                                   WHERE r.contract_id = c.id AND r.is_refused AND r.stated_at <= sight.known)
                     THEN 'lapsed' ELSE 'conditional' END
                WHEN life.now IS NOT NULL THEN life.now
                WHEN $1::date < coalesce(life.first_day, c.starts_on) THEN 'signed'
                ELSE 'expired' END AS status_then,
           ARRAY(SELECT cc.customer_code FROM contract_customer cc
                  WHERE cc.contract_id = c.id
                    AND CASE WHEN c.status = 'draft' THEN true
                        WHEN {IS_DRAFT} THEN EXISTS (
                         SELECT FROM contract_customer_belief b
                          WHERE b.subject_id = cc.id AND lower(b.known) <= c.signed_at)
                        ELSE EXISTS (
                         SELECT FROM contract_customer_belief b
                          WHERE b.subject_id = cc.id
                            AND (b.valid @> $1::date) IS TRUE AND (b.known @> sight.known) IS TRUE) END
                  ORDER BY cc.customer_code) AS customers,
           ({lines_then("$1::date", "sight.known")})::text AS line_rows,
           (SELECT n.reference FROM contract n WHERE n.id = c.replaced_by) AS successor_contract,
           c.exit_terms::text AS exit_terms_text, c.other_parties::text AS other_parties_text,
           c.care_model::text AS care_model_text,
           {conditions_then("$1::date", "sight.known")} AS amended,
           CASE WHEN {IS_DRAFT} THEN c.coordinator_code
                ELSE (SELECT b.value FROM contract_coordinator_belief b
                       WHERE b.subject_id = c.id
                         AND (b.valid @> $1::date) IS TRUE AND (b.known @> sight.known) IS TRUE) END AS coordinator,
           (SELECT jsonb_agg(jsonb_build_object(
                       'party', g.party_code, 'role', g.role, 'signed_on', g.signed_on, 'document', g.document,
                       'authority', g.authority, 'source', g.source) ORDER BY g.role, g.party_code)::text
              FROM signature g
             WHERE g.contract_id = c.id AND g.text_version = c.text_version AND g.stated_at <= sight.known
           ) AS signature_rows
      FROM contract c {PARTY}
     CROSS JOIN LATERAL (
           SELECT min(lower(b.valid)) FILTER (WHERE b.value = 'active') AS first_day,
                  max(upper(b.valid) - 1) FILTER (WHERE b.value = 'active') AS last_day,
                  max(b.value) FILTER (WHERE b.value <> 'active') AS ended_as,
                  max(lower(b.known)) FILTER (WHERE b.value <> 'active') AS ended_at,
                  max(b.value) FILTER (WHERE (b.valid @> $1::date) IS TRUE) AS now
             FROM contract_life_belief b
            WHERE b.subject_id = c.id AND (b.known @> sight.known) IS TRUE) life
     WHERE {ON_THE_DAY}
       AND ($3::text IS NULL OR c.reference = $3)
       AND ($3::text IS NOT NULL OR $4::text[] IS NULL OR c.id = ANY(ARRAY(
            SELECT contract_id FROM contract_customer WHERE customer_code = ANY($4)
             UNION ALL SELECT id FROM contract WHERE supplier_code = ANY($4)
             UNION ALL SELECT subject_id FROM contract_supplier_belief WHERE value = ANY($4))))
)
SELECT * FROM seen
"""  # noqa: S608  (what is put in is ours)

_LIST = f"""
{_SEEN}
 {PLANNED_EACH_TIME}
 WHERE ($5::text IS NULL OR $5 = ANY(customers) AND seen.id = ANY(ARRAY(
        SELECT contract_id FROM contract_customer WHERE customer_code = $5)))
   AND ($6::text IS NULL OR supplier_then = $6 AND seen.id = ANY(ARRAY(
        SELECT id FROM contract WHERE supplier_code = $6
         UNION ALL SELECT subject_id FROM contract_supplier_belief WHERE value = $6)))
   AND ($7::text IS NULL OR status_then = $7)
   AND ($8::text IS NULL OR line_rows::jsonb @> jsonb_build_array(jsonb_build_object('function', $8::text)))
   AND ($9::text IS NULL OR reference > $9)
 ORDER BY reference LIMIT $10
"""  # noqa: S608  (what is put in is ours)

# $1 is not asked about: a history is of all days.
_OF_ALL_DAYS = "$1::date IS NULL"

_EXISTS = f"""
SELECT c.reference FROM contract c {PARTY} WHERE {_OF_ALL_DAYS} AND c.reference = $3 AND {ON_ANY_DAY}
"""  # noqa: S608  (what is put in is ours)

# What the caller did as a party, and the change by which it left.
_HANDS = f"""
SELECT h.merger, h.from_customers, h.to_customer, h.customers, h.effective_on, h.stated_at, h.event, h.caused_by,
       {property_schemes("h.merger", "h.from_customers", "$2::timestamptz")} AS schemes
  FROM contract c {PARTY}
  JOIN change_of_hands h ON h.contract_id = c.id
 WHERE {_OF_ALL_DAYS} AND c.reference = $3 AND {ON_ANY_DAY} AND h.stated_at <= $2::timestamptz
   AND (sight.is_current OR h.from_customers && $4::text[]
        OR sight.days @> h.effective_on AND h.stated_at <= sight.known)
 ORDER BY h.effective_on, h.id
"""  # noqa: S608  (what is put in is ours)

_CUSTOMER_SPANS = f"""
SELECT cc.customer_code AS code, lower(period.days) AS first_day, upper(period.days) - 1 AS last_day,
       lower(b.known) AS known_from, CASE WHEN upper(b.known) <= sight.known THEN upper(b.known) END AS known_to
  FROM contract c {PARTY}
  JOIN LATERAL (
       SELECT upper(b.valid) - 1 AS last FROM contract_life_belief b
        WHERE b.subject_id = c.id AND b.value = 'active' AND (b.known @> sight.known) IS TRUE) ran ON true
  JOIN contract_customer cc ON cc.contract_id = c.id
  JOIN contract_customer_belief b ON b.subject_id = cc.id
 CROSS JOIN LATERAL unnest(datemultirange(b.valid * daterange(c.starts_on, ran.last, '[]')) * sight.days) period (days)
 WHERE {_OF_ALL_DAYS} AND c.reference = $3 AND {ON_ANY_DAY} AND lower(b.known) <= sight.known
 ORDER BY lower(b.known), lower(period.days), cc.customer_code
"""  # noqa: S608  (what is put in is ours)

# A supplier of what was replaced sees its own lines; a line belongs to the supplier of the contract's last day.
_CONSOLIDATION = f"""
SELECT c.reference, c.title, c.starts_on, k.previous_annual_pence, k.agreement, k.event, k.stated_at,
       {pence_then("c.starts_on", "sight.known")} AS annual_pence,
       c.supplier_code,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id
              WHERE cc.contract_id = c.id AND (b.valid @> c.starts_on) IS TRUE AND (b.known @> sight.known) IS TRUE
              ORDER BY cc.customer_code) AS customers,
       party.buying @> $1::date AS is_customer, sight.days @> $1::date AS is_party, old.rows AS replaced
  FROM consolidation k JOIN contract c ON c.id = k.contract_id {PARTY}
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('reference', o.reference, 'supplier', o.supplier,
                                           'annual_pence', o.annual_pence) ORDER BY o.reference)::text AS rows
         FROM (SELECT o.reference, coalesce(b.value, o.supplier_code) AS supplier,
                      {pence_then("(c.starts_on - 1)", "$2::timestamptz", contract="o")} AS annual_pence
                 FROM contract o
                 LEFT JOIN contract_supplier_belief b
                   ON b.subject_id = o.id AND (b.valid @> (c.starts_on - 1)) IS TRUE
                      AND (b.known @> $2::timestamptz) IS TRUE
                WHERE o.replaced_by = c.id) o
        WHERE party.buying @> $1::date OR o.supplier = ANY($4::text[])) old
 WHERE c.reference = $3 AND k.stated_at <= $2::timestamptz AND (sight.days @> $1::date OR old.rows IS NOT NULL)
"""  # noqa: S608  (what is put in is ours)

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
        await reads_through(db, by),
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
    """Return one contract. Raises ContractNotFound where none was known then that the caller reads as at the day."""
    rows = await db.fetch(_SEEN, as_at, as_known or _NOW, reference, await reads_through(db, by))
    if not rows:
        raise _not_known(reference, as_known)
    return (await _with_parties(db, rows, as_at, as_known))[0]


async def get_history(db: Reads, reference: str, *, by: Caller, as_known: datetime | None) -> dict[str, Any]:
    """Return the customers with their days and since when they are known, and every transfer with its cause.

    Who was a party for some days reads those days, and the change by which it left. Raises ContractNotFound.
    """
    asked = (None, as_known or _NOW, reference, await reads_through(db, by))
    if not await db.fetch(_EXISTS, *asked):
        raise _not_known(reference, as_known)
    return {
        "reference": reference,
        "customers": [dict(row) for row in await db.fetch(_CUSTOMER_SPANS, *asked)],
        "changes_of_hands": [dict(row) for row in await db.fetch(_HANDS, *asked)],
    }


async def get_consolidation(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> dict[str, Any]:
    """Return a consolidation by the reference of its new contract. Raises ConsolidationNotFound.

    The customers of the shared service read all of it. Its supplier reads its terms, and of the replaced contracts
    those that it supplied itself; a supplier that was replaced reads its own lines alone. Neither reads a sum from
    which the others' prices follow.
    """
    rows = await db.fetch(_CONSOLIDATION, as_at, as_known or _NOW, reference, await reads_through(db, by))
    if not rows:
        raise ConsolidationNotFound(f"no consolidation into {reference}")
    row = dict(rows[0])
    row["replaced"] = json.loads(row["replaced"] or "[]")
    if row["is_party"]:
        names = await known.statuses(db, [row["supplier_code"], *row["customers"]], as_at=as_at, as_known=as_known)
        row["supplier"] = names[row["supplier_code"]]
        row["customers"] = [names[code] for code in row["customers"]]
    else:
        row |= {"title": None, "supplier": None, "customers": [], "annual_pence": None, "event": None}
    if row["is_customer"]:
        row["saving_pence"] = row["previous_annual_pence"] - row["annual_pence"]
    else:
        row |= {"previous_annual_pence": None, "saving_pence": None}
        if all(line["supplier"] == row["supplier_code"] for line in row["replaced"]):
            row["agreement"] = None
    return row


def _not_known(reference: str, as_known: datetime | None) -> ContractNotFound:
    return ContractNotFound(f"no contract {reference} is known{f' at {as_known.isoformat()}' if as_known else ''}")


async def _with_parties(
    db: Reads, rows: Collection[Row], as_at: date, as_known: datetime | None
) -> list[dict[str, Any]]:
    """Return the rows with their parties' names and status as at the day, as known then."""
    codes = {code for row in rows for code in (row["supplier_then"], *row["customers"])}
    parties = await known.statuses(db, codes, as_at=as_at, as_known=as_known)
    states = await states_of(db, rows, as_at)
    seen = []
    for row in rows:
        lines = json.loads(row["line_rows"])
        early = {
            "reason": row["exit_reason"],
            "note": row["exit_note"],
            "notice_served_on": row["notice_served_on"],
            "notice_document": row["notice_document"],
            "agreement": row["exit_agreement"],
            "replaced_by": row["successor_contract"],
        }
        seen.append(
            {
                **row,
                **conditions_in(row),
                "status": row["status_then"],
                "state": states[row["id"]],
                "supplier": parties[row["supplier_then"]],
                "customers": [parties[code] for code in row["customers"]],
                "lines": lines,
                "care_model": json.loads(row["care_model_text"]) if row["care_model_text"] else None,
                "coordinating_commissioner": row["coordinator"],
                "signatures": json.loads(row["signature_rows"] or "[]"),
                "annual_pence": sum(line["annual_pence"] for line in lines),
                "early_end": early if row["ended_as"] else None,
                # What was known earlier has no version that could be changed, and the one of now counts later acts.
                "version": row["version"] if row["is_current"] and as_known is None else None,
                "as_at": as_at,
                "as_known": as_known,
            }
        )
    return seen
