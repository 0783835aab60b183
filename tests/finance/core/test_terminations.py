"""What ends of contracts cost, as finance has heard it: replaced by termination, in any order, however often."""

from datetime import date
from itertools import permutations

import pytest

from libs.common.events.contracts import ContractSigned, ContractTerminated, TerminationPriced
from services.finance.core.terminations import known_to, list_terminations
from tests.support.finance_harness import FinanceHarness, at
from tests.support.priced_ends import a_contract_signed, a_termination

DAY = date(2017, 4, 1)


def _ended(pence: int) -> ContractTerminated:
    return ContractTerminated(
        effective_on=DAY,
        stated_at=at(DAY),
        contract="CSU-1",
        supplier="0CX",
        customers=("10H",),
        reason="Expiry",
        termination="T-1",
        components=("contractual_payment",),
        natures=("transfer",),
        payers=("10H",),
        payees=("0CX",),
        component_pence=(pence,),
        due_on=(DAY,),
    )


EVENTS: tuple[TerminationPriced | ContractTerminated | ContractSigned, ...] = (
    a_termination(pence=250_000_000, status="estimate", stated=date(2016, 6, 1)),
    a_termination(pence=240_000_000, stated=date(2016, 9, 1)),
    _ended(230_000_000),
)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_price_stated_last_counts_in_any_order(harness: FinanceHarness, order: tuple[int, ...]) -> None:
    await harness.hear(*(EVENTS[number] for number in order), EVENTS[order[0]])
    for known, expected in ((date(2016, 7, 1), 250_000_000), (date(2016, 10, 1), 240_000_000), (DAY, 230_000_000)):
        [priced] = await list_terminations(harness.database, "CSU-1", as_known=at(known, 12))
        assert [component.pence for component in priced.components] == [expected]
        assert priced.is_firm == (expected != 250_000_000)
    assert await list_terminations(harness.database, "CSU-1", as_known=at(date(2016, 5, 1))) == []


async def test_a_contract_is_known_to_its_parties_alone(harness: FinanceHarness) -> None:
    await harness.hear(a_contract_signed())
    database = harness.database
    assert await known_to(database, ["CSU-1", "CSU-2"], codes=None) == {"CSU-1"}
    assert await known_to(database, ["CSU-1"], codes=["10H"]) == {"CSU-1"}
    assert await known_to(database, ["CSU-1"], codes=["06H"]) == set()
    assert await known_to(database, ["CSU-1"], codes=["10H"], as_known=at(date(2014, 1, 1))) == set()
