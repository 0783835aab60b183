"""Moderates registered lists by local authority, so that the people of an authority are as many as the ONS counts.

Within one authority every list is multiplied by the same factor: the authority's people over the sum of its lists. A
body's population is the sum over its authorities, an exact fraction. The pence of an authority are divided in
proportion to its lists, by largest remainder, so that its bodies together have the rate times its people to the penny.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from libs.common.money import apportion


@dataclass(frozen=True, slots=True)
class Moderated:
    """A body's people after moderation, exactly, and its pence of a whole year."""

    people: Fraction
    pence: int


def factors(lists: Mapping[tuple[str, str], int], totals: Mapping[str, int]) -> dict[str, Fraction]:
    """Return the factor of each authority that was counted; `lists` are by body and authority."""
    sums: dict[str, int] = defaultdict(int)
    for (_, authority), people in lists.items():
        sums[authority] += people
    return {one: Fraction(totals[one], people) for one, people in sorted(sums.items()) if people and one in totals}


def moderated(lists: Mapping[tuple[str, str], int], totals: Mapping[str, int], rate_pence: int) -> dict[str, Moderated]:
    """Return each body's people and pence. In an authority that was not counted a list stays as it is."""
    by_authority: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (body, authority), people in sorted(lists.items()):
        by_authority[authority].append((body, people))
    known = factors(lists, totals)
    people_of: dict[str, Fraction] = defaultdict(Fraction)
    pence_of: dict[str, int] = defaultdict(int)
    for authority, bodies in by_authority.items():
        factor = known.get(authority, Fraction(1))
        counted = totals[authority] if authority in known else sum(people for _, people in bodies)
        weights = [people for _, people in bodies]
        parts = apportion(rate_pence * counted, weights) if sum(weights) else [0] * len(weights)
        for (body, people), pence in zip(bodies, parts, strict=True):
            people_of[body] += people * factor
            pence_of[body] += pence
    return {body: Moderated(people_of[body], pence_of[body]) for body in sorted(people_of)}
