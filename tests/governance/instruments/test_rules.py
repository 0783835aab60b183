"""What the rule packs of instruments allow, and that a row of one changes the answer without code."""

from datetime import date
from typing import Any

import pytest

from libs.common.rulepacks import RulePack
from services.governance.bodies import votes
from services.governance.bodies.votes import Votes, cap, dominance, may_vote, share_of
from services.governance.core.catalogue import PACKS
from services.governance.instruments import rules
from services.governance.instruments.rules import awaited, form_on, why_not

DAY = date(2016, 4, 1)
CCGS = {"07M": "ccg", "07R": "ccg"}


def with_row(monkeypatch: pytest.MonkeyPatch, pack: str, **values: Any) -> None:
    """The packs of the service as if one had other values, and other days."""
    days: dict[str, Any] = {name: values.pop(name) for name in ("effective_from", "effective_to") if name in values}

    def changed(one: RulePack) -> RulePack:
        return one.model_copy(update={"values": one.values | values, **days}) if one.id == pack else one

    for module in (rules, votes):
        monkeypatch.setattr(module, "PACKS", [changed(one) for one in PACKS])


def test_a_row_changes_who_may_be_a_party_and_from_when(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cqc = CCGS | {"RCQ": "cqc"}
    assert form_on("joint_committee", DAY, with_cqc) is None
    assert why_not("joint_committee", DAY, with_cqc) == "no power: RCQ (cqc) is no party"
    with_row(monkeypatch, "joint-committee-ccgs-2014", kinds=["ccg", "cqc"])
    assert form_on("joint_committee", DAY, with_cqc) is not None
    with_row(monkeypatch, "joint-committee-ccgs-2014", effective_from=date(2017, 1, 1))
    assert why_not("joint_committee", DAY, CCGS) == "no power before 2017-01-01"


def test_a_row_changes_how_much_of_the_votes_a_host_has(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = [Votes("07M", 2), Votes("07R", 3)]
    assert share_of("07M", counted).as_integer_ratio() == (2, 5)
    assert dominance("hosted-service-2013", "07M", counted, "seats") == []
    with_row(monkeypatch, "hosted-service-2013", host_below="2/5")
    [refused] = dominance("hosted-service-2013", "07M", counted, "seats")
    assert str(refused) == "07M would have 40 % of the votes, and stays below 40 % by hosted-service-2013"
    assert cap("joint-committee-ccgs-2014") is None


def test_a_row_changes_who_has_no_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    with_england = "joint-committee-nhs-england-2014"
    assert [may_vote(with_england, "nhs_england", [one]) for one in ("assurance.service", "contract")] == [False, True]
    with_row(monkeypatch, with_england, non_voting=[{"kinds": ["ccg"], "functions": []}])
    assert [may_vote(with_england, kind, ["assurance"]) for kind in ("nhs_england", "ccg")] == [True, False]


def test_a_party_agrees_itself_or_by_who_it_lives_on_in() -> None:
    lives_on = {"07M": "93C", "07R": "93C", "08D": "08D"}
    assert awaited(lives_on, [], lives_on) == ["08D", "93C"]
    assert awaited(lives_on, ["07M", "08D"], lives_on) == ["93C"]
    assert awaited(lives_on, ["93C", "08D"], lives_on) == []
