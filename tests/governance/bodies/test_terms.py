"""Terms of reference and deputies: dated, of two times, and refused where nobody could meet them."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from services.governance.bodies.terms import StateTerms, get_terms
from services.governance.core import queries as reads
from services.governance.core.errors import (
    BodyNotFound,
    BodyNotStanding,
    PersonNotFound,
    PostNotStanding,
    RoleWithoutSeat,
    TermsNotFound,
)
from services.governance.core.quorum import Clause, Seat
from services.governance.core.terms import TermsOfReference
from services.governance.core.votes import MajorityBasis, Method
from tests.support.governance_harness import ENGLAND_OPENED, GovernanceHarness, at

BODY = "10H-governing-body"
LATER = date(2014, 4, 1)
DUDLEY: dict[str, Any] = {
    "quorum": [
        {
            "seats": [{"roles": ["chair"]}, {"roles": ["accountable-officer"], "attendees": True}],
            "conditions": [["chair", "accountable-officer"]],
            "least": 2,
        }
    ],
    "matters": [
        {"action": "constitution", "basis": "members", "fraction": "2/3", "inclusive": True},
        {"action": "constitution.correction"},
    ],
    "majority": {"casting": True},
    "urgent": {"roles": ["chair", "accountable-officer"]},
}


async def test_terms_hold_from_their_day_until_the_next_ones(harness: GovernanceHarness) -> None:
    await harness.body("10H", "Chair")
    with pytest.raises(TermsNotFound):
        await get_terms(harness.database, BODY, as_at=ENGLAND_OPENED, as_known=None)
    await harness.state_terms(BODY, **DUDLEY)
    await harness.state_terms(BODY, first_day=LATER, quorum=[{"least": 5}])
    found, first, last = await get_terms(harness.database, BODY, as_at=ENGLAND_OPENED, as_known=None)
    assert (first, last) == (ENGLAND_OPENED, date(2014, 3, 31))
    assert found.clauses == [
        Clause(
            (Seat(frozenset({"chair"})), Seat(frozenset({"accountable-officer"}), attendees=True)),
            (frozenset({"chair", "accountable-officer"}),),
            2,
        )
    ]
    later, first, last = await get_terms(harness.database, BODY, as_at=LATER, as_known=None)
    assert (later.clauses, first, last) == ([Clause(least=5)], LATER, None)
    before, _, _ = await get_terms(harness.database, BODY, as_at=LATER, as_known=at(date(2014, 3, 31)))
    assert before == found, "what was stated later was not known"
    with pytest.raises(BodyNotFound):
        await get_terms(harness.database, "10Y-governing-body", as_at=LATER, as_known=None)


@pytest.mark.parametrize(
    ("action", "method"),
    [
        ("contract.award", Method(casting=True)),
        ("constitution", Method(MajorityBasis.MEMBERS, Fraction(2, 3), inclusive=True)),
        ("constitution.change", Method(MajorityBasis.MEMBERS, Fraction(2, 3), inclusive=True)),
        ("constitution.correction", Method()),
        ("constitutional", Method(casting=True)),
    ],
)
def test_the_longest_matter_says_how_an_action_is_decided(action: str, method: Method) -> None:
    assert TermsOfReference.model_validate(DUDLEY).method_for(action) == method


async def test_a_quorum_that_nobody_could_make_is_refused(harness: GovernanceHarness) -> None:
    await harness.body("10H", "Chair")
    roles = {"seats": [{"roles": ["lay"]}], "conditions": [["vice-chair"]]}
    with pytest.raises(RoleWithoutSeat) as refused:
        await harness.state_terms(BODY, quorum=[roles], urgent={"roles": ["chair"], "consult": ["nurse"]})
    assert [reason.message for reason in refused.value.reasons] == [
        f"no seat of {BODY} has the role {role} on that day" for role in ("lay", "nurse", "vice-chair")
    ]


async def test_terms_need_a_body_that_stands(harness: GovernanceHarness) -> None:
    await harness.body("10H", "Chair", first_day=LATER)
    with pytest.raises(BodyNotStanding, match="does not exist from 2013-04-01 on, but from 2014-04-01 on"):
        await harness.state_terms(BODY)


@pytest.mark.parametrize("majority", [{"fraction": "3/2"}, {"fraction": "1"}, {"fraction": "0/2"}, {"fraction": "1/0"}])
def test_a_majority_that_cannot_be_reached_is_refused(majority: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="fraction"):
        StateTerms.model_validate({"first_day": "2013-04-01", "quorum": [{}], "majority": majority})


async def test_deputies_are_those_last_named(harness: GovernanceHarness) -> None:
    await harness.body("10H", "Chair")
    for person in ("P-one", "P-two"):
        await harness.person(person)
    await harness.name_deputies("10H/chair", "P-two", "P-one")
    await harness.name_deputies("10H/chair", "P-one", first_day=LATER)
    await harness.name_deputies("10H/chair", first_day=date(2015, 4, 1))

    async def named(day: date) -> set[str | None]:
        [post] = await reads.list_posts(harness.database, reads.PostFilter(post="10H/chair"), as_at=day, as_known=None)
        return {harness.called(person) for person in post["deputies"]}

    assert await named(ENGLAND_OPENED) == {"P-one", "P-two"}
    assert await named(LATER) == {"P-one"}
    assert await named(date(2015, 4, 1)) == set()


async def test_a_deputy_is_a_known_person_for_a_post_that_stands(harness: GovernanceHarness) -> None:
    await harness.body("10H", "Chair", first_day=LATER)
    with pytest.raises(PersonNotFound, match="P-nobody"):
        await harness.name_deputies("10H/chair", "P-nobody", first_day=LATER)
    with pytest.raises(PostNotStanding):
        await harness.name_deputies("10H/chair")


async def test_terms_end_with_their_body(harness: GovernanceHarness) -> None:
    await harness.body("10H")
    committee = await harness.committee("10H", "Audit committee")
    await harness.state_terms(committee)
    await harness.state_terms(committee, first_day=LATER, quorum=[{"least": 2}])
    await harness.dissolve(committee, date(2015, 3, 31))
    for day, days in ((ENGLAND_OPENED, (ENGLAND_OPENED, date(2014, 3, 31))), (LATER, (LATER, date(2015, 3, 31)))):
        assert (await get_terms(harness.database, committee, as_at=day, as_known=None))[1:] == days
    with pytest.raises(TermsNotFound):
        await get_terms(harness.database, committee, as_at=date(2015, 4, 1), as_known=None)
