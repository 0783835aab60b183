"""Finds the parties of what a body decides on, and who of its members is conflicted with them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about, holds
from services.governance.interests.models import Hand
from services.governance.interests.queries import find_conflicts, lives_on
from services.governance.interests.rules import Conflict
from services.governance.subjects.queries import find_subject

_NOW: Final = datetime.max.replace(tzinfo=UTC)

_HOLDERS = f"""
       SELECT r.code AS holder, true AS holds FROM known_relation r
         JOIN known_relation_belief b ON b.subject_id = r.id AND {about("b", 1)} AND {holds("b")}
        WHERE r.other = below.code AND r.relation IN ('owns', 'hosts')
        UNION ALL
       SELECT b.value, true FROM known_ownership o
         JOIN known_ownership_belief b ON b.subject_id = o.id AND {about("b", *Hand)} AND {holds("b")}
        WHERE o.supplier = below.code
        UNION ALL
       SELECT s.code, false FROM known_succession s WHERE s.successor = below.code AND {lives_on("s")}
        UNION ALL
       SELECT s.successor, true FROM known_succession s
        WHERE below.holds AND s.code = below.code AND {lives_on("s")}
"""  # noqa: S608  (only names of ours are put in)
# Each body once, so that bodies that own each other end it. Who owns or hosts what a body took over is above it, and so
# is who took over such an owner; what it took over is the body itself, and is not above it.
_ABOVE = f"""
WITH RECURSIVE above (code, holds) AS (
    SELECT c, false FROM unnest($3::text[]) AS asked (c)
     UNION
    SELECT h.holder, h.holds FROM above AS below CROSS JOIN LATERAL ({_HOLDERS}) AS h
)
SELECT DISTINCT code AS holder FROM above WHERE holds
"""  # noqa: S608  (what is put in is the statement above)


@dataclass(frozen=True, slots=True)
class Parties:
    """Who gains or pays by what a body decides, at which stage it is, and for whom alone the body decides.

    `supplying` are those of a body's several organisations that supply, or own or host who does, through others
    too: what is voted on is their own price.
    """

    codes: frozenset[str]
    stage: str
    but: tuple[str, ...]
    supplying: frozenset[str] = frozenset()


async def parties_of(
    db: Reads, subject: str, organisations: Collection[str], *, on: date, as_known: datetime | None
) -> Parties:
    """Return the parties of a subject that a body of these organisations decides on.

    Suppliers and bidders, customers too; who runs it or is paid beside the customers; and who owns or hosts those who
    decide. A body of one organisation decides for it, so that this one is no party; of several, each may be.
    """
    found = await find_subject(db, subject, as_at=on, as_known=as_known)
    above = await _above(db, organisations, on=on, as_known=as_known)
    but = tuple(organisations) if len(organisations) == 1 else ()
    if found is None:
        return Parties(frozenset(above), "", but)
    sellers = {*found.suppliers, *found.bidders}
    gaining = sellers | ({*found.hosts, *found.payees} - set(found.organisations))
    supplying = set() if but else (sellers | await _above(db, sellers, on=on, as_known=as_known)) & set(organisations)
    return Parties(frozenset((gaining | above) - set(but)), found.stage, but, frozenset(supplying))


async def _above(db: Reads, codes: Collection[str], *, on: date, as_known: datetime | None) -> set[str]:
    """Return who owns or hosts one of these bodies, or what it took over, through others too."""
    if not codes:
        return set()
    return {row["holder"] for row in await db.fetch(_ABOVE, on, as_known or _NOW, sorted(codes))}


async def conflicts_with(
    db: Reads,
    persons: Collection[str],
    parties: Parties,
    *,
    on: date,
    as_known: datetime | None,
    stages: Collection[str] = (),
) -> list[Conflict]:
    """Return how persons are conflicted with the parties of an item, at its subject's stage by default."""
    return await find_conflicts(
        db,
        persons,
        parties.codes,
        on=on,
        as_known=as_known,
        stages=stages or (parties.stage,),
        but=parties.but,
        supplying=parties.supplying,
    )
