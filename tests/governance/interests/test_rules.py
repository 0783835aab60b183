"""S49: 28 days, six months, six years; and what a conflict means at a stage."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.governance.interests.rules import (
    Action,
    action_rules,
    counting_action,
    declaration_due,
    next_check,
    retention,
)
from services.governance.interests.walks import Edge, InterestType, Path, Relation


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
    path = Path(
        (
            Edge("1", "P-gp", Relation.PARTNER_IN, "practice", type=InterestType.FINANCIAL),
            Edge("2", "practice", Relation.OWNS, "company", Fraction(1, 32)),
        )
    )
    assert (path.party, path.share, path.share * 2_300_000_00) == ("company", Fraction(1, 32), Fraction(71_875_00))
    assert (path.is_direct, path.type) == (False, InterestType.FINANCIAL)
    close = Path((Edge("0", "P-wife", Relation.CLOSE_TO, "P-gp", type=InterestType.FINANCIAL), *path.edges))
    assert close.type is InterestType.INDIRECT


RULES = action_rules(date(2016, 4, 1))
EDGES = {kind: Path((Edge("1", "P-gp", Relation.OWNS, "company", type=kind),)) for kind in InterestType}


@pytest.mark.parametrize(
    ("stages", "financial", "professional"),
    [
        (("design",), Action.NOTE_ONLY, Action.NOTE_ONLY),
        (("bids_received",), Action.NO_PAPERS, Action.LEAVE_ROOM),
        (("awarded",), Action.STAY_NOT_VOTE, Action.NOTE_ONLY),
        (("", "signed"), Action.NO_PAPERS, Action.LEAVE_ROOM),
        (("monitoring", "signed"), Action.STAY_NOT_VOTE, Action.NOTE_ONLY),
        (("design", "bids_received"), Action.NO_PAPERS, Action.LEAVE_ROOM),
        (("award", "design"), Action.NO_PAPERS, Action.LEAVE_ROOM),
    ],
)
def test_of_several_stages_the_strictest_action_for_the_type_counts(
    stages: tuple[str, ...], financial: Action, professional: Action
) -> None:
    assert RULES is not None
    assert RULES.action_on(EDGES[InterestType.FINANCIAL], stages, supplying=()) is financial
    assert RULES.action_on(EDGES[InterestType.PROFESSIONAL], stages, supplying=()) is professional


def test_a_seat_of_a_supplier_votes_on_its_own_price_at_no_stage() -> None:
    assert RULES is not None
    seat = Path((Edge("1", "P-gp", Relation.SITS_IN, "host"), Edge("2", "host", Relation.HOSTS, "unit")))
    assert RULES.action_on(seat, ("design",), supplying=()) is Action.NOTE_ONLY
    assert RULES.action_on(seat, ("design",), supplying={"host"}) is Action.STAY_NOT_VOTE
    assert RULES.action_on(seat, ("award",), supplying={"host"}) is Action.LEAVE_ROOM


_ACTIONS = st.sampled_from(Action)


@given(_ACTIONS | st.none(), _ACTIONS, _ACTIONS | st.none())
def test_a_decision_counts_until_a_stricter_conflict_is_known(
    required: Action | None, decided: Action, required_then: Action | None
) -> None:
    counts = counting_action(required, decided, required_then)
    assert counts.strictness >= decided.strictness
    if required is None or required == required_then:
        assert counts is decided
    elif required_then is None or required.strictness > required_then.strictness:
        assert counts.strictness >= required.strictness
