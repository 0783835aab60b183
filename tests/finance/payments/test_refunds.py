"""Money that was paid by a decision which was reversed is a finding until it is given back or decided again."""

from datetime import date

import pytest

from libs.common.events.contracts import ConsolidationAgreed, ConsolidationPlanned
from tests.finance.payments.test_commands import CORRECTION, DUE_ON, ITEM, LATER, fell_due, pay
from tests.support.decisions import a_decision, a_reversal
from tests.support.finance_harness import FinanceHarness, at

TAKEN, REVERSED, AGAIN = date(2013, 5, 1), date(2016, 4, 10), date(2016, 6, 1)
CONTRACT = {"subject": "NETWORKS-2013", "action": "contract.award"}


async def findings(harness: FinanceHarness) -> list[tuple[str, int, str | None]]:
    rows = await harness.database.fetch("SELECT about, exposure_pence, reason FROM finding ORDER BY id")
    return [(row["about"][0], row["exposure_pence"], row["reason"]) for row in rows]


async def test_what_was_paid_by_a_reversed_decision_is_a_finding_until_it_is_given_back(
    harness: FinanceHarness,
) -> None:
    await harness.hear(a_decision("D-1", "08V", on=TAKEN, **CONTRACT), fell_due(), a_decision("D-2", "08V", on=TAKEN))
    await pay(harness, DUE_ON)
    await harness.hear(a_reversal("D-1", "08V", on=REVERSED), a_reversal("D-2", "08V", on=REVERSED))
    assert await pay(harness, date(2016, 4, 9)) == 0, "it still stands"
    assert await pay(harness, REVERSED) == 1
    assert await pay(harness, REVERSED) == 0
    assert await findings(harness) == [("D-1", 30_000, None)]
    [row] = await harness.database.fetch("SELECT text, parties, raised_on FROM finding")
    assert (row["parties"], row["raised_on"]) == (["08V", "NET0"], REVERSED)
    assert f"08V has paid £300.00 by it to NET0 ({ITEM})" in row["text"]
    await harness.hear(CORRECTION)
    await pay(harness)
    assert await findings(harness) == [("D-1", 30_000, "superseded"), ("D-1", 21_000, None)], "a part is given back"
    rest = fell_due(f"{ITEM}/2", 21_000, payer="NET0", payee="08V", corrects=ITEM, due_on=AGAIN, stated_at=at(AGAIN))
    await harness.hear(rest)
    await pay(harness, AGAIN)
    assert await findings(harness) == [("D-1", 30_000, "superseded"), ("D-1", 21_000, "put_back")]
    assert [len(await harness.told(f"FinanceFinding{what}")) for what in ("Raised", "Cleared")] == [2, 2]


@pytest.mark.parametrize(("again", "settled"), [("approved", "decided_again"), ("rejected", None)])
async def test_who_decides_again_has_an_authority_for_what_was_paid(
    harness: FinanceHarness, again: str, settled: str | None
) -> None:
    await harness.hear(a_decision("D-1", "08V", on=TAKEN, **CONTRACT), fell_due())
    await harness.hear(a_reversal("D-1", "08V", on=REVERSED))
    await pay(harness, REVERSED)
    await harness.hear(a_decision("D-3", "08V", on=AGAIN, outcome=again, **CONTRACT))
    await pay(harness, AGAIN)
    assert await findings(harness) == [("D-1", 30_000, settled)]


@pytest.mark.parametrize(("kind", "found"), [("balance", []), ("termination", [("D-1", 30_000, None)])])
async def test_by_a_decision_to_end_a_contract_only_the_price_of_the_end_is_paid(
    harness: FinanceHarness, kind: str, found: list[tuple[str, int, str | None]]
) -> None:
    ends = CONTRACT | {"action": "contract.terminate.networks"}
    await harness.hear(a_decision("D-1", "08V", on=TAKEN, **ends), fell_due(kind=kind))
    await harness.hear(a_reversal("D-1", "08V", on=REVERSED))
    await pay(harness, REVERSED)
    assert await findings(harness) == found


def planned() -> ConsolidationPlanned:
    return ConsolidationPlanned(
        effective_on=TAKEN,
        stated_at=at(TAKEN),
        plan="PLAN-2016",
        customers=("08V", "08W"),
        contracts=("OLD-2013",),
        functions=("networks",),
        supplier="NET0",
        option="csu_serves_both",
        go_live_on=TAKEN,
        exit_on=(TAKEN,),
        choices=("wait",),
        price_pence=(0,),
        unpriced=(),
        annual_pence=1,
        previous_annual_pence=2,
        initiative="NETWORKS",
        revision=1,
    )


def agreed() -> ConsolidationAgreed:
    return ConsolidationAgreed(
        effective_on=TAKEN,
        stated_at=at(TAKEN),
        plan="PLAN-2016",
        contract="NETWORKS-2013",
        supplier="NET0",
        customers=("08V", "08W"),
        replaced=("OLD-2013",),
        move_on=(TAKEN,),
        functions=("networks",),
        annual_pence=1,
        previous_annual_pence=2,
        initiative="NETWORKS",
        decisions=("D-1",),
    )


PLAN = {"subject": "PLAN-2016", "action": "consolidation.commit"}


async def test_a_decision_on_a_plan_carries_what_its_own_members_paid_since_under_the_shared_contract(
    harness: FinanceHarness,
) -> None:
    before = fell_due("BEFORE", 5, due_on=date(2013, 4, 15), stated_at=at(date(2013, 4, 15)))
    others = fell_due("OTHER", 7, payer="08W")
    await harness.hear(before)
    await pay(harness, date(2013, 4, 15))
    await harness.hear(planned(), agreed(), a_decision("D-1", "08V", on=TAKEN, **PLAN), fell_due(), others)
    await harness.hear(a_decision("D-2", "08V", on=TAKEN, subject="OLD-2013", action="contract.award"))
    await harness.hear(a_reversal("D-1", "08V", on=REVERSED), a_reversal("D-2", "08V", on=REVERSED))
    await pay(harness, LATER)
    assert await findings(harness) == [("D-1", 30_000, None)]


@pytest.mark.parametrize("is_agreed", [False, True])
async def test_what_was_due_under_the_contracts_that_a_plan_replaces_is_not_paid_by_it_but_the_price_of_their_end_is(
    harness: FinanceHarness, is_agreed: bool
) -> None:
    """Before its members commit, no plan has a contract, and nothing is paid by it."""
    await harness.hear(planned(), *[agreed()] * is_agreed, a_decision("D-1", "08V", on=TAKEN, **PLAN))
    await harness.hear(
        fell_due("OLD-2013/balance", contract="OLD-2013"),
        fell_due("OLD-2013/end", 11, contract="OLD-2013", kind="termination"),
        a_reversal("D-1", "08V", on=REVERSED),
    )
    await pay(harness, REVERSED)
    assert await findings(harness) == [("D-1", 11, None)] * is_agreed
