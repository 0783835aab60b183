"""A service's copy of who owns, hosts or belongs to whom, in two times, by the registry's own rule."""

from collections.abc import Collection, Sequence

import asyncpg
from sqlalchemy import Column, Identity, Index, Integer, MetaData, Table, Text, UniqueConstraint

from libs.common.events import Event
from libs.common.events.registry import OrganisationRelated, OrganisationUnrelated
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement, Timeline

OWNS, HOSTS, PART_OF_FOOTPRINT, PARTNER_IN = "owns", "hosts", "part of footprint", "partner in"
WHOLLY = "*"
"""A relation without a share."""
_ONE_FACET = 1

# Locked in order, so that two batches about one relation are taken up one after the other.
_INTRODUCE = """
INSERT INTO known_relation (code, relation, other)
SELECT c, r, o FROM unnest($1::text[], $2::text[], $3::text[]) AS new (c, r, o) ORDER BY c, r, o
    ON CONFLICT (code, relation, other) DO UPDATE SET other = EXCLUDED.other
RETURNING id, code, relation, other
"""


class KnownRelations:
    """The tables of the copy: `known_relation`, and its timeline with the share, or `*`, on the days of the relation.

    Only the relations named here are kept. `rows` are the names of the tables; `content` selects what is known.
    """

    content = """
SELECT r.code, r.relation, r.other, b.value, b.valid::text, b.known::text
  FROM known_relation r JOIN known_relation_belief b ON b.subject_id = r.id
"""

    def __init__(self, metadata: MetaData, relations: Collection[str]) -> None:
        self._relations = frozenset(relations)
        Table(
            "known_relation",
            metadata,
            Column("id", Integer, Identity(always=True), primary_key=True),
            Column("code", Text, nullable=False),
            Column("relation", Text, nullable=False),
            Column("other", Text, nullable=False),
            UniqueConstraint("code", "relation", "other"),
            Index(None, "other"),
        )
        self.timeline = Timeline(metadata, "known_relation")
        self.rows = (self.timeline.beliefs, self.timeline.statements, "known_relation")

    async def know(self, events: Sequence[Event], connection: asyncpg.Connection) -> None:
        """Take a batch of the registry's events into the copy; repeated events change nothing."""
        stated = [
            event
            for event in events
            if isinstance(event, OrganisationRelated | OrganisationUnrelated) and event.relation in self._relations
        ]
        if not stated:
            return
        of = sorted({(one.code, one.relation, one.other) for one in stated})
        rows = await connection.fetch(_INTRODUCE, *(list(column) for column in zip(*of, strict=True)))
        ids = {(row["code"], row["relation"], row["other"]): row["id"] for row in rows}
        statements = [_statement(one, ids[one.code, one.relation, one.other]) for one in stated]
        await self.timeline.state(connection, statements, source="registry", by="service:registry")


def _statement(event: OrganisationRelated | OrganisationUnrelated, subject: int) -> NewStatement:
    value, until = None, None
    if isinstance(event, OrganisationRelated):
        value, until = event.share or WHOLLY, event.until
    days = Days(event.effective_on, until or LAST_DAY)
    return NewStatement(subject, _ONE_FACET, value, days, event.stated_at, rank=event.rank, source=event.source)
