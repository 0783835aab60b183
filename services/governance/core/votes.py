"""Counts votes by a body's method: of the votes cast, of those present, or of all members, by any fraction.

Majority methods are local: no national figure was found. A casting vote breaks a tie in a simple majority only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

HALF = Fraction(1, 2)


class Choice(StrEnum):
    """How a seat voted."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"


class MajorityBasis(StrEnum):
    """Of what a majority is counted."""

    VOTES_CAST = "votes_cast"
    """Of the votes for and against: who abstains does not count."""
    PRESENT = "present"
    """Of the votes of those who are there and may vote: who abstains, or does not vote, counts as not for."""
    MEMBERS = "members"
    """Of the votes of all seats that vote, whoever is there."""


@dataclass(frozen=True, slots=True)
class Method:
    """How a body decides: more than `fraction` of a basis, or at least that much where `inclusive`.

    Unanimity is at least 1 of the basis. `casting`: whoever presides breaks a tie, in a simple majority of votes cast
    only.
    """

    basis: MajorityBasis = MajorityBasis.VOTES_CAST
    fraction: Fraction = HALF
    inclusive: bool = False
    casting: bool = False

    @property
    def has_casting_vote(self) -> bool:
        """Whether a tie is broken by a casting vote: in a majority of more than half of the votes cast alone."""
        return self.casting and self.basis is MajorityBasis.VOTES_CAST and self.fraction == HALF and not self.inclusive


@dataclass(frozen=True, slots=True)
class Ballot:
    """The vote of one seat, with its weight."""

    seat: str
    choice: Choice
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """What a vote came to. Weights, not heads. `of` is what the majority is counted of; `tie` before a casting vote."""

    carried: bool
    votes_for: int
    against: int
    abstained: int
    of: int
    tie: bool
    casting: Choice | None = None


def count(
    method: Method, ballots: Iterable[Ballot], *, present: int, members: int, casting: Choice | None = None
) -> Result:
    """Return the result of a vote.

    `present` and `members` are the weights of the seats that may vote and are there, and of all that vote in the body.
    `casting` is how whoever presides votes if there is a tie; it counts where the method has a casting vote, and in a
    tie only. Nothing is carried where no one votes for it. Raises ValueError where a seat voted twice.
    """
    cast = list(ballots)
    if len({ballot.seat for ballot in cast}) != len(cast):
        raise ValueError("a seat votes once")
    sums = {choice: sum(ballot.weight for ballot in cast if ballot.choice is choice) for choice in Choice}
    votes_for, against = sums[Choice.FOR], sums[Choice.AGAINST]
    of = {
        MajorityBasis.VOTES_CAST: votes_for + against,
        MajorityBasis.PRESENT: present,
        MajorityBasis.MEMBERS: members,
    }[method.basis]
    tie = votes_for == against and votes_for > 0
    broken = casting if tie and method.has_casting_vote and casting is not Choice.ABSTAIN else None
    reached = votes_for >= method.fraction * of if method.inclusive else votes_for > method.fraction * of
    carried = broken is Choice.FOR if broken else reached and votes_for > 0
    return Result(carried, votes_for, against, sums[Choice.ABSTAIN], of, tie, broken)
