"""Who counts and votes at an item: stateful, under any arrival, leaving, recusal, deputy, proxy and vote."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.governance.core.quorum import Counted, quorum
from services.governance.core.terms import TermsOfReference
from services.governance.core.votes import Choice
from services.governance.meetings.rules import (
    Attended,
    Cast,
    Room,
    Tally,
    Voter,
    WeighedSeat,
    counting,
    deputies_refusals,
    tally,
    voted_before,
)

START = datetime(2017, 3, 30, 14, tzinfo=UTC)
MEMBERS = ("a", "b", "c", "d")
PEOPLE = (*MEMBERS, "x", "y")
PLACES = [
    WeighedSeat("s/chair", frozenset({"chair", "gp"}), True, "a", ("x",)),
    WeighedSeat("s/gp", frozenset({"gp"}), True, "b", ("x", "y", "d")),
    WeighedSeat("s/lay", frozenset({"lay"}), True, "c", ("y",)),
    WeighedSeat("s/lay-2", frozenset({"lay"}), True, "d"),
    WeighedSeat("s/lay-3", frozenset({"lay"}), True, "d", ("y",), weight=2),
    WeighedSeat("s/nurse", frozenset({"nurse"}), True, None, ("x",)),
    WeighedSeat("s/observer", frozenset({"observer"}), False, "c"),
]
HOLDER = {place.seat: place.holder for place in PLACES}
people, seats = st.sampled_from(PEOPLE), st.sampled_from([place.seat for place in PLACES])


class Item(RuleBasedStateMachine):
    """One item, to which people come and from which they go, are recused, and vote; an oracle keeps its own books."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.intervals: dict[str, list[tuple[datetime, datetime | None]]] = {}
        self.deputy: dict[str, str] = {}
        self.recused: set[str] = set()
        self.casts: list[Cast] = []
        self.room = self._room()

    @initialize(proxies=st.booleans(), casting=st.booleans(), least=st.integers(0, 3))
    def begin(self, *, proxies: bool, casting: bool, least: int) -> None:
        clause: dict[str, Any] = {"seats": [{"roles": ["gp"]}, {"roles": ["lay"]}], "least": least}
        self.terms = TermsOfReference.model_validate(
            {"quorum": [clause], "proxies": proxies, "majority": {"casting": casting}}
        )
        self.room = self._room()

    terms = TermsOfReference.model_validate({"quorum": [{"least": 1}]})

    def _attended(self) -> list[Attended]:
        return [
            Attended(person, tuple(of), self.deputy.get(person, "")) for person, of in sorted(self.intervals.items())
        ]

    def _room(self) -> Room:
        return Room(PLACES, self._attended(), frozenset(self.recused), self.terms)

    def _there(self, at: datetime | None = None) -> set[str]:
        instant = at or self.now
        return {
            person
            for person, of in self.intervals.items()
            if any(came <= instant and (left is None or left > instant) for came, left in of)
        }

    @rule(person=people, seat=st.none() | seats)
    def arrive(self, person: str, seat: str | None) -> None:
        if person in self._there():
            return
        self.now += timedelta(minutes=1)
        before = self.deputy.get(person)
        if seat is not None and person not in self.intervals:
            self.deputy[person] = seat
        self.intervals.setdefault(person, []).append((self.now, None))
        if deputies_refusals(self._attended(), PLACES):
            self.intervals[person].pop()
            if not self.intervals[person]:
                del self.intervals[person]
            if before is None:
                self.deputy.pop(person, None)
        self.room = self._room()

    @rule(person=people)
    def leave(self, person: str) -> None:
        if person in self._there():
            self.now += timedelta(minutes=1)
            self.intervals[person][-1] = (self.intervals[person][-1][0], self.now)
            self.room = self._room()

    @rule(person=people)
    def recuse(self, person: str) -> None:
        self.recused.add(person)
        self.room = self._room()

    @rule(person=people)
    def correct_as_gone(self, person: str) -> None:
        """It becomes known that a person had left before the last vote: votes of theirs are void."""
        if self.casts and person in self._there():
            came, left = self.intervals[person][-1]
            last = max(came, self.casts[-1].cast_at)
            self.intervals[person][-1] = (came, last if left is None else min(last, left))
            self.room = self._room()

    @rule(person=people)
    def correct_as_there(self, person: str) -> None:
        """It becomes known that a person had never left: votes that were void count again."""
        if person in self.intervals:
            before = self.intervals[person]
            self.intervals[person] = [(before[0][0], None)]
            if deputies_refusals(self._attended(), PLACES):
                self.intervals[person] = before
            self.room = self._room()

    @rule(person=people)
    def recuse_no_longer(self, person: str) -> None:
        self.recused.discard(person)
        self.room = self._room()

    @rule(seat=seats, person=people, choice=st.sampled_from(Choice))
    def vote(self, seat: str, person: str, choice: Choice) -> None:
        self.now += timedelta(minutes=1)
        cast = Cast(seat, person, choice, self.now, vote=len(self.casts))
        whose = self.room.whose(cast)
        earlier = [(one.seat, voter) for one, voter in counting(self.room, self.casts)]
        if isinstance(whose, Voter) and not voted_before(seat, whose, earlier):
            self.casts.append(cast)
            assert cast.vote not in self._tally().void, "what is accepted counts"

    @rule(seat=seats, choice=st.sampled_from(Choice), stayed=st.booleans())
    def vote_once_more(self, seat: str, choice: Choice, *, stayed: bool) -> None:
        """A member votes, is found to have left before, comes back, votes again, and is found never to have left."""
        person = HOLDER[seat]
        if person is not None:
            self.arrive(person, None)
            self.vote(seat, person, choice)
            self.correct_as_gone(person)
            self.arrive(person, None)
            self.vote(seat, person, choice)
            if stayed:
                self.correct_as_there(person)

    def _tally(self) -> Tally:
        return tally(self.room, self.casts, put_at=START, action="")

    @invariant()
    def no_vote_counts_twice_and_none_of_who_is_excluded_or_gone(self) -> None:
        counted = self._tally()
        good = [
            (cast, voter, self._there(cast.cast_at))
            for cast in self.casts
            if cast.vote not in counted.void and isinstance(voter := self.room.whose(cast), Voter)
        ]
        assert len(good) + len(counted.void) == len(self.casts)
        for cast, voter, there in good:
            assert cast.by in there, "who casts a vote is there"
            assert cast.by not in self.recused
            assert voter.person not in self.recused
            if cast.by != voter.person:
                assert self.terms.proxies
                assert voter.person == HOLDER[cast.seat]
            if voter.person != HOLDER[cast.seat] and HOLDER[cast.seat] is not None:
                assert HOLDER[cast.seat] not in there or HOLDER[cast.seat] in self.recused, "no vote beside a deputy's"
        assert len({cast.seat for cast, _, _ in good}) == len(good)
        persons = [voter.person for _, voter, _ in good]
        principals = [voter.principal for _, voter, _ in good if voter.principal is not None]
        assert len(set(persons)) == len(persons)
        assert len(set(principals)) == len(principals)
        weights = {place.seat: place.weight for place in PLACES}
        sums = counted.result
        assert sums.votes_for + sums.against + sums.abstained == sum(weights[cast.seat] for cast, _, _ in good)

    @invariant()
    def no_item_is_decided_without_a_quorum_at_its_votes(self) -> None:
        counted = self._tally()
        if not counted.quorum:
            return
        for cast in self.casts:
            if cast.vote in counted.void:
                continue
            there = self._there(cast.cast_at)
            able: dict[str, set[str]] = {}
            for place in PLACES:
                if place.holder in there - self.recused:
                    able.setdefault(place.holder or "", set()).update(place.roles)
            for person, seat in self.deputy.items():
                if person not in able and person in there - self.recused and HOLDER[seat] not in there - self.recused:
                    able[person] = {role for place in PLACES if place.seat == seat for role in place.roles}
            crowd = [Counted(person, frozenset(roles)) for person, roles in able.items()]
            assert quorum(self.terms.clauses, crowd), "an oracle that keeps its own books finds one too"


TestItem = Item.TestCase
TestItem.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
