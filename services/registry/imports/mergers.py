"""Derives the mergers of CCGs from the statements of files, in whatever order these arrived.

CCGs that one CCG succeeds on one day merged into it (NHS Act 2006 s.14G: two or more). The lines themselves are stated
in any case; this adds the merger, and that its successor was only proposed until its day.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from libs.common.events import Event
from libs.common.events.registry import CCGMerged, OrganisationOpened, OrganisationProposed
from services.registry.core.change import behind
from services.registry.core.kinds import Kind, MergerStatus
from services.registry.imports.report import FileReport
from services.registry.mergers.models import Merger
from services.registry.mergers.rules import law_on, longest_proposal

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SourceSuccession:
    """A source's statement at an instant about the successor of a CCG."""

    code: str
    stated_at: datetime
    source: str
    rank: int


@dataclass(frozen=True, slots=True)
class Life:
    """A source's statement about a body at an instant: its life as (first day, status), and its name."""

    stated_at: datetime
    source: str
    rank: int
    steps: tuple[tuple[date, str], ...]
    name: str = ""
    named_on: date | None = None

    def on(self, day: date) -> str:
        """Return the status on a day by this source alone."""
        return max(((first, status) for first, status in self.steps if first <= day), default=(day, "unknown"))[1]

    def opens_on(self) -> Iterator[date]:
        """Yield the days from which the body operates by the source."""
        return (first for first, status in self.steps if status == "open")


@dataclass(frozen=True, slots=True)
class MergerRecords:
    """The registry's records around the successions of CCGs."""

    said: Mapping[tuple[str, date], Sequence[SourceSuccession]]
    """By successor and day."""
    lives: Mapping[str, Sequence[Life]]
    mergers: Mapping[str, Sequence[Merger]]
    """By successor, withdrawn ones too."""
    agreed: Mapping[str, tuple[str, date]]
    """The agreed merger, with its day, of each code that is part of one."""


@dataclass(slots=True)
class Mergings:
    """The result: events to state, and new mergers to insert."""

    events: list[Event] = field(default_factory=list)
    mergers: list[Merger] = field(default_factory=list)


class _Contradicted(ValueError):
    """The registry's records, or the law, do not allow this merger."""


def mergings(held: MergerRecords, report: FileReport, *, by: str) -> Mergings:
    """Return the mergers that follow from the records; the reason against one is a finding."""
    found = Mergings()
    for (successor, day), said in sorted(held.said.items()):
        predecessors = sorted({one.code for one in said})
        law = law_on(day)
        try:
            if law is None:
                raise _Contradicted(f"no law provides for a merger of CCGs on {day}")
            if len(predecessors) < law.values["minimum_predecessors"]:
                continue
            _must_fit(held, successor, predecessors, day)
            merger = _merger(held, successor, predecessors, day, law.id)
        except _Contradicted as reason:
            report.find("no merger", successor, f"succeeded {', '.join(predecessors)} on {day}: {reason}")
            continue
        least = law.values["minimum_predecessors"]
        found.events.extend(_told(merger, said, least=least, by=by))
        if merger not in held.mergers.get(successor, ()):
            found.mergers.append(merger)
        found.events.extend(_proposed_until(day, successor, held.lives.get(successor, ())))
    return found


def _must_fit(held: MergerRecords, successor: str, predecessors: Collection[str], day: date) -> None:
    """Raise _Contradicted unless, for each body, some source agrees with the merger.

    One is enough, whatever another states, so that no later file can withdraw a derived merger.
    """
    last = day - _A_DAY
    for code in predecessors:
        statuses = {life.on(last) for life in held.lives.get(code, ())}
        if "open" not in statuses:
            seen = ", ".join(sorted(statuses - {"unknown"})) or "unknown"
            raise _Contradicted(f"{code} is {seen} on {last}, its last day before the merger")
    lives = held.lives.get(successor, ())
    first_days = [first for life in lives for first in life.opens_on()]
    proposed = any(status == "proposed" and first <= day for life in lives for first, status in life.steps)
    if not proposed and not any(first == day or was_proposed(first, day) for first in first_days):
        since = min(first_days, default=None)
        raise _Contradicted(f"{successor} operates since {since}, and a merger of CCGs establishes a new body")


def was_proposed(opened_on: date, merged_on: date) -> bool:
    """Whether a successor that a file opens before its merger was only proposed until the merger."""
    longest = longest_proposal(merged_on)
    return longest is not None and timedelta(0) < merged_on - opened_on <= longest


def _merger(held: MergerRecords, successor: str, predecessors: Sequence[str], day: date, law: str) -> Merger:
    """Return the recorded merger, or a new one. Raises _Contradicted where a different one is recorded."""
    mergers = held.mergers.get(successor, ())
    standing = [merger for merger in mergers if merger.status != MergerStatus.WITHDRAWN]
    for merger in standing:
        if merger.effective_on != day or not _covers(merger, predecessors):
            status, parts = merger.status.replace("_", " "), ", ".join(merger.predecessors)
            raise _Contradicted(f"{merger.reference} is {status} for {merger.effective_on}, of {parts}")
    mine = {merger.reference for merger in standing}
    for code in (successor, *predecessors):
        reference, planned = held.agreed.get(code, ("", day))
        if reference and reference not in mine:
            raise _Contradicted(f"{code} is part of the merger {reference}, agreed for {planned}")
    if standing:
        return standing[0]
    return Merger(
        reference=f"M-{successor}-{len(mergers) + 1}" if mergers else f"M-{successor}",
        successor=successor,
        # A succession file gives no name, and an empty name must not compete with those of other sources.
        successor_name="",
        predecessors=list(predecessors),
        status=MergerStatus.CARRIED_OUT,
        effective_on=day,
        rule_pack=law,
    )


def _covers(merger: Merger, predecessors: Collection[str]) -> bool:
    """Whether a merger can be the one of these predecessors: a derived one grows with further files."""
    if _is_derived(merger):
        return True
    if merger.status == MergerStatus.AGREED:
        return set(merger.predecessors) == set(predecessors)
    return set(predecessors) <= set(merger.predecessors)


def _is_derived(merger: Merger) -> bool:
    """Whether a merger is derived from files alone: one that was agreed has a name for its successor."""
    return not merger.successor_name


def _told(merger: Merger, said: Sequence[SourceSuccession], *, least: int, by: str) -> Iterator[Event]:
    """Yield the merger as each source stated it, and record in it the instant from which it is known."""
    if not _is_derived(merger) and merger.status == MergerStatus.CARRIED_OUT:
        return
    plans: list[tuple[datetime, list[str]]] = []
    for at, source, rank in sorted({(one.stated_at, one.source, one.rank) for one in said}):
        by_then = sorted({one.code for one in said if one.stated_at <= at})
        if len(by_then) < least:
            continue
        if not plans or plans[-1][1] != by_then:
            plans.append((at, by_then))
        yield CCGMerged(
            merger=merger.reference,
            successor=merger.successor,
            successor_name="",
            predecessors=tuple(by_then),
            effective_on=merger.effective_on,
            stated_at=at,
            source=source,
            rank=rank,
        )
    if plans and _is_derived(merger):
        merger.derive(plans, by=by)
    elif plans:
        merger.carry_out(stated_at=behind(merger.last_stated_at(), plans[0][0]), by=by)


def _proposed_until(day: date, successor: str, lives: Iterable[Life]) -> Iterator[Event]:
    """Correct what sources stated about the successor: before the merger's day it was only proposed."""
    for life in (life for life in lives if life.name):
        saying = {"stated_at": life.stated_at, "source": life.source, "rank": life.rank}
        for opened_on in [first for first in life.opens_on() if was_proposed(first, day)]:
            yield OrganisationProposed(code=successor, name="", kind=Kind.CCG, effective_on=opened_on, **saying)
            yield OrganisationOpened(
                code=successor,
                name=life.name,
                kind=Kind.CCG,
                effective_on=day,
                named_on=life.named_on,
                **saying,
            )


def by_group(
    rows: Iterable[tuple[str, str, date, datetime, str, int]],
) -> dict[tuple[str, date], list[SourceSuccession]]:
    """Return the statements of successions by successor and day."""
    said: dict[tuple[str, date], list[SourceSuccession]] = defaultdict(list)
    for code, successor, day, stated_at, source, rank in rows:
        said[successor, day].append(SourceSuccession(code, stated_at, source, rank))
    return said
