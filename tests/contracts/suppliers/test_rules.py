"""Rules of suppliers: what an event says of a day is the whole of it, whatever was stated for later days."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.temporal.history import LAST_DAY
from services.contracts.suppliers.errors import CheckpointUnknown, NoLifeCycle, SupplierHasEnded
from services.contracts.suppliers.models import HANDS, Aspect
from services.contracts.suppliers.rules import Period, SupplierState, parts_of, state_text, whole_from, why_not_in_state

FIRST = date(2014, 1, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(6)]


VALUES = st.dictionaries(st.sampled_from(HANDS), st.text("ab-", min_size=6, max_size=6))
"""Of each aspect its value on six days, `-` for none; the last one has no end."""


def periods_of(values: Mapping[Aspect, str]) -> list[Period]:
    """The periods of these values, neighbours of one value joined."""
    return [
        Period(aspect, text[start], DAYS[start], DAYS[end] if end < len(text) else LAST_DAY, "supplier")
        for aspect, text in values.items()
        for start, end in pairwise([n for n in range(7) if n in (0, 6) or text[n] != text[n - 1]])
        if text[start] != "-"
    ]


@settings(max_examples=100)
@given(VALUES, st.sampled_from(DAYS))
def test_the_last_event_by_a_day_says_what_holds_on_it(values: Mapping[Aspect, str], first: date) -> None:
    events = list(whole_from(periods_of(values), HANDS, first))
    assert events[0][0] == first
    assert all(earlier[1] != later[1] for earlier, later in pairwise(events))
    for number, day in enumerate(DAYS):
        if day >= first:
            on_the_day = {aspect: text[number] for aspect, text in values.items() if text[number] != "-"}
            assert [whole for since, whole in events if since <= day][-1] == on_the_day


@pytest.mark.parametrize("state", list(SupplierState))
def test_a_state_is_read_as_it_was_written(state: SupplierState) -> None:
    numbers = (3, "B") if state == SupplierState.CHECKPOINT else (None, None)
    assert parts_of(state_text(state, *numbers)) == (state, *numbers)


@pytest.mark.parametrize(
    ("before", "state", "refusals"),
    [
        ("checkpoint:4:A", "closed", []),
        ("checkpoint:4:A", "withdrawn", []),
        ("licensed", "checkpoint:2:A", []),
        ("closed", "licensed", [SupplierHasEnded]),
        ("withdrawn", "planned", [SupplierHasEnded]),
        ("closed", "closed", []),
        ("closed", "checkpoint:6:D", [CheckpointUnknown, CheckpointUnknown, SupplierHasEnded]),
    ],
)
def test_only_what_is_closed_or_withdrawn_has_no_state_after_it(
    before: str, state: str, refusals: list[type[Exception]]
) -> None:
    period = Period(Aspect.STATE, before, FIRST, LAST_DAY, "supplier")
    assert [type(one) for one in why_not_in_state(state, date(2014, 6, 1), period)] == refusals


def test_before_the_draft_of_october_2011_there_is_no_life_cycle() -> None:
    assert why_not_in_state("planned", date(2011, 10, 31), None) == []
    with pytest.raises(NoLifeCycle):
        why_not_in_state("planned", date(2011, 10, 30), None)
