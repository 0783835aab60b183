"""Compares what each family of sources claims, taken alone, with the claim that rules. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days, Statement, history
from services.registry.core.sources import family_of


@dataclass(frozen=True, slots=True)
class Claim:
    """What one source said of one thing, and when. No value: that nothing holds."""

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
        """The value without regard to capitals and spaces: who writes a name otherwise does not contradict."""
        return " ".join((self.value or "").casefold().split())


@dataclass(frozen=True, slots=True)
class Differing:
    """On these days families of sources differ. `rules`: the value that is believed, None where nothing is."""

    days: Days
    words: tuple[Claim, ...]
    """One of each family, those of the highest rank and the latest first."""
    rules: str | None
    why: str
    """`rank`, `later word`, or `observation`: the other value was only seen, on some days."""
    because: str


def differing(words: Iterable[Claim]) -> list[Differing]:
    """Return the days of which a family, taken alone, claims another value than the word that rules, another family's.

    A word that says an end claims all of its days, and so does one about days to come. One that says no end claims the
    days until it was said: a file of 2019 says nothing of 2021. What was only observed claims its day, and the days
    between two equal observations. A family's latest word replaces its earlier ones on its days.
    """
    by_family: dict[str, list[Claim]] = defaultdict(list)
    for word in words:
        by_family[word.family].append(word)
    claims = [claim for family in by_family.values() for claim in _claims(family)]
    held = _held(word for family in by_family.values() for word in family)
    edges = sorted({edge for days, _ in [*claims, *held] for edge in (days.start, days.end)})
    found: list[Differing] = []
    for start, end in pairwise(edges):
        ruling = next((word for days, word in held if start in days), None)
        said = [word for days, word in claims if days.start <= start and end <= days.end]
        others = [word for word in said if ruling is not None and word.family != ruling.family]
        if ruling is None or all(word.meant == ruling.meant for word in others):
            continue
        last = found[-1] if found else None
        before = last.days.start if last is not None and last.days.end == start else start
        one = _judged(Days(before, end), ruling, others)
        if last is not None and before != start and last.words == one.words:
            found[-1] = one
        else:
            found.append(_judged(Days(start, end), ruling, others))
    return found


def _in_order(words: Iterable[Claim]) -> list[Claim]:
    """Return the words so that of two of one instant the same one always counts as later, as on a timeline."""
    return sorted(words, key=lambda one: (not one.observed, one.days.start, one.days.end, one.value or "", one.source))


def _claims(words: Iterable[Claim]) -> list[tuple[Days, Claim]]:
    """Return what one family claims by its latest words, in the order of the days."""
    statements = [
        Statement(word, Days(word.days.start, _claimed_until(word)), word.stated_at, rank=word.rank, order=order)
        for order, word in enumerate(_in_order(words))
    ]
    bridged: list[tuple[Days, Claim]] = []
    for days, word in _now(statements):
        before = bridged[-1] if bridged else None
        if before is not None and before[1].observed and word.observed and before[1].value == word.value:
            bridged[-1] = (Days(before[0].start, days.start), before[1])
        bridged.append((days, word))
    return bridged


def _claimed_until(word: Claim) -> date:
    """Return the first day of which a word claims nothing any more."""
    said_on = word.stated_at.date()
    if word.days.end != LAST_DAY or (word.days.start > said_on and not word.observed):
        return word.days.end
    return (word.days.start if word.observed else said_on) + timedelta(days=1)


def _held(words: Iterable[Claim]) -> list[tuple[Days, Claim]]:
    """Return the word that rules, of all families together, in the order of the days."""
    return _now(
        Statement(word, word.days, word.stated_at, word.observed, order, word.rank)
        for order, word in enumerate(_in_order(words))
    )


def _now(statements: Iterable[Statement[Claim]]) -> list[tuple[Days, Claim]]:
    held = [(one.days, one.value) for one in history(statements) if one.known_to is None]
    return sorted(held, key=lambda one: one[0].start)


def _judged(days: Days, ruling: Claim, others: Sequence[Claim]) -> Differing:
    words = sorted([ruling, *others], key=lambda word: (-word.rank, -word.stated_at.timestamp(), word.source))
    other = next(word for word in words if word.meant != ruling.meant)
    said = f"{_span(days)} {ruling.source} says {_shown(ruling.value)}, {other.source} says {_shown(other.value)}"
    if ruling.rank > other.rank:
        why, how = "rank", f"{ruling.family} stands above {other.family} ({ruling.rank} against {other.rank})"
    elif ruling.stated_at > other.stated_at:
        why, how = "later word", f"it spoke later, on {ruling.stated_at:%Y-%m-%d} after {other.stated_at:%Y-%m-%d}"
    elif other.observed:
        why, how = "observation", f"what {other.family} says was only seen, on some days"
    else:
        why, how = "later word", "of two words of one instant, the one about the later day counts as later"
    return Differing(days, tuple(words), ruling.value, why, f"{said}; {ruling.family} rules: {how}")


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value


def _span(days: Days) -> str:
    since = "" if days.start == FIRST_DAY else f"from {days.start}"
    until = "" if days.end == LAST_DAY else f"to {days.end - timedelta(days=1)}"
    return " ".join(part for part in (since, until) if part).capitalize() or "On all days"
