"""The seat that a post is: its roles and its vote. What is not stated follows from the post's title."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from services.governance.core.catalogue import title_slug


@dataclass(frozen=True, slots=True)
class SeatOfPost:
    """The roles that the holder of a post has in its body, such as `chair`, whether it votes, and its weight."""

    roles: frozenset[str]
    votes: bool = True
    weight: int = 1

    @property
    def text(self) -> str:
        """The value of `Facet.SEAT`: one text for one seat. A weight of one is left out."""
        weight = {} if self.weight == 1 else {"weight": self.weight}
        return json.dumps({"roles": sorted(self.roles), "votes": self.votes} | weight)


def seat_of(slug: str, stated: str | None) -> SeatOfPost:
    """Return a post's seat as stated, else with its title as its one role, and a vote."""
    if stated is None:
        return SeatOfPost(frozenset({title_slug(slug)}))
    value = json.loads(stated)
    return SeatOfPost(frozenset(value["roles"]), value["votes"], value.get("weight", 1))


def deputies_text(persons: Collection[str]) -> str:
    """Return the value of `Facet.DEPUTIES`: one text for the same persons."""
    return json.dumps(sorted(set(persons)))


def deputies_of(stated: str | None) -> tuple[str, ...]:
    """Return the persons who are named as deputies."""
    return tuple(json.loads(stated)) if stated else ()
