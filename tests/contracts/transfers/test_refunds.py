"""What fell due from a successor before the succession was undone is found: nothing puts it back by itself."""

from datetime import date

from libs.common.events.registry import OrganisationSucceeded, SuccessionUndone
from libs.common.identity import service_caller
from services.contracts.payments.commands import make_due
from services.contracts.payments.rules import DueItem
from services.contracts.transfers.refunds import find_refunds
from tests.support.contracts_harness import ContractsHarness, a_draft, at, bucks_merges

THE_DAY, PAID, UNDONE = date(2018, 4, 1), date(2018, 5, 31), date(2018, 6, 15)


async def falls_due(harness: ContractsHarness, reference: str, item: str, payer: str, payee: str, pence: int) -> None:
    due = DueItem(
        item=item,
        payer=payer,
        payee=payee,
        kind="charge" if pence > 1 else "credit",
        amount_pence=pence,
        due_on=PAID,
        achievement="",
        corrects="I1" if pence == 1 else "",
    )
    async with harness.database.begin() as session:
        [row] = await harness.database.fetch("SELECT id FROM contract WHERE reference = $1", reference)
        await make_due(session, row["id"], reference, [due], stated_at=at(PAID), by=service_caller("contracts"))


async def found(harness: ContractsHarness) -> list[tuple[list[str], list[str], int | None, str]]:
    rows = await harness.database.fetch(
        "SELECT about, parties, exposure_pence, text FROM finding"
        " WHERE kind = 'not_put_back' AND cleared_at IS NULL ORDER BY key"
    )
    return [(list(row["about"]), list(row["parties"]), row["exposure_pence"], row["text"]) for row in rows]


async def test_money_that_a_successor_paid_is_found_once_with_its_parties_until_it_is_believed_again(
    harness: ContractsHarness,
) -> None:
    lines = [{"function": "payroll", "annual_pence": 120_000}]
    await harness.signed(a_draft(reference="PAYROLL-10H", customers=["10H"], lines=lines))
    await harness.signed(a_draft(reference="PAYROLL-05C", customers=["05C"], lines=lines))
    took = OrganisationSucceeded(
        code="10H", successor="05Y", shape="acquisition", effective_on=THE_DAY, stated_at=at(THE_DAY)
    )
    await harness.hear(took)
    await falls_due(harness, "PAYROLL-10H", "I1", "05Y", "0CX", 10_000)
    await falls_due(harness, "PAYROLL-10H", "I2", "05Y", "0CX", 2_345)
    await falls_due(harness, "PAYROLL-10H", "I3", "0CX", "05Y", 1)
    await falls_due(harness, "PAYROLL-05C", "I4", "05C", "0CX", 7)
    undone = SuccessionUndone(code="10H", successor="05Y", effective_on=THE_DAY, stated_at=at(UNDONE))
    await harness.hear(undone, undone)
    [(about, parties, pence, text)] = await found(harness)
    assert (about, parties, pence) == (["PAYROLL-10H", "10H", "05Y"], ["05Y", "0CX", "10H"], 12_344)
    assert text == (
        "PAYROLL-10H: that 05Y succeeded 10H on 2018-04-01 was undone, and £123.44 fell due from 05Y to 0CX in 2 "
        "payments until then"
    )
    assert await harness.customers("PAYROLL-10H", as_at=THE_DAY) == ["10H"]
    await falls_due(harness, "PAYROLL-10H", "I5", "0CX", "05Y", 1)
    async with harness.database.begin() as session:
        done = [
            await find_refunds(session, up_to=UNDONE, stated_at=at(UNDONE), by=service_caller("contracts"))
            for _ in range(2)
        ]
    assert done == [0, 0], "it says what was so when it was undone, until all of it was given back"
    again = took.model_copy(update={"stated_at": at(date(2018, 7, 1))})
    await harness.hear(again)
    assert await found(harness) == []


async def test_where_others_stay_with_the_successor_the_part_of_the_money_is_not_known(
    harness: ContractsHarness,
) -> None:
    reference = await harness.signed()
    await harness.hear(bucks_merges())
    await falls_due(harness, reference, "I1", "14Y", "0CX", 5_000)
    await harness.hear(SuccessionUndone(code="10H", successor="14Y", effective_on=THE_DAY, stated_at=at(UNDONE)))
    [(about, _, pence, text)] = await found(harness)
    assert (about, pence) == ([reference, "10H", "14Y"], None)
    assert "(M-BUCKS) was undone, and £50.00 fell due from 14Y to 0CX in 1 payment" in text


async def test_what_a_successor_paid_for_itself_too_has_no_known_part_of_the_body_that_it_had_taken_over(
    harness: ContractsHarness,
) -> None:
    reference = await harness.signed(a_draft(customers=["10H", "05Y"]))
    took = {"code": "10H", "successor": "05Y", "effective_on": THE_DAY}
    await harness.hear(OrganisationSucceeded(**took, shape="acquisition", stated_at=at(THE_DAY)))
    await falls_due(harness, reference, "I1", "05Y", "0CX", 5_000)
    await harness.hear(SuccessionUndone(**took, stated_at=at(UNDONE)))
    assert [(about, pence) for about, _, pence, _ in await found(harness)] == [([reference, "10H", "05Y"], None)]
