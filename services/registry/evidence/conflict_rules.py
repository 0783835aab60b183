"""Compares the claims of each family of sources, taken alone, with what is believed. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from libs.common.process.clock import day_of
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, OFFICIAL, Days, Piece, Statement, in_order, superseded
from services.registry.core.sources import family_of


@lru_cache(maxsize=10_000)
def _meaning(value: str | None) -> str:
    return " ".join((value or "").casefold().split())


@dataclass(frozen=True, slots=True)
class Claim:
    """A source's statement about one facet, with its instant. No value: that nothing holds."""

    source: str
    rank: int
    value: str | None
    days: Days
    stated_at: datetime
    observed: bool = False
    lasting: bool = field(default=False, compare=False)
    """It is about what happened on its first day: true on all later days, also those after it was stated."""

    @property
    def family(self) -> str:
        """The family of the source."""
        return family_of(self.source)

    @property
    def meant(self) -> str:
        """The value without regard to capitals and spaces: another spelling is no contradiction."""
        return _meaning(self.value)


@dataclass(frozen=True, slots=True)
class Differing:
    """Days on which families of sources differ. `rules` is the value that is believed, None for no value."""

    days: Days
    words: tuple[Claim, ...]
    """One claim of each family, the highest rank and the latest first."""
    rules: str | None
    why: str
    """`rank`, `later word`, `observation`, `lives`, `stated` or `hearsay`."""
    because: str


Believed = Sequence[tuple[Days, str]]
"""What is believed, with its days."""


def differing(statements: Iterable[Claim], believed: Believed, *, otherwise: str = "lives") -> list[Differing]:
    """Return the days on which families of sources, each taken alone, claim different values.

    A claim with an end claims all of its days, and so does one about days to come. A claim without an end covers the
    days until it was stated: a file of 2019 claims nothing about 2021. An observation claims its day, and the days
    between two equal observations. A family's latest claim replaces its earlier ones on its days.

    What is believed rules, as every answer has it. `otherwise` is why, where neither rank nor time explains it.
    """
    by_family: dict[str, list[Claim]] = defaultdict(list)
    for statement in statements:
        by_family[statement.family].append(statement)
    claims = [claim for family in by_family.values() for claim in _claims(family)]
    edges = sorted(
        {
            edge
            for days in (*(one[0] for one in claims), *(one[0] for one in believed))
            for edge in (days.start, days.end)
        }
    )
    every = [claim for family in by_family.values() for claim in family]
    found: list[Differing] = []
    for start, end in pairwise(edges):
        claimed = [claim for days, claim in claims if days.start <= start and end <= days.end]
        value = next((value for days, value in believed if start in days), None)
        if {claim.meant for claim in claimed} <= {_meaning(value)}:
            continue
        ruling = _ruling(value, claimed, every, start)
        others = [claim for claim in claimed if ruling is None or claim.family != ruling.family]
        if len({claim.meant for claim in (*others, ruling) if claim is not None}) < 2:
            continue
        last = found[-1] if found else None
        before = last.days.start if last is not None and last.days.end == start else start
        one = _judged(Days(before, end), value, ruling, others, otherwise)
        if last is not None and before != start and (last.words, last.rules) == (one.words, one.rules):
            found[-1] = one
        else:
            found.append(_judged(Days(start, end), value, ruling, others, otherwise))
    return found


def _ruling(value: str | None, claimed: Iterable[Claim], every: Iterable[Claim], day: date) -> Claim | None:
    """Return the claim that the belief of a day comes from; None where it is no source's own."""
    meant = _meaning(value)
    of_the_day = [claim for claim in claimed if claim.meant == meant]
    inferred = [claim for claim in every if claim.meant == meant and day in claim.days] if value is not None else []
    return max(
        of_the_day or inferred,
        key=lambda claim: (claim.rank, claim.value == value, claim.stated_at, claim.source),
        default=None,
    )


def _in_order(claims: Iterable[Claim]) -> list[Claim]:
    """Order claims so that of two of one instant the same one always counts as later, as on a timeline."""
    return sorted(claims, key=lambda one: (not one.observed, one.days.start, one.days.end, one.value or "", one.source))


def _claims(claims: Iterable[Claim]) -> list[tuple[Days, Claim]]:
    """Return one family's latest claims, in the order of their days."""
    statements = [
        Statement(claim, Days(claim.days.start, _claimed_until(claim)), claim.stated_at, rank=claim.rank, order=order)
        for order, claim in enumerate(_in_order(claims))
    ]
    bridged: list[tuple[Days, Claim]] = []
    for days, claim in _now(statements):
        before = bridged[-1] if bridged else None
        if before is not None and before[1].observed and claim.observed and before[1].value == claim.value:
            bridged[-1] = (Days(before[0].start, days.start), before[1])
        bridged.append((days, claim))
    return bridged


def _claimed_until(claim: Claim) -> date:
    """Return the first day that a claim no longer covers."""
    stated_on = day_of(claim.stated_at)
    if claim.lasting or claim.days.end != LAST_DAY or (claim.days.start > stated_on and not claim.observed):
        return claim.days.end
    return (claim.days.start if claim.observed else stated_on) + timedelta(days=1)


def _now(statements: Iterable[Statement[Claim]]) -> list[tuple[Days, Claim]]:
    timeline: list[Piece[Claim]] = []
    for one in in_order(statements):
        timeline = superseded(timeline, Piece(one.days, one.value, one))
    return [(piece.days, piece.value) for piece in timeline if piece.value is not None]


_OTHERWISE = {
    "lives": "no other value fits the lives of the bodies, or was stated of these very days",
    "stated": "a succession that an official source states is followed until one takes it back",
}


def _judged(days: Days, value: str | None, ruling: Claim | None, others: Sequence[Claim], otherwise: str) -> Differing:
    claims = sorted(
        [*others] if ruling is None else [ruling, *others],
        key=lambda claim: (-claim.rank, -claim.stated_at.timestamp(), claim.source),
    )
    first = claims[0] if ruling is None else ruling
    other = next(claim for claim in claims if claim.meant != first.meant)
    values = f"{_period(days)} {first.source} says {_shown(first.value)}, {other.source} says {_shown(other.value)}"
    if ruling is None:
        why = "hearsay" if all(claim.rank < OFFICIAL for claim in claims) else otherwise
        how = "neither is a register or an official list" if why == "hearsay" else _OTHERWISE[why]
        return Differing(days, tuple(claims), value, why, f"{values}; {_shown(value)} is believed: {how}")
    if ruling.rank > other.rank:
        why, how = "rank", f"{ruling.family} ranks above {other.family} ({ruling.rank} against {other.rank})"
    elif other.observed and (ruling.rank, ruling.stated_at) <= (other.rank, other.stated_at):
        why, how = "observation", f"{other.family} only observed this, on some days"
    elif ruling.rank < other.rank or ruling.stated_at < other.stated_at:
        why, how = otherwise, _OTHERWISE[otherwise]
    elif ruling.stated_at > other.stated_at:
        why, how = (
            "later word",
            f"it stated this later, on {ruling.stated_at:%Y-%m-%d} after {other.stated_at:%Y-%m-%d}",
        )
    else:
        why, how = "later word", "of two statements of one instant, the one about the later day counts as later"
    return Differing(days, tuple(claims), value, why, f"{values}; {ruling.family} rules: {how}")


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value


def _period(days: Days) -> str:
    since = "" if days.start == FIRST_DAY else f"from {days.start}"
    until = "" if days.end == LAST_DAY else f"to {days.end - timedelta(days=1)}"
    return " ".join(part for part in (since, until) if part).capitalize() or "On all days"
