"""What the pages of plans make of answers: stages, ways out, acts on offer, and a withdrawal's effect."""

from typing import Any

from console.consolidations.shaping import (
    acts_offered,
    effect_of,
    goes_only_forward,
    options_of,
    plans_waiting,
    stages_of,
    ways_of,
)
from tests.console.consolidations.world import a_member, a_plan, some_options


def paths(plan: dict[str, Any], *codes: str) -> list[str]:
    """The addresses of what is offered to who acts for some bodies."""
    return [one.path for one in acts_offered(plan, lambda code: code in codes)]


def test_the_stages_mark_what_is_done_what_is_now_and_the_pivot() -> None:
    stages = stages_of("submitted")
    assert [one.state for one in stages if one.is_done] == ["planned", "feasible"]
    assert [one.state for one in stages if one.is_current] == ["submitted"]
    assert [one.state for one in stages if one.is_pivot] == ["committed"]
    assert not any(one.is_done or one.is_current for one in stages_of("withdrawn"))


def test_a_plan_goes_only_forward_from_its_commitment_on() -> None:
    assert [state for state in ("planned", "approved", "committed", "moving") if goes_only_forward(state)] == [
        "committed",
        "moving",
    ]


def test_what_is_next_is_offered_to_members_alone() -> None:
    plan = a_plan()
    assert paths(plan, "X26") == []
    assert paths(plan, "Q8W") == ["members/Q8W/acceptance"]
    assert paths(plan, "Q9X") == ["members/Q9X/withdrawal"]
    entered = a_plan(members=[a_member("Q9X"), a_member("Q8W")])
    assert paths(entered, "Q9X") == ["choices", "members/Q9X/withdrawal"]
    submitted = a_plan(state="submitted", members=[a_member("Q9X", accepts=True), a_member("Q8W")])
    assert paths(submitted, "Q9X", "Q8W") == [
        "members/Q8W/acceptance",
        "choices",
        "members/Q9X/withdrawal",
        "members/Q8W/withdrawal",
    ]
    assert paths(a_plan(state="committed"), "Q9X") == []


def test_a_contract_shows_its_options_and_what_was_chosen() -> None:
    step = {"contract": "ZED-1", "choice": "pay"}
    ways = ways_of(a_plan(contracts=["ZED-1", "ZED-2"]), [some_options("ZED-2")], [step])
    assert [(one.contract, one.choice, one.options is None) for one in ways] == [
        ("ZED-1", "pay", True),
        ("ZED-2", "", False),
    ]


def test_a_price_that_is_not_known_is_said_to_be_not_known() -> None:
    waits, pays = options_of(some_options("ZED-1"))
    assert waits[2] == "It joins on 1 June 2036, 14 months later than the plan's day, with notice by 30 November 2035."
    assert pays[2] == "£12,345.67."
    unpriced = options_of(some_options("ZED-1", price_pence=None, unpriced=["contractual_payment"]))
    assert unpriced[1][2] == "No price: contractual payment not known."


def test_a_withdrawal_shows_each_member_before_and_after_and_what_leaves() -> None:
    before = a_plan(
        contracts=["ZED-1", "ZED-2"],
        members=[a_member("Q9X", accepts=True), a_member("Q8W", accepts=True, share="1/4"), a_member("Q7V")],
    )
    after = a_plan(contracts=["ZED-2"], members=[a_member("Q8W", share="1/2", pence=999), a_member("Q7V")])
    effect = effect_of(before, after)
    assert [(one.code, one.share_before, one.share_after, one.is_asked_again) for one in effect.members] == [
        ("Q9X", "1/3", None, False),
        ("Q8W", "1/4", "1/2", True),
        ("Q7V", "1/3", "1/3", False),
    ]
    assert effect.contracts_leaving == ("ZED-1",)
    assert not effect.ends_the_plan
    assert effect_of(before, a_plan(state="withdrawn", members=[], contracts=[])).ends_the_plan


def test_tasks_about_plans_are_those_that_are_done_at_a_plan() -> None:
    tasks = [{"path": "/contracts/ZED/signature"}, {"path": "/consolidations/ZED/members/Q9X/acceptance"}]
    assert plans_waiting(tasks) == tasks[1:]
