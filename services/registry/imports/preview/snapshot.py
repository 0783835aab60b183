"""Reads beliefs about bodies on a day, which a preview compares before and after a file."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import asyncpg

from libs.common.temporal.believed import ALL_DAYS, NOW, about, as_known, holds
from libs.organisations.statements import Facet
from services.registry.core.believed import believed, believed_link
from services.registry.core.codes import ByCode
from services.registry.core.kinds import Kind
from services.registry.imports.formats.ods_bodies import DORMANT
from services.registry.lineage.queries import steps_from
from services.registry.lineage.tracing import Step, living

# A body that has closed is shown with the parent that it had on its last day: it may have moved before it closed.
_LAST_THERE = "(CASE WHEN life.value = 'closed' THEN lower(life.valid) - 1 ELSE w.day END)"

_STATES = f"""
SELECT o.code, coalesce(life.value, 'unknown') AS status, lower(life.valid) AS since, name.value AS name,
       coalesce(kind.value, 'unknown') AS kind, parent.value AS parent, address.value AS address,
       EXISTS (SELECT 1 FROM tie t JOIN {believed_link("b", day="w.day", known=NOW)}
                WHERE t.code = o.code AND t.sort = 'role' AND t.other = $3) AS dormant,
       EXISTS (SELECT 1 FROM organisation p JOIN {believed("k", Facet.KIND, subject="p.id", day=ALL_DAYS, known=NOW)}
                         AND k.value = 'ccg'
                WHERE p.code = parent.value) AS of_a_ccg
  FROM unnest($1::text[], $2::date[]) AS w (code, day)
  JOIN organisation o ON o.code = w.code
  LEFT JOIN {believed("life", Facet.LIFE, day="w.day", known=NOW)}
  LEFT JOIN {believed("name", Facet.NAME, day="w.day", known=NOW)}
  LEFT JOIN {believed("kind", Facet.KIND, day="w.day", known=NOW)}
  LEFT JOIN {believed("parent", Facet.PARENT, day=_LAST_THERE, known=NOW)}
  LEFT JOIN {believed("address", Facet.ADDRESS, day="w.day", known=NOW)}
"""  # noqa: S608  (only names of ours are put in)

_SAID_ON = f"""
SELECT o.code, max(s.stated_at AT TIME ZONE 'UTC')::date AS day
  FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id
 WHERE {about("s", Facet.PARENT)} AND s.value IS NOT NULL AND o.code = ANY($1)
   AND (s.stated_at AT TIME ZONE 'UTC')::date <= $2
 GROUP BY o.code
"""  # noqa: S608  (only names of ours are put in)

_JOINED = f"""
SELECT DISTINCT ON (o.code) o.code, CASE WHEN s.fills_before THEN NULL ELSE lower(s.valid) END AS day
  FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id
 WHERE {about("s", Facet.PARENT)} AND s.value IS NOT NULL AND o.code = ANY($1)
   AND (s.stated_at AT TIME ZONE 'UTC')::date <= $2
 ORDER BY o.code, s.stated_at DESC, lower(s.valid) DESC
"""  # noqa: S608  (only names of ours are put in)

_TIES = f"""
SELECT t.code, t.sort || ' ' || t.other || CASE b.value WHEN '*' THEN '' ELSE ' ' || b.value END AS tie
  FROM tie t JOIN {believed_link("b", day="$2", known=NOW)}
 WHERE t.code = ANY($1) AND t.sort <> 'role'
"""  # noqa: S608  (only names of ours are put in)

_SUCCESSIONS = f"""
SELECT code, 'followed by ' || successor || ' on ' || effective_on AS word FROM succession
 WHERE {as_known("succession", NOW)} AND code = ANY($1)
"""  # noqa: S608  (only names of ours are put in)

_AREAS = f"""
SELECT b.value AS code, count(*) AS areas FROM area_belief b
 WHERE {holds("b", "$2", NOW)} AND b.value = ANY($1) GROUP BY b.value
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class BodySnapshot:
    """The beliefs about one body on a day."""

    status: str = "unknown"
    since: date | None = None
    name: str | None = None
    kind: Kind = Kind.UNKNOWN
    parent: str | None = None
    address: str | None = None
    dormant: bool = False
    of_a_ccg: bool = False
    """Whether its parent is, or was, a CCG."""

    @property
    def active(self) -> bool:
        """Whether it operates, and was not observed as dormant."""
        return self.status == "open" and not self.dormant


@dataclass(frozen=True, slots=True)
class Beliefs:
    """The beliefs about some bodies on a day, with their links, successions and areas."""

    states: Mapping[str, BodySnapshot]
    extras: Mapping[str, frozenset[str]]
    """Links on the day, successions, and the number of areas covered, as text."""

    def of(self, code: str) -> BodySnapshot:
        """Return the beliefs about a body, empty for one that the registry does not know."""
        return self.states.get(code, BodySnapshot())


async def beliefs_on(connection: asyncpg.Connection, codes: Collection[str], day: date) -> Beliefs:
    """Return the beliefs about these bodies on a day, as known now."""
    wanted = sorted(codes)
    extras: dict[str, set[str]] = defaultdict(set)
    for row in await connection.fetch(_TIES, wanted, day):
        extras[row["code"]].add(row["tie"])
    for row in await connection.fetch(_SUCCESSIONS, wanted):
        extras[row["code"]].add(row["word"])
    for row in await connection.fetch(_AREAS, wanted, day):
        extras[row["code"]].add(f"covers {row['areas']} areas")
    states = await states_on(connection, dict.fromkeys(wanted, day))
    return Beliefs(states, {code: frozenset(words) for code, words in extras.items()})


async def states_on(connection: asyncpg.Connection, days: Mapping[str, date]) -> ByCode[BodySnapshot]:
    """Return the beliefs about bodies, each on a day of its own."""
    rows = await connection.fetch(_STATES, list(days), list(days.values()), DORMANT)
    return {
        row["code"]: BodySnapshot(
            row["status"],
            row["since"],
            row["name"],
            Kind(row["kind"]),
            row["parent"],
            row["address"],
            row["dormant"],
            row["of_a_ccg"],
        )
        for row in rows
    }


async def parents_last_stated_on(connection: asyncpg.Connection, codes: Collection[str], by: date) -> ByCode[date]:
    """Return the day of the latest statement about the parent of each body, up to a day."""
    rows = await connection.fetch(_SAID_ON, sorted(codes), by)
    return {row["code"]: row["day"] for row in rows}


async def joined_on(connection: asyncpg.Connection, codes: Collection[str], day: date) -> ByCode[date | None]:
    """Return the day on which each of these bodies joined its parent, by the latest statement up to a day."""
    rows = await connection.fetch(_JOINED, sorted(codes), day)
    return {row["code"]: row["day"] for row in rows}


async def carried(
    connection: asyncpg.Connection, parents: Mapping[str, str], since: Mapping[str, date], until: date
) -> ByCode[frozenset[str]]:
    """Return the successors of each body's parent by a day, by the successions after its latest statement."""
    steps = await steps_from(connection, sorted(set(parents.values())), until)
    by_day: dict[date, list[str]] = defaultdict(list)
    for code in parents:
        by_day[since.get(code, until)].append(code)
    found: dict[str, frozenset[str]] = {}
    for day, codes in by_day.items():
        ends = _ends(steps, day, {parents[code] for code in codes})
        found |= {code: ends[parents[code]] for code in codes}
    return found


def _ends(steps: Iterable[Step], after: date, codes: Collection[str]) -> dict[str, frozenset[str]]:
    later = [step for step in steps if step.effective_on > after]
    return {code: frozenset(end for end, _ in ends) for code, ends in living(later, codes).items()}
