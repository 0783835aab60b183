"""A plan lives from its draft to the consolidated service by commands and due work, each step by its own caller."""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import partial

import pytest

from libs.common.errors import DomainError
from libs.common.events.governance import DecisionReversed, DecisionTaken
from libs.common.events.registry import OrganisationClosed, OrganisationSucceeded, PopulationPublished
from libs.common.identity import NotYoursToDecide
from services.contracts.agreements.shares import AgreeShares, agree_shares
from services.contracts.authorities.errors import AuthorityMissing
from services.contracts.core.errors import ConsolidationNotFound, ContractAlreadyEnded, ContractNotFound
from services.contracts.core.queries import get_consolidation
from services.contracts.exits.queries import get_exits
from services.contracts.novations.commands import ProposeNovation, propose_novation
from services.contracts.novations.errors import NovationNotPossible
from services.contracts.plans.errors import (
    AlreadySubmitted,
    NotAMember,
    NotYetApproved,
    NotYetEntered,
    NotYetFeasible,
    PastThePivot,
    PlanEnded,
)
from services.contracts.plans.models import Kind
from services.contracts.plans.queries import get_plan
from services.contracts.plans.rules import prepared, state
from services.contracts.terminations.due import end_by_notice, renew_contracts
from services.contracts.terminations.errors import NoticeSpent, NoticeUnproved
from services.contracts.terminations.notices import WithdrawNotice, withdraw_notice
from services.contracts.terminations.staff import StateStaff, state_staff
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, any_version, at, bucks_merges
from tests.support.plan_harness import BUCKS, DUDLEY, PLAN, PlanHarness

WAITS = {"CSU_DUDLEY_2017": "wait"}
PAYS = {"CSU_DUDLEY_2017": "pay"}


@pytest.fixture
async def planned(harness: ContractsHarness) -> PlanHarness:
    """Both contracts are signed, and the three members have entered."""
    plan = PlanHarness(harness)
    await plan.signed()
    await plan.plan()
    await plan.accept("10Y")
    await plan.accept("10H", BUCKS)
    return plan


async def submitted(plan: PlanHarness, *, tolerance: str = "0", **choices: str) -> None:
    await plan.assess("05C", **(choices or WAITS))
    await plan.submit("10H", tolerance=tolerance)


async def approved(plan: PlanHarness, **others: str) -> None:
    await submitted(plan, **others)
    for member in ("05C", "10H", "10Y"):
        await plan.accept(member)


async def test_a_plan_that_waits_moves_each_contract_on_its_own_day(planned: PlanHarness) -> None:
    assert await planned.state() == "planned"
    await planned.assess("05C", **WAITS)
    assert await planned.state() == "feasible"
    await planned.submit("10H")
    assert await planned.state() == "submitted"
    for member in ("05C", "10H", "10Y"):
        await planned.accept(member)
    assert await planned.state() == "approved"
    await planned.commit("10Y")
    assert await planned.state() == "committed"
    assert await planned.due_up_to(date(2018, 3, 31)) == 0
    assert await planned.due_up_to(date(2018, 4, 1)) == 1
    assert await planned.state() == "moving"
    contracts = planned.contracts
    assert await contracts.customers("SHARED-2018", as_at=date(2018, 4, 1)) == ["10H", "10Y"]
    assert await contracts.status(BUCKS, as_at=date(2018, 4, 1)) == "replaced"
    assert await contracts.status(DUDLEY, as_at=date(2018, 6, 1)) == "active"
    assert await planned.due_up_to(date(2018, 6, 2)) == 1
    assert await planned.state() == "consolidated"
    assert await contracts.customers("SHARED-2018", as_at=date(2018, 6, 2)) == ["05C", "10H", "10Y"]
    assert await contracts.status(DUDLEY, as_at=date(2018, 6, 2)) == "replaced"
    assert await planned.due_up_to(date(2019, 4, 1)) == 0


async def test_what_a_plan_publishes_names_each_step(planned: PlanHarness) -> None:
    await approved(planned)
    await planned.commit("10Y")
    await planned.due_up_to(date(2018, 6, 2))
    told = [
        event
        for event in await planned.contracts.told()
        if event["stated_at"] >= "2017-06-01"
        and event["name"] not in {"ContractFindingRaised", "ContractFindingCleared", "SharesAgreed"}
    ]
    assert [event["name"] for event in told] == [
        *("ConsolidationPlanned", "ConsolidationPlanned", "ConsolidationPlanned"),
        *("ContractSigned", "NoticeServed", "NoticeServed", "ConsolidationAgreed"),
        *("ContractTerminated", "ContractTerminated", "ContractVaried", "ServiceConsolidated"),
    ]
    assessed, signed, agreed = told[2], told[3], told[6]
    assert (assessed["contracts"], assessed["exit_on"]) == ([BUCKS, DUDLEY], ["2018-04-01", "2018-06-02"])
    assert (assessed["choices"], assessed["price_pence"], assessed["unpriced"]) == (["wait", "wait"], [0, 0], [])
    # Half of the charge is Dudley's: until it joins, the others pay theirs.
    assert (signed["customers"], signed["annual_pence"]) == (["10H", "10Y"], 60_000_00)
    assert signed["customer_shares"] == ["1/2", "1/2"]
    assert (agreed["replaced"], agreed["move_on"]) == ([BUCKS, DUDLEY], ["2018-04-01", "2018-06-02"])
    assert agreed["decisions"] == ["Minute of 05C", "Minute of 10H", "Minute of 10Y"]
    joined, summed = told[-2], told[-1]
    assert (joined["reason"], joined["effective_on"], joined["annual_pence"]) == ("joined", "2018-06-02", 120_000_01)
    assert joined["customer_shares"] == summed["customer_shares"] == ["1/2", "1/4", "1/4"]
    assert (summed["summary"], summed["previous_annual_pence"], summed["plan"]) == (True, 300_000_02, PLAN)
    ended = told[-3]
    assert (ended["contract"], ended["effective_on"], ended["into"]) == (DUDLEY, "2018-06-02", "SHARED-2018")
    tables = await planned.contracts.told("SharesAgreed")
    assert [(one["customers"], one["cost_shares"], one["effective_on"]) for one in tables] == [
        (["10H", "10Y"], ["1/2", "1/2"], "2018-04-01"),
        (["05C", "10H", "10Y"], ["1/2", "1/4", "1/4"], "2018-06-02"),
    ]
    found = await get_consolidation(
        planned.contracts.database, "SHARED-2018", by=a_lead("05C"), as_at=date(2018, 6, 2), as_known=None
    )
    assert found["saving_pence"] == 300_000_02 - 120_000_01


async def test_a_plan_s_notice_keeps_a_contract_from_renewing_and_its_move_alone_ends_it(
    harness: ContractsHarness,
) -> None:
    plan, database = PlanHarness(harness), harness.database
    await harness.signed()
    renewing = {"last_day": "2018-03-31", "exit_terms": {"renewal_months": 12, "proof_required": True}}
    await harness.signed(a_draft(reference=DUDLEY, customers=["05C"], supplier="0DJ", **renewing))
    await plan.plan()
    await plan.accept("10Y")
    await plan.accept("10H", BUCKS)
    await plan.assess("05C")
    await plan.submit("10H")
    for member in ("05C", "10H", "10Y"):
        await plan.accept(member)
    with pytest.raises(NoticeUnproved, match="asks for proof"):
        await plan.commit("10Y")
    await plan.commit("10Y", document="Receipt 4711")

    async def notices(as_at: date) -> list[tuple[str, str, date, str | None]]:
        _, exits = await get_exits(database, DUDLEY, by=a_lead("05C"), as_at=as_at, as_known=None)
        return [(one.notice, one.status, one.last_day, one.proof) for one in exits.notices]

    number = f"{PLAN}:{DUDLEY}"
    assert await notices(date(2017, 6, 1)) == [(number, "served", date(2018, 3, 31), "Receipt 4711")]
    async with database.begin() as session:
        with pytest.raises(NoticeSpent, match="only goes forward"):
            await withdraw_notice(
                session,
                DUDLEY,
                number,
                WithdrawNotice(agreement="Letter"),
                by=a_lead("05C"),
                today=date(2017, 7, 1),
                stated_at=at(date(2017, 7, 1)),
                expect=any_version,
            )
    for do, day in ((renew_contracts, date(2017, 12, 1)), (end_by_notice, date(2018, 4, 1))):
        async with database.begin() as session:
            assert await do(session, up_to=day, stated_at=at(day), by=a_lead()) == 0
    assert await plan.due_up_to(date(2018, 4, 1)) == 2
    for day, status in ((date(2018, 3, 31), "served"), (date(2018, 4, 1), "carried_out")):
        assert await notices(day) == [(number, status, date(2018, 3, 31), "Receipt 4711")]
    async with database.begin() as session:
        assert await end_by_notice(session, up_to=date(2018, 4, 2), stated_at=at(date(2018, 4, 2)), by=a_lead()) == 0
    ended = [one for one in await harness.told("ContractTerminated") if one["contract"] == DUDLEY]
    assert [(one["notice"], one["into"], one["effective_on"]) for one in ended] == [
        (number, "SHARED-2018", "2018-04-01"),
    ]
    assert (await harness.seen(DUDLEY, as_at=date(2018, 3, 31)))["notice_served_on"] == date(2017, 6, 1)


async def test_a_price_is_paid_as_the_supplier_agreed_and_the_members_accepted(planned: PlanHarness) -> None:
    plan = await planned.assess("05C", **PAYS)
    [bucks, dudley] = plan.history.current.steps
    assert (bucks.choice, dudley.choice, dudley.price_pence) == ("wait", "pay", None)
    assert dudley.unpriced == (
        *("contractual_payment", "redundancy", "breakage", "stranded", "dual_running", "reprocurement"),
    )
    estimate = (await planned.contracts.told("TerminationPriced"))[-1]
    assert (estimate["supplier"], estimate["status"], estimate["component_pence"]) == ("", "estimate", [])
    await planned.submit("10H")
    for member in ("05C", "10H", "10Y"):
        await planned.accept(member)
    with pytest.raises(NotYetFeasible, match="its supplier has not agreed"):
        await planned.commit("10Y")
    await planned.prepare("05C", contract=DUDLEY, preparation="supplier_agreed", price_pence=7_500_000)
    with pytest.raises(NotYetFeasible, match="not the one that the members accepted"):
        await planned.commit("10Y")
    await approved(planned, **PAYS)
    await planned.commit("05C")
    agreed = (await planned.contracts.told("TerminationPriced"))[-1]
    assert (agreed["status"], agreed["supplier"], agreed["exit_on"]) == ("agreed", "0DJ", "2018-04-01")
    assert (agreed["payers"], agreed["payees"], agreed["component_pence"]) == (["05C"], ["0DJ"], [7_500_000])
    [scheduled] = await planned.contracts.told("PaymentScheduled")
    assert (scheduled["condition"], scheduled["amount_pence"], scheduled["due_on"]) == ("end", 7_500_000, "2018-04-01")
    assert await planned.contracts.told("PaymentFellDue") == []
    assert await planned.due_up_to(date(2018, 4, 1)) == 2
    [due] = await planned.contracts.told("PaymentFellDue")
    paid = ("05C", "0DJ", 7_500_000, "2018-04-01")
    assert (due["payer"], due["payee"], due["amount_pence"], due["due_on"]) == paid
    assert (due["item"], due["contract"], due["kind"]) == (scheduled["item"], DUDLEY, "termination")
    ended = (await planned.contracts.told("ContractTerminated"))[-1]
    assert (ended["termination"], ended["component_pence"]) == (f"{PLAN}:{DUDLEY}", [7_500_000])
    assert await planned.contracts.told("ContractVaried") == []


async def test_a_price_is_of_the_staff_list_and_the_shares_as_known_at_the_commitment(
    harness: ContractsHarness,
) -> None:
    plan, database = PlanHarness(harness), harness.database
    priced = {"payment_share": "3/10", "breakage": [], "dual_running_months": 0, "reprocurement_pence": 0}
    await harness.signed(a_draft(exit_terms=priced | {"stranded_pence": [0], "redundancy_payer": "customers"}))
    await harness.signed(a_draft(reference=DUDLEY, customers=["05C"]))

    async def list_staff(day: date, years: int) -> None:
        command = StateStaff.model_validate(
            {"effective_on": "2017-04-01", "staff": [{"id": "E1", "annual_pay_pence": 3_000_000, "years": years}]}
        )
        async with database.begin() as session:
            by, stated = a_lead("10H", "10Y"), at(day)
            await state_staff(session, BUCKS, command, by=by, today=day, stated_at=stated, expect=any_version)

    await list_staff(date(2017, 5, 1), 6)
    shares = AgreeShares(weights={"10H": 1, "10Y": 2}, total=3)
    async with database.begin() as session:
        by, day = a_lead("10H", "10Y"), date(2017, 5, 1)
        await agree_shares(session, BUCKS, "cost", shares, by=by, today=day, stated_at=at(day, 9), expect=any_version)
    await plan.plan()
    await plan.accept("10Y")
    await plan.accept("10H", BUCKS)
    [bucks, _] = (await plan.assess("05C", CSU_BUCKS_2017="pay")).history.current.steps
    # Three tenths of the two years that remain, and six months' pay; a third and two thirds of each.
    assert (bucks.price_pence, bucks.unpriced) == (9_000_001 + 1_500_000, ())
    await plan.prepare("10H", "10Y", contract=BUCKS, preparation="supplier_agreed", price_pence=10_500_001)
    await plan.submit("10H")
    for member in ("05C", "10H", "10Y"):
        await plan.accept(member)
    await plan.commit("10Y")
    agreed = (await harness.told("TerminationPriced"))[-1]
    lines = list(zip(agreed["components"], agreed["payers"], agreed["component_pence"], strict=True))
    assert lines == [
        *(("contractual_payment", "10H", 3_000_000), ("contractual_payment", "10Y", 6_000_001)),
        *(("redundancy", "10H", 500_000), ("redundancy", "10Y", 1_000_000)),
    ]
    await list_staff(date(2017, 7, 1), 12)
    assert await plan.due_up_to(date(2018, 4, 1)) == 2
    [ended] = [one for one in await harness.told("ContractTerminated") if one["contract"] == BUCKS]
    assert list(zip(ended["components"], ended["payers"], ended["component_pence"], strict=True)) == lines


async def test_the_tier_of_each_function_follows_who_is_served(planned: PlanHarness) -> None:
    counted = date(2017, 4, 1)
    for code, people in (("10H", 200_000), ("10Y", 200_000), ("05C", 700_000)):
        told = PopulationPublished(
            code=code, people=people, basis="registered", effective_on=counted, stated_at=at(counted)
        )
        await planned.contracts.hear(told)
    shares = AgreeShares(weights={"10H": 1, "10Y": 2}, total=3)
    async with planned.contracts.database.begin() as session:
        by, day = a_lead("10H", "10Y"), planned.today
        await agree_shares(session, BUCKS, "cost", shares, by=by, today=day, stated_at=at(day), expect=any_version)
    await approved(planned)
    await planned.commit("10Y")
    await planned.due_up_to(date(2018, 6, 2))
    amended, joined = await planned.contracts.told("ContractVaried")
    signed = (await planned.contracts.told("ContractSigned"))[-1]
    assert amended["function_tiers"] == ["cluster", "cluster"]
    assert (signed["function_tiers"], joined["function_tiers"]) == (["cluster"], ["scale"])


async def test_a_member_that_withdraws_takes_its_contract_and_who_pays_more_is_asked_again(
    planned: PlanHarness,
) -> None:
    await planned.prepare("05C", contract=DUDLEY, preparation="staff_information")
    await approved(planned)
    plan = await planned.withdraw("05C")
    assert (plan.history.current.members, plan.history.current.contracts) == (("10H", "10Y"), (BUCKS,))
    assert [act.contract for act in plan.history.of(Kind.RECALLED)] == [DUDLEY]
    assert await planned.state() == "submitted"
    left = (await planned.contracts.told("ConsolidationWithdrawn"))[-1]
    assert (left["by"], left["customers"], left["revision"]) == ("05C", ["05C", "10H", "10Y"], 4)
    again = (await planned.contracts.told("ConsolidationPlanned"))[-1]
    assert (again["customers"], again["revision"], again["exit_on"]) == (["10H", "10Y"], 4, ["2018-04-01"])
    await planned.accept("10H")
    await planned.accept("10Y")
    await planned.commit("10H")
    assert await planned.due_up_to(date(2018, 4, 1)) == 1
    assert await planned.state() == "consolidated"


async def test_within_the_tolerance_no_other_member_is_asked_again(planned: PlanHarness) -> None:
    await approved(planned, tolerance="1")
    await planned.withdraw("05C")
    assert await planned.state() == "approved"


async def test_who_withdrew_reads_no_more_than_up_to_its_withdrawal(planned: PlanHarness) -> None:
    await planned.withdraw("05C")
    await planned.revise("10H", members=[{"organisation": "10H"}, {"organisation": "10Y"}], title="Without Dudley")
    own = await get_plan(planned.contracts.database, PLAN, by=a_lead("05C"), as_at=planned.today)
    assert "05C" in own.history.current.members
    assert own.shared.title == "Shared payroll"
    others = await get_plan(planned.contracts.database, PLAN, by=a_lead("10Y"), as_at=planned.today)
    assert others.shared.title == "Without Dudley"
    for stranger in ("05Y", "0DJ"):
        with pytest.raises(ConsolidationNotFound):
            await get_plan(planned.contracts.database, PLAN, by=a_lead(stranger), as_at=planned.today)


async def test_a_plan_ends_where_fewer_than_two_members_are_left(planned: PlanHarness) -> None:
    await planned.prepare("05C", contract=DUDLEY, preparation="offer_to_end")
    await planned.withdraw("10H")
    plan = await planned.withdraw("10Y")
    assert await planned.state() == "withdrawn"
    assert [act.contract for act in plan.history.of(Kind.RECALLED)] == [DUDLEY]
    assert (await planned.contracts.told("ConsolidationWithdrawn"))[-1]["revision"] == 0
    with pytest.raises(PlanEnded):
        await planned.accept("05C")


async def test_after_the_commitment_a_plan_only_goes_forward(planned: PlanHarness) -> None:
    await approved(planned)
    await planned.commit("10Y")
    before = await planned.contracts.content()
    for act in (planned.withdraw("05C"), planned.commit("10Y"), planned.assess("05C", **WAITS), planned.accept("05C")):
        with pytest.raises(PastThePivot):
            await act
    change = {"into": "DUDLEY-2018", "role": "supplier", "leaving": "0DJ", "entering": "0CX"}
    novation = ProposeNovation.model_validate(change | {"takes_effect_on": date(2018, 10, 1)})
    day = date(2018, 7, 1)
    async with planned.contracts.database.begin() as session:
        with pytest.raises(NovationNotPossible, match=f"moves into another by the plan {PLAN}"):
            await propose_novation(session, DUDLEY, novation, by=a_lead("05C"), today=day, stated_at=at(day))
    assert await planned.contracts.content() == before


async def test_no_contract_is_left_without_a_choice_between_two_options(planned: PlanHarness) -> None:
    with pytest.raises(NotYetFeasible) as refused:
        await planned.assess("05C")
    assert refused.value.message == (
        f"{DUDLEY} cannot be left by 2018-03-31: wait until 2018-06-01, with notice by 2017-06-01, 2 months later, "
        "or pay (unpriced: contractual_payment, redundancy, breakage, stranded, dual_running, reprocurement)"
    )
    with pytest.raises(ContractNotFound, match="NOT-THERE is no contract of"):
        await planned.assess("05C", **WAITS, NOT_THERE="wait")


async def test_notice_that_can_no_longer_be_served_in_time_rolls_the_commitment_back(planned: PlanHarness) -> None:
    await approved(planned)
    planned.today = date(2017, 10, 2)
    before = await planned.contracts.content()
    with pytest.raises(NotYetFeasible) as refused:
        await planned.commit("10Y")
    assert len(refused.value.reasons) == 2
    assert await planned.contracts.content() == before
    assert await planned.state() == "approved"


async def test_a_step_out_of_order_is_refused(planned: PlanHarness) -> None:
    with pytest.raises(NotYetFeasible):
        await planned.submit("05C")
    with pytest.raises(NotYetApproved):
        await planned.accept("05C")
    await planned.assess("05C", **WAITS)
    with pytest.raises(NotYetApproved, match="has not been submitted"):
        await planned.commit("05C")
    await planned.submit("05C")
    with pytest.raises(AlreadySubmitted):
        await planned.submit("05C")
    await planned.accept("10H")
    with pytest.raises(NotYetApproved, match="05C, 10Y did not accept revision 3"):
        await planned.commit("10H")


async def test_each_member_acts_for_itself_alone(harness: ContractsHarness) -> None:
    plan = PlanHarness(harness)
    await plan.signed()
    with pytest.raises(NotYoursToDecide):
        await plan.plan("10H")
    with pytest.raises(ContractNotFound):
        await plan.plan("05C", contracts=[BUCKS])
    await plan.plan("05C")
    with pytest.raises(NotYoursToDecide):
        await plan.accept("10H", BUCKS, by=("10Y",))
    with pytest.raises(NotYetEntered, match="10Y has not entered"):
        await plan.accept("10H", BUCKS)
    with pytest.raises(NotAMember):
        await plan.accept("05Y", by=("05C", "05Y"))
    await plan.accept("10Y")
    await plan.accept("10H", BUCKS)
    with pytest.raises(NotYoursToDecide):
        await plan.prepare("10H", contract=BUCKS, preparation="offer_to_end")


async def test_a_contract_whose_customer_has_closed_stays_and_is_tried_again(planned: PlanHarness) -> None:
    await approved(planned)
    await planned.commit("10Y")
    day = date(2018, 5, 1)
    closed = OrganisationClosed(effective_on=day, stated_at=at(date(2018, 4, 2)), code="05C")
    await planned.due_up_to(date(2018, 4, 1))
    await planned.contracts.hear(closed)
    assert await planned.due_up_to(date(2018, 6, 2)) == 1
    assert await planned.state() == "moving"
    assert await planned.contracts.status(DUDLEY, as_at=date(2018, 6, 2)) == "active"
    [late] = [one for one in await planned.contracts.told("ContractFindingRaised") if one["kind"] == "late"]
    assert (late["kind"], late["about"], late["due_on"]) == ("late", [PLAN, DUDLEY], "2018-06-02")
    assert await planned.due_up_to(date(2018, 6, 2)) == 0
    assert await planned.due_up_to(date(2018, 6, 3)) == 1
    assert len([one for one in await planned.contracts.told("ContractFindingRaised") if one["kind"] == "late"]) == 1


def decided(member: str, *, revision: int, outcome: str = "approved", decision: str = "D-1") -> DecisionTaken:
    return DecisionTaken(
        effective_on=date(2017, 6, 1),
        stated_at=at(date(2017, 6, 1), 20),
        decision=decision,
        proposal="P-1",
        body="BODY-1",
        organisation=member,
        binds=(member,),
        subject=PLAN,
        action="consolidation.commit",
        outcome=outcome,
        conditions=(),
        minute="M-1",
        value_pence=0,
        annual_pence=0,
        recurrent=False,
        case="",
        case_version=0,
        revision=revision,
        urgent=False,
    )


def reversed_by(decision: str) -> DecisionReversed:
    return DecisionReversed(
        effective_on=date(2017, 6, 1),
        stated_at=at(date(2017, 6, 1), 21),
        decision=decision,
        proposal="P-1",
        body="BODY-1",
        organisation="05C",
        subject=PLAN,
        by_decision="D-3",
        minute="M-2",
        ratification_refused=False,
    )


async def test_a_body_that_decides_accepts_the_revision_that_it_decided_on(planned: PlanHarness) -> None:
    await submitted(planned)
    await planned.accept("10H")
    await planned.accept("10Y")
    await planned.contracts.hear(decided("05C", revision=2))
    assert await planned.state() == "submitted"
    approval = decided("05C", revision=3, decision="D-2")
    await planned.contracts.hear(approval, approval)
    assert await planned.state() == "approved"
    reversal = reversed_by("D-2")
    await planned.contracts.hear(reversal, reversal)
    assert await planned.state() == "submitted"
    await planned.contracts.hear(decided("05C", revision=3, outcome="rejected", decision="D-4"))
    plan = await get_plan(planned.contracts.database, PLAN, by=a_lead(), as_at=planned.today)
    assert plan.history.current.members == ("10H", "10Y")
    assert (await planned.contracts.told("ConsolidationWithdrawn"))[-1]["reason"] == "rejected"


async def test_a_plan_is_read_as_at_a_day_and_as_known(planned: PlanHarness) -> None:
    await submitted(planned)
    database = planned.contracts.database
    with pytest.raises(ConsolidationNotFound):
        await get_plan(database, PLAN, by=a_lead(), as_at=date(2017, 5, 31))
    early = await get_plan(database, PLAN, by=a_lead(), as_at=planned.today, as_known=at(date(2017, 6, 1), 10))
    assert (early.history.current.number, early.history.current.contracts) == (1, (DUDLEY,))


@pytest.mark.parametrize(("seed", "end"), [(4, "consolidated"), (3, "withdrawn")])
async def test_whatever_is_tried_nothing_moves_after_a_withdrawal_or_is_recalled_after_the_pivot(
    planned: PlanHarness, seed: int, end: str
) -> None:
    chance, members = random.Random(seed), ["05C", "10H", "10Y"]
    seen: list[str] = []
    for _ in range(70):
        member, is_committed = chance.choice(members), seen[-1:] == ["committed"]
        tries: list[Callable[[], Awaitable[object]]] = [
            partial(planned.assess, member, **WAITS),
            partial(planned.submit, member, tolerance="1"),
            *(partial(planned.accept, one) for one in members),
            partial(planned.prepare, "05C", contract=DUDLEY, preparation="offer_to_end"),
            partial(planned.commit, member),
            partial(planned.due_up_to, planned.today + timedelta(days=chance.choice([0, 150]) * is_committed)),
        ]
        tries += [partial(planned.withdraw, member)] * (chance.random() < 0.3)
        with suppress(DomainError):
            await chance.choice(tries)()
        plan = await get_plan(planned.contracts.database, PLAN, by=a_lead(), as_at=date(2030, 1, 1))
        kinds = [act.kind for act in plan.history.acts]
        if Kind.COMMITTED in kinds:
            after = kinds[kinds.index(Kind.COMMITTED) :]
            assert not {Kind.RECALLED, Kind.WITHDRAWN, Kind.ENDED, Kind.ACCEPTED}.intersection(after)
        else:
            assert Kind.MOVED not in kinds
            assert await planned.contracts.told("ContractTerminated") == []
        moved = [act.contract for act in plan.history.of(Kind.MOVED)]
        assert len(moved) == len(set(moved))
        seen.append(state(plan.history))
    assert seen[-1] == end
    assert {"planned", "feasible", "submitted", "approved"} <= set(seen)


async def test_a_contract_leaves_by_one_plan_only(planned: PlanHarness) -> None:
    await approved(planned)
    await planned.plan(plan="PLAN-AGAIN", reference="SHARED-AGAIN")
    await planned.commit("10Y")
    planned.reference = "PLAN-AGAIN"
    await planned.accept("10H")
    await planned.accept("10Y")
    await planned.prepare("05C", contract=DUDLEY, preparation="supplier_agreed", price_pence=1)
    await approved(planned, **PAYS)
    with pytest.raises(ContractAlreadyEnded, match=f"{DUDLEY} ends by {PLAN}"):
        await planned.commit("10H")


@pytest.mark.parametrize(("day", "asks"), [(date(2016, 9, 30), False), (date(2016, 10, 1), True)])
async def test_from_the_day_of_the_pack_each_member_needs_a_published_decision(
    harness: ContractsHarness, day: date, asks: bool
) -> None:
    plan = PlanHarness(harness, today=day)
    days = {"starts_on": date(2016, 4, 1), "last_day": date(2019, 3, 31)}
    for draft in (a_draft(customers=["10H"], **days), a_draft(reference=DUDLEY, customers=["05C"], **days)):
        await harness.sign(await harness.draft(draft, stated=at(date(2016, 2, 1))), on=date(2016, 3, 1))
    members = [{"organisation": "05C"}, {"organisation": "10H"}]
    await plan.plan(starts_on="2017-11-01", last_day="2020-10-31", members=members)
    await plan.accept("10H", BUCKS)
    await plan.assess("05C")
    await plan.submit("05C")
    for member in ("05C", "10H"):
        await plan.accept(member, decides=False)
    if asks:
        with pytest.raises(AuthorityMissing) as refused:
            await plan.commit("10H")
        assert len(refused.value.reasons) == 2
        await plan.decide("05C", revision=2)
        with pytest.raises(AuthorityMissing) as refused:
            await plan.commit("10H")
        assert len(refused.value.reasons) == 2, "a decision on an earlier revision counts for nothing"
        await plan.decide("05C", revision=3)
        with pytest.raises(AuthorityMissing, match=r"10H has not decided .*authority-2016"):
            await plan.commit("10H")
        await plan.decide("10H", revision=3)
        assert await plan.state() == "approved"
    await plan.commit("10H")
    assert await plan.state() == "committed"
    unverified = [one for one in await harness.told("ContractFindingRaised") if one["kind"] == "authority_unverified"]
    assert len(unverified) == 2


async def test_a_plan_whose_first_contract_left_does_not_begin_without_customers(planned: PlanHarness) -> None:
    other = "CSU-WALSALL-2017"
    await planned.contracts.signed(a_draft(reference=other, customers=["05Y"], supplier="0DJ", notice_months=12))
    weights = {"05C": 2, "05Y": 1, "10H": 1, "10Y": 1}
    await planned.revise("05C", members=[{"organisation": code, "weight": part} for code, part in weights.items()])
    await planned.accept("05Y", other)
    await planned.assess("05C", **WAITS, CSU_WALSALL_2017="wait")
    await planned.submit("05C", tolerance="1")
    for member in ("05C", "05Y"):
        await planned.accept(member)
    for member in ("10H", "10Y"):
        await planned.withdraw(member)
    assert await planned.state() == "approved"
    with pytest.raises(NotYetFeasible, match="no contract moves on 2018-04-01"):
        await planned.commit("05C")


async def test_a_supplier_agrees_to_a_day_and_is_asked_again_about_another(planned: PlanHarness) -> None:
    await planned.prepare("05C", contract=DUDLEY, preparation="supplier_agreed", price_pence=1_000_000)
    plan = await planned.revise("10H", starts_on="2018-05-01")
    assert [(act.contract, act.detail) for act in plan.history.of(Kind.RECALLED)] == [(DUDLEY, "supplier_agreed")]
    assert prepared(plan.history, DUDLEY) == {}


async def test_what_was_prepared_for_a_contract_is_recalled_where_a_revision_leaves_it_out(
    planned: PlanHarness,
) -> None:
    await planned.prepare("05C", contract=DUDLEY, preparation="offer_to_end")
    plan = await planned.revise("10H", members=[{"organisation": "10H"}, {"organisation": "10Y"}])
    assert [(act.contract, act.detail) for act in plan.history.of(Kind.RECALLED)] == [(DUDLEY, "offer_to_end")]


async def test_a_reversed_decision_takes_the_acceptance_back_that_it_authorised(planned: PlanHarness) -> None:
    await submitted(planned)
    for member in ("05C", "10H", "10Y"):
        await planned.accept(member, decides=False)
    await planned.contracts.hear(decided("05C", revision=3))
    assert await planned.state() == "approved"
    await planned.contracts.hear(reversed_by("D-1"))
    assert await planned.state() == "submitted"
    planned.hour = 21
    await planned.accept("05C")
    assert await planned.state() == "approved"


async def test_a_customer_that_merges_on_its_day_moves_as_its_successor(planned: PlanHarness) -> None:
    await approved(planned)
    await planned.commit("10Y")
    await planned.contracts.hear(bucks_merges())
    assert await planned.due_up_to(date(2018, 4, 1)) == 1
    assert await planned.state() == "moving"
    contracts = planned.contracts
    assert await contracts.status(BUCKS, as_at=date(2018, 4, 1)) == "replaced"
    assert await contracts.customers("SHARED-2018", as_at=date(2018, 4, 1)) == ["14Y"]
    await planned.due_up_to(date(2018, 6, 2))
    assert await planned.state() == "consolidated"
    [joined] = await contracts.told("ContractVaried")
    assert (joined["customers"], joined["customer_shares"]) == (["05C", "14Y"], ["1/2", "1/2"])


async def test_who_joins_later_by_a_successor_that_took_it_over_on_that_day_joins_as_it(planned: PlanHarness) -> None:
    await approved(planned)
    await planned.commit("10Y")
    on = date(2018, 6, 2)
    await planned.contracts.hear(
        OrganisationSucceeded(effective_on=on, stated_at=at(on, 0), code="05C", successor="05Y", shape="acquisition"),
        OrganisationClosed(effective_on=on, stated_at=at(on, 0), code="05C"),
    )
    await planned.due_up_to(on)
    assert await planned.state() == "consolidated"
    assert await planned.contracts.customers("SHARED-2018", as_at=on) == ["05Y", "10H", "10Y"]


async def test_a_price_that_a_supplier_agreed_is_divided_as_the_cost_is(planned: PlanHarness) -> None:
    await planned.contracts.agree_shares(BUCKS, {"10H": 1, "10Y": 3}, on=date(2017, 6, 1))
    planned.today = date(2017, 11, 1)
    await planned.prepare("10H", "10Y", contract=BUCKS, preparation="supplier_agreed", price_pence=1000)
    await planned.assess("05C", CSU_BUCKS_2017="pay", CSU_DUDLEY_2017="wait")
    priced = (await planned.contracts.told("TerminationPriced"))[-1]
    assert dict(zip(priced["payers"], priced["component_pence"], strict=True)) == {"10H": 250, "10Y": 750}
