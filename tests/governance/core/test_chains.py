"""Chains of rights: proofs, faults and repairs, against an oracle that grows the set of rights from the roots."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.governance.core.chains import (
    Chain,
    Fault,
    LimitBasis,
    Missing,
    NewRight,
    Question,
    Right,
    best_chain,
    chain_of_grant,
    covers,
    prefixes,
)

POWER = "nhs-act-2006"
LAST = date(2019, 3, 31)


def power_for(action: str, named: str) -> str | None:
    """One power in law, for everything but a joint committee."""
    return POWER if named in {"", POWER} and not covers("joint", action) else None


BODY = Right(id=1, holder="10H-governing-body", action="contract", in_force=True, recurrent=True)
OFFICER = Right(
    id=2,
    holder="10H/accountable-officer",
    action="contract.award",
    in_force=True,
    limit_pence=50_000_00,
    limit_basis=LimitBasis.WHOLE_LIFE,
    delegated_from=1,
)
AWARD = Question(
    action="contract.award.payroll", value_pence={LimitBasis.SINGLE: 10_00, LimitBasis.WHOLE_LIFE: 40_000_00}
)


def chain_of(question: Question, rights: dict[int, Right], *starts: int) -> Chain:
    """The best chain from these rights, from any where none is named."""
    chain = best_chain(question, starts or rights, rights, power_for)
    assert chain is not None
    return chain


def test_a_chain_without_a_fault_goes_up_to_the_power() -> None:
    chain = chain_of(AWARD, {1: BODY, 2: OFFICER}, 2)
    assert chain.holds
    assert ([right.id for right in chain.rights], chain.power) == ([2, 1], POWER)


@pytest.mark.parametrize(
    ("right", "question", "missing", "value"),
    [
        (replace(OFFICER, in_force=False), AWARD, Missing.RIGHT, ""),
        (replace(OFFICER, in_force=False, waits_for="14Y"), AWARD, Missing.REMAKE, "14Y"),
        (replace(OFFICER, vacant=True), AWARD, Missing.VACANT, "10H/accountable-officer"),
        (replace(OFFICER, action="contract.end"), AWARD, Missing.ACTION, "contract.award.payroll"),
        (replace(OFFICER, action="contract.award.pay"), AWARD, Missing.ACTION, "contract.award.payroll"),
        (replace(OFFICER, scope="0CX"), AWARD, Missing.SCOPE, "0CX"),
        (replace(OFFICER, limit_pence=39_999_99), AWARD, Missing.LIMIT, "3999999"),
        (OFFICER, replace(AWARD, recurrent=True), Missing.RECURRENT, ""),
        (
            replace(OFFICER, conditions=frozenset({"minuted", "budgeted"})),
            AWARD,
            Missing.CONDITION,
            "budgeted, minuted",
        ),
    ],
)
def test_what_is_missing_at_a_link_is_said(right: Right, question: Question, missing: Missing, value: str) -> None:
    chain = chain_of(question, {1: BODY, 2: right}, 2)
    assert [(fault.missing, fault.right, fault.value) for fault in chain.faults] == [(missing, 2, value)]


def test_a_limit_measures_its_own_basis() -> None:
    by_year = replace(OFFICER, limit_basis=LimitBasis.ANNUAL, limit_pence=0)
    chain = chain_of(AWARD, {1: BODY, 2: by_year}, 2)
    assert chain.holds


def test_no_power_in_law_is_the_end_of_a_chain() -> None:
    question = Question(action="joint.decide")
    [fault] = chain_of(question, {1: replace(BODY, action="joint")}).faults
    assert (fault.missing, fault.right) == (Missing.POWER, None)


def test_a_right_that_comes_from_itself_proves_nothing() -> None:
    looped = {1: replace(BODY, delegated_from=2), 2: OFFICER}
    chain = chain_of(AWARD, looped, 2)
    assert Missing.LOOP in {fault.missing for fault in chain.faults}


def test_without_a_right_there_is_no_chain() -> None:
    assert best_chain(AWARD, [], {}, power_for) is None


def test_an_action_is_covered_by_its_prefixes() -> None:
    assert prefixes("contract.award.payroll") == ["contract", "contract.award", "contract.award.payroll"]
    assert not covers("contract.awa", "contract.award")


_ACTIONS = ["contract", "contract.award", "contract.award.payroll", "joint", "budget"]


@st.composite
def graphs(draw: st.DrawFn) -> dict[int, Right]:
    """Some rights, each from a power or from any other, loops included."""
    count = draw(st.integers(1, 7))
    return {
        number: Right(
            id=number,
            holder=f"post-{number}",
            action=draw(st.sampled_from(_ACTIONS)),
            in_force=draw(st.sampled_from([True, True, True, False])),
            scope=draw(st.sampled_from(["", "", "0CX"])),
            limit_pence=draw(st.sampled_from([None, None, 5, 20])),
            limit_basis=draw(st.sampled_from(list(LimitBasis))),
            recurrent=draw(st.booleans()),
            conditions=draw(st.sampled_from([frozenset[str](), frozenset({"minuted"})])),
            delegated_from=draw(st.none() | st.integers(1, count)),
            power=draw(st.sampled_from(["", "", POWER, "another"])),
            vacant=draw(st.sampled_from([False, False, False, True])),
        )
        for number in range(1, count + 1)
    }


questions = st.builds(
    Question,
    action=st.sampled_from(_ACTIONS),
    value_pence=st.fixed_dictionaries(dict.fromkeys(LimitBasis, st.integers(0, 25))),
    recurrent=st.booleans(),
    subjects=st.sampled_from([frozenset[str](), frozenset({"0CX"})]),
    met=st.sampled_from([frozenset[str](), frozenset({"minuted"})]),
    decided=st.fixed_dictionaries(dict.fromkeys(LimitBasis, st.sampled_from([0, 0, 4, 12]))),
)


def usable(right: Right, question: Question) -> bool:
    """Whether a right by itself reaches as far as the question asks."""
    asked, given_ = question.action.split("."), right.action.split(".")
    limit, value = right.limit_pence, question.value_pence[right.limit_basis]
    value += question.decided[right.limit_basis] if value else 0
    return (
        right.in_force
        and not right.vacant
        and asked[: len(given_)] == given_
        and (right.scope == "" or right.scope in question.subjects)
        and (limit is None or value <= limit)
        and (right.recurrent or not question.recurrent)
        and right.conditions <= question.met
    )


def grown(rights: dict[int, Right], question: Question) -> set[int]:
    """The rights that reach far enough, grown from those that come from a power."""
    roots = {
        one.id
        for one in rights.values()
        if one.delegated_from is None and power_for(question.action, one.power) and usable(one, question)
    }
    while True:
        more = {one.id for one in rights.values() if one.delegated_from in roots and usable(one, question)} - roots
        if not more:
            return roots
        roots |= more


@given(graphs(), questions)
def test_it_is_yes_where_the_rights_grown_from_the_roots_say_so(rights: dict[int, Right], question: Question) -> None:
    good = grown(rights, question)
    for start in rights:
        assert chain_of(question, rights, start).holds is (start in good)
    chain = chain_of(question, rights)
    assert chain.holds is bool(good)
    if chain.holds:
        assert chain.power == POWER
        assert {right.id for right in chain.rights} <= good


def repaired(rights: dict[int, Right], question: Question, fault: Fault) -> tuple[dict[int, Right], Question]:
    """The rights and the question after a repair."""
    assert fault.right is not None
    right = rights[fault.right]
    match fault.missing:
        case Missing.RIGHT | Missing.REMAKE:
            right = replace(right, in_force=True, waits_for="")
        case Missing.VACANT:
            right = replace(right, vacant=False)
        case Missing.ACTION:
            right = replace(right, action=fault.value)
        case Missing.SCOPE:
            right = replace(right, scope="")
        case Missing.LIMIT | Missing.SPLIT:
            decided = question.decided[right.limit_basis] if fault.missing is Missing.SPLIT else 0
            left = max(min(question.value_pence[right.limit_basis], int(fault.value) - decided), 0)
            question = replace(question, value_pence={**question.value_pence, right.limit_basis: left})
        case Missing.RECURRENT:
            question = replace(question, recurrent=False)
        case Missing.CONDITION:
            question = replace(question, met=question.met | set(fault.value.split(", ")))
        case Missing.LOOP:
            right = replace(right, delegated_from=None, power="")
        case Missing.POWER | Missing.BASIS:
            raise AssertionError(fault)
    return rights | {right.id: right}, question


@given(graphs(), questions)
def test_every_repair_made_makes_it_yes(rights: dict[int, Right], question: Question) -> None:
    chain = chain_of(question, rights)
    start = chain.rights[0].id
    # A chain that was a loop may show further faults once it ends in a power, and a value under its limit be a part.
    for _ in range(3):
        for fault in chain.faults:
            if fault.missing is Missing.POWER:
                root = chain.rights[-1]
                rights = rights | {root.id: replace(rights[root.id], power="")}
            else:
                rights, question = repaired(rights, question, fault)
        chain = chain_of(question, rights, start)
    assert chain.holds or [fault.missing for fault in chain.faults] == [Missing.POWER]
    if not chain.holds:
        assert covers("joint", question.action), "no such power on that day"


grants = st.builds(
    NewRight,
    source=st.integers(1, 3),
    limit_pence=st.sampled_from([None, 5, 20]),
    limit_basis=st.sampled_from(list(LimitBasis)),
    last_day=st.sampled_from([None, LAST]),
)


@given(graphs(), grants, questions, questions)
def test_a_grant_is_permitted_where_all_that_it_may_be_used_for_is_what_its_source_reaches(
    rights: dict[int, Right], granted: NewRight, terms: Question, asked: Question
) -> None:
    """No right reaches beyond what it comes from: what a permitted grant is used for, its source could do too."""
    source = granted.source or 0
    if source not in rights:
        return
    chain = chain_of_grant(replace(terms, granted=granted), granted, rights, power_for)
    assert chain is not None
    new = Right(
        id=99,
        holder="post-99",
        action=terms.action,
        in_force=True,
        scope=next(iter(terms.subjects), ""),
        limit_pence=granted.limit_pence,
        limit_basis=granted.limit_basis,
        recurrent=terms.recurrent,
        conditions=terms.met,
        delegated_from=source,
    )
    question = replace(asked, decided=dict.fromkeys(LimitBasis, 0))
    by_itself = usable(new, question)
    if chain.holds and by_itself and power_for(question.action, chain.rights[-1].power):
        values = [question.value_pence[basis] for basis in LimitBasis]
        if values == sorted(values):  # a whole life is no less than its highest year
            assert chain_of(question, rights, source).holds
