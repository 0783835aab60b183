"""Walks the interests of persons to the parties of an item, in one recursive statement."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about, as_known, holds
from libs.organisations.relations import WHOLLY
from libs.organisations.successions import BOTH_CONTINUE
from services.governance.core.models import Facet
from services.governance.interests.models import STANDS, Hand
from services.governance.interests.rules import Conflict, action_rules
from services.governance.interests.walks import Edge, InterestType, Path, Relation

_NOW: Final = datetime.max.replace(tzinfo=UTC)

_PARTS = ", ".join(f"'{shape}'" for shape in BOTH_CONTINUE)


def lives_on(row: str, day: str = "$1", known: str = "$2") -> str:
    """Ask that by a succession a body lives on in another by a day, as known; who took a part of a living one is none.

    A body leads to its successor from the day on which that took it over.
    """
    return f"{row}.effective_on <= {day} AND {row}.shape NOT IN ({_PARTS}) AND {as_known(row, known)}"


_LIVES_ON = lives_on("s", "$3", "$4")

# The edges that begin at `w.node` on the day $3, as known at $4. An edge is named by what it says, so that a rebuild
# gives it the same name. $5 are organisations that no path passes.
_EDGES = f"""
    SELECT d.reference AS id, d.relation, d.other, b.value, d.type
      FROM declared_interest d
      JOIN declared_interest_belief b ON b.subject_id = d.id AND {about("b", STANDS)} AND {holds("b", "$3", "$4")}
     WHERE d.person_id = w.node
     UNION ALL
    SELECT concat_ws(' ', 'registry', r.code, r.relation, r.other), replace(r.relation, ' ', '_'), r.other, b.value,
           NULL
      FROM known_relation r
      JOIN known_relation_belief b ON b.subject_id = r.id AND {about("b", 1)} AND {holds("b", "$3", "$4")}
     WHERE r.code = w.node
     UNION ALL
    SELECT concat_ws(' ', 'contracts', b.value, f.relation, o.supplier), f.relation, o.supplier, '{WHOLLY}', NULL
      FROM known_ownership_belief b
      JOIN known_ownership o ON o.id = b.subject_id
      JOIN (VALUES ({Hand.OWNER:d}, '{Relation.OWNS}'), ({Hand.HOST:d}, '{Relation.HOSTS}')) AS f (facet, relation)
        ON f.facet = b.facet
     WHERE b.value = w.node AND {holds("b", "$3", "$4")}
     UNION ALL
    SELECT a.id, '{Relation.SITS_IN}', coalesce(nullif(p.member, ''), o.organisation), '{WHOLLY}', NULL
      FROM appointment a
      JOIN post p ON p.id = a.post_id
      JOIN body o ON o.id = p.body_id
      JOIN post_time_belief b ON b.subject_id = p.id AND {about("b", Facet.HOLDER)} AND b.value = a.id
                             AND {holds("b", "$3", "$4")}
     WHERE a.person_id = w.node
     UNION ALL
    SELECT concat_ws(' ', 'registry', s.code, '{Relation.SUCCEEDED_BY}', s.successor), '{Relation.SUCCEEDED_BY}',
           s.successor, '{WHOLLY}', NULL
      FROM known_succession s
     WHERE s.code = w.node AND {_LIVES_ON}
"""  # noqa: S608  (only names of ours are put in)

# The bodies whose edges end at `r.node`. Declarations and appointments are left out: they begin at persons.
_HOLDERS = f"""
    SELECT k.code AS holder
      FROM known_relation k
      JOIN known_relation_belief b ON b.subject_id = k.id AND {about("b", 1)} AND {holds("b", "$3", "$4")}
     WHERE k.other = r.node
     UNION ALL
    SELECT b.value
      FROM known_ownership o
      JOIN known_ownership_belief b ON b.subject_id = o.id AND {about("b", *Hand)} AND {holds("b", "$3", "$4")}
     WHERE o.supplier = r.node
     UNION ALL
    SELECT s.code FROM known_succession s WHERE s.successor = r.node AND {_LIVES_ON}
"""  # noqa: S608  (only names of ours are put in)

# $1 persons, $2 parties, $6 the greatest number of edges. A path ends at the first party, and passes no node twice. It
# follows bodies that lead to a party alone: where each owns five others, six edges would be 15,000 paths a person.
_WALK = f"""
WITH RECURSIVE to_party (node, hops) AS (
    SELECT p, 0 FROM unnest($2::text[]) AS party (p)
     UNION
    SELECT h.holder, r.hops + 1 FROM to_party r CROSS JOIN LATERAL ({_HOLDERS}) AS h
     WHERE r.hops < $6::int - 1 AND h.holder <> ALL($5::text[])
), walk (person, node, nodes, ids, relations, shares, types, arrived) AS (
    SELECT p, p, ARRAY[p], '{{}}'::text[], '{{}}'::text[], '{{}}'::text[], '{{}}'::text[], false
      FROM unnest($1::text[]) AS asked (p)
     UNION ALL
    SELECT w.person, e.other, w.nodes || e.other, w.ids || e.id, w.relations || e.relation, w.shares || e.value,
           w.types || coalesce(e.type, ''), e.other = ANY($2::text[])
      FROM walk w CROSS JOIN LATERAL ({_EDGES}) AS e
     WHERE NOT w.arrived AND cardinality(w.ids) < $6::int AND e.other <> ALL(w.nodes) AND e.other <> ALL($5::text[])
       AND (e.other LIKE 'P-%' OR e.other IN (SELECT node FROM to_party))
)
SELECT person, nodes, ids, relations, shares, types FROM walk WHERE arrived
"""  # noqa: S608  (what is put in is the statement above)


async def find_paths(
    db: Reads,
    persons: Collection[str],
    parties: Collection[str],
    *,
    on: date,
    as_known: datetime | None,
    most_hops: int,
    but: Collection[str] = (),
) -> list[tuple[str, Path]]:
    """Return each person's paths of interests in force on a day, as known, to a party; the shortest first.

    No path passes or ends at the organisations `but`: those for which the persons decide as its own body.
    """
    asked = (sorted(set(persons)), sorted(set(parties) - set(but)), on, as_known or _NOW, sorted(but), most_hops)
    found = [(row["person"], _path(row)) for row in await db.fetch(_WALK, *asked)]
    return sorted(found, key=lambda one: (one[0], len(one[1].edges), [edge.id for edge in one[1].edges]))


def _path(row: Any) -> Path:
    nodes: Sequence[str] = row["nodes"]
    steps = zip(row["ids"], nodes, row["relations"], nodes[1:], row["shares"], row["types"], strict=False)
    return Path(
        tuple(
            Edge(
                id_,
                holder,
                Relation(relation),
                other,
                Fraction(1) if share == WHOLLY else Fraction(share),
                InterestType(type_) if type_ else None,
            )
            for id_, holder, relation, other, share, type_ in steps
        )
    )


async def find_conflicts(
    db: Reads,
    persons: Collection[str],
    parties: Collection[str],
    *,
    on: date,
    as_known: datetime | None,
    stages: Collection[str],
    but: Collection[str] = (),
    supplying: Collection[str] = (),
) -> list[Conflict]:
    """Return how each person is conflicted in an item of these parties, one conflict a path.

    Of several `stages` the strictest action counts.
    `rules.strictest` gives what counts for each person. Who sits for an organisation of `supplying` has at least the
    action for one's own price. Empty where no rule pack is in force on the day.
    """
    rules = action_rules(on, as_known=as_known)
    if rules is None:
        return []
    paths = await find_paths(db, persons, parties, on=on, as_known=as_known, most_hops=rules.most_hops, but=but)
    return [
        Conflict(person, path, path.type, rules.action_on(path, stages, supplying=supplying), rules.pack)
        for person, path in paths
    ]
