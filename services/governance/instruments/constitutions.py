"""Checks who sits in an instrument's joint body: parties alone, regulators without a vote, no host that dominates."""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from libs.common.errors import Conflict, Reason
from services.governance.bodies.posts import NewPost
from services.governance.bodies.votes import Votes, dominance
from services.governance.core.codes import Command, Title
from services.governance.core.terms import TermsOfReference
from services.governance.instruments.errors import NotAParty
from services.governance.instruments.rules import Form


class ConstitutionContent(Command):
    """The seats of a joint body, each a party's, and its terms of reference."""

    title: Title
    seats: Annotated[tuple[NewPost, ...], Field(min_length=1, max_length=50)]
    terms: TermsOfReference


def seats_with_votes(
    form: Form, seats: Sequence[NewPost], kinds: Mapping[str, str], functions: Collection[str]
) -> tuple[NewPost, ...]:
    """Return the seats; that of a party without a vote, such as a regulator, is recorded without one."""
    return tuple(
        seat if form.votes(kinds.get(seat.organisation, ""), functions) else seat.model_copy(update={"votes": False})
        for seat in seats
    )


def check_seats(
    form: Form,
    seats: Sequence[NewPost],
    parties: Collection[str],
    kinds: Mapping[str, str],
    host: str,
    functions: Collection[str],
) -> list[Conflict]:
    """Return why these cannot be the seats: one is no party's, or the host would have too much of the votes."""
    found: list[Conflict] = []
    for organisation in sorted({seat.organisation for seat in seats} - set(parties)):
        message = f"{organisation or 'no organisation'} is no party, and has no seat"
        found.append(NotAParty(message, reasons=[Reason(message, "seats.organisation")]))
    voting = [seat for seat in seats_with_votes(form, seats, kinds, functions) if seat.votes]
    return found + dominance(form.pack, host, [Votes(seat.organisation, seat.weight) for seat in voting], "seats")
