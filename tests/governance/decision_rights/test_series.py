"""What counts together in a series: the fullest window of the pack's months in which a day lies."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.temporal.months import after_months
from services.governance.core.chains import LimitBasis
from services.governance.decision_rights.series import Part, fullest

ON = date(2017, 6, 1)
MONTHS = 12


def part(name: str, on: date, pence: int = 20, *, ended_on: date | None = None, proposal: str = "") -> Part:
    return Part(
        decision=name,
        proposal=proposal or name,
        value_pence=pence,
        annual_pence=pence // 2,
        decided_on=on,
        ended_on=ended_on,
    )


BEFORE, AFTER = part("before", date(2016, 8, 1)), part("after", date(2018, 4, 1))


@pytest.mark.parametrize(
    ("parts", "pence", "named"),
    [
        ([BEFORE], 20, ("before",)),
        ([AFTER], 20, ("after",)),
        ([BEFORE, AFTER], 20, ("before",)),
        ([BEFORE, part("soon", date(2017, 7, 31))], 40, ("before", "soon")),
        ([BEFORE, part("soon", date(2017, 8, 2)), AFTER], 40, ("soon", "after")),
        ([part("year", date(2016, 6, 1)), part("more", date(2016, 5, 31))], 20, ("year",)),
        ([part("next", date(2018, 6, 1)), part("past", date(2018, 6, 2))], 20, ("next",)),
        ([part("gone", date(2017, 5, 1), ended_on=ON)], 0, ()),
        ([part("going", date(2017, 5, 1), ended_on=ON + timedelta(days=1))], 20, ("going",)),
        ([part("undone", date(2017, 7, 1), ended_on=date(2017, 8, 1))], 0, ()),
        ([part("one", date(2017, 5, 1), proposal="P"), part("two", date(2017, 5, 2), 30, proposal="P")], 30, ("two",)),
    ],
)
def test_parts_of_one_window_count_together(parts: list[Part], pence: int, named: tuple[str, ...]) -> None:
    decided, decisions = fullest(parts, ON, MONTHS)
    assert decided == {LimitBasis.SINGLE: pence, LimitBasis.ANNUAL: pence // 2, LimitBasis.WHOLE_LIFE: pence}
    assert decisions == named


near = st.integers(-400, 400).map(lambda days: ON + timedelta(days=days))


@settings(max_examples=30)
@given(st.lists(st.tuples(near, st.integers(0, 9), st.none() | near), max_size=6))
def test_it_is_the_highest_sum_of_all_windows(drawn: list[tuple[date, int, date | None]]) -> None:
    parts = [
        part(f"D-{number}", on, pence, ended_on=ended)
        for number, (on, pence, ended) in enumerate(sorted(drawn, key=str))
    ]
    parts.sort(key=lambda one: one.decided_on)
    sums = []
    for end in (ON + timedelta(days=days) for days in range(400)):
        if after_months(end, -MONTHS) <= ON:
            within = [one for one in parts if after_months(end, -MONTHS) <= one.decided_on <= end]
            sums.append(
                sum(
                    one.value_pence
                    for one in within
                    if one.ended_on is None or (one.ended_on > end and one.decided_on <= ON)
                )
            )
    assert fullest(parts, ON, MONTHS)[0][LimitBasis.WHOLE_LIFE] == max(sums)
