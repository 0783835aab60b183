"""Reads what of a contract may be published, and the releases that were given out."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.identity import service_caller
from services.contracts.agreements.catalogue import functions_on
from services.contracts.core import queries as contracts
from services.contracts.core.errors import ContractNotFound
from services.contracts.core.models import known
from services.contracts.core.schemes import property_schemes
from services.contracts.core.states import End
from services.contracts.exits.prices.price import components_in
from services.contracts.publication.errors import RecordNotFound
from services.contracts.publication.records import Document, compiled, versioned
from services.contracts.publication.rules import (
    BINDING,
    Body,
    ExitPrice,
    LineAmendment,
    PublishedChange,
    PublishedContract,
    ServedNotice,
)
from services.contracts.publication.views import RecordView

_NOW: Final = datetime.max.replace(tzinfo=UTC)
_OWN: Final = service_caller("contracts")

# Every day on which something was stated of the contract, or something that was stated begins or ends.
_POINTS = """
WITH believed AS (
    SELECT b.valid, b.known FROM contract_life_belief b WHERE b.subject_id = $1
     UNION ALL SELECT b.valid, b.known FROM contract_supplier_belief b WHERE b.subject_id = $1
     UNION ALL SELECT b.valid, b.known FROM contract_terms_belief b WHERE b.subject_id = $1
     UNION ALL SELECT b.valid, b.known FROM contract_coordinator_belief b WHERE b.subject_id = $1
     UNION ALL SELECT b.valid, b.known FROM contract_customer cc JOIN contract_customer_belief b ON b.subject_id = cc.id
                WHERE cc.contract_id = $1)
SELECT DISTINCT greatest((lower(known) AT TIME ZONE 'Europe/London')::date, bound) AS day
  FROM believed CROSS JOIN LATERAL unnest(ARRAY[lower(valid), upper(valid)]) bound
 ORDER BY day
"""

# What changed in a draft, which has no event, is published by no act.
_CUSTOMER_CHANGES = f"""
SELECT h.merger, h.from_customers AS leaving, h.to_customer AS entering, h.effective_on,
       {property_schemes("h.merger", "h.from_customers", "$2::timestamptz")} AS schemes
  FROM change_of_hands h
 WHERE h.contract_id = $1 AND h.event IS NOT NULL AND h.stated_at <= $2::timestamptz AND h.effective_on <= $3
 ORDER BY h.effective_on, h.id
"""  # noqa: S608  (what is put in is ours)

_SUPPLIERS = """
SELECT b.value AS entering, lower(b.valid) AS effective_on FROM contract_supplier_belief b
 WHERE b.subject_id = $1 AND (b.known @> $2::timestamptz) IS TRUE AND lower(b.valid) <= $3 ORDER BY lower(b.valid)
"""

_NOVATED = """
SELECT o.reference AS continues, n.role, n.leaving, n.entering, n.takes_effect_on
  FROM novation_completion k JOIN novation n ON n.id = k.novation_id JOIN contract o ON o.id = n.contract_id
 WHERE k.contract_id = $1
"""

_AMENDMENTS = """
SELECT reference, effective_on, grounds FROM amendment
 WHERE contract_id = $1 AND stated_at <= $2 AND effective_on <= $3 AND lines IS NOT NULL ORDER BY effective_on, id
"""

_NOTICES = """
SELECT n.reference, n.served_on, n.served_by, n.exit_day, n.functions FROM exit_notice n
 WHERE n.contract_id = $1 AND n.stated_at <= $2 AND n.exit_day < $3 AND n.faults = '{}'
   AND NOT EXISTS (SELECT FROM exit_notice_act a
                    WHERE a.notice_id = n.id AND a.act = 'withdrawal' AND a.stated_at <= $2)
 ORDER BY n.served_on, n.id
"""

_PRICE = """
SELECT o.price::text AS price FROM termination_offer o
  JOIN termination_offer_act a ON a.offer_id = o.id AND a.act = 'acceptance' AND a.stated_at <= $2
 WHERE o.contract_id = $1 AND o.functions = '{}' AND o.leaving = '{}' ORDER BY o.id DESC LIMIT 1
"""

# The contract with which a process began: what was novated continues it.
_ROOT = """
WITH RECURSIVE chain AS (
    SELECT $1::int AS id, 0 AS length
     UNION ALL
    SELECT n.contract_id, chain.length + 1 FROM chain
      JOIN novation_completion k ON k.contract_id = chain.id JOIN novation n ON n.id = k.novation_id)
SELECT c.reference FROM chain JOIN contract c ON c.id = chain.id ORDER BY chain.length DESC LIMIT 1
"""

# The last release of the contracts into which one was novated.
_CONTINUATION = """
WITH RECURSIVE chain AS (
    SELECT $1::int AS id
     UNION
    SELECT k.contract_id FROM chain
      JOIN novation n ON n.contract_id = chain.id JOIN novation_completion k ON k.novation_id = n.id)
SELECT r.document FROM ocds_release r JOIN chain ON chain.id = r.contract_id
 WHERE chain.id <> $1 ORDER BY r.id DESC LIMIT 1
"""

_RELEASES = """
SELECT id, document FROM ocds_release
 WHERE stated_at <= $1 AND ($2::text IS NULL OR customers @> ARRAY[$2]) AND ($3::bigint IS NULL OR id > $3)
 ORDER BY id LIMIT $4
"""
_RECORD = "SELECT document FROM ocds_release WHERE ocid = $1 AND stated_at <= $2 ORDER BY id"


@dataclass(frozen=True, slots=True)
class GivenRelease:
    """A release that was given out, and its number in the feed."""

    id: int
    document: Document


async def list_releases(
    db: Reads, customer: str | None, *, as_known: datetime | None, after: Sequence[int] | None, limit: int
) -> list[GivenRelease]:
    """Return the releases in the order in which they were given out; of a customer those in which it is one."""
    rows = await db.fetch(_RELEASES, as_known or _NOW, customer, after[0] if after else None, limit)
    return [GivenRelease(row["id"], json.loads(row["document"])) for row in rows]


async def get_record(db: Reads, ocid: str, *, as_known: datetime | None) -> RecordView:
    """Return the releases of a process with what they say together. Raises RecordNotFound."""
    rows = await db.fetch(_RECORD, ocid, as_known or _NOW)
    if not rows:
        raise RecordNotFound(f"no process {ocid} is published")
    releases = [json.loads(row["document"]) for row in rows]
    return RecordView(
        ocid=ocid, releases=releases, compiledRelease=compiled(releases), versionedRelease=versioned(releases)
    )


async def root_of(db: Reads, contract: int) -> str:
    """Return the reference of the contract with which the process of this one began."""
    [row] = await db.fetch(_ROOT, contract)
    return str(row["reference"])


async def find_continuation(db: Reads, contract: int) -> Document | None:
    """Return the last release of what a contract was novated into; None where none is published."""
    rows = await db.fetch(_CONTINUATION, contract)
    return json.loads(rows[0]["document"]) if rows else None


async def points_of(db: Reads, contract: int) -> list[date]:
    """Return the days on which something about a contract changes, as it was stated; those to come included."""
    return [row["day"] for row in await db.fetch(_POINTS, contract) if row["day"] is not None]


async def published_contract(db: Reads, reference: str, *, as_at: date, as_known: datetime) -> PublishedContract | None:
    """Return what may be published of a contract as at a day; None where it was not binding then."""
    try:
        row = await contracts.get_contract(db, reference, by=_OWN, as_at=as_at, as_known=as_known)
    except ContractNotFound:
        return None
    is_binding = row["state"].state in BINDING and row["state"].end is not End.LAPSED
    if not is_binding or not row["customers"]:
        return None
    asked = (row["id"], as_known, as_at)
    found = {
        "changes": await db.fetch(_CUSTOMER_CHANGES, *asked),
        "suppliers": await db.fetch(_SUPPLIERS, *asked),
        "novated": await db.fetch(_NOVATED, row["id"]),
        "amendments": await db.fetch(_AMENDMENTS, *asked),
        "notices": await db.fetch(_NOTICES, *asked),
        "price": await db.fetch(_PRICE, row["id"], as_known),
    }
    bodies = await _bodies(db, row, found, as_at, as_known)
    return _published(row, found, bodies, as_at)


async def _bodies(
    db: Reads, row: Mapping[str, Any], found: Mapping[str, Sequence[Mapping[str, Any]]], as_at: date, as_known: datetime
) -> Mapping[str, Body]:
    codes: set[str] = {row["supplier_code"]}
    codes.update(one for change in found["changes"] for one in (*change["leaving"], change["entering"]))
    codes.update(one["entering"] for one in found["suppliers"])
    codes.update(one for change in found["novated"] for one in (change["leaving"], change["entering"]))
    codes.update(one["served_by"] for one in found["notices"])
    named = await known.statuses(db, codes, as_at=as_at, as_known=as_known)
    parties = [row["supplier"], *row["customers"], *(named[code] for code in sorted(codes))]
    return {one.code: Body(one.code, one.name) for one in parties}


def _published(
    row: Mapping[str, Any], found: Mapping[str, Sequence[Mapping[str, Any]]], bodies: Mapping[str, Body], as_at: date
) -> PublishedContract:
    customers = tuple(bodies[one.code] for one in row["customers"])
    catalogue = functions_on(row["starts_on"], care_model=row["care_model"] is not None)
    lines = [(one["function"], one["annual_pence"]) for one in row["lines"]]
    return PublishedContract(
        reference=row["reference"],
        title=catalogue.titles_of(sorted(function for function, _ in lines)),
        state=row["state"].state,
        end=row["state"].end,
        supplier=bodies[row["supplier"].code],
        customers=customers,
        buyer=bodies.get(row["coordinating_commissioner"] or "", customers[0]),
        lines=tuple((function, catalogue.names.get(function, function), pence) for function, pence in lines),
        has_stated_values=row["value_basis"] == "stated",
        signed_on=row["signed_on"],
        starts_on=row["starts_on"],
        last_day=row["last_day"],
        ends_on=row["ends_on"],
        ends_early=row["ended_as"] is not None,
        changes=_changes(row, found, bodies, as_at),
        amendments=tuple(
            LineAmendment(id=one["reference"], effective_on=one["effective_on"], grounds=one["grounds"])
            for one in found["amendments"]
        ),
        notices=tuple(
            ServedNotice(
                id=one["reference"],
                served_on=one["served_on"],
                served_by=bodies[one["served_by"]],
                last_day=one["exit_day"],
                functions=tuple(one["functions"]),
            )
            for one in found["notices"]
        ),
        price=_price(found["price"]),
        continues=found["novated"][0]["continues"] if found["novated"] else None,
    )


def _changes(
    row: Mapping[str, Any], found: Mapping[str, Sequence[Mapping[str, Any]]], bodies: Mapping[str, Body], as_at: date
) -> tuple[PublishedChange, ...]:
    changes = _of_customers(found["changes"], bodies)
    before = row["supplier_code"]
    for one in found["suppliers"]:
        if one["entering"] != before:
            changes.append(_of_supplier(before, one, bodies))
        before = one["entering"]
    changes += [
        PublishedChange(
            id=f"{one['continues']}-{one['takes_effect_on']}-{one['entering']}",
            role="buyer" if one["role"] == "customer" else "supplier",
            kind="novation",
            leaving=(bodies[one["leaving"]],),
            entering=bodies[one["entering"]],
            effective_on=one["takes_effect_on"],
        )
        for one in found["novated"]
        if one["takes_effect_on"] <= as_at
    ]
    return tuple(sorted(changes, key=lambda one: (one.effective_on, one.id)))


def _of_customers(rows: Sequence[Mapping[str, Any]], bodies: Mapping[str, Body]) -> list[PublishedChange]:
    """Return the changes of customers, one for each body that entered by a merger, however often it was stated."""
    stated: dict[tuple[str, date, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        stated.setdefault((row["merger"], row["effective_on"], row["entering"]), []).append(row)
    changes = []
    for (merger, day, entering), same in stated.items():
        schemes = tuple(dict.fromkeys(scheme for row in same for scheme in row["schemes"] if scheme))
        changes.append(
            PublishedChange(
                id=f"{merger}-{day}-{entering}",
                role="buyer",
                kind="scheme" if schemes else "succession",
                leaving=tuple(bodies[code] for code in sorted({code for row in same for code in row["leaving"]})),
                entering=bodies[entering],
                effective_on=day,
                schemes=schemes,
            )
        )
    return changes


def _of_supplier(before: str, one: Mapping[str, Any], bodies: Mapping[str, Body]) -> PublishedChange:
    return PublishedChange(
        id=f"{before}-{one['effective_on']}-{one['entering']}",
        role="supplier",
        kind="succession",
        leaving=(bodies[before],),
        entering=bodies[one["entering"]],
        effective_on=one["effective_on"],
    )


def _price(rows: Collection[Mapping[str, Any]]) -> ExitPrice | None:
    for row in rows:
        price = json.loads(row["price"])
        return ExitPrice(sum(one.pence for one in components_in(price)), tuple(price["unpriced"]))
    return None
