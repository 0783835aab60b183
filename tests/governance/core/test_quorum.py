"""Quorum: the five real rules, matching against brute force, deputies, and what a forecast says."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.governance.core.quorum import (
    BodySeat,
    Clause,
    Counted,
    Seat,
    Sitting,
    forecast,
    quorum,
    who_counts,
)


def roles(*names: str) -> frozenset[str]:
    return frozenset(names)


def people(*seats: str) -> list[Counted]:
    """People p1, p2 ... by their roles, `lay+chair`; a role in brackets does not vote."""
    return [
        Counted(f"p{number}", frozenset(seat.strip("()").split("+")), votes=not seat.startswith("("))
        for number, seat in enumerate(seats, 1)
    ]


GP, LAY = Seat(roles("gp")), Seat(roles("lay"))
OFFICERS = roles("co", "cfo", "csdq")
SITE_1 = Clause((LAY, Seat(OFFICERS)), least=3)
SITE_2 = Clause(
    (
        *[Seat(roles("non-executive"))] * 3,
        GP,
        *[Seat(roles("co"))] * 2,
        Seat(roles("cfo")),
        Seat(roles("head-of-contracting")),
        *[Seat(roles("attendee"), attendees=True)] * 2,
    )
)
SITE_3 = Clause((LAY, GP, Seat(roles("executive"))))
_INDEPENDENT = Seat(roles("lay-audit", "lay", "nurse", "secondary-care"))
SITE_4 = Clause((Seat(roles("co", "cfo")), _INDEPENDENT, _INDEPENDENT), (roles("chair", "vice-chair"),), least=4)
DUDLEY = Clause(
    (
        *[Seat(roles("elected-gp"))] * 4,
        Seat(roles("lay", "secondary-care")),
        Seat(roles("ceo", "cofo", "chief-nurse")),
    ),
    (roles("chair", "ceo", "cofo"),),
)


@pytest.mark.parametrize(
    ("rule", "seats", "quorate"),
    [
        (SITE_1, ["lay", "cfo", "gp"], True),
        (SITE_1, ["lay", "cfo"], False),
        (SITE_1, ["lay+cfo", "gp", "gp"], False),
        (SITE_1, ["gp", "gp", "lay"], False),
        (SITE_2, [*["non-executive"] * 3, "gp", "co", "co", "cfo", "head-of-contracting", *["(attendee)"] * 2], True),
        (SITE_2, [*["non-executive"] * 3, "gp", "co", "co", "cfo", "head-of-contracting", "(attendee)"], False),
        (SITE_2, [*["non-executive"] * 3, "(gp)", "co", "co", "cfo", "head-of-contracting", *["attendee"] * 2], False),
        (SITE_3, ["lay", "gp", "executive"], True),
        (SITE_3, ["lay+gp", "executive"], False),
        (SITE_4, ["co", "lay-audit+chair", "nurse", "gp"], True),
        (SITE_4, ["co", "lay-audit", "nurse", "gp"], False),
        (SITE_4, ["co", "lay+vice-chair", "nurse"], False),
        (DUDLEY, [*["elected-gp"] * 4, "lay", "cofo"], True),
        (DUDLEY, [*["elected-gp"] * 4, "lay", "chief-nurse"], False),
        (DUDLEY, ["elected-gp+chair", *["elected-gp"] * 3, "lay", "chief-nurse"], True),
        (DUDLEY, [*["elected-gp"] * 3, "lay", "cofo", "ceo"], False),
        (DUDLEY, [*["elected-gp"] * 4, "cofo", "ceo"], False),
    ],
)
def test_the_five_real_rules(rule: Clause, seats: list[str], *, quorate: bool) -> None:
    assert bool(quorum([rule], people(*seats))) is quorate


def test_seats_are_matched_where_filling_them_in_order_would_refuse() -> None:
    rule = Clause((Seat(roles("lay", "gp")), Seat(roles("gp"))))
    reached = quorum([rule], people("gp", "lay"))
    assert reached.filled == ("p2", "p1")


def test_what_is_short_names_the_seats_that_compete_and_for_whom() -> None:
    reached = quorum([SITE_1], people("lay+cfo", "gp"))
    [short] = reached.shortfalls
    assert (short.contested, short.rivals, short.missing) == (SITE_1.seats, ("p1",), 1)
    [unmet] = quorum([SITE_4], people("co", "lay", "nurse", "gp")).shortfalls
    assert (unmet.contested, unmet.unmet, unmet.missing) == ((), SITE_4.conditions, 0)


def test_any_clause_is_enough_and_none_is_never_quorate() -> None:
    assert quorum([SITE_3, SITE_1], people("lay", "cfo", "gp")).clause == 1
    assert not quorum([], people("lay", "cfo", "gp"))
    assert quorum([Clause()], [])


_ROLES = "abcd"
_counted = st.builds(Counted, person=st.just(""), roles=st.frozensets(st.sampled_from(_ROLES)), votes=st.booleans())
_crowd = st.lists(_counted, max_size=5).map(
    lambda found: [Counted(f"p{number}", one.roles, one.votes) for number, one in enumerate(found)]
)
_seat = st.builds(Seat, st.frozensets(st.sampled_from(_ROLES), max_size=2), st.booleans())
_clause = st.builds(
    Clause,
    st.lists(_seat, max_size=4).map(tuple),
    st.lists(st.frozensets(st.sampled_from(_ROLES), min_size=1), max_size=1).map(tuple),
    st.integers(0, 4),
)
_rule = st.lists(_clause, max_size=2)


def by_assignment(clause: Clause, crowd: list[Counted]) -> bool:
    """Quorum by trying every assignment of people to seats."""
    if len([one for one in crowd if one.votes]) < clause.least:
        return False
    if any(all(not condition & one.roles for one in crowd) for condition in clause.conditions):
        return False
    return any(
        all(seat.takes(one) for seat, one in zip(clause.seats, chosen, strict=True))
        for chosen in permutations(crowd, len(clause.seats))
    )


@given(_rule, _crowd)
def test_quorum_is_what_trying_every_assignment_says(rule: list[Clause], crowd: list[Counted]) -> None:
    reached = quorum(rule, crowd)
    assert bool(reached) is any(by_assignment(clause, crowd) for clause in rule)
    if reached.clause is None:
        assert len(reached.shortfalls) == len(rule)
        assert all(reached.shortfalls)
        return
    seats = rule[reached.clause].seats
    by_name = {one.person: one for one in crowd}
    assert len(set(reached.filled)) == len(seats) == len(reached.filled), "no person fills two seats"
    assert all(seat.takes(by_name[person]) for seat, person in zip(seats, reached.filled, strict=True))


@given(_rule, _crowd, _counted)
def test_one_more_person_never_breaks_a_quorum(rule: list[Clause], crowd: list[Counted], further: Counted) -> None:
    if quorum(rule, crowd):
        assert quorum(rule, [*crowd, Counted("further", further.roles, further.votes)])


@given(_rule, _crowd)
def test_the_seats_that_compete_have_fewer_people_than_they_are(rule: list[Clause], crowd: list[Counted]) -> None:
    for short in quorum(rule, crowd).shortfalls:
        could = {one.person for one in crowd for seat in short.contested if seat.takes(one)}
        assert set(short.rivals) == could
        assert len(could) < len(short.contested) or not short.contested


@given(_rule, _crowd, _crowd)
def test_a_forecast_names_the_fewest_additions(
    rule: list[Clause], crowd: list[Counted], further: list[Counted]
) -> None:
    candidates = [Counted(f"c{number // 2}", one.roles, one.votes) for number, one in enumerate(further)]
    found = forecast(rule, crowd, candidates)
    if found.additions is None:
        assert not quorum(rule, crowd)
        return
    assert quorum(rule, [*crowd, *found.additions])
    fewer = len(found.additions) - 1
    assert not any(
        quorum(rule, [*crowd, *chosen])
        for chosen in permutations(candidates, max(fewer, 0))
        if fewer >= 0 and len({one.person for one in chosen}) == fewer
    )


CHAIR = BodySeat("chair", roles("chair", "elected-gp"), votes=True, holder="A", deputies=("D",))
GP_2 = BodySeat("gp-2", roles("elected-gp"), votes=True, holder="B", deputies=("D", "C"))
GP_3 = BodySeat("gp-3", roles("elected-gp"), votes=True, holder="C")
CFO = BodySeat("cfo", roles("cofo"), votes=True, holder=None, deputies=("E",))
PLACES = (CHAIR, GP_2, GP_3, CFO)


@pytest.mark.parametrize(
    ("present", "deputising", "recused", "counted"),
    [
        ("ABC", {}, "", {"A": "chair elected-gp", "B": "elected-gp", "C": "elected-gp"}),
        ("BC", {}, "C", {"B": "elected-gp"}),
        ("BCD", {"D": "chair"}, "", {"D": "chair elected-gp", "B": "elected-gp", "C": "elected-gp"}),
        ("ABCD", {"D": "chair"}, "", {"A": "chair elected-gp", "B": "elected-gp", "C": "elected-gp"}),
        ("ABCD", {"D": "chair"}, "A", {"D": "chair elected-gp", "B": "elected-gp", "C": "elected-gp"}),
        ("ABCD", {"D": "chair"}, "AD", {"B": "elected-gp", "C": "elected-gp"}),
        # C is there as a member, and so deputises for nobody; F was never named.
        ("ACF", {"C": "gp-2", "F": "gp-2"}, "", {"A": "chair elected-gp", "C": "elected-gp"}),
        # A vacant seat has no principal who could be absent, but its deputy was named for it.
        ("AE", {"E": "cfo"}, "", {"A": "chair elected-gp", "E": "cofo"}),
    ],
)
def test_who_counts(present: str, deputising: dict[str, str], recused: str, counted: dict[str, str]) -> None:
    found = who_counts(PLACES, Sitting(frozenset(present), deputising), recused=recused)
    assert {one.person: " ".join(sorted(one.roles)) for one in found} == counted


def test_one_person_in_two_seats_counts_once_with_both_roles() -> None:
    both = [CHAIR, BodySeat("audit", roles("lay-audit"), votes=False, holder="A")]
    [one] = who_counts(both, Sitting(frozenset("A")), recused=())
    assert one == Counted("A", roles("chair", "elected-gp", "lay-audit"), votes=True)
