"""Tells what happened in the demo, from the services' event feeds alone: every sentence names its event."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from libs.common.events import Envelope, Event
from libs.common.events.contracts import ContractTransferred, ServiceConsolidated
from libs.common.events.finance import AllowanceRestated, AllowanceSet
from libs.common.events.governance import AppointmentMade, PostFellVacant
from libs.common.events.registry import (
    CCGMerged,
    CCGMergerRedated,
    OrganisationClosed,
    OrganisationOpened,
    OrganisationProposed,
    OrganisationRenamed,
)
from libs.common.money import pounds


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One occurrence as a sentence, with its event and the service that published it."""

    day: date
    sentence: str
    event_id: str
    service: str


@dataclass(frozen=True, kw_only=True)
class MergerAccount:
    """One merger and the reactions of the other services."""

    day: date
    successor: str
    predecessors: tuple[str, ...]
    event_id: str
    correlation: str
    contracts: list[Happening] = field(default_factory=list)
    allowances: list[Happening] = field(default_factory=list)
    appointments: list[Happening] = field(default_factory=list)

    @property
    def consequences(self) -> list[Happening]:
        """All reactions of the other services."""
        return [*self.contracts, *self.allowances, *self.appointments]

    @property
    def is_shown_in_full(self) -> bool:
        """Whether another service reacted: not where nothing is stored of its bodies."""
        return bool(self.consequences)


@dataclass(frozen=True, kw_only=True)
class Account:
    """The whole account: the number of open CCGs by day, the mergers, and what happened besides."""

    ccgs_open: Mapping[date, int]
    mergers: list[MergerAccount]
    beside: list[Happening]

    @property
    def shown_in_full(self) -> list[MergerAccount]:
        """The mergers of the places of which contracts, allowances or bodies are known."""
        return [merger for merger in self.mergers if merger.is_shown_in_full]

    @property
    def ccgs_in_the_end(self) -> int:
        """The number of CCGs open on the last day."""
        return self.ccgs_open[max(self.ccgs_open)] if self.ccgs_open else 0


@dataclass
class _Names:
    """Names of organisations, as used in sentences."""

    names: dict[str, str] = field(default_factory=dict)

    def learn(self, event: Event) -> None:
        match event:
            case OrganisationOpened() | OrganisationProposed():
                self.names[event.code] = event.name
            case OrganisationRenamed():
                self.names[event.code] = event.new_name
            case CCGMerged():
                self.names[event.successor] = event.successor_name

    def of(self, code: str) -> str:
        name = self.names.get(code, "")
        return f"{name.removeprefix('NHS ').removesuffix(' CCG')} ({code})" if name else code

    def all_of(self, codes: Iterable[str]) -> str:
        *most, last = [self.of(code) for code in codes]
        return f"{', '.join(most)} and {last}" if most else last


def tell(
    feeds: Iterable[Envelope], holders: Mapping[str, str], *, illustrative: frozenset[str] = frozenset()
) -> Account:
    """Return the account of all events of the four services; `holders` are the display names by person id.

    Figures of the contracts in `illustrative`, and of a body's year there (`05C 2021-22`), are marked as such.
    """
    events = [(envelope, envelope.event()) for envelope in feeds]
    names = _Names()
    for _, event in events:
        names.learn(event)
    mergers = {
        envelope.id: MergerAccount(
            day=event.effective_on,
            successor=names.of(event.successor),
            predecessors=tuple(names.of(code) for code in event.predecessors),
            event_id=envelope.id,
            correlation=envelope.correlation,
        )
        for envelope, event in events
        if isinstance(event, CCGMerged)
    }
    merged = {code for _, event in events if isinstance(event, CCGMerged) for code in event.predecessors}
    beside = []
    for envelope, event in events:
        sentence = _sentence(event, names, holders)
        if not sentence:
            continue
        if not illustrative.isdisjoint(_figures_of(event)):
            sentence += " (illustrative)"
        line = Happening(day=event.effective_on, sentence=sentence, event_id=envelope.id, service=envelope.source)
        if envelope.causation in mergers:
            _list_of(mergers[envelope.causation], event).append(line)
        elif _stands_alone(event, merged):
            beside.append(line)
    return Account(
        ccgs_open=_count(event for _, event in events),
        mergers=sorted(mergers.values(), key=lambda merger: merger.day),
        beside=sorted(beside, key=lambda line: line.day),
    )


def _stands_alone(event: Event, merged: Collection[str]) -> bool:
    """Whether an event is listed besides the mergers: what merged bodies had is listed with its merger instead."""
    match event:
        case AppointmentMade() | PostFellVacant():
            return False
        case AllowanceSet():
            return event.organisation not in merged
        case _:
            return True


def _figures_of(event: Event) -> tuple[str, ...]:
    match event:
        case ContractTransferred() | ServiceConsolidated():
            return (event.contract,)
        case AllowanceSet():
            return (f"{event.organisation} {event.financial_year}",)
        case AllowanceRestated():
            return tuple(f"{code} {event.financial_year}" for code in event.predecessors)
        case _:
            return ()


def _list_of(merger: MergerAccount, event: Event) -> list[Happening]:
    match event:
        case ContractTransferred():
            return merger.contracts
        case AllowanceRestated():
            return merger.allowances
        case _:
            return merger.appointments


def _sentence(event: Event, names: _Names, holders: Mapping[str, str]) -> str:
    match event:
        case ContractTransferred():
            return (
                f"Contract {event.contract} moved from {names.all_of(event.from_customers)} to "
                f"{names.all_of(event.customers)}; {pounds(event.annual_pence)} a year"
            )
        case AllowanceRestated():
            parts = zip(event.predecessors, event.released_pence, strict=True)
            sums = " + ".join(f"{pounds(pence)} of {names.of(code)}" for code, pence in parts)
            return f"Allowance {event.financial_year}: {sums} became {pounds(event.amount_pence)}, by {event.pack}"
        case AllowanceSet():
            return (
                f"Allowance {event.financial_year} of {names.of(event.organisation)}: {event.population:,} people at "
                f"{pounds(event.rate_pence)} make {pounds(event.amount_pence)}, by {event.pack}"
            )
        case AppointmentMade():
            holder = holders.get(event.person, "the holder")
            return f"{event.title}: {holder} was in post in every one, and holds it in {names.of(event.organisation)}"
        case PostFellVacant():
            return f"{event.title} of {names.of(event.organisation)} is vacant and waits for an appointment"
        case ServiceConsolidated():
            return (
                f"{event.contract} ({event.title}) replaced {', '.join(event.replaced)}: "
                f"{pounds(event.previous_annual_pence)} a year became {pounds(event.annual_pence)}"
            )
        case CCGMergerRedated():
            return (
                f"The merger of {names.all_of(event.predecessors)}, agreed for {event.previously_on:%-d %B %Y}, "
                f"was re-dated to {event.effective_on:%-d %B %Y}"
            )
        case OrganisationRenamed():
            return f"{event.code} was renamed {event.new_name}"
        case _:
            return ""


def _count(events: Iterable[Event]) -> dict[date, int]:
    """Count the CCGs open from each day on which the number changed."""
    changes: Counter[date] = Counter()
    ccgs: set[str] = set()
    for event in events:
        match event:
            case OrganisationOpened() if event.kind == "ccg":
                ccgs.add(event.code)
                changes[event.effective_on] += 1
            case OrganisationClosed() if event.code in ccgs:
                changes[event.effective_on] -= 1
            case CCGMerged():
                ccgs.add(event.successor)
                changes[event.effective_on] += 1 - len(event.predecessors)
    total, counts = 0, {}
    for day in sorted(changes):
        total += changes[day]
        counts[day] = total
    return counts
