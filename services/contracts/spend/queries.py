"""Reads published payments and what they add up to, as known at an instant; codes of names by the aliases of the day.

Payments above a threshold are published by law, so that every signed-in caller reads them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from rapidfuzz import fuzz, process

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.identity import Caller
from libs.common.temporal.believed import ALL_DAYS, as_known, holds
from libs.organisations.projection import KnownOrganisation
from libs.organisations.statements import Facet
from libs.organisations.successions import BOTH_CONTINUE
from services.contracts.core.models import known
from services.contracts.core.sight import reads_through
from services.contracts.core.views import PartyView
from services.contracts.spend.models import Flag
from services.contracts.spend.rules import (
    Step,
    explanation,
    months_missing,
    name_key,
    payers_missing,
    successors_on,
)
from services.contracts.spend.views import (
    AliasView,
    FlagView,
    PublishedPaymentView,
    SpendFiguresView,
    SpendGroupView,
    SpendPayerView,
    SuggestionsView,
    SuggestionView,
)
from services.contracts.suppliers.queries import NOW

_A_DAY = timedelta(days=1)
_LEAST_LIKE, _MOST_SUGGESTED = 60, 10

# As known at $1. A payment without a day has no alias, since an alias is of a day.
RESOLVED: Final = f"""
SELECT p.*, i.reference::text AS import_reference,
       coalesce(p.payer_code, pb.value) AS payer_now, sb.value AS supplier_now
  FROM published_payment p
  JOIN payment_import i ON i.id = p.import_id AND i.stated_at <= $1::timestamptz
  LEFT JOIN name_alias sn ON sn.name = p.supplier_key
  LEFT JOIN name_alias_belief sb ON sb.subject_id = sn.id AND {holds("sb", "p.paid_on", "$1")}
  LEFT JOIN name_alias pn ON p.payer_code IS NULL AND pn.name = p.payer_key
  LEFT JOIN name_alias_belief pb ON pb.subject_id = pn.id AND {holds("pb", "p.paid_on", "$1")}
"""  # noqa: S608  (what is put in is ours)

# The contract whose payments the rows r are, as known at $1, by its present term: one that a person confirmed for the
# payer and the supplier, signed since.
OF_CONTRACT: Final = """
  LEFT JOIN contract_proposal o
    ON o.source = 'payments' AND o.customer = r.payer_now AND o.supplier = r.supplier_now
  LEFT JOIN contract_proposal_decision d ON d.proposal_id = o.id AND d.stated_at <= $1::timestamptz
  LEFT JOIN contract c ON c.id = d.contract_id AND c.status <> 'draft' AND r.amount_pence IS NOT NULL
   AND r.paid_on BETWEEN c.starts_on AND coalesce(c.exit_day, c.term_end, c.last_day)
"""
# Of which the caller reads the contract: who acts for neither party sees them without one.
_OF_CONTRACT_READ = f"{OF_CONTRACT} AND ($10::text[] IS NULL OR r.payer_now = ANY($10) OR r.supplier_now = ANY($10))"

_LIST = f"""{PLANNED_EACH_TIME}
SELECT * FROM ({RESOLVED}) p
 WHERE ($2::text IS NULL OR p.payer_now = $2 OR p.payer = $2) AND ($3::text IS NULL OR p.supplier_now = $3)
   AND ($4::text IS NULL OR p.supplier_key = $4) AND ($5::text IS NULL OR p.import_reference = $5)
   AND ($6::text IS NULL OR $6 = ANY(p.flags))
   AND ($7::date IS NULL OR p.paid_on >= $7) AND ($8::date IS NULL OR p.paid_on <= $8)
   AND p.id > $9::bigint
 ORDER BY p.id LIMIT $10
"""  # noqa: S608  (what is put in is ours)

_FIGURES = """
count(*) AS lines, coalesce(sum(amount_pence), 0)::bigint AS amount_pence,
count(*) FILTER (WHERE amount_pence < 0) AS reversals,
coalesce(sum(amount_pence) FILTER (WHERE amount_pence < 0), 0)::bigint AS reversed_pence,
count(*) FILTER (WHERE 'duplicate' = ANY(flags)) AS duplicates,
coalesce(sum(amount_pence) FILTER (WHERE 'duplicate' = ANY(flags)), 0)::bigint AS duplicate_pence,
count(*) FILTER (WHERE amount_pence IS NULL) AS without_amount,
count(*) FILTER (WHERE paid_on IS NULL) AS without_day
"""

# $2 and $3: codes of payers and the bodies that they are grouped by. The contract is looked for where it is asked for.
_COUNTED = f"""
counted AS (
    SELECT r.*, coalesce(r.payer_now, r.payer) AS payer_then,
           coalesce(g.onto, r.payer_now, r.payer) AS payer_group {{contract}}
      FROM ({RESOLVED}) r LEFT JOIN unnest($2::text[], $3::text[]) AS g (code, onto) ON g.code = r.payer_now {{join}}
     WHERE ($4::text IS NULL OR coalesce(g.onto, r.payer_now, r.payer) = $4)
       AND ($5::text[] IS NULL OR r.supplier_now = ANY($5))
       AND ($6::date IS NULL OR r.paid_on >= $6) AND ($7::date IS NULL OR r.paid_on <= $7))
"""  # noqa: S608  (what is put in is ours)

_GROUPS = f"""{PLANNED_EACH_TIME}
WITH {_COUNTED}
SELECT {{key}} AS key, bool_or({{code}} IS NOT NULL) AS has_code, {_FIGURES}
  FROM counted WHERE $8::text IS NULL OR {{key}} > $8 GROUP BY 1 ORDER BY 1 LIMIT $9
"""  # noqa: S608  (what is put in is ours)

_PARTS = f"""{PLANNED_EACH_TIME}
WITH {_COUNTED}
SELECT payer_group AS key, payer_then AS payer, {_FIGURES} FROM counted WHERE payer_group = ANY($8::text[])
 GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608  (what is put in is ours)

# What a payer published at all, whomever it paid.
_COVERED = f"""{PLANNED_EACH_TIME}
SELECT coalesce(r.payer_now, r.payer) AS payer, min(r.paid_on) AS first_day,
       array_agg(DISTINCT date_trunc('month', r.paid_on)::date) FILTER (WHERE r.paid_on IS NOT NULL) AS months
  FROM ({RESOLVED}) r
 WHERE ($2::date IS NULL OR r.paid_on >= $2) AND ($3::date IS NULL OR r.paid_on <= $3)
 GROUP BY 1
"""  # noqa: S608  (what is put in is ours)

# The successions by a day, as known, along which nothing continues for itself.
_STEPS = f"""
SELECT DISTINCT s.code, s.successor, s.effective_on FROM known_succession s
 WHERE s.effective_on <= $1::date AND s.shape <> ALL($3::text[]) AND s.code <> s.successor
   AND {holds("s", ALL_DAYS, "$2::timestamptz")}
"""  # noqa: S608  (what is put in is ours)

_ALIASES = f"""
SELECT n.name, b.value AS code, lower(b.valid) AS first_day, upper(b.valid) AS stop, lower(b.known) AS stated_at,
       (SELECT s.source FROM name_alias_statement s
         WHERE s.subject_id = n.id AND s.value = b.value AND s.valid && b.valid AND s.stated_at <= $1::timestamptz
         ORDER BY s.stated_at DESC, s.source LIMIT 1) AS source
  FROM name_alias n JOIN name_alias_belief b ON b.subject_id = n.id
 WHERE {as_known("b", "$1")} AND ($2::text IS NULL OR n.name = $2) AND ($3::text IS NULL OR b.value = $3)
   AND ($4::text IS NULL OR (n.name, lower(b.valid)) > ($4, $5::date))
 ORDER BY n.name, lower(b.valid) LIMIT $6
"""  # noqa: S608  (what is put in is ours)

_NAMES = f"""
SELECT 'alias' AS source, b.value AS code, n.name FROM name_alias n JOIN name_alias_belief b ON b.subject_id = n.id
 WHERE {holds("b")}
 UNION ALL
SELECT 'registry', o.code, b.value FROM known_organisation o JOIN known_organisation_belief b ON b.subject_id = o.id
 WHERE b.facet = {Facet.NAME:d} AND {holds("b")}
"""  # noqa: S608  (what is put in is ours)


class SpendBy(StrEnum):
    """What payments are added up by."""

    PAYER = "payer"
    SUPPLIER = "supplier"
    MONTH = "month"
    CONTRACT = "contract"
    TOTAL = "total"


# The text of a group, and the code of its body.
_KEYS: Mapping[SpendBy, tuple[str, str]] = {
    SpendBy.PAYER: ("payer_group", "payer_now"),
    SpendBy.SUPPLIER: ("coalesce(supplier_now, supplier_key)", "supplier_now"),
    SpendBy.MONTH: ("coalesce(to_char(paid_on, 'YYYY-MM'), 'without a day')", "NULL"),
    SpendBy.CONTRACT: ("coalesce(contract_now, 'without a contract')", "NULL"),
    SpendBy.TOTAL: ("'total'", "NULL"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """Filters of the list of payments; None leaves a filter out."""

    payer: str | None = None
    supplier: str | None = None
    supplier_name: str | None = None
    import_reference: str | None = None
    flag: Flag | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendFilter:
    """Whose payments are added up; `payers_on`: each payer by the body that it lives on in on that day."""

    by: SpendBy = SpendBy.PAYER
    payers_on: date | None = None
    payer: str | None = None
    suppliers: Sequence[str] | None = None
    first_day: date | None = None
    last_day: date | None = None


async def list_payments(
    db: Reads, wanted: PaymentFilter, *, as_known: datetime | None, after: int, limit: int
) -> list[PublishedPaymentView]:
    """Return payments in the order in which they were imported, after the cursor."""
    rows = await db.fetch(
        _LIST,
        as_known or NOW,
        wanted.payer,
        wanted.supplier,
        None if wanted.supplier_name is None else name_key(wanted.supplier_name),
        wanted.import_reference,
        wanted.flag,
        wanted.first_day,
        wanted.last_day,
        after,
        limit,
    )
    return [_payment(row) for row in rows]


def _payment(row: Mapping[str, Any]) -> PublishedPaymentView:
    day, amount = row["day_text"], row["amount_text"]
    return PublishedPaymentView(
        id=row["id"],
        publication=row["publication"],
        import_reference=row["import_reference"],
        line=row["line"],
        payer=row["payer"],
        payer_code=row["payer_now"],
        day_as_published=day,
        paid_on=row["paid_on"],
        supplier=row["supplier"],
        supplier_code=row["supplier_now"],
        amount_as_published=amount,
        amount_pence=row["amount_pence"],
        expense_type=row["expense_type"],
        expense_area=row["expense_area"],
        transaction_number=row["transaction_number"],
        flags=[FlagView(flag=Flag(one), words=explanation(Flag(one), day=day, amount=amount)) for one in row["flags"]],
    )


async def list_spend(
    db: Reads,
    wanted: SpendFilter,
    *,
    by: Caller,
    today: date,
    as_known: datetime | None,
    after: str | None,
    limit: int,
) -> list[SpendGroupView]:
    """Return what payments add up to by payer, supplier, month or contract, ordered by key, after the cursor."""
    instant = as_known or NOW
    by_payer = wanted.by == SpendBy.PAYER
    # Every payment is read for it: only where payers, or the months of each, are asked for.
    needs_payers = by_payer or wanted.payers_on is not None
    covered = await db.fetch(_COVERED, instant, wanted.first_day, wanted.last_day) if needs_payers else []
    months = {row["payer"]: frozenset(row["months"] or ()) for row in covered}
    steps = await _steps(db, wanted, instant)
    onto = successors_on(months, steps)
    key, code = _KEYS[wanted.by]
    asked = (
        *(instant, list(onto), list(onto.values()), wanted.payer),
        *(None if wanted.suppliers is None else list(wanted.suppliers), wanted.first_day, wanted.last_day),
    )
    if wanted.by == SpendBy.CONTRACT:
        statement = _GROUPS.format(key=key, code=code, contract=", c.reference AS contract_now", join=_OF_CONTRACT_READ)
        rows = await db.fetch(statement, *asked, after, limit, await reads_through(db, by))
    else:
        rows = await db.fetch(_GROUPS.format(key=key, code=code, contract="", join=""), *asked, after, limit)
    keys = [row["key"] for row in rows]
    covered_by = _Covered(months, {row["payer"]: row["first_day"] for row in covered}, onto, steps)
    parts: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    if by_payer and wanted.payers_on is not None:
        for row in await db.fetch(_PARTS.format(contract="", join=""), *asked, keys):
            parts[row["key"]].append(row)
    codes = {row["key"] for row in rows if row["has_code"]} | {one["payer"] for few in parts.values() for one in few}
    bodies = await known.statuses(db, codes, as_at=wanted.payers_on or today, as_known=as_known)
    return [_group(row, parts[row["key"]], bodies, covered_by, is_payer=by_payer) for row in rows]


@dataclass(frozen=True, slots=True)
class _Covered:
    """The months and the first day of which each payer published anything, and in which body it lives on."""

    months: Mapping[str, frozenset[date]]
    first_days: Mapping[str, date | None]
    onto: Mapping[str, str]
    steps: Sequence[Step]


def _group(
    row: Mapping[str, Any],
    parts: Sequence[Mapping[str, Any]],
    bodies: Mapping[str, KnownOrganisation],
    covered: _Covered,
    *,
    is_payer: bool,
) -> SpendGroupView:
    payers = [one for one, group in covered.onto.items() if group == row["key"]] if is_payer else []
    first_day = min((day for one in payers if (day := covered.first_days[one])), default=None)
    return SpendGroupView(
        key=row["key"],
        body=PartyView.model_validate(bodies[row["key"]]) if row["has_code"] else None,
        figures=_figures(row),
        payers=[
            SpendPayerView(
                payer=PartyView.model_validate(bodies[one["payer"]]),
                figures=_figures(one),
                months_missing=_written(covered.months[one["payer"]]),
            )
            for one in parts
        ],
        payers_missing=payers_missing(covered.onto, row["key"], covered.steps, first_day) if first_day else [],
        months_missing=_written(frozenset().union(*(covered.months[one] for one in payers))),
    )


async def _steps(db: Reads, wanted: SpendFilter, instant: datetime) -> list[Step]:
    if wanted.payers_on is None:
        return []
    rows = await db.fetch(_STEPS, wanted.payers_on, instant, list(BOTH_CONTINUE))
    return [(row["code"], row["successor"], row["effective_on"]) for row in rows]


def _figures(row: Mapping[str, Any]) -> SpendFiguresView:
    return SpendFiguresView.model_validate({name: row[name] for name in SpendFiguresView.model_fields})


def _written(months: Collection[date]) -> list[str]:
    return [month.strftime("%Y-%m") for month in months_missing(months)]


async def list_aliases(
    db: Reads,
    *,
    name: str | None,
    code: str | None,
    as_known: datetime | None,
    after: tuple[str, date] | None,
    limit: int,
) -> list[AliasView]:
    """Return names with the bodies that they mean, each with its days, after the cursor."""
    rows = await db.fetch(
        _ALIASES,
        as_known or NOW,
        None if name is None else name_key(name),
        code,
        *(after or (None, None)),
        limit,
    )
    return [
        AliasView(
            name=row["name"],
            code=row["code"],
            first_day=row["first_day"],
            last_day=row["stop"] and row["stop"] - _A_DAY,
            source=row["source"],
            stated_at=row["stated_at"],
        )
        for row in rows
    ]


async def suggest(db: Reads, name: str, *, as_at: date, as_known: datetime | None) -> SuggestionsView:
    """Return bodies with a name like this one. A suggestion resolves nothing."""
    rows = await db.fetch(_NAMES, as_at, as_known or NOW)
    like = process.extract(
        name_key(name),
        [name_key(row["name"]) for row in rows],
        scorer=fuzz.token_set_ratio,
        score_cutoff=_LEAST_LIKE,
        limit=_MOST_SUGGESTED,
    )
    return SuggestionsView(
        name=name_key(name),
        suggestions=[
            SuggestionView(
                code=rows[number]["code"],
                name=rows[number]["name"],
                likeness=round(score),
                source=rows[number]["source"],
            )
            for _, score, number in like
        ],
        as_at=as_at,
        as_known=as_known,
    )
