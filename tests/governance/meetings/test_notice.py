"""Notice of a meeting: the last day on which it is in time, by the law, by terms of reference, or by neither."""

from datetime import date

import pytest

from services.governance.core.terms import TermsOfReference
from services.governance.meetings.rules import clear_days, notice_for

HELD_ON = date(2017, 3, 30)
LAW = "meeting-notice-1960"


@pytest.mark.parametrize(
    ("in_public", "short", "terms", "last", "pack"),
    [
        (True, False, None, date(2017, 3, 26), LAW),
        (True, False, 3, date(2017, 3, 26), LAW),
        (True, False, 5, date(2017, 3, 24), ""),
        (True, True, 5, date(2017, 3, 24), ""),
        (False, False, 7, date(2017, 3, 22), ""),
        # No clear day is asked for: convened at shorter notice, a meeting may be called on its own day.
        (True, True, None, HELD_ON, ""),
        (False, False, None, HELD_ON, ""),
    ],
)
def test_the_last_day_of_notice(*, in_public: bool, short: bool, terms: int | None, last: date, pack: str) -> None:
    local = TermsOfReference.model_validate({"quorum": [{"least": 1}], "notice_days": terms}) if terms else None
    notice = notice_for(HELD_ON, local, in_public=in_public, short=short)
    assert (notice.last_day(HELD_ON), notice.pack) == (last, pack)
    assert clear_days(last, HELD_ON) == notice.clear_days, "the days between are those that were asked for"
