"""Decides whether the people who count for an item make a quorum, and which additions would.

A quorum rule is an OR of clauses. A clause has seats, which distinct people fill, conditions, which use no one up, and
a least number of members. Seats and people are matched by augmenting paths (Kuhn 1955), since filling seats one by one
refuses quorate meetings. Rules: NHS Act 2006 s.14L(2) leaves quorum to each constitution; BMJ Open, table 3, and the
constitution of Dudley CCG (28 March 2019) are the forms that it takes.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

MOST_ADDITIONS = 6
"""A forecast looks for so many further people at most."""
MOST_TRIALS = 2000
"""A forecast tries so many choices of further people at most; 30 people on 10 seats take 0.2 ms each."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A person who counts for an item: there at the instant, and not recused.

    `roles` are those of the seat that the person sits in, as a member or as a deputy. `votes`: a voting member, or who
    deputises for one.
    """

    person: str
    roles: frozenset[str]
    votes: bool = True
    principal: str | None = None
    """Of a candidate, whose seat it would be: no two candidates for one principal count."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a quorum that one person with any of these roles fills; no roles: any.

    `attendees`: people without a vote fill it too.
    """

    roles: frozenset[str] = frozenset()
    attendees: bool = False

    def takes(self, person: Counted) -> bool:
        """Whether the person may fill it."""
        return (person.votes or self.attendees) and (not self.roles or bool(self.roles & person.roles))


@dataclass(frozen=True, slots=True)
class Clause:
    """One way to be quorate: every seat filled, each condition met by someone, and at least so many voting members.

    A condition is a set of roles of which someone there has one; it uses no one up.
    """

    seats: tuple[Seat, ...] = ()
    conditions: tuple[frozenset[str], ...] = ()
    least: int = 0


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why one clause is not met.

    `contested` are seats of which only `rivals` could fill some: one person too few, or more. `unmet` are conditions
    that no one meets, and `missing` is how many voting members are too few.
    """

    contested: tuple[Seat, ...] = ()
    rivals: tuple[str, ...] = ()
    unmet: tuple[frozenset[str], ...] = ()
    missing: int = 0

    def __bool__(self) -> bool:
        return bool(self.contested or self.unmet or self.missing)


@dataclass(frozen=True, slots=True)
class Quorum:
    """Whether an item is quorate: by which clause with whom in which seat, or why by none of them."""

    clause: int | None
    filled: tuple[str, ...] = ()
    shortfalls: tuple[Shortfall, ...] = field(default=())

    def __bool__(self) -> bool:
        return self.clause is not None


def quorum(clauses: Sequence[Clause], people: Sequence[Counted]) -> Quorum:
    """Return whether the people make a quorum by one of the clauses, the first that is met.

    `filled` names the person of each seat of that clause, in the clause's order. Where none is met, `shortfalls` has
    one for each clause. People are distinct. Without clauses no one is quorate.
    """
    shortfalls: list[Shortfall] = []
    for number, clause in enumerate(clauses):
        filled, short = _fill(clause, people)
        if not short:
            return Quorum(number, filled)
        shortfalls.append(short)
    return Quorum(None, shortfalls=tuple(shortfalls))


@dataclass(frozen=True, slots=True)
class Forecast:
    """The fewest lawful additions that make a quorum, in the order of the candidates; None where there are none.

    `complete` says whether every choice was tried: where not, there may be more than the ones tried.
    """

    quorum: Quorum
    additions: tuple[Counted, ...] | None
    complete: bool = True


def forecast(clauses: Sequence[Clause], expected: Sequence[Counted], candidates: Sequence[Counted]) -> Forecast:
    """Return whether the expected people will make a quorum, and else the fewest candidates who would complete it.

    A person is in `candidates` once for each place that they could take: as a member, or as the deputy of one of
    several principals. No one is added twice, nor where they are expected already.
    """
    reached = quorum(clauses, expected)
    if reached:
        return Forecast(reached, ())
    there = {one.person for one in expected}
    eligible = _alike_once(clauses, [one for one in candidates if one.person not in there])
    fewest = min((short.missing for short in reached.shortfalls), default=0)
    trials = 0
    for count in range(max(1, fewest), min(MOST_ADDITIONS, len(eligible)) + 1):
        for additions in _distinct(eligible, count):
            trials += 1
            if trials > MOST_TRIALS:
                return Forecast(reached, None, complete=False)
            if quorum(clauses, [*expected, *additions]):
                return Forecast(reached, additions)
    return Forecast(reached, None)


def _alike_once(clauses: Sequence[Clause], candidates: Sequence[Counted]) -> list[Counted]:
    """Return the candidates without those for whom enough others stand in: of the same roles, as far as they count.

    Five others can keep at most ten of them from being added, by being the same person or for the same principal.
    """
    named = {role for clause in clauses for seat in clause.seats for role in seat.roles}
    named |= {role for clause in clauses for roles in clause.conditions for role in roles}
    alike: Counter[tuple[frozenset[str], bool, str | None]] = Counter()
    found = []
    for one in candidates:
        deputised = one.principal if one.principal != one.person else None
        key = (one.roles & named, one.votes, deputised)
        alike[key] += 1
        if alike[key] <= 2 * MOST_ADDITIONS:
            found.append(one)
    return found


def _distinct(candidates: Sequence[Counted], count: int) -> Iterator[tuple[Counted, ...]]:
    """Yield the choices of so many candidates in which no one is twice, nor in the seat of one principal."""
    for chosen in combinations(candidates, count):
        principals = [one.principal for one in chosen if one.principal is not None]
        if len({one.person for one in chosen}) == count and len(set(principals)) == len(principals):
            yield chosen


def _fill(clause: Clause, people: Sequence[Counted]) -> tuple[tuple[str, ...], Shortfall]:
    """Fill as many seats of a clause as can be, and return who sits in them, and what is short."""
    wanted = [[index for index, person in enumerate(people) if seat.takes(person)] for seat in clause.seats]
    sits_in: dict[int, int] = {}
    contested: set[int] = set()
    rivals: set[int] = set()
    for seat in range(len(wanted)):
        tried: set[int] = set()
        if not _seat(seat, wanted, sits_in, tried):
            contested |= {seat, *(sits_in[person] for person in tried)}
            rivals |= tried
    filled = {seat: people[person].person for person, seat in sits_in.items()}
    roles = frozenset[str]().union(*(person.roles for person in people))
    short = Shortfall(
        tuple(clause.seats[seat] for seat in sorted(contested)),
        tuple(people[person].person for person in sorted(rivals)),
        tuple(condition for condition in clause.conditions if not condition & roles),
        max(0, clause.least - sum(person.votes for person in people)),
    )
    return tuple(filled[seat] for seat in sorted(filled)), short


def _seat(seat: int, wanted: Sequence[Collection[int]], sits_in: dict[int, int], tried: set[int]) -> bool:
    """Find someone for a seat, and move others to further seats where that frees one (an augmenting path)."""
    for person in wanted[seat]:
        if person not in tried:
            tried.add(person)
            if person not in sits_in or _seat(sits_in[person], wanted, sits_in, tried):
                sits_in[person] = seat
                return True
    return False


@dataclass(frozen=True, slots=True)
class BodySeat:
    """A seat of a body on a day: its roles, its holder, and who is named beforehand as a deputy for it."""

    seat: str
    roles: frozenset[str]
    votes: bool
    holder: str | None
    deputies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sitting:
    """Who is there at an instant, and in whose seat a deputy sits: person to seat, for deputies alone."""

    present: frozenset[str]
    deputising: Mapping[str, str] = field(default_factory=dict[str, str])


def who_counts(places: Iterable[BodySeat], sitting: Sitting, *, recused: Collection[str]) -> list[Counted]:
    """Return the people who count for an item, each once, in the order of the places.

    A member counts with the roles of all their seats. A deputy counts for one absent or recused principal, with that
    seat's roles, if named for it beforehand, and not where they are there as a member or are recused themselves. What
    was given to a deputy as a proxy beside that counts for no one.
    """
    roles: dict[str, set[str]] = {}
    voting: set[str] = set()
    standing = list(places)
    members = {one.holder for one in standing if one.holder is not None}
    for place in standing:
        person = sitter(place, sitting, recused=recused, members=members)
        if person is None or (person in roles and person not in members):
            continue
        roles.setdefault(person, set()).update(place.roles)
        if place.votes:
            voting.add(person)
    return [Counted(person, frozenset(found), person in voting) for person, found in roles.items()]


def sitter(place: BodySeat, sitting: Sitting, *, recused: Collection[str], members: Collection[str]) -> str | None:
    """Return who sits in a place for an item: its holder, or else the deputy who sits for it; None where no one does.

    `members` are all holders of the body: whoever is one deputises for no one while there as a member.
    """
    out = set(recused)
    if place.holder is not None and place.holder in sitting.present and place.holder not in out:
        return place.holder
    for deputy in place.deputies:
        there_as_member = deputy in members and deputy in sitting.present
        if (
            deputy in sitting.present
            and deputy not in out
            and not there_as_member
            and sitting.deputising.get(deputy) == place.seat
        ):
            return deputy
    return None
