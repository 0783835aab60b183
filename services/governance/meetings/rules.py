"""Decides who is there, who presides, whose vote counts, whether an item is quorate, and what its votes come to.

Pure: a `Room` is a body's seats, those who attended, and those who are excluded from the item. Every question is about
an instant.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from libs.common.rulepacks import in_force
from services.governance.core.catalogue import PACKS
from services.governance.core.quorum import BodySeat, Quorum, Sitting, quorum, sitter, who_counts
from services.governance.core.terms import TermsOfReference
from services.governance.core.votes import Ballot, Choice, Method, Result, count

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Notice:
    """The clear days of notice that a meeting needs, and the rule pack, empty where the terms of reference say so."""

    clear_days: int
    pack: str

    def last_day(self, held_on: date) -> date:
        """Return the last day on which notice of a meeting is in time: neither it nor the meeting's day is counted.

        A meeting that needs no clear day may be called on its own day.
        """
        return held_on - (self.clear_days + 1) * _A_DAY if self.clear_days else held_on

    @property
    def because(self) -> str:
        """Why notice is due by the last day, in words."""
        if not self.clear_days:
            return "a meeting is called before it is held"
        return f"{self.clear_days} clear days by {self.pack or 'its terms of reference'}"


def notice_for(held_on: date, terms: TermsOfReference | None, *, in_public: bool, short: bool = False) -> Notice:
    """Return the notice that a meeting needs: the law's where it is in public, the terms' where they ask for more.

    `short`: a listed reason lets the law's days go, and never the terms'.
    """
    packs = in_force(PACKS, held_on, subject="meeting-notice") if in_public and not short else []
    local = (terms.notice_days or 0) if terms is not None else 0
    law = Notice(packs[0].values["clear_days"], packs[0].id) if packs else Notice(0, "")
    return law if law.clear_days >= local and packs else Notice(local, "")


def clear_days(given_on: date, held_on: date) -> int:
    """Return the days between notice and meeting, without either; none of a meeting that is called on its day."""
    return max(0, (held_on - given_on).days - 1)


@dataclass(frozen=True, slots=True)
class Attended:
    """A person at a meeting: from when to when, None to the end, and the seat for which a deputy sits."""

    person: str
    intervals: tuple[tuple[datetime, datetime | None], ...]
    seat: str = ""

    def is_there(self, instant: datetime) -> bool:
        """Whether the person is there: from the instant of arriving, until that of leaving."""
        return any(came <= instant and (left is None or instant < left) for came, left in self.intervals)

    def overlaps(self, other: "Attended") -> bool:
        """Whether both are there at once."""
        return any(self.is_there(came) for came, _ in other.intervals) or any(
            other.is_there(came) for came, _ in self.intervals
        )


@dataclass(frozen=True)
class WeighedSeat(BodySeat):
    """A seat of a body with the weight of its vote, and the organisation for which its holder sits."""

    weight: int = 1
    sits_for: str = ""


@dataclass(frozen=True, slots=True)
class Cast:
    """A vote as cast: for which seat, by whom, how and when; `vote` is the id of the recorded one."""

    seat: str
    by: str
    choice: Choice
    cast_at: datetime
    vote: int = 0


@dataclass(frozen=True, slots=True)
class Void:
    """Why a vote does not count: `conflicted`, `proxy` or `absent`, and in words."""

    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Voter:
    """Whose vote a cast vote is: the holder's or a deputy's (`person`), of a seat that `principal` holds."""

    person: str
    principal: str | None

    @property
    def persons(self) -> frozenset[str]:
        """Who has no further vote on the item with this one."""
        return frozenset(one for one in (self.person, self.principal) if one is not None)


def voted_before(seat: str, whose: Voter, votes: Iterable[tuple[str, Voter]]) -> bool:
    """Whether a seat, or one of the persons whose vote it is, has voted already, in whichever seat of the body."""
    return any(seat == other or whose.persons & voter.persons for other, voter in votes)


@dataclass(frozen=True)
class Room:
    """The seats of a body at an item: who attended, who is excluded, and its terms of reference."""

    places: Sequence[WeighedSeat]
    attended: Sequence[Attended]
    excluded: frozenset[str]
    terms: TermsOfReference
    supplying: frozenset[str] = frozenset()
    """Organisations of the body whose own price is voted on."""

    def sitting(self, instant: datetime) -> Sitting:
        """Return who is there at an instant, and where deputies sit."""
        there = [one for one in self.attended if one.is_there(instant)]
        return Sitting(frozenset(one.person for one in there), {one.person: one.seat for one in there if one.seat})

    def quorum(self, instant: datetime) -> Quorum:
        """Return whether the item is quorate at an instant."""
        people = who_counts(self.places, self.sitting(instant), recused=self.excluded)
        return quorum(self.terms.clauses, people)

    def voters(self, instant: datetime) -> dict[str, str]:
        """Return who may vote in each seat that votes at an instant; a person of several seats is in each of them."""
        sitting = self.sitting(instant)
        members = self._members()
        seated = {
            place.seat: sitter(place, sitting, recused=self.excluded, members=members)
            for place in self.places
            if place.votes
        }
        return {seat: person for seat, person in seated.items() if person is not None}

    def presider(self, instant: datetime, *, beside: Collection[str] = ()) -> str | None:
        """Return who presides: the first by the terms' order who is there and not excluded; None where no one is.

        `beside` are excluded too: who decides on the chair's own recusal.
        """
        present = self.sitting(instant).present - self.excluded - set(beside)
        for role in self.terms.presides:
            for place in self.places:
                if role in place.roles and place.holder in present:
                    return place.holder
        return None

    def may_be_elected(self, person: str, instant: datetime) -> bool:
        """Whether a meeting without anyone of the terms' order can elect the person to preside."""
        return person in self.voters(instant).values()

    def whose(self, cast: Cast) -> Voter | Void:
        """Return whose vote a cast vote is, or why it counts for no one."""
        place = next((one for one in self.places if one.seat == cast.seat and one.votes), None)
        if place is None:
            return Void("absent", f"{cast.seat} is no seat that votes in the body")
        voters = self.voters(cast.cast_at)
        if voters.get(cast.seat) == cast.by:
            return Voter(cast.by, place.holder)
        if cast.by in self.excluded:
            return Void("conflicted", f"{cast.by} is excluded from the item")
        if cast.seat in voters or cast.by == place.holder:
            return Void("absent", f"{cast.by} does not sit in {cast.seat} at {cast.cast_at.isoformat()}")
        if cast.by not in voters.values():
            return Void("absent", f"{cast.by} is not there with a vote at {cast.cast_at.isoformat()}")
        return self._proxy(place, cast)

    def _proxy(self, place: BodySeat, cast: Cast) -> Voter | Void:
        """Return whose vote is cast for an empty seat: its holder's, where the terms allow it and no conflict does."""
        if place.holder is None:
            return Void("absent", f"{place.seat} is vacant")
        if place.holder in self.excluded:
            return Void("proxy", f"{place.holder} is excluded from the item, and gives {cast.by} no vote")
        if not self.terms.proxies:
            return Void("proxy", f"the terms of reference know no proxy, so {cast.by} has no vote for {place.seat}")
        return Voter(place.holder, place.holder)

    def weight_of(self, persons: Collection[str], instant: datetime) -> int:
        """Return what the votes of persons weigh at an instant, each once, in the heaviest seat that they sit in."""
        weights = {place.seat: place.weight for place in self.places}
        of: dict[str, int] = {}
        for seat, person in self.voters(instant).items():
            of[person] = max(of.get(person, 0), weights[seat])
        return sum(of.get(person, 0) for person in persons)

    @property
    def member_weight(self) -> int:
        """What all votes of the body weigh: one a person who holds seats that vote, and one a vacant seat.

        Votes of an organisation on its own price are not in it.
        """
        held: dict[str, int] = {}
        for place in self.places:
            if place.votes and not self._on_own_price(place):
                owner = place.holder or place.seat
                held[owner] = max(held.get(owner, 0), place.weight)
        return sum(held.values())

    def _on_own_price(self, place: WeighedSeat) -> bool:
        return place.sits_for in self.supplying and (place.holder is None or place.holder in self.excluded)

    def _members(self) -> set[str]:
        return {place.holder for place in self.places if place.holder is not None}


def counting(room: Room, casts: Iterable[Cast]) -> list[tuple[Cast, Voter]]:
    """Return the votes that count of those cast, in their order, each with whose it is.

    A vote is void if, as now known, whoever cast it was not there or is excluded; it keeps no other of the seat or
    person from counting. Where several are good, because of what became known later, the first counts.
    """
    good: list[tuple[Cast, Voter]] = []
    for cast in casts:
        whose = room.whose(cast)
        if isinstance(whose, Voter) and not voted_before(cast.seat, whose, ((one.seat, by) for one, by in good)):
            good.append((cast, whose))
    return good


@dataclass(frozen=True, slots=True)
class Tally:
    """What the votes of an item come to: by which method, with which quorum, and which recorded votes were void."""

    result: Result
    method: Method
    quorum: Quorum
    at: datetime
    void: tuple[int, ...] = ()


def tally(room: Room, casts: Sequence[Cast], *, put_at: datetime, action: str, casting: Choice | None = None) -> Tally:
    """Count an item's votes by its body's method, and take the quorum at each of them; the first without one is shown.

    A vote is void if, as now known, whoever cast it was not there or is excluded, or an earlier one of the seat or
    person counts. Without votes the quorum is that of the instant at which the motion was put.
    """
    method = room.terms.method_for(action)
    good = counting(room, casts)
    instants = sorted({cast.cast_at for cast, _ in good}) or [put_at]
    reached = first_without_quorum(room, instants)
    weights = {place.seat: place.weight for place in room.places}
    others = set(room.voters(instants[-1]).values()) - {voter.person for _, voter in good}
    result = count(
        method,
        [Ballot(cast.seat, cast.choice, weights[cast.seat]) for cast, _ in good],
        present=sum(weights[cast.seat] for cast, _ in good) + room.weight_of(others, instants[-1]),
        members=room.member_weight,
        casting=casting,
    )
    counted = {cast.vote for cast, _ in good}
    void = tuple(cast.vote for cast in casts if cast.vote not in counted)
    return Tally(result, method, reached, instants[-1], void)


def first_without_quorum(room: Room, instants: Iterable[datetime]) -> Quorum:
    """Return the quorum of the first instant that has none, else of the last one."""
    found = Quorum(None)
    for instant in instants:
        found = room.quorum(instant)
        if not found:
            break
    return found


def deputies_refusals(attended: Iterable[Attended], places: Iterable[BodySeat]) -> list[str]:
    """Return why deputies may not sit where they are said to: not named for the seat, or for a principal twice."""
    by_seat: Mapping[str, BodySeat] = {place.seat: place for place in places}
    sits = [one for one in attended if one.seat]
    found = []
    for one in sits:
        place = by_seat.get(one.seat)
        if place is None or one.person not in place.deputies:
            found.append(f"{one.person} is not named as a deputy for {one.seat}")
            continue
        for other in sits:
            theirs = by_seat.get(other.seat)
            same = theirs is not None and place.holder is not None and theirs.holder == place.holder
            if same and one.seat < other.seat and one.overlaps(other):
                found.append(f"{one.person} and {other.person} deputise for {place.holder} at once")
    return found


def listed_reasons(subject: str, day: date, *, key: str = "reasons") -> dict[str, str]:
    """Return the codes of a rule pack of a day, with their titles; empty where no pack is in force."""
    packs = in_force(PACKS, day, subject=subject)
    return {one["code"]: one["title"] for pack in packs for one in pack.values[key]}
