"""Builds the SQL of a FHIR search of Organizations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.process.clock import start_of
from libs.common.temporal.believed import ALL_DAYS, about, as_known, holds, on_day
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.believed import believed_link
from services.registry.core.links import CODE_OF, ROLE
from services.registry.fhir import codes
from services.registry.fhir.dates import DateRange
from services.registry.fhir.request import Clause, Order, Search, Token
from services.registry.fhir.search import cursors
from services.registry.fhir.search.cursors import Column

# One look at the index of subject and facet for each body, whatever the planner's row estimates: right after a large
# import, before its statistics are new, it would join the beliefs of all bodies with one another.
_BELIEF = f"""
  LEFT JOIN LATERAL (SELECT b.value FROM organisation_belief b
                      WHERE b.subject_id = o.id AND {{about}} AND {holds("b")}
                      LIMIT 1) {{name}} ON TRUE
"""  # noqa: S608  (only names of ours are put in)

# Each statement that an Organization shows, of all bodies at once: one by one, their latest took 0.9 s of the
# public files (26 November 2026).
_INSTANTS = """
SELECT s.subject_id AS id, s.{column} AS at FROM organisation_statement s WHERE {which}
 UNION ALL
SELECT x.id, s.{column} FROM tie_statement s JOIN tie t ON t.id = s.subject_id JOIN organisation x ON x.code = t.code
 WHERE (t.sort = 'role' OR t.sort LIKE 'code:%') AND {which}
 UNION ALL
SELECT x.id, s.{column} FROM succession_statement s JOIN organisation x ON x.code = s.code WHERE {which}
 UNION ALL
SELECT x.id, s.{column} FROM succession_statement s JOIN succession f USING (code, successor, effective_on)
  JOIN organisation x ON x.code = f.successor
 WHERE {which}
"""
_LAST_RECORDED = f"""
LEFT JOIN (SELECT id, max(at) AS at FROM ({_INSTANTS.format(column="recorded_at", which="TRUE")}) stated
            GROUP BY id) recorded ON recorded.id = o.id
"""  # noqa: S608  (only names of ours are put in)
"""When the registry last recorded something about each body."""


@dataclass
class Sql:
    """Conditions under construction, with their arguments after the day ($1) and the instant ($2)."""

    day: date
    known: datetime
    arguments: list[Any] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    facets: set[Facet] = field(default_factory=set)
    joined: list[str] = field(default_factory=list)

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
        return " ".join(["organisation o", *beliefs, *self.joined])

    def believed(self, facet: Facet, conditions: Sequence[str]) -> None:
        """Require one of these conditions, about `b.value`, of a facet's value on the day."""
        either = " OR ".join(conditions) or "FALSE"
        self.conditions.append(f"""o.id IN (SELECT b.subject_id FROM organisation_belief b
                                             WHERE {about("b", facet)} AND ({either}) AND {holds("b")})""")  # noqa: S608  (values are arguments)

    def any_of(self, conditions: Sequence[str]) -> None:
        """Require one of these conditions; an empty list matches nothing."""
        self.conditions.append(" OR ".join(conditions) or "FALSE")


@dataclass(frozen=True, slots=True)
class Match:
    """A match: its code, and the cursor of the page that begins after it."""

    code: str
    cursor: str


async def find_codes(db: Reads, search: Search, *, today: date) -> list[Match]:
    """Return a page of matches in the search's order, plus one, which shows that there is a next page."""
    sql = _sql(search, today)
    columns = [_column(sql, one) for one in search.order]
    if search.after is not None and not columns:
        sql.any_of([f"o.code > {sql.of(search.after)}"])
    columns.append(Column("o.code"))
    if search.after is not None and search.order:
        cursors.require_after(sql, columns, search.after)
    limit = sql.of(search.count + 1)
    statement = f"""{PLANNED_EACH_TIME} SELECT o.code, {cursors.values_of(columns)} AS place
                      FROM {sql.bodies()} WHERE {sql.where()} ORDER BY {cursors.order_by(columns)} LIMIT {limit}"""  # noqa: S608  (values are arguments)
    rows = await db.fetch(statement, sql.day, sql.known, *sql.arguments)
    return [Match(row["code"], cursors.cursor_of(row["place"]) if search.order else row["code"]) for row in rows]


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


def _column(sql: Sql, order: Order) -> Column:
    match order.name:
        case "name":
            return Column(f"coalesce(lower({_named(sql)}), '')", descending=order.descending)
        case "_lastUpdated":
            sql.joined.append(_LAST_RECORDED)
            return Column("coalesce(recorded.at, '-infinity')", "timestamptz", order.descending)
        case _:
            return Column("o.code", descending=order.descending)


def _named(sql: Sql) -> str:
    """Return the expression of the name on the day: on a day of which nothing was stated a body has none."""
    return f"CASE WHEN {sql.value(Facet.LIFE)} IS NOT NULL THEN {sql.value(Facet.NAME)} END"


def _tokens(clause: Clause) -> list[Token]:
    return [value for value in clause.values if isinstance(value, Token)]


def _spellings(code: str | None) -> list[str]:
    """Return a code as it was given, and in the case in which codes are stored."""
    return sorted({code, code.upper(), code.lower()}) if code is not None else []


def _id(sql: Sql, clause: Clause) -> None:
    given = [(one.code or "").upper() for one in _tokens(clause) if one.system is None]
    sql.any_of([f"o.code = ANY({sql.of(given)})"])


def _identifier(sql: Sql, clause: Clause) -> None:
    # A union, where an OR would test every body.
    found = " UNION ALL ".join(_codes_with(sql, token) for token in _tokens(clause))
    sql.conditions.append(f"o.code IN ({found})")


def _codes_with(sql: Sql, token: Token) -> str:
    """Return the SELECT of the codes of bodies with an identifier."""
    if token.system is None:
        of_any_system = f"t.sort LIKE '{CODE_OF}%'"
        return f"{_itself(sql, token)} UNION ALL {_bearers(sql, of_any_system, token.code)}"
    if token.system == codes.ODS_CODE:
        return "SELECT code FROM organisation" if token.code is None else _itself(sql, token)
    system = codes.system_of_identifier(token.system)
    return "SELECT NULL" if system is None else _bearers(sql, f"t.sort = {sql.of(CODE_OF + system)}", token.code)


def _itself(sql: Sql, token: Token) -> str:
    return f"SELECT {sql.of((token.code or '').upper())}::text"


def _bearers(sql: Sql, sort: str, identifier: str | None) -> str:
    value = "TRUE" if identifier is None else f"t.other = ANY({sql.of(_spellings(identifier))}::text[])"
    return f"SELECT t.code FROM tie t JOIN {believed_link('b', day=ALL_DAYS)} WHERE {sort} AND {value}"  # noqa: S608  (values are arguments)


def _name(sql: Sql, clause: Clause) -> None:
    sql.believed(Facet.NAME, [_text(sql, "b.value", str(value), clause.modifier) for value in clause.values])
    sql.conditions.append(
        f"""EXISTS (SELECT 1 FROM organisation_belief l
                     WHERE l.subject_id = o.id AND {about("l", Facet.LIFE)} AND {holds("l")})"""  # noqa: S608  (values are arguments)
    )


def _text(sql: Sql, column: str, value: str, modifier: str) -> str:
    if modifier == "exact":
        # The index is of names in lower case.
        return f"lower({column}) = lower({sql.of(value)}) AND {column} = {sql.of(value)}"
    if modifier == "contains":
        return f"strpos(lower({column}), lower({sql.of(value)})) > 0"
    return f"starts_with(lower({column}), lower({sql.of(value)}))"


def _postcode(sql: Sql, clause: Clause) -> None:
    postcode = "upper(replace(substring(b.value FROM '[^\n]*$'), ' ', ''))"
    given = [str(value).replace(" ", "").upper() for value in clause.values]
    sql.believed(Facet.ADDRESS, [_text(sql, postcode, value, clause.modifier) for value in given])


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
        found |= {token.code.lower()}
    if token.system in {None, codes.ODS_RECORD_CLASS} and (token.code is None or token.code.upper() == "RC1"):
        found |= in_ods
    if token.system in {None, codes.RECORD_USE} and (token.code is None or token.code.lower() == "full"):
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
    which = "TRUE" if token.code is None else f"t.other = ANY({sql.of(_spellings(token.code))}::text[])"
    return f"""EXISTS (SELECT 1 FROM tie t
                         JOIN {believed_link("b", day=ALL_DAYS)}
                        WHERE t.code = o.code AND t.sort = '{ROLE}' AND {which} AND {when})"""  # noqa: S608  (values are arguments)


def _part_of(sql: Sql, clause: Clause) -> None:
    sql.believed(Facet.PARENT, [f"b.value = ANY({sql.of(list(clause.values))}::text[])"])


def _last_change(sql: Sql, clause: Clause) -> None:
    spans = [(one.prefix, start_of(one.first), start_of(one.end)) for one in _spans(clause)]
    _latest(sql, "stated_at", "s.stated_at <= $2", spans)


def _last_updated(sql: Sql, clause: Clause) -> None:
    _latest(sql, "recorded_at", "TRUE", [(one.prefix, one.starts_at, one.ends_at) for one in _spans(clause)])


def _latest(sql: Sql, column: str, which: str, spans: Sequence[tuple[str, datetime, datetime]]) -> None:
    """Require that the latest statement that a body's Organization shows is in one of these ranges.

    Statements before all ranges are not read: a body whose latest one is among them is in none.
    """
    if all(prefix in {"eq", "gt", "sa", "ge"} for prefix, *_ in spans):
        which += f" AND s.{column} >= {sql.of(min(first for _, first, _ in spans))}::timestamptz"
    within = " OR ".join(f"({_within(sql, 'max(at)', *span)})" for span in spans)
    instants = _INSTANTS.format(column=column, which=which)
    sql.conditions.append(f"o.id IN (SELECT id FROM ({instants}) stated GROUP BY id HAVING {within})")  # noqa: S608  (values are arguments)


def _spans(clause: Clause) -> list[DateRange]:
    return [value for value in clause.values if isinstance(value, DateRange)]


def _within(sql: Sql, instant: str, prefix: str, first: datetime, end: datetime) -> str:
    """Compare an instant with a range that ends before `end`."""
    match prefix:
        case "eq":
            return f"{instant} >= {sql.of(first)} AND {instant} < {sql.of(end)}"
        case "ne":
            return f"{instant} < {sql.of(first)} OR {instant} >= {sql.of(end)}"
        case "gt" | "sa":
            return f"{instant} >= {sql.of(end)}"
        case "ge":
            return f"{instant} >= {sql.of(first)}"
        case "le":
            return f"{instant} < {sql.of(end)}"
        case _:
            return f"{instant} < {sql.of(first)}"


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
