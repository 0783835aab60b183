"""A caller has roles, and organisations it may act for."""

import pytest

from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing, service_caller
from libs.common.process import context


def caller(*roles: Role, organisations: tuple[str, ...] = ("10Y",)) -> Caller:
    return Caller(subject="somebody", roles=frozenset(roles), organisations=frozenset(organisations))


def test_a_missing_role_is_named() -> None:
    with pytest.raises(RoleMissing, match="contract_lead or finance_lead; the token gives partner"):
        caller(Role.PARTNER).must_have(Role.FINANCE_LEAD, Role.CONTRACT_LEAD)


def test_one_of_the_roles_is_enough() -> None:
    caller(Role.FINANCE_LEAD).must_have(Role.FINANCE_LEAD, Role.CONTRACT_LEAD)
    assert not caller(Role.FINANCE_LEAD).has(Role.CONTRACT_LEAD)


def test_another_organisation_is_refused_with_both_sides_named() -> None:
    with pytest.raises(NotYoursToDecide, match="10H: the token acts for 10Y"):
        caller().must_act_for(["10H"])


def test_one_foreign_organisation_among_several_is_refused_and_named_alone() -> None:
    with pytest.raises(NotYoursToDecide, match=r"^10H, 11J: the token acts for 10Y$"):
        caller().must_act_for(["11J", "10Y", "10H"])
    assert not caller().acts_for(["10Y", "10H"])
    caller().must_act_for(["10Y"])
    caller().must_act_for([])


def test_one_of_several_is_enough_only_where_it_is_asked_for_with_a_reason() -> None:
    caller().must_act_for_one_of(["10H", "10Y"], because="an associate may leave by itself")
    with pytest.raises(NotYoursToDecide, match="10H, 11J: one of them is needed, because an associate may leave"):
        caller().must_act_for_one_of(["10H", "11J"], because="an associate may leave by itself")
    assert caller().acts_for_one_of(["10H", "10Y"])


def test_the_successors_holder_answers_for_its_predecessors() -> None:
    caller(organisations=("14Y",)).must_act_for(["10H", "14Y"], predecessors=["10H"])
    with pytest.raises(NotYoursToDecide, match=r"^10H: "):
        caller(organisations=("14Y",)).must_act_for(["10H", "14Y"])


def test_the_rights_that_were_used_are_recorded_and_no_others() -> None:
    used = context.record_rights()
    caller(Role.FINANCE_LEAD).must_have(Role.FINANCE_LEAD, Role.CONTRACT_LEAD)
    caller().must_act_for_one_of(["10H", "10Y"], because="one is enough")
    caller().acts_for(["10Y"])
    with pytest.raises(NotYoursToDecide):
        caller().must_act_for(["10H"])
    assert used == [
        context.RoleUsed(frozenset({Role.FINANCE_LEAD, Role.CONTRACT_LEAD})),
        context.ActedFor(frozenset({"10Y"})),
    ]


def test_a_national_caller_acts_for_everybody() -> None:
    caller(organisations=("*",)).must_act_for(["10H"])
    assert service_caller("contracts").is_national
