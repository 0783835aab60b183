"""Reads what may be decided on: from copied events, and from governance's own bodies and known organisations."""

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.errors import Reason
from services.governance.core.catalogue import PACKS
from services.governance.core.errors import SharesNotWhole
from services.governance.core.models import known
from services.governance.subjects.models import SubjectKind
from services.governance.subjects.rules import Stated, Subject, fold

_NOW = datetime.max.replace(tzinfo=UTC)

_STATED = """
SELECT reference, kind, what, content, effective_on, stated_at
  FROM known_subject WHERE reference = ANY($1::text[]) AND stated_at <= $2
"""
# The text is looked through before it is read as JSON: no index knows whose a contract is.
_OF = """
SELECT DISTINCT reference FROM known_subject
 WHERE kind = 'contract' AND stated_at <= $2 AND strpos(content, '"' || $1::text || '"') > 0
"""
_BODY = "SELECT organisation FROM body WHERE reference = $1"
_VERSION = """
SELECT content FROM known_subject
 WHERE reference = $1 AND what = 'CaseAppraised' AND content::jsonb ->> 'version' = $2::text AND stated_at <= $3
 ORDER BY stated_at DESC, content LIMIT 1
"""
# Of the tables that hold by the day the latest count, as they were stated last.
_SHARES = """
SELECT content FROM known_subject
 WHERE reference = $1 AND what = 'SharesAgreed' AND effective_on <= $2 AND stated_at <= $3
 ORDER BY effective_on DESC, stated_at DESC, content LIMIT 1
"""
_SHIFTS = """
SELECT content, effective_on FROM known_subject
 WHERE reference = $1 AND what = 'CostShiftFound' AND stated_at <= $2
 ORDER BY effective_on, stated_at, content LIMIT 100
"""


async def find_subject(db: Reads, reference: str, *, as_at: date, as_known: datetime | None) -> Subject | None:
    """Return a subject as at a day, as known at an instant; None where nothing is known of it.

    A contract, plan, procurement, merger (or application for one) or case, as published; else a body, or a known
    organisation, of this reference. The suppliers of a plan's or case's contracts are among its suppliers.
    """
    instant = as_known or _NOW
    found = fold(reference, (await _stated(db, [reference], instant))[reference], as_at=as_at)
    if found is None:
        return await _own(db, reference, as_at=as_at, as_known=as_known)
    if not found.contracts:
        return found
    of_contracts = await _stated(db, found.contracts, instant)
    contracts = [fold(one, of_contracts[one], as_at=as_at) for one in found.contracts]
    suppliers = {code for one in contracts if one is not None for code in one.suppliers}
    functions = {code for one in contracts if one is not None for code in one.functions}
    return replace(
        found,
        suppliers=tuple(sorted({*found.suppliers, *suppliers})),
        functions=found.functions or tuple(sorted(functions)),
    )


async def list_suppliers(
    db: Reads, references: Collection[str], *, as_known: datetime | None
) -> dict[str, tuple[str, ...]]:
    """Return the suppliers of subjects by all that is known at an instant, by reference; none where none is known."""
    stated = await _stated(db, references, as_known or _NOW)
    found = {reference: fold(reference, rows, as_at=date.max) for reference, rows in stated.items()}
    return {reference: subject.suppliers for reference, subject in found.items() if subject is not None}


async def suppliers_of(db: Reads, organisation: str, *, as_at: date, as_known: datetime | None) -> list[str]:
    """Return who supplies an organisation by the contracts that began by a day and were not ended by then."""
    references = [row["reference"] for row in await db.fetch(_OF, organisation, as_known or _NOW)]
    stated = await _stated(db, references, as_known or _NOW) if references else {}
    begun = {one: rows for one, rows in stated.items() if min(row.effective_on for row in rows) <= as_at}
    found = [fold(reference, rows, as_at=as_at) for reference, rows in begun.items()]
    standing = [one for one in found if one is not None and not one.ended and organisation in one.organisations]
    return sorted({code for one in standing for code in one.suppliers})


async def _stated(db: Reads, references: Collection[str], instant: datetime) -> dict[str, list[Stated]]:
    rows: dict[str, list[Stated]] = defaultdict(list)
    for row in await db.fetch(_STATED, sorted(references), instant):
        rows[row["reference"]].append(Stated(**dict(row)))
    return rows


async def _own(db: Reads, reference: str, *, as_at: date, as_known: datetime | None) -> Subject | None:
    rows = await db.fetch(_BODY, reference)
    if rows:
        codes = (rows[0]["organisation"],) if rows[0]["organisation"] else ()
        return Subject(reference=reference, kind=SubjectKind.BODY, organisations=codes)
    found = await known.status(db, reference, as_at=as_at, as_known=as_known)
    if found.status == "unknown":
        return None
    return Subject(reference=reference, kind=SubjectKind.ORGANISATION, organisations=(reference,))


async def find_case_digest(db: Reads, case: str, version: int, *, as_known: datetime | None) -> str | None:
    """Return finance's digest of a version of a case; None where it has not published an appraisal of it."""
    rows = await db.fetch(_VERSION, case, str(version), as_known or _NOW)
    return str(json.loads(rows[0]["content"])["digest"]) if rows else None


async def lacking_shares(db: Reads, agreement: str, *, pack: str, as_at: date) -> list[SharesNotWhole]:
    """Return the refusals of tables of shares that a named agreement lacks and a rule pack needs.

    Contracts publishes a table that is whole, and an empty one where the customers have not agreed on it.
    """
    tables = next((one.values.get("tables", ()) for one in PACKS if one.id == pack), ())
    if not agreement or not tables:
        return []
    rows = await db.fetch(_SHARES, agreement, as_at, _NOW)
    agreed = json.loads(rows[0]["content"]) if rows else {}
    lacking = [table for table in tables if not agreed.get(table)]
    messages = [f"no whole table of {table} shares of {agreement} is known, which {pack} needs" for table in lacking]
    return [SharesNotWhole(message, reasons=[Reason(message, "agreement")]) for message in messages]


async def list_cost_shifts(db: Reads, subject: str, *, as_known: datetime | None) -> list[dict[str, Any]]:
    """Return which savings of some were found to be costs of others in a case or supplier, by their years."""
    rows = await db.fetch(_SHIFTS, subject, as_known or _NOW)
    return [json.loads(row["content"]) | {"from_on": row["effective_on"]} for row in rows]
