"""Tables of shares: how the customers of a contract divide its cost, staff, legal obligations and risk, exactly."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import Final, Literal

from libs.common.money import apportion

ShareKind = Literal["cost", "hr", "legal", "risk"]
Basis = Literal["stated", "population:registered", "population:weighted", "usage"]


class ShareFacet(IntEnum):
    """The facet of `contract_share` that a table of this kind is recorded under."""

    COST = 1
    HR = 2
    LEGAL = 3
    RISK = 4


FACETS: Final[Mapping[ShareKind, ShareFacet]] = {
    "cost": ShareFacet.COST,
    "hr": ShareFacet.HR,
    "legal": ShareFacet.LEGAL,
    "risk": ShareFacet.RISK,
}


@dataclass(frozen=True, slots=True)
class ShareTable:
    """The whole table of a day: positive integer weights by code, which make up the total."""

    total: int
    weights: Mapping[str, int]
    basis: Basis = "stated"

    @property
    def holders(self) -> frozenset[str]:
        """The codes that have a share."""
        return frozenset(self.weights)

    def as_text(self) -> str:
        """Return the value of the timeline: the same text for the same table."""
        return json.dumps(
            {"basis": self.basis, "total": self.total, "weights": dict(sorted(self.weights.items()))},
            separators=(",", ":"),
            sort_keys=True,
        )

    def fractions(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Return the exact shares of these codes, in their order, as an event has them."""
        return tuple(str(Fraction(self.weights.get(code, 0), self.total)) for code in codes)

    def divided(self, amount_pence: int) -> dict[str, int]:
        """Return each holder's part of an amount, to the penny by largest remainder."""
        codes = sorted(self.weights)
        return dict(zip(codes, apportion(amount_pence, [self.weights[code] for code in codes]), strict=True))

    def moved(self, leaving: Collection[str], joining: Sequence[str]) -> "ShareTable":
        """Return the table after a succession: who joins has the shares of those who leave, several in equal parts."""
        given = sum(weight for code, weight in self.weights.items() if code in leaving)
        if not given or not joining:
            return self
        parts = len(joining)
        kept = {code: weight * parts for code, weight in self.weights.items() if code not in leaving}
        for code in joining:
            kept[code] = kept.get(code, 0) + given
        return ShareTable(self.total * parts, kept, self.basis)

    def parted(self, joining: Sequence[str], older: "ShareTable") -> "ShareTable":
        """Return the table once bodies are back that another had taken over, which stays: by an older table.

        Each has that part of what the heir has which it had of what the heir took over; without one, an equal part.
        """
        heirs = sorted(self.holders - older.holders)
        heirs = heirs or [max(sorted(self.holders), key=lambda one: self._grown(one, older))]
        parts = {code: weight for code, weight in older.weights.items() if code not in self.weights or code in heirs}
        given = sum(parts.get(code, 0) for code in joining)
        if given == sum(parts.values()) or not parts.keys() >= set(joining):
            parts, given = dict.fromkeys([*joining, heirs[0]], 1), len(joining)
        whole, taken = sum(parts.values()), sum(self.weights[code] for code in heirs)
        weights = {code: weight * (whole - given if code in heirs else whole) for code, weight in self.weights.items()}
        return ShareTable(self.total * whole, weights | {code: taken * parts[code] for code in joining}, self.basis)

    def _grown(self, code: str, older: "ShareTable") -> Fraction:
        return Fraction(self.weights[code], self.total) - Fraction(older.weights.get(code, 0), older.total)


def table_of(text: str) -> ShareTable:
    """Return the table that a text of the timeline has."""
    value = json.loads(text)
    return ShareTable(value["total"], value["weights"], value["basis"])


def equal_parts(codes: Collection[str]) -> ShareTable:
    """Return the table of customers that agreed none: each pays the same part of the charge."""
    return ShareTable(len(codes), dict.fromkeys(sorted(codes), 1))


IS_WHOLE: Final = """
CREATE OR REPLACE FUNCTION share_table_is_whole(value text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
SELECT coalesce((value::jsonb ->> 'total')::numeric = (
    SELECT sum(weight::numeric) FROM jsonb_each_text(value::jsonb -> 'weights') AS part (code, weight)
    HAVING min(weight::numeric) > 0), value IS NULL)
$$
"""
"""SQL: whether a table's weights are positive and make up its total; true of no table."""
