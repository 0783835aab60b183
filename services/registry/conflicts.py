"""Where sources disagree: each family of sources taken alone, and who rules. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from libs.common.temporal import FIRST_DAY, LAST_DAY, Belief, Days, Statement, history
from services.registry.sources import family_of


@dataclass(frozen=True, slots=True)
class Word:
    """What one source said of one thing, and when. No value: that nothing holds."""

    source: str
    rank: int
    value: str | None
    days: Days
    stated_at: datetime
    observed: bool = False

    @property
    def family(self) -> str:
        """Whose word it is."""
        return family_of(self.source)


@dataclass(frozen=True, slots=True)
class Differing:
    """On these days families of sources differ. `rules`: the value that is believed, None where nothing is."""

    days: Days
    words: tuple[Word, ...]
    """One of each family, those of the highest rank and the latest first."""
    rules: str | None
    why: str
    """`rank`, `later word`, or `observation`: it was only seen on another day and is held of these since nobody else
    said more."""
    because: str


def differing(words: Iterable[Word]) -> list[Differing]:
    """Return the days on which two families, each taken alone, say different values, and who rules.

    A definite statement claims all of its days; what was only observed claims the days from when it was seen until it
    was said, and those between two equal observations. A family's latest word replaces its earlier ones on its days.
    """
    words = list(words)
    by_family: dict[str, list[Word]] = defaultdict(list)
    for word in words:
        by_family[word.family].append(word)
    claims = [claim for family in by_family.values() for claim in _claims(family)]
    held = [belief for belief in _believed(words) if belief.known_to is None]
    edges = sorted({edge for days, _ in claims for edge in (days.start, days.end)} | _edges(held))
    found: list[Differing] = []
    for start, end in pairwise(edges):
        said = [word for days, word in claims if days.start <= start and end <= days.end]
        if len({word.value for word in said}) < 2:
            continue
        said.sort(key=lambda word: (-word.rank, -word.stated_at.timestamp(), word.source))
        rules = next((belief.value for belief in held if start in belief.days), None)
        one = _judged(Days(start, end), tuple(said), rules)
        last = found[-1] if found else None
        if last is not None and last.days.end == start and (last.words, last.rules) == (one.words, one.rules):
            found[-1] = _judged(Days(last.days.start, end), one.words, rules)
        else:
            found.append(one)
    return found


def _claims(words: Sequence[Word]) -> list[tuple[Days, Word]]:
    """Return what one family claims by its latest words, in the order of the days."""
    statements = [
        Statement(word, Days(word.days.start, _claimed_until(word)), word.stated_at, rank=word.rank, order=order)
        for order, word in enumerate(sorted(words, key=lambda one: (not one.observed, one.source, one.value or "")))
    ]
    now = sorted(
        ((one.days, one.value) for one in history(statements) if one.known_to is None), key=lambda one: one[0].start
    )
    bridged: list[tuple[Days, Word]] = []
    for days, word in now:
        before = bridged[-1] if bridged else None
        if before is not None and before[1].observed and word.observed and before[1].value == word.value:
            bridged[-1] = (Days(before[0].start, days.start), before[1])
        bridged.append((days, word))
    return bridged


def _claimed_until(word: Word) -> date:
    if not word.observed or word.days.end != LAST_DAY:
        return word.days.end
    return max(word.days.start, word.stated_at.date()) + timedelta(days=1)


def _believed(words: Sequence[Word]) -> list[Belief[str]]:
    in_order = sorted(words, key=lambda one: (not one.observed, one.days.start, one.days.end, one.value or ""))
    return history(
        Statement(word.value, word.days, word.stated_at, word.observed, order, word.rank)
        for order, word in enumerate(in_order)
    )


def _edges(held: Iterable[Belief[str]]) -> set[date]:
    return {edge for belief in held for edge in (belief.days.start, belief.days.end)}


def _judged(days: Days, words: tuple[Word, ...], rules: str | None) -> Differing:
    ruling = next((word for word in words if word.value == rules), None)
    others = [word for word in words if word.value != rules]
    span = _span(days)
    if ruling is None:
        because = (
            f"{span} nobody of these rules: {_shown(rules)} was seen on another day, and is held of these days too"
        )
        return Differing(days, words, rules, "observation", because)
    other = others[0]
    said = f"{span} {ruling.source} says {_shown(ruling.value)}, {other.source} says {_shown(other.value)}"
    if ruling.rank > other.rank:
        why = f"{ruling.family} stands above {other.family} ({ruling.rank} against {other.rank})"
        return Differing(days, words, rules, "rank", f"{said}; {ruling.family} rules: {why}")
    spoke = f"it spoke later, on {ruling.stated_at:%Y-%m-%d} after {other.stated_at:%Y-%m-%d}"
    if ruling.stated_at <= other.stated_at:
        spoke = "what the other says is only an observation, or as old"
    return Differing(days, words, rules, "later word", f"{said}; {ruling.family} rules: {spoke}")


def _shown(value: str | None) -> str:
    return "nothing" if value is None else value


def _span(days: Days) -> str:
    since = "" if days.start == FIRST_DAY else f"from {days.start}"
    until = "" if days.end == LAST_DAY else f"to {days.end - timedelta(days=1)}"
    return " ".join(part for part in (since, until) if part).capitalize() or "On all days"
