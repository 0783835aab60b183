"""Rules of procurements: the order of stages by a table, and events that say the whole of each day."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.temporal.history import LAST_DAY
from services.contracts.procurements.models import Milestone
from services.contracts.procurements.rules import (
    Bid,
    Stage,
    Standing,
    StatedPeriod,
    next_stage,
    regimes_on,
    standings_from,
    why_not_at,
)

DAYS = [date(2016, 1, 1) + timedelta(days=number) for number in range(6)]
FOLLOWS = {
    "design": {"design", "invited", "bids_received", "award_proposed", "awarded", "abandoned"},
    "invited": {"invited", "bids_received", "award_proposed", "awarded", "abandoned"},
    "bids_received": {"bids_received", "award_proposed", "awarded", "abandoned"},
    "award_proposed": {"award_proposed", "awarded", "abandoned"},
    "awarded": {"awarded"},
    "abandoned": {"abandoned"},
}


@pytest.mark.parametrize("before", list(Stage))
def test_a_stage_is_followed_by_itself_a_later_one_or_its_abandonment(before: Stage) -> None:
    taken = {stage for stage in Stage if not why_not_at(stage, DAYS[1], before=before, recorded_on=DAYS[1])}
    assert taken == FOLLOWS[before]


@pytest.mark.parametrize("after", list(Stage))
def test_a_stage_that_is_stated_late_is_followed_by_the_next_one(after: Stage) -> None:
    taken = {
        stage for stage in Stage if not why_not_at(stage, DAYS[1], before="design", after=after, recorded_on=DAYS[2])
    }
    assert taken == {stage for stage in Stage if after in FOLLOWS[stage]}


def test_no_stage_is_stated_before_its_day_or_before_the_procurement_begins() -> None:
    early = why_not_at(Stage.INVITED, DAYS[2], before=None, recorded_on=DAYS[1])
    assert [one.message.split(" ")[0] for one in early] == ["invited", "the"]


VALUES = st.text("ab-", min_size=6, max_size=6)


def runs(text: str) -> list[tuple[str, date, date]]:
    """The values of six days with their days, neighbours of one value joined, the last one without an end."""
    cuts = [n for n in range(7) if n in (0, 6) or text[n] != text[n - 1]]
    ends = [*DAYS[1:], LAST_DAY]
    return [(text[start], DAYS[start], ends[end - 1]) for start, end in pairwise(cuts) if text[start] != "-"]


@settings(max_examples=100)
@given(
    st.dictionaries(st.sampled_from(Milestone), VALUES),
    st.dictionaries(st.sampled_from(["B1", "B2", "B3"]), VALUES),
    st.sampled_from(DAYS),
)
def test_the_last_event_by_a_day_says_who_bids_and_at_what_stage(
    stated: Mapping[Milestone, str], bidding: Mapping[str, str], first: date
) -> None:
    periods = [StatedPeriod(about, *run) for about, text in stated.items() for run in runs(text)]
    bids = [Bid(code, start, end) for code, text in bidding.items() for _, start, end in runs(text)]
    events = standings_from(periods, bids, first)
    assert events[0][0] == first
    assert all(earlier[1] != later[1] for earlier, later in pairwise(events))
    for number, day in enumerate(DAYS):
        if day < first:
            continue
        values = {about: text[number].replace("-", "") for about, text in stated.items()}
        expected = Standing(
            stage=values.get(Milestone.STAGE, ""),
            winner=values.get(Milestone.WINNER, ""),
            contract=values.get(Milestone.CONTRACT, ""),
            bidders=tuple(sorted(code for code, text in bidding.items() if text[number] != "-")),
        )
        assert [standing for since, standing in events if since <= day][-1] == expected


def test_a_stage_stated_late_ends_where_the_next_one_begins() -> None:
    periods = [
        StatedPeriod(Milestone.STAGE, "design", DAYS[0], DAYS[4]),
        StatedPeriod(Milestone.STAGE, "award_proposed", DAYS[4], LAST_DAY),
        StatedPeriod(Milestone.WINNER, "B1", DAYS[3], LAST_DAY),
    ]
    assert next_stage(periods, Stage.BIDS_RECEIVED, DAYS[2]) == (DAYS[4], "award_proposed")
    assert next_stage(periods, Stage.AWARD_PROPOSED, DAYS[2]) == (LAST_DAY, None)
    assert next_stage(periods, Stage.AWARDED, DAYS[5]) == (LAST_DAY, None)


@pytest.mark.parametrize(
    ("day", "regimes"),
    [
        ("2013-03-31", {"pcr_2006", "none"}),
        ("2015-02-26", {"pcr_2015", "ppccr_2013", "none"}),
        ("2024-01-01", {"pcr_2015", "psr_2023", "none"}),
        ("2025-02-23", {"pcr_2015", "psr_2023", "none"}),
        ("2025-02-24", {"pa_2023", "psr_2023", "none"}),
    ],
)
def test_the_day_on_which_a_procurement_begins_decides_on_its_regimes(day: str, regimes: set[str]) -> None:
    assert set(regimes_on(date.fromisoformat(day))[1]) == regimes
