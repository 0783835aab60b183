"""S49: 28 days, six months, six years; and paths of interests against an independent walk."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.governance.interests.rules import declaration_due, next_check, retention
from services.governance.interests.walks import Edge, Relation, paths_to


@pytest.mark.parametrize(
    ("aware", "due"), [(date(2016, 3, 1), date(2016, 3, 29)), (date(2016, 2, 5), date(2016, 3, 4))]
)
def test_an_interest_is_declared_within_28_days_of_which_the_first_is_not_counted(aware: date, due: date) -> None:
    deadline = declaration_due(aware)
    assert deadline is not None
    assert (deadline.last_day, deadline.pack) == (due, "interests-2014")
    assert deadline.is_met_on(due)
    assert not deadline.is_met_on(due + timedelta(days=1))
    assert declaration_due(date(2013, 3, 31)) is None


@pytest.mark.parametrize(
    ("expired", "public", "kept"),
    [
        (date(2016, 6, 30), date(2016, 12, 30), date(2022, 6, 30)),
        (date(2016, 8, 31), date(2017, 2, 28), date(2022, 8, 31)),
    ],
)
def test_an_expired_interest_is_public_six_months_and_kept_six_years(expired: date, public: date, kept: date) -> None:
    found = retention(expired)
    assert found is not None
    assert (found.public_until, found.kept_until, found.pack) == (public, kept, "interests-2016")
    assert found.is_public_on(public)
    assert not found.is_public_on(public + timedelta(days=1))
    assert not found.may_be_purged_on(kept)
    assert found.may_be_purged_on(kept + timedelta(days=1))


def test_a_register_is_checked_twice_a_year_and_yearly_from_2017() -> None:
    assert next_check(date(2016, 8, 31)) == date(2017, 2, 28)
    assert next_check(date(2017, 6, 16)) == date(2018, 6, 16)


@given(st.dates(date(2013, 4, 1), date(2030, 12, 31)))
def test_nothing_is_purged_while_it_is_public(expired: date) -> None:
    found = retention(expired)
    assert found is not None
    assert expired < found.public_until < found.kept_until
    assert not found.may_be_purged_on(found.public_until)


def test_a_gp_owns_a_part_of_the_bidder_through_the_practice() -> None:
    """S47: 32 practices own the company that bids for £2.3m: £71,875 of contract value an owner."""
    edges = [
        Edge("1", "P-gp", Relation.PARTNER_IN, "practice"),
        Edge("2", "practice", Relation.OWNS, "company", Fraction(1, 32)),
        Edge("3", "P-gp", Relation.CLOSE_TO, "P-other"),
        Edge("4", "company", Relation.OWNS, "practice", Fraction(1, 2)),
    ]
    [path] = paths_to("P-gp", {"company"}, edges, most_hops=6)
    assert ([edge.id for edge in path.edges], path.party, path.share) == (["1", "2"], "company", Fraction(1, 32))
    assert (path.is_direct, path.share * 2_300_000_00) == (False, Fraction(71_875_00))
    assert paths_to("P-gp", {"company"}, edges, most_hops=1) == []
    assert paths_to("P-gp", {"company"}, edges[:1] + edges[2:], most_hops=6) == []


_NODES = "abcde"
_edges = st.lists(
    st.tuples(st.sampled_from(_NODES), st.sampled_from(_NODES)).filter(lambda pair: pair[0] != pair[1]),
    max_size=9,
    unique=True,
).map(lambda pairs: [Edge(f"{number}", one, Relation.OWNS, other) for number, (one, other) in enumerate(pairs)])


def reached(edges: list[Edge], parties: set[str], hops: int) -> set[str]:
    """The parties that can be reached from `a`, by growing the set of nodes; no party is passed."""
    nodes, found = {"a"}, set[str]()
    for _ in range(hops):
        further = {edge.other for edge in edges if edge.holder in nodes - parties | {"a"}}
        found |= further & parties
        nodes |= further
    return found


@given(_edges, st.sets(st.sampled_from("bcde")), st.integers(1, 6))
def test_a_conflict_is_what_growing_the_nodes_reaches(edges: list[Edge], parties: set[str], hops: int) -> None:
    paths = paths_to("a", parties, edges, most_hops=hops)
    assert {path.party for path in paths} == reached(edges, parties, hops)
    for path in paths:
        assert len({edge.id for edge in path.edges}) == len(path.edges) <= hops
        assert all(one.other == other.holder for one, other in zip(path.edges, path.edges[1:], strict=False))


@given(_edges, st.sets(st.sampled_from("bcde")))
def test_cutting_an_edge_of_every_path_removes_the_conflict(edges: list[Edge], parties: set[str]) -> None:
    cut = {path.edges[-1].id for path in paths_to("a", parties, edges, most_hops=6)}
    assert paths_to("a", parties, [edge for edge in edges if edge.id not in cut], most_hops=6) == []
