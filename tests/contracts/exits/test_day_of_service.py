"""Notice counts as served by the contract's own rule."""

from datetime import date

import pytest

from services.contracts.core.exit_terms import DeemedService
from services.contracts.exits.day_of_service import deemed_on

SAME, NEXT = DeemedService(), DeemedService(rule="next_working_day")


@pytest.mark.parametrize(
    ("served", "rule", "expected"),
    [
        ("2017-09-30", SAME, "2017-09-30"),
        ("2017-09-29", NEXT, "2017-10-02"),  # a Friday
        ("2017-04-13", NEXT, "2017-04-18"),  # before Easter
        ("2016-12-23", NEXT, "2016-12-28"),  # Christmas Day was a Sunday
        ("2020-05-07", NEXT, "2020-05-11"),  # the bank holiday was moved to the Friday
        ("2022-09-16", NEXT, "2022-09-20"),  # the state funeral
        ("2017-09-28", DeemedService(rule="days_after_posting", days=2), "2017-09-30"),
    ],
)
def test_notice_is_deemed_served(served: str, rule: DeemedService, expected: str) -> None:
    assert deemed_on(date.fromisoformat(served), rule) == date.fromisoformat(expected)
