"""Actions: those of a rule pack, what begins with one, and the first parts of one; functions with dashes for dots."""

from datetime import date

import pytest

from services.governance.core.actions import action_refusals, dotted

DAY = date(2017, 4, 1)


@pytest.mark.parametrize(
    ("action", "known"),
    [
        ("contract.award", True),
        ("contract.award.payroll", True),
        ("contract", True),
        ("joint.decide", True),
        ("local.lasting", True),
        ("contract.awarding", False),
        ("contract.astrology", False),
        ("astrology", False),
    ],
)
def test_an_action_is_listed_begins_with_one_or_is_the_first_part_of_one(action: str, *, known: bool) -> None:
    assert (
        [error.reasons[0].field for error in action_refusals(action, DAY, field="action")] == []
        if known
        else ["action"]
    )
    assert bool(action_refusals(action, DAY, field="action")) is not known


@pytest.mark.parametrize(
    ("function", "action"),
    [
        ("contract-award", "contract.award"),
        ("contract-award-payroll", "contract.award.payroll"),
        ("contract-award-it-support", "contract.award.it-support"),
        ("staff-appointment", "staff-appointment"),
        ("contract-buy-out", "contract.buy-out"),
        ("joint-nhs-england-primary", "joint-nhs-england.primary"),
        ("contract", "contract"),
    ],
)
def test_a_function_is_the_longest_listed_action_that_it_begins_with(function: str, action: str) -> None:
    assert dotted(function) == action
