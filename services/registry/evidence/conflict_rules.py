"""Compares the claims of each family of sources, taken alone, with the claim that has precedence. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days, Statement, history
from services.registry.core.sources import family_of


@dataclass(frozen=True, slots=True)
class Claim:
    """A source's statement about one facet, with its instant. No value: that nothing holds."""

    source: str
    rank: int
    value: str | None
    days: Days
    stated_at: datetime
    observed: bool = False

    @property
    def family(self) -> str:
        """The family of the source."""
        return family_of(self.source)

    @property
    def meant(self) -> str:
        """The value without regard to capitals and spaces: another spelling is no contradiction."""
        return " ".join((self.value or "").casefold().split())


@dataclass(frozen=True, slots=True)
class Differing:
    """Days on which families of sources differ. `rules` is the value that is believed, None for no value."""

    days: Days
    words: tuple[Claim, ...]
    """One claim of each family, the highest rank and the latest first."""
    rules: str | None
    why: str
    """`rank`, `later word`, or `observation`: the other value was only observed, on some days."""
    because: str


def differing(statements: Iterable[Claim]) -> list[Differing]:
    """Return the days on which a family, taken alone, contradicts the ruling claim of another family.

    A claim with an end claims all of its days, and so does one about days to come. A claim without an end covers the
    days until it was stated: a file of 2019 claims nothing about 2021. An observation claims its day, and the days
    between two equal observations. A family's latest claim replaces its earlier ones on its days.
    """
    by_family: dict[str, list[Claim]] = defaultdict(list)
    for statement in statements:
        by_family[statement.family].append(statement)
    claims = [claim for family in by_family.values() for claim in _claims(family)]
    believed = _believed(statement for family in by_family.values() for statement in family)
    edges = sorted({edge for days, _ in [*claims, *believed] for edge in (days.start, days.end)})
    found: list[Differing] = []
    for start, end in pairwise(edges):
        ruling = next((claim for days, claim in believed if start in days), None)
        claimed = [claim for days, claim in claims if days.start <= start and end <= days.end]
        others = [claim for claim in claimed if ruling is not None and claim.family != ruling.family]
        if ruling is None or all(claim.meant == ruling.meant for claim in others):
            continue
        last = found[-1] if found else None
        before = last.days.start if last is not None and last.days.end == start else start
        one = _judged(Days(before, end), ruling, others)
        if last is not None and before != start and last.words == one.words:
            found[-1] = one
        else:
            found.append(_judged(Days(start, end), ruling, others))
    return found


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
    stated_on = claim.stated_at.date()
    if claim.days.end != LAST_DAY or (claim.days.start > stated_on and not claim.observed):
        return claim.days.end
    return (claim.days.start if claim.observed else stated_on) + timedelta(days=1)


def _believed(claims: Iterable[Claim]) -> list[tuple[Days, Claim]]:
    """Return the claims that have precedence, among all families together, in the order of their days."""
    return _now(
        Statement(claim, claim.days, claim.stated_at, claim.observed, order, claim.rank)
        for order, claim in enumerate(_in_order(claims))
    )


def _now(statements: Iterable[Statement[Claim]]) -> list[tuple[Days, Claim]]:
    current = [(one.days, one.value) for one in history(statements) if one.known_to is None]
    return sorted(current, key=lambda one: one[0].start)


def _judged(days: Days, ruling: Claim, others: Sequence[Claim]) -> Differing:
    claims = sorted([ruling, *others], key=lambda claim: (-claim.rank, -claim.stated_at.timestamp(), claim.source))
    other = next(claim for claim in claims if claim.meant != ruling.meant)
    values = f"{_period(days)} {ruling.source} says {_shown(ruling.value)}, {other.source} says {_shown(other.value)}"
    if ruling.rank > other.rank:
        why, how = "rank", f"{ruling.family} ranks above {other.family} ({ruling.rank} against {other.rank})"
    elif ruling.stated_at > other.stated_at:
        why, how = (
            "later word",
            f"it stated this later, on {ruling.stated_at:%Y-%m-%d} after {other.stated_at:%Y-%m-%d}",
        )
    elif other.observed:
        why, how = "observation", f"{other.family} only observed this, on some days"
    else:
        why, how = "later word", "of two statements of one instant, the one about the later day counts as later"
    return Differing(days, tuple(claims), ruling.value, why, f"{values}; {ruling.family} rules: {how}")


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value


def _period(days: Days) -> str:
    since = "" if days.start == FIRST_DAY else f"from {days.start}"
    until = "" if days.end == LAST_DAY else f"to {days.end - timedelta(days=1)}"
    return " ".join(part for part in (since, until) if part).capitalize() or "On all days"
