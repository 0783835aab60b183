"""Quorum of full meetings, with deputies, proxies and recusals, against networkx's matching of people and seats."""

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from services.governance.core.quorum import BodySeat, Clause, Seat, Sitting, quorum, who_counts

_ROLES = "abcde"
_PERSONS = [f"p{number}" for number in range(12)]
_roles = st.frozensets(st.sampled_from(_ROLES), min_size=1, max_size=2)
_deputies = st.lists(st.sampled_from(_PERSONS), max_size=2, unique=True).map(tuple)


@st.composite
def bodies(draw: st.DrawFn) -> list[BodySeat]:
    """Up to ten seats; some are vacant, some people sit in two."""
    count = draw(st.integers(1, 10))
    return [
        BodySeat(
            seat=f"s{number}",
            roles=draw(_roles),
            votes=draw(st.sampled_from([True, True, False])),
            holder=draw(st.none() | st.sampled_from(_PERSONS)),
            deputies=draw(_deputies),
        )
        for number in range(count)
    ]


@st.composite
def sittings(draw: st.DrawFn) -> tuple[list[BodySeat], Sitting, frozenset[str]]:
    """Who is there, for which seat each deputises or has a proxy, and who is recused."""
    places = draw(bodies())
    present = draw(st.frozensets(st.sampled_from(_PERSONS)))
    named = st.sampled_from([one.seat for one in places])
    deputising = draw(st.dictionaries(st.sampled_from(_PERSONS), named, max_size=6))
    return places, Sitting(present, deputising), draw(st.frozensets(st.sampled_from(_PERSONS), max_size=3))


clauses = st.builds(
    Clause,
    st.lists(st.builds(Seat, st.frozensets(st.sampled_from(_ROLES), max_size=2), st.booleans()), max_size=8).map(tuple),
    st.lists(st.frozensets(st.sampled_from(_ROLES), min_size=1), max_size=1).map(tuple),
    st.integers(0, 6),
)


def counted(places: list[BodySeat], sitting: Sitting, recused: frozenset[str]) -> dict[str, tuple[set[str], bool]]:
    """Each person who counts, with roles and whether they vote, by the rule in words: person by person, not seat."""
    there = sitting.present - recused
    people: dict[str, tuple[set[str], bool]] = {}
    for person in there:
        own = [one for one in places if one.holder == person]
        if own:
            people[person] = {role for one in own for role in one.roles}, any(one.votes for one in own)
    members = {one.holder for one in places}
    deputies = [one for one in there if one not in members]
    for seat in places:
        sits = [one for one in seat.deputies if one in deputies and sitting.deputising.get(one) == seat.seat]
        if sits and seat.holder not in there:
            people[sits[0]] = set(seat.roles), seat.votes
    return people


@given(sittings(), clauses)
@settings(max_examples=100)
def test_a_meeting_is_quorate_where_a_matching_fills_every_seat(
    meeting: tuple[list[BodySeat], Sitting, frozenset[str]], clause: Clause
) -> None:
    places, sitting, recused = meeting
    people = counted(places, sitting, recused)
    graph: nx.Graph[object] = nx.Graph()
    seats = [("seat", number) for number in range(len(clause.seats))]
    graph.add_nodes_from(seats)
    for node, seat in zip(seats, clause.seats, strict=True):
        for person, (roles, votes) in people.items():
            if (votes or seat.attendees) and (not seat.roles or roles & seat.roles):
                graph.add_edge(node, person)
    matching = nx.bipartite.maximum_matching(graph, top_nodes=seats)
    everyone = {role for roles, _ in people.values() for role in roles}
    expected = (
        all(node in matching for node in seats)
        and all(condition & everyone for condition in clause.conditions)
        and sum(votes for _, votes in people.values()) >= clause.least
    )
    reached = quorum([clause], who_counts(places, sitting, recused=recused))
    assert bool(reached) is expected
    assert not set(reached.filled) & recused
    assert set(reached.filled) <= sitting.present
