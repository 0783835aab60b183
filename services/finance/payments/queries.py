"""Reads payments: what contracts said of each item, and the entries by which it was paid."""

from collections import defaultdict
from datetime import UTC, date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.money import pounds
from services.finance.core.sight import Sight
from services.finance.payments.rules import PaymentEntry, paid_pence
from services.finance.payments.views import ActualView, MemberPartView, PaymentEntryView, PaymentView, ReckoningView

NOW = datetime.max.replace(tzinfo=UTC)

# $1 the day, $2 the instant, $3 the codes that the caller reads through (null: every one), $4 contract, $5 organisation
# and $6 item asked for (null: any), $7 the item after which the page begins.
_ITEMS = """
SELECT coalesce(d.item, p.item) AS item, coalesce(d.contract, p.contract) AS contract,
       coalesce(d.kind, p.kind) AS kind, coalesce(d.payer, p.payer) AS payer, coalesce(d.payee, p.payee) AS payee,
       p.amount_pence AS most_pence, nullif(p.condition, '') AS condition, coalesce(d.due_on, p.due_on) AS due_on,
       d.amount_pence AS due_pence, nullif(d.achievement, '') AS achievement, nullif(d.corrects, '') AS corrects,
       d.corrects <> '' AND NOT EXISTS (SELECT FROM known_payment c WHERE c.what = 'due' AND c.item = d.corrects
                                           AND c.due_on <= $1 AND c.stated_at <= $2) AS waits
  FROM (SELECT DISTINCT ON (item) * FROM known_payment
         WHERE what = 'due' AND stated_at <= $2 AND due_on <= $1 AND item > $7
         ORDER BY item, stated_at DESC, amount_pence DESC, payer, payee, due_on) d
  FULL JOIN (SELECT DISTINCT ON (item) * FROM known_payment
              WHERE what = 'planned' AND stated_at <= $2 AND item > $7
              ORDER BY item, stated_at DESC, amount_pence DESC, payer, payee, due_on) p ON p.item = d.item
 WHERE ($3::text[] IS NULL OR coalesce(d.payer, p.payer) = ANY($3) OR coalesce(d.payee, p.payee) = ANY($3))
   AND ($4::text IS NULL OR coalesce(d.contract, p.contract) = $4)
   AND ($5::text IS NULL OR $5 IN (coalesce(d.payer, p.payer), coalesce(d.payee, p.payee)))
   AND ($6::text IS NULL OR coalesce(d.item, p.item) = $6)
 ORDER BY 1 LIMIT $8
"""

_ENTRIES = """
SELECT item, sort, payer, payee, amount_pence, paid_on, stated_at, event FROM payment_entry
 WHERE item = ANY($1) AND paid_on <= $2 AND stated_at <= $3 ORDER BY item, number
"""


async def list_payments(
    db: Reads,
    *,
    sight: Sight,
    as_at: date,
    as_known: datetime | None,
    contract: str | None,
    organisation: str | None,
    item: str | None,
    after: str,
    limit: int,
) -> list[PaymentView]:
    """Return the items that the caller pays or is paid, ordered by item."""
    known, codes = as_known or NOW, sight.among(None)
    rows = await db.fetch(_ITEMS, as_at, known, codes, contract, organisation, item, after, limit)
    entries: dict[str, list[PaymentEntryView]] = defaultdict(list)
    for row in await db.fetch(_ENTRIES, [row["item"] for row in rows], as_at, known):
        entries[row["item"]].append(PaymentEntryView(**{key: row[key] for key in row.keys() if key != "item"}))  # noqa: SIM118  (a record is searched by its values)
    return [_view(row, entries[row["item"]]) for row in rows]


def _view(row: asyncpg.Record, entries: list[PaymentEntryView]) -> PaymentView:
    moved = [PaymentEntry(item=row["item"], **one.model_dump(exclude={"stated_at", "event"})) for one in entries]
    paid = paid_pence(row["payer"], row["payee"], moved)
    fields = {key: value for key, value in row.items() if key != "waits"}
    return PaymentView(**fields, status=_status(row, paid), paid_pence=paid, amount=pounds(paid), entries=entries)


def _status(row: asyncpg.Record, paid: int) -> str:
    if row["due_pence"] is None:
        return "planned"
    if row["waits"]:
        return "waits"
    return "paid" if paid == row["due_pence"] else "due"


# $1 the day, $2 the instant, $3 the codes that the caller reads through (null: every one), $4 contract and $5
# organisation asked for (null: any), $6 the key after which the page begins.
# Who pays the gains and is paid the pains is no member of the reckoning, and reads it too.
_RECKONINGS = """
SELECT r.* FROM (
    SELECT DISTINCT ON (contract, period_from, period_to)
           contract || '/' || period_from || '/' || period_to AS key, contract, period_from, period_to, members,
           amounts_pence, stated_at
      FROM known_reckoning
     WHERE period_to <= $1 AND stated_at <= $2 AND ($4::text IS NULL OR contract = $4)
     ORDER BY contract, period_from, period_to, stated_at DESC, members, amounts_pence
  ) r
 WHERE ($3::text[] IS NULL OR r.members && $3
        OR EXISTS (SELECT FROM known_payment p
                    WHERE p.contract = r.contract AND p.stated_at <= $2
                      AND ((p.kind = 'gain' AND p.payer = ANY($3)) OR (p.kind = 'pain' AND p.payee = ANY($3)))))
   AND ($5::text IS NULL OR $5 = ANY(r.members)) AND r.key > $6
 ORDER BY r.key LIMIT $7
"""


async def list_reckonings(
    db: Reads,
    *,
    sight: Sight,
    as_at: date,
    as_known: datetime | None,
    contract: str | None,
    organisation: str | None,
    after: str,
    limit: int,
) -> list[tuple[str, ReckoningView]]:
    """Return what periods of alliances came to that the caller reads, with the key of each, in their order."""
    codes = sight.among(None)
    rows = await db.fetch(_RECKONINGS, as_at, as_known or NOW, codes, contract, organisation, after, limit)
    return [(row["key"], _reckoning(row)) for row in rows]


def _reckoning(row: asyncpg.Record) -> ReckoningView:
    amounts = list(zip(row["members"], row["amounts_pence"], strict=True))
    total = sum(pence for _, pence in amounts)
    return ReckoningView(
        contract=row["contract"],
        period_from=row["period_from"],
        period_to=row["period_to"],
        members=[
            MemberPartView(organisation=code, amount_pence=pence, amount=pounds(pence)) for code, pence in amounts
        ],
        total_pence=total,
        total=pounds(total),
        stated_at=row["stated_at"],
    )


# $1 the day, $2 the instant, $3 the codes that the caller reads through (null: every one), $4 payer, $5 supplier and $6
# contract asked for (null: any), $7 the key after which the page begins. A month that is empty now was put right.
_ACTUALS = """
SELECT a.* FROM (
    SELECT DISTINCT ON (payer, supplier, contract, month)
           concat_ws('/', payer, supplier, contract, month) AS key, known_actual.*
      FROM known_actual
     WHERE month <= $1 AND stated_at <= $2 AND ($3::text[] IS NULL OR payer = ANY($3) OR supplier = ANY($3))
       AND ($4::text IS NULL OR payer = $4) AND ($5::text IS NULL OR supplier = $5)
       AND ($6::text IS NULL OR contract = $6)
     ORDER BY payer, supplier, contract, month, stated_at DESC, rows, amount_pence, duplicate_pence
  ) a
 WHERE a.rows > 0 AND a.key > $7 ORDER BY a.key LIMIT $8
"""


async def list_actuals(
    db: Reads,
    *,
    sight: Sight,
    as_at: date,
    as_known: datetime | None,
    payer: str | None,
    supplier: str | None,
    contract: str | None,
    after: str,
    limit: int,
) -> list[tuple[str, ActualView]]:
    """Return what the caller paid or was paid in the months up to a day, with the key of each, in their order."""
    codes = sight.among(None)
    rows = await db.fetch(_ACTUALS, as_at, as_known or NOW, codes, payer, supplier, contract, after, limit)
    return [
        (
            row["key"],
            ActualView(
                payer=row["payer"],
                supplier=row["supplier"],
                contract=row["contract"] or None,
                month=f"{row['month']:%Y-%m}",
                payments=row["rows"],
                amount_pence=row["amount_pence"],
                amount=pounds(row["amount_pence"]),
                duplicate_pence=row["duplicate_pence"],
                source=row["source"],
                stated_at=row["stated_at"],
            ),
        )
        for row in rows
    ]
