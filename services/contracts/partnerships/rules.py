"""When a project may go through a partnership: pure functions over the pack of the day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from libs.common.errors import DomainError, Reason
from libs.common.money import pounds
from libs.common.rulepacks import RulePack, in_force
from services.contracts.core.errors import NoRuleInForce
from services.contracts.core.packs import PACKS
from services.contracts.partnerships.errors import NoBetterThan, RouteNotQuoted


class Route(StrEnum):
    """How a project is procured."""

    SEP = "sep"
    FRAMEWORK = "framework"
    STAND_ALONE = "stand_alone"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Quotes by route, in pence of net present cost, and what other reasons for the partnership are worth."""

    quotes: Mapping[str, int]
    other_value_pence: int
    pack: RulePack

    @property
    def alternatives(self) -> Mapping[str, int]:
        """The quotes that the partnership has to beat."""
        return {route: self.quotes[route] for route in self.pack.values["has_to_beat"] if route in self.quotes}

    @property
    def best_alternative(self) -> str | None:
        """The cheapest of them, the first of the pack's order in a tie; None where there is none."""
        return min(self.alternatives, key=self.alternatives.__getitem__, default=None)

    @property
    def better_by_pence(self) -> int | None:
        """By how much the partnership is better than the best alternative, other reasons counted; negative: worse.

        None: it cannot be said, for want of a quote.
        """
        own = self.quotes.get(self.pack.values["partnership"])
        if own is None or self.best_alternative is None:
            return None
        return self.alternatives[self.best_alternative] - (own - self.other_value_pence)

    @property
    def is_open(self) -> bool:
        """Whether the partnership's route may be chosen: it is better, and a tie is not."""
        return self.better_by_pence is not None and self.better_by_pence > 0


def pack_on(day: date) -> RulePack:
    """Return the pack on the partnership's route. Raises NoRuleInForce."""
    packs = in_force(PACKS, day, subject="partnership-route")
    if not packs:
        raise NoRuleInForce(f"no rule on partnership-route is in force on {day.isoformat()}")
    return packs[0]


def pack_named(name: str, day: date) -> RulePack:
    """Return the pack by which a comparison was recorded; where it is there no longer, that of the day."""
    return next((one for one in PACKS if one.id == name), None) or pack_on(day)


def why_not_this_route(compared: Comparison, chosen: str) -> list[DomainError]:
    """Return every reason against a choice."""
    found: list[DomainError] = []
    if chosen not in compared.quotes:
        message = f"{chosen} has no quote"
        found.append(RouteNotQuoted(message, reasons=[Reason(message, f"quotes.{chosen}_pence")]))
    if chosen == compared.pack.values["partnership"] and not compared.is_open:
        message = _why_not_better(compared)
        found.append(NoBetterThan(message, reasons=[Reason(message, "chosen")]))
    return found


def _why_not_better(compared: Comparison) -> str:
    best, by = compared.best_alternative, compared.better_by_pence
    if best is None:
        return "no alternative is recorded that the partnership could be better than"
    if by is None:
        return "the partnership has no quote to compare"
    if by == 0:
        return f"the partnership is no better than {best}: a tie"
    return f"the partnership is {pounds(-by)} worse than {best}"
