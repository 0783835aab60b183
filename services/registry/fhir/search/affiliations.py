"""Reads relations as OrganizationAffiliations. Each period of a parent or a relation has an id of its own.

The id has its parts (`A81001.parent.00K.2013-04-01`: body, relation, other body, first day), so that it is the
same whatever order the sources came in. It gives 404 once its first day is no longer believed.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, cast

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.temporal.believed import about, as_known, on_day
from libs.common.temporal.history import ALWAYS, FIRST_DAY
from libs.organisations.statements import ABOVE, UNKNOWN, Facet
from services.registry.core.believed import believed
from services.registry.core.links import HOLDS
from services.registry.fhir import codes
from services.registry.fhir.dates import DateRange
from services.registry.fhir.model import FhirAffiliation, FhirTimes, Provenance
from services.registry.fhir.queries import days_of
from services.registry.fhir.request import Clause, Search, Token
from services.registry.fhir.search import cursors
from services.registry.fhir.search.cursors import Column
from services.registry.fhir.search.organisations import Sql

ALWAYS_SO = "always"
"""In an id, in place of an unknown first day."""

_ID = re.compile(
    rf"([A-Za-z0-9]{{1,12}})\.([A-Za-z-]{{1,30}})\.([A-Za-z0-9]{{1,12}})\.(\d{{4}}-\d{{2}}-\d{{2}}|{ALWAYS_SO})"
)


_SORTS = " ".join(
    f"WHEN {about('b', facet)} THEN '{relation.lower()}'" for relation, facet in sorted(codes.ABOVE_BY_RELATION.items())
)

# What is believed of relations is limited to the lives of both bodies already (`core.lifetimes`).
_HELD = f"""
(SELECT o.code, CASE {_SORTS} END AS sort, b.value AS other, b.valid, '{HOLDS}' AS share, b.recorded_at,
        lower(b.known) AS known_since
   FROM organisation_belief b JOIN organisation o ON o.id = b.subject_id
  WHERE {about("b", *sorted(ABOVE))} AND {as_known("b")}
  UNION ALL
 SELECT t.code, t.sort, t.other, b.valid, b.value, b.recorded_at, lower(b.known)
   FROM tie_belief b JOIN tie t ON t.id = b.subject_id
  WHERE t.sort <> 'role' AND t.sort NOT LIKE 'code:%' AND {as_known("b")}) held
"""  # noqa: S608  (all constants of ours)

_FIRST = "coalesce(lower(held.valid), DATE '0001-01-01')"
_END = "coalesce(upper(held.valid), DATE '9999-12-31')"
_KEY = f"held.code, held.sort, held.other, {_FIRST}"
_ACTIVE = on_day("held")
_COLUMNS_OF_KEY = (Column("held.code"), Column("held.sort"), Column("held.other"), Column(_FIRST, "date"))
_COLUMNS: dict[str, Callable[[bool], Column]] = {
    "_id": lambda descending: Column("held.code", descending=descending),
    "date": lambda descending: Column(_FIRST, "date", descending),
    "participating-organization": lambda descending: Column("held.other", descending=descending),
    "_lastUpdated": lambda descending: Column("held.recorded_at", "timestamptz", descending),
}

_KINDS = f"""
SELECT o.code, b.value FROM organisation o
  JOIN {believed("b", Facet.KIND, day="$2", known="$3")}
 WHERE o.code = ANY($1)
"""  # noqa: S608  (only names of ours are put in)


async def get_affiliation(db: Reads, identity: str, question: FhirTimes, *, today: date) -> FhirAffiliation | None:
    """Return the affiliation with an id, None where there is none."""
    key = _key(identity)
    if key is None:
        return None
    found = await find_affiliations(db, Search((Clause("_id", (Token(None, identity),)),), question, 1), today=today)
    return found[0] if found else None


async def find_affiliations(db: Reads, search: Search, *, today: date) -> list[FhirAffiliation]:
    """Return those that match, ordered by the parts of their ids; `search.after` is the cursor.

    It returns one more than asked for, which shows whether there is a next page. Raises NotUnderstood for an `_after`
    of no page.
    """
    sql = _sql(search, today)
    columns = [_COLUMNS[one.name](one.descending) for one in search.order]
    if search.after is not None and not columns:
        key = _key(search.after)
        if key is None:
            raise cursors.unreadable()
        sql.any_of([f"({_KEY}) > ({', '.join(sql.of(part) for part in key)})"])
    columns += _COLUMNS_OF_KEY
    if search.after is not None and search.order:
        cursors.require_after(sql, columns, search.after)
    limit = sql.of(search.count + 1)
    statement = f"""{PLANNED_EACH_TIME}
                    SELECT held.code, held.sort, held.other, lower(held.valid), upper(held.valid), {_ACTIVE} AS active,
                           held.recorded_at, nullif(held.share, '{HOLDS}'), held.known_since,
                           {cursors.values_of(columns)}
                      FROM {_HELD} WHERE {sql.where()} ORDER BY {cursors.order_by(columns)} LIMIT {limit}"""  # noqa: S608  (values are arguments)
    rows = await db.fetch(statement, sql.day, sql.known, *sql.arguments)
    found = [_affiliation(*row, ordered=bool(search.order)) for row in rows]
    return await _with_relationships(db, found, sql)


async def count_affiliations(db: Reads, search: Search, *, today: date) -> int:
    """Return how many match on all pages."""
    sql = _sql(search, today)
    statement = f"{PLANNED_EACH_TIME} SELECT count(*) FROM {_HELD} WHERE {sql.where()}"  # noqa: S608  (values are arguments)
    rows = await db.fetch(statement, sql.day, sql.known, *sql.arguments)
    return cast("int", rows[0][0])


def _affiliation(
    code: str,
    sort: str,
    other: str,
    first: date | None,
    end: date | None,
    active: bool,
    at: Any,
    share: str | None,
    known_since: datetime,
    values: Sequence[str],
    *,
    ordered: bool,
) -> FhirAffiliation:
    since = first.isoformat() if first else ALWAYS_SO
    identity = f"{code}.{codes.code_of_relation(sort)}.{other}.{since}"
    cursor = cursors.cursor_of(values) if ordered else identity
    return FhirAffiliation(
        identity,
        sort,
        code,
        other,
        days_of(first, end),
        active,
        at,
        share=share,
        provenance=Provenance("participatingOrganization", known_since),
        cursor=cursor,
    )


async def _with_relationships(db: Reads, found: Collection[FhirAffiliation], sql: Sql) -> list[FhirAffiliation]:
    """Return them with the ODS relationship that the kinds of the two bodies on the day give."""
    named = sorted({code for one in found for code in (one.organisation, one.participating)})
    kinds = {row["code"]: row["value"] for row in await db.fetch(_KINDS, named, sql.day, sql.known)}
    return [
        replace(
            one,
            ods_relationship=codes.relationship_of(
                one.relation,
                of=kinds.get(one.organisation, UNKNOWN),
                to=kinds.get(one.participating, UNKNOWN),
                day=sql.day,
            ),
        )
        for one in found
    ]


def _key(identity: str) -> tuple[str, str, str, date] | None:
    """Return the parts of an id, None where it is malformed."""
    parts = _ID.fullmatch(identity)
    if parts is None:
        return None
    try:
        first = FIRST_DAY if parts[4] == ALWAYS_SO else date.fromisoformat(parts[4])
    except ValueError:
        return None
    return parts[1].upper(), parts[2].lower().replace("-", " "), parts[3].upper(), first


def _sql(search: Search, today: date) -> Sql:
    sql = Sql(search.question.as_at or today, search.question.as_known or ALWAYS)
    for clause in search.clauses:
        _CLAUSES[clause.name](sql, clause)
    return sql


def _id(sql: Sql, clause: Clause) -> None:
    given = [value.code or "" for value in clause.values if isinstance(value, Token) and value.system is None]
    keys = [key for identity in given if (key := _key(identity)) is not None]
    sql.any_of([f"({_KEY}) = ({', '.join(sql.of(part) for part in key)})" for key in keys])


def _primary(sql: Sql, clause: Clause) -> None:
    sql.any_of([f"held.code = ANY({sql.of(list(clause.values))})"])


def _participating(sql: Sql, clause: Clause) -> None:
    sql.any_of([f"held.other = ANY({sql.of(list(clause.values))})"])


def _either(sql: Sql, clause: Clause) -> None:
    given = sql.of(list(clause.values))
    sql.any_of([f"held.code = ANY({given})", f"held.other = ANY({given})"])


def _active(sql: Sql, clause: Clause) -> None:
    sql.any_of([f"({_ACTIVE}) = ANY({sql.of(list(clause.values))}::bool[])"])


def _role(sql: Sql, clause: Clause) -> None:
    sql.any_of([_one_role(sql, value) for value in clause.values if isinstance(value, Token)])


def _one_role(sql: Sql, token: Token) -> str:
    if token.system == codes.RELATION:
        return "TRUE" if token.code is None else _relation(sql, token.code)
    if token.system not in {None, codes.ODS_RELATIONSHIP}:
        return "FALSE"
    ods = _relationship(sql)
    if token.code is None:
        return f"{ods} IS NOT NULL"
    of_ods = f"{ods} = {sql.of(token.code.upper())}"
    return of_ods if token.system == codes.ODS_RELATIONSHIP else f"{_relation(sql, token.code)} OR {of_ods}"


def _relation(sql: Sql, code: str) -> str:
    return f"held.sort = {sql.of(code.lower().replace('-', ' '))}"


def _relationship(sql: Sql) -> str:
    """Return SQL for the ODS relationship of a row, by the pack's rows in their order."""
    cases = []
    for relation, of, to, code in codes.relationships(sql.day):
        conditions = [f"held.sort = {sql.of(relation)}"]
        for column, kinds in (("code", of), ("other", to)):
            if kinds is not None:
                # The bodies of these kinds are read once, not one for each row.
                conditions.append(
                    f"""held.{column} IN (SELECT x.code FROM organisation x
                                            JOIN {believed("k", Facet.KIND, subject="x.id")}
                                           WHERE k.value = ANY({sql.of(list(kinds))}::text[]))"""  # noqa: S608  (values are arguments)
                )
        cases.append(f"WHEN {' AND '.join(conditions)} THEN {sql.of(code)}")
    return f"CASE {' '.join(cases)} END" if cases else "NULL"


def _period(sql: Sql, clause: Clause) -> None:
    sql.any_of([_compared(sql, value) for value in clause.values if isinstance(value, DateRange)])


def _compared(sql: Sql, span: DateRange) -> str:
    """Return the condition that compares a period with the days of a search: `ge` and `le` mean that they overlap."""
    if span.prefix in {"eq", "ne"}:
        inside = f"({_FIRST} >= {sql.of(span.first)} AND {_END} <= {sql.of(span.end)})"
        return inside if span.prefix == "eq" else f"NOT {inside}"
    bound, compared, day = {
        "ge": (_END, ">", span.first),
        "gt": (_END, ">", span.end),
        "le": (_FIRST, "<", span.end),
        "lt": (_FIRST, "<", span.first),
        "sa": (_FIRST, ">=", span.end),
        "eb": (_END, "<=", span.first),
    }[span.prefix]
    return f"{bound} {compared} {sql.of(day)}"


_CLAUSES: dict[str, Callable[[Sql, Clause], None]] = {
    "_id": _id,
    "primary-organization": _primary,
    "participating-organization": _participating,
    "organization": _either,
    "role": _role,
    "active": _active,
    "date": _period,
}
