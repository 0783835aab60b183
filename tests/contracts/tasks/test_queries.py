"""What waits for whom, in the order of what missing it costs."""

from datetime import date

import pytest

from services.contracts.novations.commands import ProposeNovation, propose_novation
from services.contracts.tasks.queries import in_order, key_of, list_tasks
from services.contracts.tasks.views import TaskKind, TaskView
from services.contracts.terminations.notices import ServeNotice, WithdrawNotice, serve_notice, withdraw_notice
from services.contracts.terminations.offers import OfferTermination, offer_termination
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, any_version, at
from tests.support.plan_harness import BUCKS, DUDLEY, PLAN, PlanHarness


async def waiting(
    harness: ContractsHarness, *by: str, on: date = date(2017, 6, 1), hour: int | None = None
) -> list[tuple[str, str, str]]:
    as_known = None if hour is None else at(on, hour)
    found = await list_tasks(harness.database, by=a_lead(*by), as_at=on, as_known=as_known)
    return [(task.kind.value, task.subject, task.organisation) for task in found]


async def test_a_plan_waits_for_its_members_to_enter_and_to_accept(harness: ContractsHarness) -> None:
    plan = PlanHarness(harness)
    await plan.signed()
    await plan.plan()
    enter = [("acceptance", PLAN, "10H"), ("acceptance", PLAN, "10Y")]
    assert await waiting(harness, "10H", "10Y") == enter
    assert await waiting(harness, "05C") == await waiting(harness, "05Y") == []
    await plan.accept("10Y")
    await plan.accept("10H", BUCKS)
    assert await waiting(harness) == []
    await plan.assess("05C", CSU_DUDLEY_2017="wait")
    await plan.submit("05C")
    await plan.accept("10H")
    assert await waiting(harness) == [("acceptance", PLAN, "05C"), ("acceptance", PLAN, "10Y")]
    found = await list_tasks(harness.database, by=a_lead("05C"), as_at=date(2017, 6, 1), as_known=None)
    assert found[0].exposure_pence == 300_000_02 - 120_000_01
    assert found[0].path == f"/consolidations/{PLAN}/members/05C/acceptance"
    assert await waiting(harness, hour=10) == enter
    for member in ("05C", "10Y"):
        await plan.accept(member)
    assert await waiting(harness) == []
    await plan.withdraw("05C")
    assert await waiting(harness) == enter


async def test_a_draft_waits_for_the_signature_of_those_who_read_it(harness: ContractsHarness) -> None:
    await harness.draft(a_draft(starts_on=date(2018, 4, 1)), by=a_lead("10H"))
    draft = [("signature", BUCKS, "10H")]
    assert await waiting(harness, "10H") == draft
    assert await waiting(harness, "10Y") == await waiting(harness, "05C") == []
    assert await waiting(harness, "10H", on=date(2017, 1, 9), hour=12) == []
    await harness.sign(BUCKS, on=date(2017, 2, 1), by=a_lead("10H"))
    assert await waiting(harness, "10H") == []
    assert await waiting(harness, "10H", on=date(2017, 1, 31), hour=12) == draft


@pytest.mark.parametrize("turned", [False, True])
def test_what_costs_most_stands_first_and_what_is_not_known_last(turned: bool) -> None:
    tasks = [
        TaskView(
            kind=TaskKind.SIGNATURE, subject=subject, organisation="10H", path="/", due_on=due_on, exposure_pence=cost
        )
        for subject, due_on, cost in [
            ("DEAR", None, 500),
            ("SOON", date(2018, 1, 1), 100),
            ("LATER", date(2018, 2, 1), 100),
            ("FREE", date(2017, 1, 1), 0),
            (DUDLEY, date(2016, 1, 1), None),
        ]
    ]
    given = tasks[::-1] if turned else tasks
    assert [task.subject for task in in_order(given)] == ["DEAR", "SOON", "LATER", "FREE", DUDLEY]


async def test_an_offer_to_end_waits_for_the_other_side_and_costs_the_rest_of_the_term(
    harness: ContractsHarness,
) -> None:
    await harness.signed()
    on = date(2018, 6, 1)
    command = OfferTermination(last_day=date(2019, 3, 31), reason="in_house", payment_pence=1_000)
    async with harness.database.begin() as session:
        offer = await offer_termination(
            session,
            BUCKS,
            command,
            by=a_lead("10H", "10Y"),
            today=on,
            stated_at=at(on),
            expect=any_version,
        )
    [task] = await list_tasks(harness.database, by=a_lead("0CX"), as_at=on, as_known=None)
    assert (task.kind, task.subject, task.exposure_pence) == ("acceptance", offer.reference, 150_000_01)
    assert await waiting(harness, "10H", on=on) == await waiting(harness, "0CX", on=date(2019, 4, 1)) == []
    assert await waiting(harness, "0CX", on=on, hour=8) == []
    await harness.terminate(BUCKS, on=on, last_day=date(2018, 9, 30), agreement="Deed of 1 June", stated=at(on, 10))
    assert await waiting(harness, "0CX", on=on) == []
    assert await waiting(harness, "0CX", on=on, hour=9) == [("acceptance", offer.reference, "0CX")]


async def test_a_novation_waits_for_the_consent_of_each_party(harness: ContractsHarness) -> None:
    await harness.signed()
    on = date(2018, 7, 1)
    change = {"into": "CSU-2018", "role": "supplier", "leaving": "0CX", "entering": "0DJ"}
    wanted = ProposeNovation.model_validate(change | {"takes_effect_on": date(2018, 10, 1)})
    async with harness.database.begin() as session:
        await propose_novation(session, BUCKS, wanted, by=a_lead("10H"), today=on, stated_at=at(on))
    assert await waiting(harness, on=on) == [("consent", BUCKS, code) for code in ("0CX", "0DJ", "10Y")]
    first = await list_tasks(harness.database, by=a_lead(), as_at=on, as_known=None, limit=2)
    rest = await list_tasks(harness.database, by=a_lead(), as_at=on, as_known=None, after=key_of(first[-1]), limit=2)
    assert [task.organisation for task in (*first, *rest)] == ["0CX", "0DJ", "10Y"]
    assert await waiting(harness, "0DJ", on=on) == [("consent", BUCKS, "0DJ")]
    assert await waiting(harness, "10H", on=on) == await waiting(harness, "05C", on=on) == []


async def test_a_withdrawal_that_the_other_side_consents_to_waits_for_who_served_the_notice(
    harness: ContractsHarness,
) -> None:
    await harness.signed(a_draft(customers=["10H"]))
    on = date(2018, 7, 1)
    async with harness.database.begin() as session:
        command = ServeNotice(last_day=date(2019, 3, 31), reason="in_house")
        notice = await serve_notice(
            session, BUCKS, command, by=a_lead("10H"), today=on, stated_at=at(on), expect=any_version
        )
    assert await waiting(harness, on=on) == []
    async with harness.database.begin() as session:
        await withdraw_notice(
            session,
            BUCKS,
            notice.reference,
            WithdrawNotice(),
            by=a_lead("0CX"),
            today=on,
            stated_at=at(on, 10),
            expect=any_version,
        )
    assert await waiting(harness, on=on) == [("withdrawal", notice.reference, "10H")]
    assert await waiting(harness, "0CX", on=on) == []
