"""Rules of sourcing: what is left to decide, what is late, and what a submission has to agree with itself about."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.contracts.sourcing.commands import SubmitSourcing
from services.contracts.sourcing.rules import days_late, find_pack, overdue_from, why_not_whole

CATALOGUE = {code: code.upper() for code in ("payroll", "hr", "it", "legal", "other")}


@given(st.sets(st.sampled_from(sorted(CATALOGUE))))
def test_every_function_without_a_decision_is_named_but_those_that_need_none(decided: set[str]) -> None:
    left = [one.message.split(" ")[0] for one in why_not_whole(CATALOGUE, decided, ["other"])]
    assert left == [code for code in CATALOGUE if code not in decided | {"other"}]


@pytest.mark.parametrize(
    ("day", "late"),
    [("2011-10-31", 0), ("2012-01-31", 0), ("2012-02-01", 1), ("2012-02-29", 29), ("2013-03-31", 425)],
)
def test_a_first_submission_is_late_by_the_days_after_the_pack_s_last_one(day: str, late: int) -> None:
    on = date.fromisoformat(day)
    assert days_late(on, find_pack(on, subject="sourcing-deadlines")) == late


@pytest.mark.parametrize("day", [date(2011, 10, 30), date(2013, 4, 1), date(2019, 1, 1)])
def test_who_submits_when_no_deadline_is_in_force_is_not_late(day: date) -> None:
    assert days_late(day, find_pack(day, subject="sourcing-deadlines")) == 0


@given(st.integers(0, 800))
def test_an_agreement_is_overdue_on_the_day_after_the_deadline_or_when_it_was_decided(after: int) -> None:
    pack = find_pack(date(2012, 2, 1), subject="sourcing-deadlines")
    assert pack is not None
    decided_from = date(2011, 10, 31) + timedelta(days=after)
    expected = max(date(2012, 4, 1), decided_from)
    assert overdue_from(pack, decided_from) == expected


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ({"choice": "buy"}, "needs a model"),
        ({"choice": "share", "model": "shared"}, "needs its partners"),
        ({"choice": "do", "supplier": "0CX"}, "only what is bought"),
        ({"choice": "share", "model": "hosted", "partners": ["10H", "10h"]}, "once only"),
        ({"choice": "share", "model": "hosted", "partners": ["10H"], "hosts": True}, "reported_to"),
    ],
)
def test_a_submission_that_contradicts_itself_is_refused(decision: dict[str, Any], words: str) -> None:
    body = {"effective_on": "2012-02-29", "decisions": [{"function": "payroll"} | decision]}
    with pytest.raises(ValidationError, match=words):
        SubmitSourcing.model_validate(body)
