"""A caller has roles, and organisations it may act for."""

import pytest

from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing, service_caller


def caller(*roles: Role, organisations: tuple[str, ...] = ("10Y",)) -> Caller:
    return Caller(subject="somebody", roles=frozenset(roles), organisations=frozenset(organisations))


def test_a_missing_role_is_named() -> None:
    with pytest.raises(RoleMissing, match="contract_lead or finance_lead; the token gives reader"):
        caller(Role.READER).must_have(Role.FINANCE_LEAD, Role.CONTRACT_LEAD)


def test_one_of_the_roles_is_enough() -> None:
    caller(Role.FINANCE_LEAD).must_have(Role.FINANCE_LEAD, Role.CONTRACT_LEAD)
    assert not caller(Role.FINANCE_LEAD).has(Role.CONTRACT_LEAD)


def test_another_organisation_is_refused_with_both_sides_named() -> None:
    with pytest.raises(NotYoursToDecide, match="10H: the token acts for 10Y"):
        caller().must_act_for(["10H"])


def test_the_successors_holder_answers_for_its_predecessors() -> None:
    caller(organisations=("14Y",)).must_act_for(["10H"], also_through=["14Y"])
    with pytest.raises(NotYoursToDecide):
        caller(organisations=("14Y",)).must_act_for(["10H"], also_through=[])


def test_a_national_caller_acts_for_everybody() -> None:
    caller(organisations=("*",)).must_act_for(["10H"])
    assert service_caller("contracts").is_national
