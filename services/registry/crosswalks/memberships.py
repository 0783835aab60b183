"""Follows practices between two days: who moved to another body that did not follow theirs, and where each one went."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.temporal.believed import about, as_known, holds
from libs.common.temporal.history import OFFICIAL
from libs.organisations.statements import Facet
from services.registry.core.believed import believed
from services.registry.core.codes import ByCode
from services.registry.core.kinds import PRACTICE_KINDS
from services.registry.crosswalks.rows import DayPair, Row
from services.registry.crosswalks.views import Basis, MovedView, Outcome
from services.registry.lineage.queries import Chains, chains_from
from services.registry.lineage.tracing import WHOLE

_A_DAY = timedelta(days=1)
_KINDS = ", ".join(f"'{kind}'" for kind in sorted(PRACTICE_KINDS))

# The list of the nearest day stands for the practice on the day; before or after it, none is known.
_LIST = f"""
  LEFT JOIN LATERAL (
       SELECT people, effective_on FROM population_statement s
        WHERE s.code = o.code AND s.basis = 'registered' AND s.local_authority = '' AND s.stated_at <= $3
        ORDER BY s.rank >= {OFFICIAL} DESC, abs(s.effective_on - $1), s.rank DESC, s.effective_on, s.stated_at DESC,
                 s.people DESC LIMIT 1) list
    ON true
"""  # noqa: S608  (only a number of ours is put in)


def _is_a_practice(day: str) -> str:
    """Return SQL that asks whether the body `o` is a practice, and open on a day."""
    return f"""EXISTS (SELECT FROM organisation_belief k WHERE k.subject_id = o.id AND {about("k", Facet.KIND)}
                     AND {as_known("k", "$3")} AND k.value IN ({_KINDS}))
   AND EXISTS (SELECT FROM organisation_belief l WHERE l.subject_id = o.id AND {about("l", Facet.LIFE)}
                  AND l.value = 'open' AND {holds("l", day, "$3")})"""  # noqa: S608  (only names of ours are put in)


# $1 is the earlier day, $2 the later one, $3 the instant; $4 are bodies of the earlier day, $5 of the later one.
_BOTH_DAYS = f"""
{PLANNED_EACH_TIME}
SELECT early.value AS from_code, late.value AS to_code, count(*) AS practices, sum(list.people)::bigint AS people
  FROM (SELECT subject_id FROM organisation_belief b
         WHERE {about("b", Facet.PARENT)} AND b.value = ANY($4) AND {holds("b", "$1", "$3")}
         UNION
        SELECT subject_id FROM organisation_belief b
         WHERE {about("b", Facet.PARENT)} AND b.value = ANY($5) AND {holds("b", "$2", "$3")}) member
  JOIN organisation o ON o.id = member.subject_id
  JOIN {believed("early", Facet.PARENT, day="$1", known="$3")}
  JOIN {believed("late", Facet.PARENT, day="$2", known="$3")}
{_LIST}
 WHERE early.value <> late.value AND {_is_a_practice("$1")} AND {_is_a_practice("$2")}
 GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608  (only names of ours are put in)

# $1 is the day of the figures, $2 the other one; $4 are bodies, or practices themselves.
_MEMBERS = f"""
{PLANNED_EACH_TIME}
SELECT o.code, start.value AS body, list.people, list.effective_on AS counted_on,
       (SELECT there.value FROM organisation_belief there
         WHERE there.subject_id = o.id AND {about("there", Facet.PARENT)} AND {holds("there", "$2", "$3")}
           AND {_is_a_practice("$2")}) AS moved_to,
       (SELECT min(lower(l.valid)) FROM organisation_belief l
         WHERE l.subject_id = o.id AND {about("l", Facet.LIFE)} AND {as_known("l", "$3")} AND l.value = 'closed'
           AND lower(l.valid) > $1) AS closed
  FROM (SELECT subject_id FROM organisation_belief b
         WHERE {about("b", Facet.PARENT)} AND b.value = ANY($4) AND {holds("b", "$1", "$3")}
         UNION
        SELECT id FROM organisation WHERE code = ANY($4)) member
  JOIN organisation o ON o.id = member.subject_id
  JOIN {believed("start", Facet.PARENT, day="$1", known="$3")}
{_LIST}
 WHERE {_is_a_practice("$1")}
 ORDER BY o.code
"""  # noqa: S608  (only names of ours are put in)

_PARENTS_ON = f"""
SELECT o.code, b.value FROM unnest($1::text[], $2::date[]) AS w (code, day)
  JOIN organisation o ON o.code = w.code
  JOIN {believed("b", Facet.PARENT, day="w.day", known="$3")}
"""  # noqa: S608  (only names of ours are put in)


async def moves(db: Reads, early: Collection[str], late: Collection[str], days: DayPair) -> list[MovedView]:
    """Return the moves of practices out of bodies of the earlier day, or into bodies of the later one.

    A move is one to a body in which the practice's former body does not live on by any succession.
    """
    first, last = sorted((days.start, days.end))
    rows = await db.fetch(_BOTH_DAYS, first, last, days.known, sorted(early), sorted(late))
    if not rows:
        return []
    found = [MovedView(**dict(row)) for row in rows]
    bodies = {one.from_code for one in found}
    images = _images(await chains_from(db, bodies, last, days.known), bodies, first)
    return [one for one in found if one.to_code not in images[one.from_code]]


def _images(chains: Chains, codes: Collection[str], day: date) -> dict[str, frozenset[str]]:
    """Return the bodies that each one of a day lives on in."""
    return {code: frozenset(end for end, _ in ends) for code, ends in chains.ends_of(codes, since=day + _A_DAY).items()}


@dataclass(frozen=True, slots=True)
class _Member:
    """A practice of a body on the day of the figures, and where it is on the other day."""

    code: str
    body: str
    people: int | None
    counted_on: date | None
    to: str | None


async def by_practices(db: Reads, codes: Collection[str], days: DayPair) -> ByCode[list[Row]]:
    """Return the rows of codes by where their practices of the first day are on the other, weighted by their lists.

    A code of a practice goes where it goes. A practice that closed goes where its successor is, else with the body that
    it belonged to last. A code without practices, or whose practices have no list, has no rows.
    """
    members = await _members(db, codes, days)
    rows: dict[str, list[Row]] = {}
    of_body: dict[str, list[_Member]] = defaultdict(list)
    for member in members:
        of_body[member.body].append(member)
        if member.code in codes:
            rows[member.code] = [_practice_row(member, days)]
    for code in codes:
        if code in of_body and any(member.people for member in of_body[code]):
            rows[code] = _body_rows(code, of_body[code], days)
    return rows


def _practice_row(member: _Member, days: DayPair) -> Row:
    if member.to is None:
        why = f"no source says where {member.code} belonged on {days.end}"
        return Row(member.code, None, None, None, Outcome.PART_NOT_STATED, why, by=Basis.PRACTICES)
    why = f"{member.code} belonged to {member.body} on {days.start}, and to {member.to} by {days.end}"
    return Row(member.code, member.to, WHOLE, None, Outcome.CARRIED, why, by=Basis.PRACTICES)


def _body_rows(code: str, members: Sequence[_Member], days: DayPair) -> list[Row]:
    counted = [member for member in members if member.people is not None]
    people: Counter[str | None] = Counter()
    practices: Counter[str | None] = Counter()
    for member in counted:
        people[member.to] += member.people or 0
        practices[member.to] += 1
    whole, lists = sum(people.values()), _lists(counted)
    if without := len(members) - len(counted):
        lists += f"; of {without} more no list is known"
    rows: list[Row] = []
    for to in sorted(people, key=lambda one: (one is None, one or "")):
        if not people[to]:
            continue
        share = Fraction(people[to], whole)
        number = f"{practices[to]} of {len(counted)} practices of {code}, with {people[to]:,} of {whole:,} people"
        if to is None:
            why = f"no source says where {number} ({lists}) belonged on {days.end}"
            rows.append(Row(code, None, share, None, Outcome.PART_NOT_STATED, why, by=Basis.PRACTICES))
        else:
            why = f"{number} ({lists}), are in {to} on {days.end}"
            rows.append(Row(code, to, share, None, Outcome.CARRIED, why, by=Basis.PRACTICES))
    return rows


def _lists(counted: Iterable[_Member]) -> str:
    days = sorted({member.counted_on for member in counted if member.counted_on})
    return f"lists of {days[0]}" if days[0] == days[-1] else f"lists of {days[0]} to {days[-1]}"


async def _members(db: Reads, codes: Collection[str], days: DayPair) -> list[_Member]:
    rows: list[Any] = await db.fetch(_MEMBERS, days.start, days.end, days.known, sorted(codes))
    gone = {row["code"]: row for row in rows if row["moved_to"] is None}
    found = await _after_closing(db, gone, days) if days.forwards and gone else {}
    return [
        _Member(row["code"], row["body"], row["people"], row["counted_on"], row["moved_to"] or found.get(row["code"]))
        for row in rows
    ]


async def _after_closing(db: Reads, gone: Mapping[str, Any], days: DayPair) -> dict[str, str]:
    """Return where practices that are not there on the later day went: where their successor or their last body is."""
    chains = await chains_from(db, gone, days.end, days.known)
    ends = chains.ends_of(gone, since=days.start + _A_DAY)
    successors = {code: found[0][0] for code, found in ends.items() if len(found) == 1 and found[0][0] != code}
    by_successor = await _parents_on(db, dict.fromkeys(successors.values(), days.end), days)
    last_days = {code: min(row["closed"] or days.end, days.end) - _A_DAY for code, row in gone.items()}
    last = await _parents_on(db, last_days, days)
    bodies = await chains_from(db, set(last.values()), days.end, days.known)
    on_day: dict[date, set[str]] = defaultdict(set)
    for code, body in last.items():
        on_day[last_days[code]].add(body)
    image = {day: bodies.ends_of(some, since=day + _A_DAY) for day, some in on_day.items()}
    found_at: dict[str, str] = {}
    for code, body in last.items():
        [*ends_of_body] = image[last_days[code]][body]
        if len(ends_of_body) == 1:
            found_at[code] = ends_of_body[0][0]
    return found_at | {
        code: by_successor[successor] for code, successor in successors.items() if successor in by_successor
    }


async def _parents_on(db: Reads, on: Mapping[str, date], days: DayPair) -> ByCode[str]:
    return dict(await db.fetch(_PARENTS_ON, list(on), list(on.values()), days.known))
