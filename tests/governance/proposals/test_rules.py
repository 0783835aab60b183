"""The state of a proposal: of its acts and a day, whatever the order in which the acts are read."""

from datetime import date
from operator import attrgetter
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.governance.proposals.models import ActKind, State
from services.governance.proposals.rules import APPROVED, Done, standing
from tests.support.governance_harness import at

OPENED, MET = date(2017, 3, 1), date(2017, 4, 20)


def done(what: ActKind, day: date = OPENED, body: str = "", **more: Any) -> Done:
    return Done(what=what, effective_on=day, stated_at=at(day), body=body, **more)


def decided(body: str, outcome: str = "approved", day: date = MET, *, revision: int = 0, **more: Any) -> Done:
    return done(
        ActKind.DECIDED, day, body, outcome=outcome, reference=f"D-{body}-{revision}", revision=revision, **more
    )


def states(*acts: Done, revision: int = 0) -> list[str]:
    days = (date(2017, 2, 28), OPENED, date(2017, 4, 1), date(2017, 4, 30), date(2017, 6, 1))
    return [standing(["A", "B"], acts, revision=revision, on=day).state.value for day in days]


def test_each_act_leads_to_its_state() -> None:
    opened = done(ActKind.OPENED)
    consulted = done(ActKind.CONSULTED, date(2017, 4, 1), code="members")
    assert states() == ["draft"] * 5
    assert states(opened, consulted) == ["draft", "open", "consulted", "consulted", "consulted"]
    scheduled = done(ActKind.SCHEDULED, MET, "A", reference="IT-1")
    assert states(opened, scheduled) == ["draft", "scheduled", "scheduled", "open", "open"]
    deferred = done(ActKind.DEFERRED, date(2017, 4, 1), "A", until_on=date(2017, 5, 1), lawful=True)
    assert states(opened, deferred) == ["draft", "open", "deferred", "deferred", "open"]
    assert states(opened, decided("A")) == ["draft", "open", "open", "open", "open"]
    assert states(opened, decided("A"), decided("B")) == ["draft", "open", "open", "decided", "decided"]
    for kind in (ActKind.WITHDRAWN, ActKind.VOID):
        assert states(opened, done(kind, MET), decided("A"), decided("B"))[-1] == kind.value


def test_all_bodies_approve_or_one_rejects_and_conditions_are_met_before_it_is_in_effect() -> None:
    opened = done(ActKind.OPENED)
    both = [opened, decided("A", "approved_with_conditions", conditions=("x", "y")), decided("B")]
    found = standing(["A", "B"], both, revision=0, on=MET)
    assert (found.outcome, found.unmet, found.in_effect) == ("approved_with_conditions", ("x", "y"), False)
    met = [done(ActKind.EVIDENCED, date(2017, 5, 1 + number), code=code) for number, code in enumerate("xy")]
    assert not standing(["A", "B"], [*both, *met], revision=0, on=date(2017, 5, 1)).in_effect
    assert standing(["A", "B"], [*both, *met], revision=0, on=date(2017, 5, 2)).in_effect
    rejected = standing(
        ["A", "B"], [*both, decided("B", "rejected", date(2017, 5, 1))], revision=0, on=date(2017, 5, 1)
    )
    assert (rejected.outcome, rejected.in_effect) == ("rejected", False)
    undone = done(ActKind.REVERSED, date(2017, 5, 1), "A", reference="D-A-0")
    assert standing(["A", "B"], [*both, undone], revision=0, on=date(2017, 5, 1)).state is State.OPEN


def test_a_decision_on_an_earlier_revision_counts_for_nothing() -> None:
    acts = [done(ActKind.OPENED), decided("A", revision=1), decided("B", revision=1)]
    revised = done(ActKind.REVISED, date(2017, 5, 1), revision=2)
    assert states(*acts, revised, revision=1) == ["draft", "open", "open", "decided", "open"]
    again = [decided(body, day=date(2017, 5, 20), revision=2) for body in "AB"]
    assert states(*acts, revised, *again, revision=1)[-1] == "decided"


def test_of_the_deferrals_from_one_day_the_last_one_stated_counts() -> None:
    day = date(2017, 4, 1)
    open_ended = done(ActKind.DEFERRED, day, "A", lawful=True, id=1)
    ended = done(ActKind.DEFERRED, day, "A", lawful=True, id=2, until_on=date(2017, 4, 20))
    assert states(done(ActKind.OPENED), open_ended)[-1] == "deferred"
    assert states(done(ActKind.OPENED), open_ended, ended) == ["draft", "open", "deferred", "open", "open"]


def test_evidence_on_an_earlier_revision_counts_for_nothing() -> None:
    conditional = [decided(one, "approved_with_conditions", revision=1, conditions=("x",)) for one in "AB"]
    met = done(ActKind.EVIDENCED, date(2017, 4, 25), code="x", revision=1)
    acts = [done(ActKind.OPENED), *conditional, met]
    assert standing(["A", "B"], acts, revision=1, on=date(2017, 4, 30)).in_effect
    revised = done(ActKind.REVISED, date(2017, 5, 1), revision=2)
    again = [decided(one, "approved_with_conditions", date(2017, 5, 2), revision=2, conditions=("x",)) for one in "AB"]
    found = standing(["A", "B"], [*acts, revised, *again], revision=1, on=date(2017, 5, 3))
    assert (found.unmet, found.in_effect) == (("x",), False)


def an_act(what: ActKind, day: int, body: str, outcome: str, number: int) -> Done:
    return done(
        what,
        date(2017, 3, day),
        body,
        outcome=outcome if what is ActKind.DECIDED else "",
        reference=f"D-{number}",
        id=number,
        code="x",
        conditions=("x",) if outcome == "approved_with_conditions" else (),
    )


ACTS = st.builds(
    an_act,
    what=st.sampled_from(list(ActKind)),
    day=st.integers(1, 6),
    body=st.sampled_from(["A", "B"]),
    outcome=st.sampled_from([*sorted(APPROVED), "rejected"]),
    number=st.integers(1, 100),
)


@settings(max_examples=100)
@given(st.lists(ACTS, max_size=8, unique_by=attrgetter("id")), st.randoms(use_true_random=False))
def test_the_order_in_which_acts_are_read_changes_nothing(acts: list[Done], random: Random) -> None:
    shuffled = list(acts)
    random.shuffle(shuffled)
    on = date(2017, 3, 4)
    found = standing(["A", "B"], acts, revision=0, on=on)
    assert found == standing(["A", "B"], shuffled, revision=0, on=on)
    if found.in_effect:
        assert all(consent.outcome in APPROVED for consent in found.consents)
        assert not found.unmet
