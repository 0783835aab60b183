"""The line of a merger: every act and every day one that was planned, in order, and marks that never overlap."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.mergers.line import LEAST_GAP, MARGIN, WIDTH, Line, how_far, line_of


def plan(number: int, status: str, day: str, stated: str) -> dict[str, Any]:
    return {
        "number": number,
        "status": status,
        "effective_on": day,
        "stated_at": f"{stated}T09:00:00Z",
        "stated_by": None,
        "recorded_at": f"{stated}T09:00:00Z",
    }


SLIPPED = {
    "overdue": False,
    "plans": [
        plan(1, "agreed", "2031-04-01", "2030-09-02"),
        plan(2, "agreed", "2031-10-01", "2031-01-10"),
        plan(3, "agreed", "2032-04-01", "2031-06-30"),
        plan(4, "carried_out", "2032-04-01", "2032-04-01"),
    ],
}
APPLICATION = {
    "applied_on": "2030-05-06",
    "determinations": [
        {"decided_on": "2030-07-01", "outcome": "deferred", "deferred_to": "2030-09-01"},
        {"decided_on": "2030-09-01", "outcome": "approved_with_conditions", "deferred_to": None},
    ],
    "conditions": [{"condition": "1", "title": "The chair is appointed", "met_on": "2030-12-01", "evidence": "x"}],
}


def words(line: Line) -> list[tuple[str, str, str]]:
    return [(str(mark.moment.day), mark.moment.kind, mark.moment.words) for mark in line.marks]


def test_the_line_has_every_act_and_every_slip_from_the_application_to_day_one() -> None:
    assert words(line_of(SLIPPED, APPLICATION)) == [
        ("2030-05-06", "act", "Application filed"),
        ("2030-07-01", "act", "Deferred by NHS England to 1 September 2030"),
        ("2030-09-01", "act", "Approved by NHS England with conditions"),
        ("2030-09-02", "act", "Agreed for 1 April 2031"),
        ("2030-12-01", "act", "Condition 1 met: The chair is appointed"),
        ("2031-01-10", "act", "Moved to 1 October 2031"),
        ("2031-04-01", "slip", "Planned day one, moved"),
        ("2031-06-30", "act", "Moved to 1 April 2032"),
        ("2031-10-01", "slip", "Planned day one, moved"),
        ("2032-04-01", "done", "Day one: carried out"),
    ]


def test_a_slip_is_an_arc_from_the_day_that_was_planned_to_the_one_after() -> None:
    line = line_of(SLIPPED, None)
    assert [slip.words for slip in line.slips] == ["183 days later", "183 days later"]
    assert all(slip.start < slip.end for slip in line.slips)


def test_what_is_to_come_what_is_late_and_what_was_withdrawn_differ() -> None:
    agreed = [plan(1, "agreed", "2031-04-01", "2030-09-02")]
    assert words(line_of({"overdue": False, "plans": agreed}, None))[-1][1:] == ("ahead", "Day one")
    late = words(line_of({"overdue": True, "plans": agreed}, None))[-1]
    assert late[1:] == ("late", "Day one, not carried out yet")
    withdrawn = [*agreed, plan(2, "withdrawn", "2031-04-01", "2031-02-03")]
    assert [one[1:] for one in words(line_of({"overdue": False, "plans": withdrawn}, None))] == [
        ("act", "Agreed for 1 April 2031"),
        ("ended", "Withdrawn"),
        ("slip", "Planned day one, withdrawn"),
    ]


def test_an_instant_counts_by_the_day_in_england() -> None:
    late = [{**plan(1, "agreed", "2031-04-01", "2030-07-01"), "stated_at": "2030-07-01T23:30:00Z"}]
    assert words(line_of({"overdue": False, "plans": late}, None))[0][0] == "2030-07-02"


def test_how_far_a_day_is_from_another_is_said_in_days() -> None:
    assert how_far(date(2020, 10, 1), date(2021, 4, 1)) == "182 days later"
    assert how_far(date(2021, 4, 2), date(2021, 4, 1)) == "1 day earlier"


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=20))
def test_marks_stay_in_the_drawing_in_order_and_never_overlap(gaps: list[int]) -> None:
    day, plans = date(2013, 4, 1), []
    for number, gap in enumerate(gaps, 1):
        day += timedelta(days=gap)
        plans.append(plan(number, "agreed", "2040-01-01", day.isoformat()))
    determinations = [
        {"decided_on": one["stated_at"][:10], "outcome": "rejected", "deferred_to": None} for one in plans
    ]
    application = {"applied_on": None, "determinations": determinations, "conditions": []}
    places = [mark.x for mark in line_of({"overdue": False, "plans": plans[:1]}, application).marks]
    assert all(later - earlier >= LEAST_GAP for earlier, later in pairwise(places))
    assert places[0] >= MARGIN
    assert places[-1] <= WIDTH - MARGIN
