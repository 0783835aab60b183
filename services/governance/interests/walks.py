"""How a person is conflicted in an item: by a path of dated interests from the person to a party of the item.

A member is conflicted where a path of edges, each in force on the item's day and known at the meeting, leads to a party
of the item. A path ends at the first party; each edge is walked once, so that cycles end; shares multiply along
ownership. The strictest action of the paths counts. `queries` finds them.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class InterestType(StrEnum):
    """The four sorts of interest of the statutory guidance."""

    FINANCIAL = "financial"
    PROFESSIONAL = "non_financial_professional"
    PERSONAL = "non_financial_personal"
    INDIRECT = "indirect"


class Relation(StrEnum):
    """How one node of a path is tied to the next."""

    PARTNER_IN = "partner_in"
    OWNS = "owns"
    EMPLOYED_BY = "employed_by"
    DIRECTOR_OF = "director_of"
    CLOSE_TO = "close_to"
    REGULATES = "regulates"
    HOSTS = "hosts"
    MEMBER_OF = "member_of"
    SITS_IN = "sits_in"
    """Holds a post in a body of the organisation."""
    SUCCEEDED_BY = "succeeded_by"
    """Lives on in the other from the day of its succession: no interest of its own, but it leads on there."""


_UNDECLARED = {
    Relation.SITS_IN: InterestType.PROFESSIONAL,
    Relation.MEMBER_OF: InterestType.PROFESSIONAL,
    Relation.REGULATES: InterestType.PROFESSIONAL,
}


@dataclass(frozen=True, slots=True)
class Edge:
    """An interest that is in force and known: `holder` is tied to `other`; `share` is of what is owned, 1 else."""

    id: str
    holder: str
    relation: Relation
    other: str
    share: Fraction = Fraction(1)
    type: InterestType | None = None
    """Which sort of interest it was declared as; None where it was not declared."""


@dataclass(frozen=True, slots=True)
class Path:
    """Edges from a person to a party, and what share of the party they own together along the path."""

    edges: tuple[Edge, ...]

    @property
    def party(self) -> str:
        """The party that it leads to."""
        return self.edges[-1].other

    @property
    def share(self) -> Fraction:
        """The product of the shares."""
        product = Fraction(1)
        for edge in self.edges:
            product *= edge.share
        return product

    @property
    def is_direct(self) -> bool:
        """Whether the interest is the person's own, not by way of another; a successor is the same body."""
        return sum(edge.relation != Relation.SUCCEEDED_BY for edge in self.edges) == 1

    @property
    def type(self) -> InterestType:
        """Which sort of interest it is: indirect by way of another person, else as its first edge was declared."""
        if any(edge.relation == Relation.CLOSE_TO for edge in self.edges):
            return InterestType.INDIRECT
        first = self.edges[0]
        return first.type or _UNDECLARED.get(first.relation, InterestType.FINANCIAL)
