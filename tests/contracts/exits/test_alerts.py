"""A window that is looked at on its next day alone is found as if it were looked at every day."""

from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.identity import service_caller
from services.contracts.exits import alerts
from services.contracts.exits.alerts import window_on
from services.contracts.exits.packs import find_pack
from tests.support.contracts_harness import ContractsHarness, a_draft, at


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


async def test_so_many_contracts_are_looked_at_in_one_piece_and_the_next_ones_by_the_next(
    harness: ContractsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "AT_ONCE", 2)
    for number in range(3):
        await harness.signed(
            a_draft(reference=f"RENEWS-{number}", exit_terms={"initial_months": 36, "renewal_months": 12})
        )
    day, pieces = date(2017, 6, 1), []
    for _ in range(3):
        async with harness.database.begin() as session:
            how = {"up_to": day, "stated_at": at(day), "by": service_caller("contracts")}
            pieces.append(await alerts.announce_windows(session, **how))
    assert pieces == [1, 0, 0]
    assert len(await harness.database.fetch("SELECT FROM notice_watch")) == 3
