"""Stores the beliefs about relations, which depend on the lives and successions of the bodies that they name.

Whatever states a relation, a life or a succession ends here: the relations that it touches are computed anew from all
statements, so that neither the order of files nor who states what first makes a difference.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import asyncpg

from libs.common.rulepacks import RulePack
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Belief, Days
from libs.common.temporal.timeline import Key, NewStatement
from libs.organisations.lifetimes import Lifetimes, Successor, relation_beliefs
from libs.organisations.statements import ABOVE, Facet
from libs.organisations.successions import BOTH_CONTINUE
from services.registry.core.links import Relation
from services.registry.core.models import tie_time, timeline
from services.registry.core.rule_packs import PACKS

ONE_FACET = 1
"""The only facet of a link, and of an area: which body covers it."""

LEVELS: Mapping[Facet, RulePack] = {
    Facet[pack.values["facet"]]: pack for pack in PACKS if pack.subject == "level" and pack.status == "active"
}
"""The pack of each level above a commissioner or a trust: on which days there is such a level."""

_AT_A_TIME = 5_000

# Without it, a transaction that changes a life could miss the relation that another is just stating, and the other way
# round: each would see the registry without the other. It is the last lock that a command takes.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('relations', 0))"

_FACETS = ", ".join(f"{facet:d}" for facet in sorted(ABOVE))

_LED_TO = """
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.code FROM succession s JOIN line ON s.successor = line.code
)
"""

_NAMING = f"""{_LED_TO}
SELECT DISTINCT s.subject_id, s.facet
  FROM organisation_statement s WHERE s.facet IN ({_FACETS}) AND s.value IN (SELECT code FROM line)
 UNION
SELECT DISTINCT s.subject_id, s.facet
  FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id
 WHERE s.facet IN ({_FACETS}) AND o.code = ANY($1)
"""  # noqa: S608  (only numbers of ours are put in)

_TIES = """
SELECT id FROM tie WHERE sort = ANY($2) AND code = ANY($1)
 UNION
SELECT id FROM tie WHERE sort = ANY($2) AND other = ANY($1)
"""

_LIVES = f"""
SELECT o.code, b.value, lower(b.valid), upper(b.valid), lower(b.known), upper(b.known)
  FROM organisation o JOIN organisation_belief b ON b.subject_id = o.id AND b.facet = {Facet.LIFE:d}
 WHERE o.code = ANY($1)
"""  # noqa: S608  (only numbers of ours are put in)

_DATED = f"""
SELECT o.code, min(s.stated_at)
  FROM organisation o JOIN organisation_statement s ON s.subject_id = o.id AND s.facet = {Facet.LIFE:d}
 WHERE o.code = ANY($1) AND s.rank >= 0 AND s.value IN ('open', 'proposed') GROUP BY o.code
"""  # noqa: S608  (only numbers of ours are put in)

_FIRST_DATED = f"""
SELECT o.code FROM unnest($1::int[], $2::timestamptz[]) AS new (subject, at) JOIN organisation o ON o.id = new.subject
 WHERE NOT EXISTS (SELECT FROM organisation_statement s
                    WHERE s.subject_id = new.subject AND s.facet = {Facet.LIFE:d}
                      AND s.rank >= 0 AND s.value IN ('open', 'proposed') AND s.stated_at < new.at)
"""  # noqa: S608  (only numbers of ours are put in)

_SUCCESSORS = """
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.successor FROM succession s JOIN line ON s.code = line.code
)
SELECT s.code, s.successor, s.effective_on, lower(s.known), upper(s.known)
  FROM succession s JOIN line USING (code) WHERE s.code <> s.successor AND s.shape <> ALL($2)
"""


@dataclass(slots=True)
class Touched:
    """What a transaction stated that the beliefs about relations depend on."""

    relations: set[Key] = field(default_factory=set)
    """Bodies, by their ids, with the relations about which something was stated."""
    ties: set[int] = field(default_factory=set)
    """Links between bodies about which something was stated, by their ids."""
    lives: set[str] = field(default_factory=set)
    """Codes of the bodies of whose lives something else is known than before."""
    followed: set[str] = field(default_factory=set)
    """Codes of the bodies about whose successors something was stated."""
    stated: set[Key] = field(default_factory=set)
    """Bodies, by their ids, with the facets of which something was stated, or of which something else may be believed
    than before: complete once the relations are settled."""

    def __bool__(self) -> bool:
        return bool(self.relations or self.ties or self.lives or self.followed)


Follows = Callable[[asyncpg.Connection, Touched], Awaitable[None]]
"""Stores what follows from what a transaction stated."""

FOLLOWING: list[Follows] = []
"""What is computed at the end of each transaction, by packages that stand on the core and are not imported by it."""


async def one_at_a_time(connection: asyncpg.Connection) -> None:
    """Wait until no other transaction computes what follows of several bodies, and see what it stored."""
    await connection.execute(_ONE_AT_A_TIME)


async def settle(connection: asyncpg.Connection, touched: Touched) -> None:
    """Compute and store what follows about relations."""
    if not touched:
        return
    await one_at_a_time(connection)
    keys, ties = set(touched.relations), set(touched.ties)
    if codes := sorted(touched.lives | touched.followed):
        keys.update((subject, facet) for subject, facet in await connection.fetch(_NAMING, codes))
    if codes := sorted(touched.lives):
        ties.update(row["id"] for row in await connection.fetch(_TIES, codes, list(Relation)))
    for facet, pack in LEVELS.items():
        if before := pack.values.get("after"):
            keys.update((subject, facet) for subject, of in list(keys) if of == Facet[before])
    touched.stated |= keys
    in_order, links = sorted(keys), sorted(ties)
    for start in range(0, len(in_order), _AT_A_TIME):
        await timeline.store(connection, await _beliefs(connection, in_order[start : start + _AT_A_TIME]))
    for start in range(0, len(links), _AT_A_TIME):
        await tie_time.store(connection, await _link_beliefs(connection, links[start : start + _AT_A_TIME]))


async def first_dated(connection: asyncpg.Connection, statements: Iterable[NewStatement]) -> set[str]:
    """Return the codes of the bodies whose first day no register gave before these statements.

    Relations depend on that too (`Lifetimes.dated`), also where nothing else is believed of the life than before.
    """
    new: dict[int, datetime] = {}
    for one in statements:
        if one.facet == Facet.LIFE and one.rank >= 0 and one.value in ("open", "proposed"):
            new[one.subject_id] = min(one.stated_at, new.get(one.subject_id, one.stated_at))
    rows = await connection.fetch(_FIRST_DATED, list(new), list(new.values())) if new else ()
    return {row["code"] for row in rows}


async def restate_all(connection: asyncpg.Connection) -> None:
    """Compute every belief about bodies and the links between them anew, from all statements."""
    relations = [str(relation) for relation in Relation]
    pairs = await connection.fetch("SELECT DISTINCT subject_id, facet FROM organisation_statement")
    keys = sorted((subject, facet) for subject, facet in pairs if facet not in ABOVE)
    for start in range(0, len(keys), _AT_A_TIME):
        await timeline.restate(connection, keys[start : start + _AT_A_TIME])
    touched = Touched(
        relations={(subject, facet) for subject, facet in pairs if facet in ABOVE},
        ties={row["id"] for row in await connection.fetch("SELECT id FROM tie WHERE sort = ANY($1)", relations)},
    )
    await settle(connection, touched)


async def _beliefs(connection: asyncpg.Connection, keys: Sequence[Key]) -> dict[Key, list[Belief[str]]]:
    earlier = {(subject, before) for subject, facet in keys if (before := _after(facet)) is not None}
    stated = await timeline.statements_about(connection, {*keys, *earlier})
    rows = await connection.fetch(
        "SELECT id, code FROM organisation WHERE id = ANY($1)", [subject for subject, _ in keys]
    )
    codes = {row["id"]: row["code"] for row in rows}
    named = {one.value for statements in stated.values() for one in statements if one.value is not None}
    lifetimes = await _lifetimes(connection, {*codes.values(), *named}, followed=named)
    return {
        (subject, facet): relation_beliefs(
            stated.get((subject, facet), []),
            lifetimes,
            of=[codes[subject]],
            rules=_days_of(facet),
            before=stated.get((subject, before), ()) if (before := _after(facet)) is not None else (),
        )
        for subject, facet in keys
    }


async def _link_beliefs(connection: asyncpg.Connection, ids: Sequence[int]) -> dict[Key, list[Belief[str]]]:
    stated = await tie_time.statements_about(connection, [(link, ONE_FACET) for link in ids])
    rows = await connection.fetch("SELECT id, code, other FROM tie WHERE id = ANY($1)", list(ids))
    lifetimes = await _lifetimes(connection, {code for row in rows for code in (row["code"], row["other"])})
    return {
        (row["id"], ONE_FACET): relation_beliefs(
            stated.get((row["id"], ONE_FACET), []), lifetimes, of=[row["code"], row["other"]], names_bodies=False
        )
        for row in rows
    }


async def _lifetimes(
    connection: asyncpg.Connection, codes: Collection[str], *, followed: Collection[str] = ()
) -> Lifetimes:
    """Return the lives of bodies, and the lives and successors of those that followed some of them."""
    successors: dict[str, list[Successor]] = defaultdict(list)
    for code, *of in await connection.fetch(_SUCCESSORS, sorted(followed), list(BOTH_CONTINUE)) if followed else ():
        successors[code].append(Successor(*of))
    of_all = {*codes, *(one.code for line in successors.values() for one in line)}
    lives: dict[str, list[Belief[str]]] = defaultdict(list)
    for code, status, start, end, known_from, known_to in await connection.fetch(_LIVES, sorted(of_all)):
        lives[code].append(Belief(status, Days(start or FIRST_DAY, end or LAST_DAY), known_from, known_to))
    return Lifetimes(lives, successors, dict(await connection.fetch(_DATED, sorted(of_all))))


def _after(facet: int) -> Facet | None:
    """Return the level that this one took the place of, None where it took none's."""
    pack = LEVELS.get(Facet(facet))
    before = pack.values.get("after") if pack else None
    return Facet[before] if before else None


def _days_of(facet: int) -> Days:
    """Return the days on which there is such a level; the register's own column has no bounds."""
    pack = LEVELS.get(Facet(facet))
    if pack is None:
        return Days()
    return Days(pack.effective_from, _day_after(pack.effective_to))


def _day_after(last: date | None) -> date:
    return LAST_DAY if last is None else last + timedelta(days=1)
