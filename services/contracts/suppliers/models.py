"""Tables of suppliers: what is stated of them in two times, and a copy of who owns and hosts them by the registry."""

from collections.abc import Collection, Sequence
from enum import IntEnum

import asyncpg
from sqlalchemy import Identity, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.events import Event
from libs.common.events.registry import OrganisationRelated, OrganisationUnrelated
from libs.common.messaging.subscriptions import Projection
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement, Timeline
from services.contracts.core.models import FACET, Base


class Supplier(Base):
    """A supplier of which something was stated; the registry need not have it."""

    __tablename__ = "supplier"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text, unique=True)


class KnownRelation(Base):
    """That one body owns or hosts another, by the registry; `known_relation_belief` says on which days."""

    __tablename__ = "known_relation"
    __table_args__ = (UniqueConstraint("code", "relation", "other"), Index(None, "other"))

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text)
    relation: Mapped[str] = mapped_column(Text)
    other: Mapped[str] = mapped_column(Text)


class Aspect(IntEnum):
    """What is stated of a supplier, each dated on its own. Amounts are whole numbers as text."""

    STATE = 1
    """A state of the life cycle; a checkpoint with its number and outcome (`checkpoint:2:A`)."""
    HOST = 2
    """A code; empty: no body hosts it."""
    OWNER = 3
    """A code; empty: it has no owner but itself."""
    SECTOR = 4
    """Its owner's: `public`, `private` or `third`."""
    FIXED = 5
    """Fixed cost a year, in pence."""
    PER_HEAD = 6
    """Cost a head and year, in pence."""
    HEADS = 7
    PRICE = 8
    """Price a head and year, in pence."""
    BASIS = 9
    """`stated` or `illustrative`: of its costs."""


HANDS = (Aspect.STATE, Aspect.HOST, Aspect.OWNER, Aspect.SECTOR)
COSTS = (Aspect.FIXED, Aspect.PER_HEAD, Aspect.HEADS, Aspect.PRICE, Aspect.BASIS)

statements = Timeline(Base.metadata, "supplier")
"""Subject: a supplier. Facets: `Aspect`."""

OWNS, HOSTS = "owns", "hosts"
WHOLLY = "*"
"""A relation without a share."""

relations = Timeline(Base.metadata, "known_relation")
"""Subject: a relation. Its share, or `*`, on the days on which the registry states it."""

_INTRODUCE = """
INSERT INTO known_relation (code, relation, other)
SELECT DISTINCT c, r, o FROM unnest($1::text[], $2::text[], $3::text[]) AS new (c, r, o) ORDER BY c, r, o
    ON CONFLICT (code, relation, other) DO UPDATE SET other = EXCLUDED.other
RETURNING id, code, relation, other
"""

_CONTENT = """
SELECT r.code, r.relation, r.other, b.value, b.valid::text, b.known::text
  FROM known_relation r JOIN known_relation_belief b ON b.subject_id = r.id
 ORDER BY 1, 2, 3, 4, 5, 6
"""

_BEHIND = "SELECT EXISTS (SELECT FROM known_relation_statement WHERE recorded_by = 'migration')"

known_relations = Projection(
    name="known_relations",
    tables=(relations.beliefs, relations.statements, "known_relation"),
    content=_CONTENT,
    carried_over=_BEHIND,
)


async def know_relations(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Copy who owns and hosts whom from a batch of the registry's events."""
    stated = [
        event
        for event in events
        if isinstance(event, OrganisationRelated | OrganisationUnrelated) and event.relation in (OWNS, HOSTS)
    ]
    ids = await _introduce(connection, {(one.code, one.relation, one.other) for one in stated})
    await relations.state(
        connection,
        [
            NewStatement(
                ids[one.code, one.relation, one.other],
                FACET,
                (one.share or WHOLLY) if isinstance(one, OrganisationRelated) else None,
                Days(one.effective_on, (one.until if isinstance(one, OrganisationRelated) else None) or LAST_DAY),
                one.stated_at,
                rank=one.rank,
                source=one.source,
            )
            for one in stated
        ],
        source="registry",
        by="service:registry",
    )


async def _introduce(
    connection: asyncpg.Connection, related: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], int]:
    """Lock the rows of these relations, making those that are new; return their ids."""
    if not related:
        return {}
    rows = await connection.fetch(_INTRODUCE, *(list(column) for column in zip(*related, strict=True)))
    return {(row["code"], row["relation"], row["other"]): row["id"] for row in rows}
