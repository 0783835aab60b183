"""A window that is looked at on its next day alone is found as if it were looked at every day."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.contracts.exits.alerts import window_on
from services.contracts.exits.packs import find_pack


def a_row(**others: Any) -> dict[str, Any]:
    row = {
        "reference": "CSU-WATCHED",
        "starts_on": date(2020, 8, 31),
        "last_day": date(2021, 2, 28),
        "notice_months": 3,
        "earliest_exit_on": None,
        "exit_terms_text": '{"renewal_months": 6}',
        "other_parties_text": "[]",
        "amended": None,
        "annual_pence": 12_000_000,
        "customers": ["10H"],
    }
    return row | others


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        (a_row(), 8),
        (a_row(notice_months=6, exit_terms_text='{"renewal_months": 12, "initial_months": 6}'), 6),
        (a_row(last_day=date(2199, 12, 31), exit_terms_text='{"open_ended": true, "minimum_months": 18}'), 3),
    ],
)
def test_the_next_day_is_the_first_on_which_there_is_something_else_to_say(row: dict[str, Any], changes: int) -> None:
    pack = find_pack(date(2021, 1, 1), subject="exit-alerts")
    assert pack is not None
    day, kept, looks = row["starts_on"], None, 0
    seen = []
    for _ in range(800):
        every_day = window_on(row, day, pack)
        if kept is None or kept.look_on <= day:
            kept, looks = every_day, looks + 1
        assert (kept.finding and kept.finding.key) == (every_day.finding and every_day.finding.key)
        assert kept.look_on > day
        seen.append(every_day.finding and every_day.finding.key)
        day += timedelta(days=1)
    assert len(set(seen)) >= changes
    assert looks < 40
