"""Builds the SQL of a FHIR search of Organizations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.temporal.believed import ALL_DAYS, about, as_known, holds, on_day
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.believed import believed_link
from services.registry.core.links import CODE_OF, ROLE
from services.registry.fhir import codes
from services.registry.fhir.dates import DateRange
from services.registry.fhir.request import Clause, Search, Token

# One look at the index of subject and facet for each body, whatever the planner's row estimates: right after a large
# import, before its statistics are new, it would join the beliefs of all bodies with one another.
_BELIEF = f"""
  LEFT JOIN LATERAL (SELECT b.value FROM organisation_belief b
                      WHERE b.subject_id = o.id AND {{about}} AND {holds("b")}
                      LIMIT 1) {{name}} ON TRUE
"""  # noqa: S608  (only names of ours are put in)

STATED_AT = """
(SELECT max(at) FROM (
    SELECT max(s.stated_at) AS at FROM organisation_statement s WHERE s.subject_id = o.id AND s.stated_at <= $2
     UNION ALL
    SELECT max(s.stated_at) FROM tie t JOIN tie_statement s ON s.subject_id = t.id
     WHERE t.code = o.code AND (t.sort = 'role' OR t.sort LIKE 'code:%') AND s.stated_at <= $2
     UNION ALL
    SELECT max(s.stated_at) FROM succession_statement s WHERE s.code = o.code AND s.stated_at <= $2
     UNION ALL
    SELECT max(s.stated_at) FROM succession f JOIN succession_statement s USING (code, successor, effective_on)
     WHERE f.successor = o.code AND s.stated_at <= $2) stated)
"""
"""The instant of the latest statement, by the instant $2, that a body's Organization shows."""

RECORDED_AT = STATED_AT.replace("max(s.stated_at)", "max(s.recorded_at)").replace("AND s.stated_at <= $2", "")
"""When the registry last recorded something that a body's Organization shows."""


@dataclass
class Sql:
    """Conditions under construction, with their arguments after the day ($1) and the instant ($2)."""

    day: date
    known: datetime
    arguments: list[Any] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    facets: set[Facet] = field(default_factory=set)

    def of(self, argument: Any) -> str:
        """Add an argument and return its placeholder."""
        self.arguments.append(argument)
        return f"${len(self.arguments) + 2}"

    def where(self) -> str:
        """Return all conditions together."""
        # The day and the instant are always arguments, whether a condition asks for them or not.
        always = "$1::date IS NOT NULL AND $2::timestamptz IS NOT NULL"
        return " AND ".join([always, *(f"({one})" for one in self.conditions)])

    def value(self, facet: Facet) -> str:
        """Return the column of a facet's value on the day; NULL where it is unknown."""
        self.facets.add(facet)
        return f"{facet.name.lower()}.value"

    def status(self) -> str:
        """Return the expression of the status on the day."""
        return f"coalesce({self.value(Facet.LIFE)}, 'unknown')"

    def kind(self) -> str:
        """Return the expression of the kind on the day."""
        return f"coalesce({self.value(Facet.KIND)}, 'unknown')"

    def bodies(self) -> str:
        """Return the FROM clause: bodies, joined with the beliefs that the conditions need."""
        beliefs = (_BELIEF.format(about=about("b", one), name=one.name.lower()) for one in sorted(self.facets))
        return f"organisation o {' '.join(beliefs)}"

    def any_of(self, conditions: Sequence[str]) -> None:
        """Require one of these conditions; an empty list matches nothing."""
        self.conditions.append(" OR ".join(conditions) or "FALSE")


async def find_codes(db: Reads, search: Search, *, today: date) -> list[str]:
    """Return a page of matching codes in order, plus one, which shows that there is a next page."""
    sql = _sql(search, today)
    if search.after is not None:
        sql.any_of([f"o.code > {sql.of(search.after)}"])
    limit = sql.of(search.count + 1)
    statement = (
        f"{PLANNED_EACH_TIME} SELECT o.code FROM {sql.bodies()} WHERE {sql.where()} ORDER BY o.code LIMIT {limit}"  # noqa: S608  (values are arguments)
    )
    return [row["code"] for row in await db.fetch(statement, sql.day, sql.known, *sql.arguments)]


async def count_codes(db: Reads, search: Search, *, today: date) -> int:
    """Return how many match on all pages."""
    sql = _sql(search, today)
    statement = f"{PLANNED_EACH_TIME} SELECT count(*) FROM {sql.bodies()} WHERE {sql.where()}"  # noqa: S608  (values are arguments)
    rows = await db.fetch(statement, sql.day, sql.known, *sql.arguments)
    return cast("int", rows[0][0])


def _sql(search: Search, today: date) -> Sql:
    sql = Sql(search.question.as_at or today, search.question.as_known or ALWAYS)
    for clause in search.clauses:
        _CLAUSES[clause.name](sql, clause)
    return sql


def _tokens(clause: Clause) -> list[Token]:
    return [value for value in clause.values if isinstance(value, Token)]


def _id(sql: Sql, clause: Clause) -> None:
    sql.any_of([f"o.code = ANY({sql.of([one.code for one in _tokens(clause) if one.system is None])})"])


def _identifier(sql: Sql, clause: Clause) -> None:
    sql.any_of([_one_identifier(sql, token) for token in _tokens(clause)])


def _one_identifier(sql: Sql, token: Token) -> str:
    if token.system is None:
        borne = _borne(sql, f"t.sort LIKE '{CODE_OF}%'", token.code)
        return f"o.code = {sql.of(token.code)} OR {borne}"
    if token.system == codes.ODS_CODE:
        return "TRUE" if token.code is None else f"o.code = {sql.of(token.code)}"
    system = codes.system_of_identifier(token.system)
    if system is None:
        return "FALSE"
    sort = f"t.sort = {sql.of(CODE_OF + system)}"
    return _borne(sql, sort, token.code)


def _borne(sql: Sql, sort: str, identifier: str | None) -> str:
    value = "TRUE" if identifier is None else f"t.other = {sql.of(identifier)}"
    return f"""EXISTS (SELECT 1 FROM tie t
                         JOIN {believed_link("b", day=ALL_DAYS)}
                        WHERE t.code = o.code AND {sort} AND {value})"""  # noqa: S608  (values are arguments)


def _name(sql: Sql, clause: Clause) -> None:
    # On a day of which nothing was stated a body has no name.
    name = f"CASE WHEN {sql.value(Facet.LIFE)} IS NOT NULL THEN {sql.value(Facet.NAME)} END"
    sql.any_of([_text(sql, name, str(value), clause.modifier) for value in clause.values])


def _text(sql: Sql, column: str, value: str, modifier: str) -> str:
    if modifier == "exact":
        return f"{column} = {sql.of(value)}"
    if modifier == "contains":
        return f"strpos(lower({column}), lower({sql.of(value)})) > 0"
    return f"starts_with(lower({column}), lower({sql.of(value)}))"


def _postcode(sql: Sql, clause: Clause) -> None:
    last_line = f"substring({sql.value(Facet.ADDRESS)} FROM '[^\n]*$')"
    postcode = f"upper(replace({last_line}, ' ', ''))"
    given = [str(value).replace(" ", "").upper() for value in clause.values]
    sql.any_of([_text(sql, postcode, value, clause.modifier) for value in given])


def _active(sql: Sql, clause: Clause) -> None:
    sql.any_of([f"({sql.status()} = 'open') = ANY({sql.of(list(clause.values))}::bool[])"])


def _type(sql: Sql, clause: Clause) -> None:
    kinds: set[str] = set()
    for token in _tokens(clause):
        kinds |= _kinds_of_type(token, sql.day)
    anything = any(token == Token(codes.KIND, None) for token in _tokens(clause))
    sql.any_of(["TRUE" if anything else f"{sql.kind()} = ANY({sql.of(sorted(kinds))})"])


def _kinds_of_type(token: Token, day: date) -> frozenset[str]:
    in_ods = codes.kinds_in_ods(day)
    found: frozenset[str] = frozenset()
    if token.system in {None, codes.KIND} and token.code:
        found |= {token.code}
    if token.system in {None, codes.ODS_RECORD_CLASS} and token.code in {"RC1", None}:
        found |= in_ods
    if token.system in {None, codes.RECORD_USE} and token.code in {"Full", None}:
        found |= in_ods
    return found | _kinds_of_role(token, day)


def _kinds_of_role(token: Token, day: date) -> frozenset[str]:
    if token.system not in {None, codes.ODS_ROLE}:
        return frozenset()
    return codes.kinds_with(token.code, day) if token.code else codes.kinds_in_ods(day)


def _role_ever(sql: Sql, clause: Clause) -> None:
    conditions = []
    for token in _tokens(clause):
        kinds = sql.of(sorted(_kinds_of_role(token, sql.day)))
        conditions.append(
            f"""EXISTS (SELECT 1 FROM organisation_belief b WHERE b.subject_id = o.id AND {about("b", Facet.KIND)}
                                AND b.value = ANY({kinds}) AND {as_known("b")})"""  # noqa: S608  (values are arguments)
        )
        conditions.append(_further_role(sql, token, "TRUE"))
    sql.any_of(conditions)


def _role_now(sql: Sql, clause: Clause) -> None:
    conditions = []
    for token in _tokens(clause):
        kinds = sql.of(sorted(_kinds_of_role(token, sql.day)))
        held = f"{sql.kind()} = ANY({kinds}) OR {_further_role(sql, token, on_day('b'))}"
        conditions.append(f"{sql.status()} = 'open' AND ({held})")
    sql.any_of(conditions)


def _further_role(sql: Sql, token: Token, when: str) -> str:
    if token.system not in {None, codes.ODS_ROLE, codes.ROLE}:
        return "FALSE"
    which = "TRUE" if token.code is None else f"t.other = {sql.of(token.code)}"
    return f"""EXISTS (SELECT 1 FROM tie t
                         JOIN {believed_link("b", day=ALL_DAYS)}
                        WHERE t.code = o.code AND t.sort = '{ROLE}' AND {which} AND {when})"""  # noqa: S608  (values are arguments)


def _part_of(sql: Sql, clause: Clause) -> None:
    sql.any_of([f"{sql.value(Facet.PARENT)} = ANY({sql.of(list(clause.values))})"])


def _last_change(sql: Sql, clause: Clause) -> None:
    column = f"({STATED_AT} AT TIME ZONE 'Europe/London')::date"
    sql.any_of([_within(sql, column, span.prefix, span.first, span.end) for span in _spans(clause)])


def _last_updated(sql: Sql, clause: Clause) -> None:
    sql.any_of([_within(sql, RECORDED_AT, span.prefix, span.starts_at, span.ends_at) for span in _spans(clause)])


def _spans(clause: Clause) -> list[DateRange]:
    return [value for value in clause.values if isinstance(value, DateRange)]


def _within(sql: Sql, column: str, prefix: str, first: date, end: date) -> str:
    """Compare a point in time with a range that ends before `end`."""
    if prefix in {"eq", "ne"}:
        inside = f"{column} >= {sql.of(first)} AND {column} < {sql.of(end)}"
        return f"({inside})" if prefix == "eq" else f"NOT ({inside})"
    if prefix in {"gt", "sa"}:
        return f"{column} >= {sql.of(end)}"
    if prefix in {"lt", "eb"}:
        return f"{column} < {sql.of(first)}"
    return f"{column} >= {sql.of(first)}" if prefix == "ge" else f"{column} < {sql.of(end)}"


_CLAUSES: dict[str, Callable[[Sql, Clause], None]] = {
    "_id": _id,
    "identifier": _identifier,
    "name": _name,
    "address-postalcode": _postcode,
    "active": _active,
    "type": _type,
    "roleCode": _role_ever,
    "activeRoleCode": _role_now,
    "partof": _part_of,
    "lastChangeDate": _last_change,
    "_lastUpdated": _last_updated,
}
