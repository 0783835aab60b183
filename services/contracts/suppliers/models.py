"""Tables of suppliers: what is stated of them in two times, and a copy of who owns and hosts them by the registry."""

from enum import IntEnum

from sqlalchemy import Identity, Text
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from libs.common.temporal.timeline import Timeline
from libs.organisations.relations import HOSTS, OWNS, KnownRelations
from services.contracts.core.models import Base


class Supplier(Base):
    """A supplier of which something was stated; the registry need not have it."""

    __tablename__ = "supplier"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text, unique=True)


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
    SCOPE = 10
    """`end_to_end` or `niche`."""
    OFFER = 11
    """What it would take over for whom, as JSON."""
    ASSESSMENT = 12
    """What its last assessment found, as JSON."""


HANDS = (Aspect.STATE, Aspect.HOST, Aspect.OWNER, Aspect.SECTOR)
COSTS = (Aspect.FIXED, Aspect.PER_HEAD, Aspect.HEADS, Aspect.PRICE, Aspect.BASIS)

statements = Timeline(Base.metadata, "supplier")
"""Subject: a supplier. Facets: `Aspect`."""

relations = KnownRelations(Base.metadata, (OWNS, HOSTS))
"""Who owns and hosts whom, by the registry."""

_BEHIND = "SELECT EXISTS (SELECT FROM known_relation_statement WHERE recorded_by = 'migration')"

known_relations = Projection(
    name="known_relations",
    tables=relations.rows,
    content=relations.content + " ORDER BY 1, 2, 3, 4, 5, 6",
    carried_over=_BEHIND,
)
