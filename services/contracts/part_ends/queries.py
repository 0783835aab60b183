"""Reads which parts of a contract have ended, and at which price, for who may see it."""

import json
from datetime import date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.contracts.core.sight import ON_THE_DAY, PARTY, reads_through
from services.contracts.exits.queries import NOW
from services.contracts.part_ends.views import PartEndView

_ENDED_PARTS = f"""
SELECT e.cause, e.functions, e.leaving, e.exit_day, e.price::text AS price, e.stated_at,
       party.buying @> $1::date AS is_customer,
       coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND (b.valid @> $1::date) IS TRUE AND (b.known @> sight.known) IS TRUE),
                c.supplier_code) AS supplier
  FROM contract c {PARTY} JOIN part_end e ON e.contract_id = c.id
 WHERE {ON_THE_DAY} AND c.reference = $3 AND e.stated_at <= sight.known AND e.exit_day < $1::date
 ORDER BY e.exit_day, e.id
"""  # noqa: S608  (what is put in is ours)


async def list_ended_parts(
    db: Reads, reference: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> list[PartEndView]:
    """Return the parts of a contract that have ended by a day, in order of days."""
    rows = await db.fetch(_ENDED_PARTS, as_at, as_known or NOW, reference, await reads_through(db, by))
    return [PartEndView.model_validate({**row, **price_of_row(row), "last_day": row["exit_day"]}) for row in rows]


def price_of_row(row: Any) -> dict[str, Any]:
    """Return the columns of a price for who reads it: the supplier those lines that it pays or is paid."""
    price: dict[str, Any] = json.loads(row["price"])
    if not row["is_customer"]:
        own = [line for line in price["components"] if row["supplier"] in (line["payer"], line["payee"])]
        price = {"components": own, "unpriced": [], "rule_packs": []}
    respread = price.pop("respread_pence", {})
    return price | {
        "total_pence": sum(line["pence"] for line in price["components"]),
        "respread_pence": [{"function": name, "pence": pence} for name, pence in sorted(respread.items())],
        "stranded_if_pence": price.get("stranded_if_pence"),
    }
