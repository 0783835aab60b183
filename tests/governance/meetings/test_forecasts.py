"""What a forecast says would make a quorum makes one, when it happens as it says."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.governance.core.terms import TermsOfReference
from services.governance.forecasts.queries import forecast_of
from services.governance.meetings.rules import Attended, Room, WeighedSeat

AT = datetime(2017, 3, 30, 14, tzinfo=UTC)
PEOPLE = ("a", "b", "c", "d", "x", "y")
ROLES = ("gp", "lay")
people = st.sampled_from(PEOPLE)
some = st.sets(people, max_size=3)


@st.composite
def places(draw: st.DrawFn) -> list[WeighedSeat]:
    """Up to five seats; some are vacant, some people hold two, and a member may be named as a deputy of another."""
    return [
        WeighedSeat(
            f"s/{number}",
            frozenset({draw(st.sampled_from(ROLES))}),
            draw(st.integers(0, 4)) > 0,
            draw(st.none() | people),
            tuple(sorted(draw(some))),
        )
        for number in range(draw(st.integers(1, 5)))
    ]


@settings(max_examples=150)
@given(places(), some, some, some, st.integers(0, 3), st.lists(st.sampled_from(ROLES), max_size=3))
def test_the_additions_of_a_forecast_make_a_quorum(
    seats: list[WeighedSeat], coming: set[str], out: set[str], away: set[str], least: int, needed: list[str]
) -> None:
    clause: dict[str, Any] = {"seats": [{"roles": [role]} for role in needed], "least": least}
    terms = TermsOfReference.model_validate({"quorum": [clause]})
    attended = [Attended(one, ((AT, None),)) for one in sorted(coming - away)]
    found = forecast_of(Room(seats, attended, frozenset(out), terms), AT, away)
    if found.additions is None:
        return
    assert not {one.person for one in found.additions} & (coming | out | away)
    for one in found.additions:
        sits = next(
            (
                seat.seat
                for seat in seats
                if one.principal not in (None, one.person)
                and one.principal in (seat.holder, seat.seat)
                and (one.person in seat.deputies, seat.roles, seat.votes) == (True, one.roles, one.votes)
            ),
            "",
        )
        attended.append(Attended(one.person, ((AT, None),), sits))
    assert Room(seats, attended, frozenset(out), terms).quorum(AT)
