"""Terms of reference of a body: how it is quorate and decides, how it is called, who acts for it between meetings."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Self

from pydantic import Field, StrictBool, StrictInt, model_validator

from services.governance.core.codes import Command, RoleSlug
from services.governance.core.quorum import Clause, Seat
from services.governance.core.votes import MajorityBasis, Method


class QuorumSeat(Command):
    """A place in a quorum, which one person with any of these roles fills; no roles: any member."""

    roles: Annotated[tuple[RoleSlug, ...], Field(max_length=10, examples=[["lay", "secondary-care-doctor"]])] = ()
    attendees: Annotated[StrictBool, Field(description="Whether people without a vote fill it too.")] = False


class QuorumClause(Command):
    """One way to be quorate: each seat filled by another person, each condition met, and at least so many members."""

    seats: Annotated[tuple[QuorumSeat, ...], Field(max_length=30)] = ()
    conditions: Annotated[
        tuple[Annotated[tuple[RoleSlug, ...], Field(min_length=1, max_length=10)], ...],
        Field(
            max_length=10,
            description="Roles of which someone there has one; it uses no one up.",
            examples=[[["chair", "vice-chair"]]],
        ),
    ] = ()
    least: Annotated[StrictInt, Field(ge=0, le=100, description="The least number of voting members.")] = 0

    @property
    def rule(self) -> Clause:
        """The clause as a rule."""
        seats = tuple(Seat(frozenset(seat.roles), seat.attendees) for seat in self.seats)
        return Clause(seats, tuple(frozenset(roles) for roles in self.conditions), self.least)


class Majority(Command):
    """How votes decide: more than a fraction of a basis, or at least that much where `inclusive`."""

    basis: Annotated[MajorityBasis, Field(description="Of the votes cast, of those present, or of all members.")] = (
        MajorityBasis.VOTES_CAST
    )
    fraction: Annotated[
        str,
        Field(pattern=r"^(1|[1-9][0-9]{0,2}/[1-9][0-9]{0,2})$", description="An exact fraction.", examples=["2/3"]),
    ] = "1/2"
    inclusive: Annotated[StrictBool, Field(description="Whether just the fraction is enough.")] = False
    casting: Annotated[
        StrictBool, Field(description="Whether whoever presides breaks a tie; in a simple majority only.")
    ] = False

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        part = Fraction(self.fraction)
        if part > 1 or (part == 1 and not self.inclusive):
            raise ValueError("fraction: no one can reach it; unanimity is 1 with inclusive")
        return self

    @property
    def method(self) -> Method:
        """The majority as a rule."""
        return Method(self.basis, Fraction(self.fraction), self.inclusive, self.casting)


class Matter(Majority):
    """The majority for an action, and for every action that begins with it."""

    action: Annotated[
        str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$", max_length=80, examples=["constitution.change"])
    ]


class UrgentAction(Command):
    """Who acts for the body between meetings: holders of all these roles together, after consulting the others."""

    roles: Annotated[tuple[RoleSlug, ...], Field(min_length=1, max_length=10, examples=[["chair"]])]
    consult: Annotated[tuple[RoleSlug, ...], Field(max_length=10)] = ()


class TermsOfReference(Command):
    """What a body's terms of reference say."""

    quorum: Annotated[
        tuple[QuorumClause, ...], Field(min_length=1, max_length=10, description="Any one of them is enough.")
    ]
    majority: Majority = Majority()
    matters: Annotated[tuple[Matter, ...], Field(max_length=50, description="Special majorities, by action.")] = ()
    notice_days: Annotated[
        StrictInt | None,
        Field(ge=0, le=90, description="Clear days of notice of a meeting. Left out: the law's, where there are any."),
    ] = None
    in_public: Annotated[StrictBool, Field(description="Whether it meets in public.")] = False
    presides: Annotated[
        tuple[RoleSlug, ...],
        Field(max_length=10, description="Who presides, in this order: the first who is there and not recused."),
    ] = ("chair", "vice-chair")
    proxies: Annotated[StrictBool, Field(description="Whether a member may give their vote to another one.")] = False
    urgent: Annotated[UrgentAction | None, Field(description="Left out: no one acts between meetings.")] = None

    @property
    def clauses(self) -> list[Clause]:
        """The quorum as a rule."""
        return [clause.rule for clause in self.quorum]

    def method_for(self, action: str) -> Method:
        """Return how the body decides on an action: by the longest matter that it begins with, else as always."""
        dotted = f"{action}."
        fitting = [matter for matter in self.matters if dotted.startswith(f"{matter.action}.")]
        return max(fitting, key=lambda matter: len(matter.action), default=self.majority).method

    def roles(self) -> Iterator[str]:
        """Yield each role that the quorum and urgent action need someone for."""
        for clause in self.quorum:
            for seat in clause.seats:
                yield from seat.roles
            for condition in clause.conditions:
                yield from condition
        if self.urgent is not None:
            yield from (*self.urgent.roles, *self.urgent.consult)
