"""Tables of parties: copies of what decides a sector and who is in a footprint, and sets of parties that users name."""

from sqlalchemy import Identity, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from libs.common.temporal.timeline import Timeline
from libs.organisations.relations import HOSTS, OWNS, PART_OF_FOOTPRINT, PARTNER_IN, KnownRelations
from services.finance.core.models import Base

ONE_FACET = 1
"""The facet of a timeline that has only one."""


class KnownParty(Base):
    """A party of which contracts or the registry state something that decides its sector."""

    __tablename__ = "known_party"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text, unique=True)


class NamedLens(Base):
    """A set of parties that an organisation named; `lens_belief` has its members, sorted and joined by commas."""

    __tablename__ = "lens"
    __table_args__ = (UniqueConstraint("organisation", "name"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    organisation: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=0)


parties = Timeline(Base.metadata, "known_party")
"""Subject: a party. Facets: `rules.Aspect`."""

relations = KnownRelations(Base.metadata, (OWNS, HOSTS, PART_OF_FOOTPRINT, PARTNER_IN))
"""Who owns and hosts whom, who is in a footprint, and who is a partner in one, by the registry."""

members = Timeline(Base.metadata, "lens", long_values=True)
"""Subject: a named lens. Its members on the days on which it has them."""

_CONTENT = """
SELECT 'party' AS what, p.code, b.facet::text, '' AS other, b.value, b.valid::text, b.known::text
  FROM known_party p JOIN known_party_belief b ON b.subject_id = p.id
 UNION ALL
SELECT 'relation', r.code, r.relation, r.other, b.value, b.valid::text, b.known::text
  FROM known_relation r JOIN known_relation_belief b ON b.subject_id = r.id
 ORDER BY 1, 2, 3, 4, 5, 6, 7
"""

MIGRATED = "(migration)"
"""The row of a migration that found organisations known already: the copy is then rebuilt at the start."""

known_parties = Projection(
    name="known_parties",
    tables=(
        *(parties.beliefs, parties.statements, "known_party"),
        *relations.rows,
    ),
    content=_CONTENT,
    carried_over=f"SELECT EXISTS (SELECT FROM known_party WHERE code = '{MIGRATED}')",  # noqa: S608  (a name from the code)
)
