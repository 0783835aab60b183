"""`can`: yes with the chain down from a power in law, or no with what is missing and who else may."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.governance.core import queries as reads
from services.governance.core.chains import Actor, LimitBasis, Missing, Question
from services.governance.core.errors import BeyondDelegation, ConditionNotListed, NoPower, PostNotFound
from services.governance.decision_rights import queries
from services.governance.decision_rights.queries import Answer, ask
from services.governance.decision_rights.questions import AskWhetherMay
from tests.support.governance_harness import ENGLAND_OPENED, MERGED_ON, GovernanceHarness, a_merger, at

AO, CHAIR = "10H/accountable-officer", "10H/chair"
BODY = "10H-governing-body"


async def can(
    harness: GovernanceHarness,
    *,
    value: int = 10_000_00,
    as_at: date = ENGLAND_OPENED,
    as_known: datetime | None = None,
    organisation: str = "10H",
    action: str = "contract.award.payroll",
    question: dict[str, Any] | None = None,
    **actor: str,
) -> Answer:
    asked = Question(action=action, value_pence=dict.fromkeys(LimitBasis, value), **question or {})
    return await ask(harness.database, Actor(**actor), organisation, asked, as_at=as_at, as_known=as_known)


def missing(answer: Answer) -> list[tuple[Missing, str]]:
    return [(fault.missing, fault.value) for fault in answer.chain.faults] if answer.chain else []


@pytest.fixture
async def passed_on(harness: GovernanceHarness) -> tuple[GovernanceHarness, int, int]:
    """The body may award contracts, and passed that on to its accountable officer up to £50,000 of whole life."""
    await harness.bucks()
    of_body = await harness.grant("10H", value_limit_pence=None, recurrent=True)
    of_officer = await harness.grant(
        "10H", post=AO, delegated_from=of_body, limit_basis="whole_life", conditions=["within-budget"]
    )
    return harness, of_body, of_officer


async def test_the_holder_of_a_post_may_by_a_chain_up_to_the_power(
    passed_on: tuple[GovernanceHarness, int, int],
) -> None:
    harness, of_body, of_officer = passed_on
    met = {"met": frozenset({"within-budget"})}
    for answer in (
        await can(harness, question=met, person=harness.ids["P-ao"]),
        await can(harness, question=met, post=AO),
    ):
        assert answer.chain is not None
        assert answer.chain.holds
        assert ([right.id for right in answer.chain.rights], answer.chain.power) == (
            [of_officer, of_body],
            "ccg-functions-2013",
        )
    answer = await can(harness, body=BODY)
    assert answer.chain is not None
    assert [right.id for right in answer.chain.rights] == [of_body]


async def test_who_may_not_is_told_what_is_missing_and_who_may(
    passed_on: tuple[GovernanceHarness, int, int],
) -> None:
    harness, of_body, _ = passed_on
    answer = await can(harness, post=AO, value=60_000_00)
    assert missing(answer) == [(Missing.LIMIT, "5000000"), (Missing.CONDITION, "within-budget")]
    assert [[right.id for right in chain.rights] for chain in answer.others] == [[of_body]]
    stranger = await can(harness, person=harness.ids["P-cfo"])
    assert (stranger.chain, [chain.rights[0].id for chain in stranger.others]) == (None, [of_body])


async def test_what_was_not_known_or_not_in_force_gives_no_right(
    passed_on: tuple[GovernanceHarness, int, int],
) -> None:
    harness, of_body, of_officer = passed_on
    assert (await can(harness, body=BODY, as_known=at(ENGLAND_OPENED, 8))).chain is None
    await harness.end_right(of_body, date(2014, 3, 31))
    answer = await can(harness, post=AO, as_at=date(2014, 4, 1), question={"met": frozenset({"within-budget"})})
    assert answer.chain is not None
    assert [(fault.missing, fault.right) for fault in answer.chain.faults] == [
        (Missing.RIGHT, of_officer),
        (Missing.RIGHT, of_body),
    ]
    told = await harness.told("DecisionRightEnded")
    assert [(one["right"], one["until"]) for one in told] == [
        (f"R-{of_body}", "2014-03-31"),
        (f"R-{of_officer}", "2014-03-31"),
    ]


async def test_a_vacant_post_decides_nothing(harness: GovernanceHarness) -> None:
    await harness.body("10H", "Chair")
    await harness.grant("10H", post=CHAIR)
    assert missing(await can(harness, post=CHAIR)) == [(Missing.VACANT, CHAIR)]


async def test_after_a_merger_a_right_waits_to_be_made_again(harness: GovernanceHarness) -> None:
    await harness.bucks()
    right = await harness.grant("10H")
    await harness.hear(a_merger())
    answer = await can(harness, organisation="14Y", body="14Y-governing-body", as_at=MERGED_ON)
    assert missing(answer) == [(Missing.REMAKE, "14Y")]
    [ended] = await harness.told("DecisionRightEnded")
    assert (ended["right"], ended["until"], ended["reason"]) == (
        f"R-{right}",
        "2018-03-31",
        "body-dissolved",
    )
    again = await harness.grant("14Y", remakes=right, first_day=MERGED_ON)
    answer = await can(harness, organisation="14Y", body="14Y-governing-body", as_at=MERGED_ON)
    assert answer.chain is not None
    assert ([one.id for one in answer.chain.rights], answer.chain.holds) == ([again], True)


async def test_a_right_comes_from_a_power_of_its_day(harness: GovernanceHarness) -> None:
    """Joint committees of CCGs: SI 2014/2436, in force on 1 October 2014."""
    await harness.body("10H")
    with pytest.raises(NoPower, match=r"on 2014-09-30: no such power on that day: none covers joint\.decide"):
        await harness.grant("10H", action="joint.decide", function=None, first_day=date(2014, 9, 30))
    await harness.grant("10H", action="joint.decide", function=None, first_day=date(2014, 10, 1))
    with pytest.raises(NoPower, match=r"icb-functions-2022 does not cover contract\.award"):
        await harness.grant("10H", power="icb-functions-2022")
    told = (await harness.told("DecisionRightGranted"))[0]
    assert (told["action"], told["holder"], told["limit_basis"]) == ("joint.decide", BODY, "single")


async def test_nobody_passes_on_more_of_any_sort(passed_on: tuple[GovernanceHarness, int, int]) -> None:
    harness, _, of_officer = passed_on
    more: dict[str, Any] = {"action": "contract", "function": None, "limit_basis": "annual", "conditions": []}
    with pytest.raises(BeyondDelegation) as refused:
        await harness.grant("10H", post=CHAIR, delegated_from=of_officer, **more)
    assert [reason.field for reason in refused.value.reasons] == ["action", "limit_basis", "conditions"]
    with pytest.raises(ConditionNotListed, match="sunshine is no condition on 2013-04-01"):
        await harness.grant("10H", conditions=["sunshine"])


async def test_before_a_merger_or_before_it_was_known_a_right_is_no_successors(harness: GovernanceHarness) -> None:
    """What waits for the successor was until then a right of the predecessor alone, and none of whoever asks."""
    await harness.bucks()
    right = await harness.grant("10H")
    await harness.hear_of_ccgs("14Y")
    await harness.hear(a_merger())
    day_before, first_day = MERGED_ON - timedelta(days=1), ENGLAND_OPENED - timedelta(days=1)
    stranger: dict[str, Any] = {"organisation": "14Y", "person": "P-nobody"}
    assert (await can(harness, as_at=day_before, **stranger)).chain is None
    assert (await can(harness, as_at=MERGED_ON, as_known=at(day_before), **stranger)).chain is None
    assert missing(await can(harness, as_at=MERGED_ON, **stranger)) == [(Missing.REMAKE, "14Y")]
    assert missing(await can(harness, as_at=first_day, body=BODY)) == [(Missing.RIGHT, ""), (Missing.POWER, "")]
    answer = await can(harness, as_at=day_before, body=BODY)
    assert answer.chain is not None
    assert ([one.id for one in answer.chain.rights], answer.chain.holds) == ([right], True)


async def test_rights_that_wait_do_not_crowd_out_one_in_force(
    harness: GovernanceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.bucks()
    for _ in range(3):
        await harness.grant("10H")
    await harness.hear(a_merger())
    await harness.grant("14Y", first_day=MERGED_ON)
    monkeypatch.setattr(queries, "MOST_RIGHTS", 2)
    answer = await can(harness, organisation="14Y", body="14Y-governing-body", as_at=MERGED_ON)
    assert answer.chain is not None
    assert answer.chain.holds


@pytest.mark.parametrize(
    ("stated", "values"),
    [
        ({}, (0, 0, 0)),
        ({"value_pence": 4}, (4, 4, 4)),
        ({"value_pence": 4, "whole_life_pence": 12}, (4, 4, 12)),
        ({"annual_pence": 5}, (5, 5, 5)),
        ({"value_pence": 4, "annual_pence": 5}, (4, 5, 5)),
        ({"whole_life_pence": 12}, (12, 12, 12)),
        ({"annual_pence": 5, "whole_life_pence": 12}, (12, 5, 12)),
    ],
)
def test_a_value_that_is_left_out_passes_no_limit_by(stated: dict[str, int], values: tuple[int, int, int]) -> None:
    asked = AskWhetherMay.model_validate({"organisation": "10H", "body": BODY, "action": "contract.award"} | stated)
    assert tuple(asked.question.value_pence[basis] for basis in LimitBasis) == values


async def test_a_right_of_a_committee_ends_with_it_and_all_that_was_passed_on_from_it(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    committee = await harness.committee("10H", "Audit committee", {"title": "Chair"})
    of_body = await harness.grant("10H")
    of_chair = await harness.grant("10H", post=f"{committee}/chair", delegated_from=of_body)
    await harness.appoint(f"{committee}/chair", "P-cfo")
    of_officer = await harness.grant("10H", post=AO, delegated_from=of_chair)
    granted = await harness.told("DecisionRightGranted")
    assert [one["holder"] for one in granted] == [BODY, f"{committee}/chair", AO]
    with pytest.raises(PostNotFound, match=f"{AO} is no post of {committee}"):
        await harness.grant("10H", body=committee, post=AO)
    last_day = date(2015, 3, 31)
    await harness.dissolve(committee, last_day)
    ended = await harness.told("DecisionRightEnded")
    assert [(one["right"], one["until"]) for one in ended] == [
        (f"R-{right}", "2015-03-31") for right in (of_chair, of_officer)
    ]
    rows = await reads.list_decision_rights(
        harness.database, "10H", None, to_be_remade=False, as_at=date(2015, 4, 1), as_known=None, after=None, limit=9
    )
    assert [row["decision_right"] for row in rows] == [of_body]
    gone = await reads.get_decision_right(harness.database, of_officer, as_at=last_day, as_known=None)
    assert (gone["last_day"], gone["ended_because"]) == (last_day, "Its work is done")
