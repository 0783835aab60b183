"""What is stated because a file tells who followed whom: mergers of CCGs, and successions of other bodies. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from libs.common.events import Event
from libs.common.events.registry import CCGMerged, OrganisationSucceeded
from services.registry.imports.bodies import opened, proposed, was_proposed
from services.registry.imports.files import SourceFile
from services.registry.imports.rows import Followed, NotTaken
from services.registry.kinds import Kind
from services.registry.merger_rules import law_on
from services.registry.models import Merger, MergerStatus
from services.registry.standings import Standing


@dataclass(frozen=True, slots=True)
class Opening:
    """That a source once said, at `stated_at`, that a body operates from `day`, under the name it saw on `named_on`."""

    day: date
    stated_at: datetime
    name: str
    named_on: date
    closes: bool
    """Whether the same source said at the same instant when it closes."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the registry holds of the codes that a succession file names."""

    standing: Mapping[str, Standing]
    mergers: Mapping[str, Sequence[Merger]]
    """By successor, those that were not withdrawn."""
    openings: Mapping[str, Sequence[Opening]]
    """Of successors of CCGs."""
    withdrawn: frozenset[str] = frozenset()
    """References that withdrawn mergers bear."""
    agreed: Mapping[str, tuple[str, date]] = field(default_factory=dict)
    """The agreed merger, with its day, of each code that is part of one."""


@dataclass(slots=True)
class Successions:
    """What is to be stated, and what was not taken."""

    events: list[Event] = field(default_factory=list)
    mergers: list[Merger] = field(default_factory=list)
    """Mergers to keep: new ones, and agreed ones that turn out to be done."""
    not_taken: list[NotTaken] = field(default_factory=list)


class Contradicted(ValueError):
    """What the registry holds, or the law, does not allow this merger."""


def statements_about(
    rows: Iterable[Followed], file: SourceFile, stated_at: datetime, *, held: Held, by: str
) -> Successions:
    """Return what the lines state, oldest first.

    CCGs that are followed by one CCG on one day merged into it (NHS Act 2006 s.14G: two or more). Any other succession
    is told as such. A succession of a code that the registry does not know is not taken.
    """
    taken = Successions()
    groups: dict[tuple[date, str], list[Followed]] = defaultdict(list)
    for row in rows:
        unknown = [code for code in (row.code, row.successor) if not held.standing[code].exists]
        if unknown:
            which = "either code" if len(unknown) > 1 else "the old code" if row.code in unknown else "the new code"
            taken.not_taken.append(_not_taken(file, row, f"the registry does not know {which}"))
        elif all(held.standing[code].kind is Kind.CCG for code in (row.code, row.successor)):
            groups[row.effective_on, row.successor].append(row)
        else:
            taken.events.append(_succeeded(row, stated_at))
    for (_, _), group in sorted(groups.items()):
        try:
            _take_ccgs(group, taken, stated_at, held=held, by=by)
        except Contradicted as reason:
            taken.not_taken.extend(_not_taken(file, row, str(reason)) for row in group)
    taken.events.sort(key=lambda event: event.effective_on)
    return taken


def _take_ccgs(group: Sequence[Followed], taken: Successions, stated_at: datetime, *, held: Held, by: str) -> None:
    successor, day = group[0].successor, group[0].effective_on
    predecessors = sorted(row.code for row in group)
    if _is_held(held.mergers.get(successor, ()), predecessors, day):
        return
    if len(group) == 1:
        taken.events.append(_succeeded(group[0], stated_at))
        return
    merger = _agreed_already(held, successor, predecessors, day) or _new(held, successor, predecessors, day)
    _must_not_contradict(held, merger, predecessors, day)
    merger.note(MergerStatus.CARRIED_OUT, day, stated_at=stated_at, by=by)
    taken.mergers.append(merger)
    taken.events.extend(_proposed_until(day, successor, held.openings.get(successor, ())))
    taken.events.append(
        CCGMerged(
            merger=merger.reference,
            successor=successor,
            # A succession file says no name, and what it does not say must not stand beside what others saw.
            successor_name="",
            predecessors=tuple(predecessors),
            effective_on=day,
            stated_at=stated_at,
        )
    )


def _is_held(mergers: Iterable[Merger], predecessors: Sequence[str], day: date) -> bool:
    """Whether a merger that was carried out says all this. Raises Contradicted where one says otherwise."""
    for merger in mergers:
        if merger.status != MergerStatus.CARRIED_OUT:
            continue
        if merger.effective_on == day and set(predecessors) <= set(merger.predecessors):
            return True
        before = ", ".join(merger.predecessors)
        raise Contradicted(f"{merger.reference} was carried out on {merger.effective_on}, of {before}")
    return False


def _agreed_already(held: Held, successor: str, predecessors: Sequence[str], day: date) -> Merger | None:
    for merger in held.mergers.get(successor, ()):
        if sorted(merger.predecessors) == list(predecessors) and merger.effective_on == day:
            merger.version += 1
            return merger
        raise Contradicted(
            f"{merger.reference} is agreed for {merger.effective_on}, of {', '.join(merger.predecessors)}"
        )
    return None


def _new(held: Held, successor: str, predecessors: Sequence[str], day: date) -> Merger:
    law = law_on(day)
    if law is None:
        raise Contradicted(f"no law provides for a merger of CCGs on {day}")
    if len(predecessors) < law.values["minimum_predecessors"]:
        raise Contradicted(f"{law.id}: a merger dissolves at least {law.values['minimum_predecessors']} CCGs")
    earlier = sum(1 for reference in held.withdrawn if reference.split("-")[1] == successor)
    return Merger(
        reference=f"M-{successor}-{earlier + 1}" if earlier else f"M-{successor}",
        successor=successor,
        successor_name="",
        predecessors=list(predecessors),
        status=MergerStatus.CARRIED_OUT,
        effective_on=day,
        rule_pack=law.id,
    )


def _must_not_contradict(held: Held, merger: Merger, predecessors: Sequence[str], day: date) -> None:
    last, successor = day - timedelta(days=1), merger.successor
    for code in predecessors:
        if held.standing[code].on(last) != "open":
            raise Contradicted(f"{code} is {held.standing[code].on(last)} on {last}, its last day before the merger")
        reference, planned = held.agreed.get(code, (merger.reference, day))
        if reference != merger.reference:
            raise Contradicted(f"{code} is part of the merger {reference}, agreed for {planned}")
    first = held.standing[successor].first_day_open()
    if first is not None and first < day and not was_proposed(first, day):
        raise Contradicted(f"{successor} operates since {first}: a merger of CCGs establishes a new body")
    if any(opening.closes and was_proposed(opening.day, day) for opening in held.openings.get(successor, ())):
        raise Contradicted(f"one source opens {successor} before the merger and closes it: import it after this file")


def _proposed_until(day: date, successor: str, openings: Iterable[Opening]) -> Iterable[Event]:
    """Put right what sources said of the successor: on the days before the merger it only stood as proposed."""
    for opening in openings:
        if was_proposed(opening.day, day):
            yield proposed(successor, "", Kind.CCG, opening.day, opening.stated_at)
            yield opened(successor, opening.name, Kind.CCG, day, opening.named_on, opening.stated_at)


def _succeeded(row: Followed, stated_at: datetime) -> OrganisationSucceeded:
    return OrganisationSucceeded(
        code=row.code, successor=row.successor, effective_on=row.effective_on, stated_at=stated_at
    )


def _not_taken(file: SourceFile, row: Followed, reason: str) -> NotTaken:
    return NotTaken(file.name, row.line, row.code, reason)
