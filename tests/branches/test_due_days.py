"""From due day to due day: the first day on which something is due is found by looking ahead."""

from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.branches.worlds import LONGEST_STRIDE, first_due

START = date(2018, 3, 1)
DAYS = st.integers(0, 400)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(DAYS, max_size=5), DAYS)
async def test_the_first_due_day_is_found_in_few_looks(due: set[int], until: int) -> None:
    looks = []

    async def is_due_by(day: date) -> bool:
        looks.append(day)
        return any(START < START + timedelta(days=one) <= day for one in due)

    found = await first_due(is_due_by, START, START + timedelta(days=until))
    expected = min((one for one in due if 0 < one <= until), default=None)
    assert found == (None if expected is None else START + timedelta(days=expected))
    assert len(looks) <= until // LONGEST_STRIDE + 12
