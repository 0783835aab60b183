"""Events of contracts with as many customers as contracts allows are taken up, once."""

from datetime import date, timedelta
from hashlib import md5
from typing import Any

from libs.common.events.contracts import ContractSigned, NoticeDatesStated, SupplierPriced, TerminationPriced
from tests.support.finance_harness import FinanceHarness, at
from tests.support.priced_ends import a_contract_signed, a_termination

DAY = date(2017, 4, 1)
_DIGESTS = [md5(f"{number}".encode(), usedforsecurity=False).hexdigest().upper() for number in range(600)]
CUSTOMERS = tuple(sorted({digest[:5] for digest in _DIGESTS[:250]}))
WEIGHTS = [int(digest[:6], 16) + 1 for digest in _DIGESTS[: len(CUSTOMERS)]]


def _signed() -> ContractSigned:
    shares = tuple(f"{weight}/{sum(WEIGHTS)}" for weight in WEIGHTS)
    return a_contract_signed("NATIONAL", customers=CUSTOMERS, customer_shares=shares)


def _priced() -> TerminationPriced:
    several: dict[str, Any] = {
        "components": ("contractual_payment",),
        "natures": ("transfer",),
        "payees": ("0CX",),
        "due_on": (DAY,),
        "recurrent_to": (None,),
    }
    lines = {name: value * len(CUSTOMERS) for name, value in several.items()}
    lines |= {"customers": CUSTOMERS, "payers": CUSTOMERS, "component_pence": tuple(WEIGHTS)}
    return a_termination("NATIONAL", pence=1).model_copy(update=lines)


def _dates() -> NoticeDatesStated:
    days = tuple(sorted(DAY + timedelta(days=int(digest[:4], 16)) for digest in _DIGESTS))
    return NoticeDatesStated(
        effective_on=DAY,
        stated_at=at(DAY),
        contract="NATIONAL",
        supplier="0CX",
        customers=CUSTOMERS,
        exit_on=days,
        last_notice_on=days,
    )


def _supplier() -> SupplierPriced:
    return SupplierPriced(
        effective_on=DAY,
        stated_at=at(DAY),
        supplier="0CX",
        customers=CUSTOMERS,
        fixed_pence=1,
        per_head_pence=1,
        heads=1_000,
        price_per_head_pence=3,
        basis="stated",
    )


async def test_what_a_national_contract_publishes_is_taken_up_once(harness: FinanceHarness) -> None:
    events = (_signed(), _priced(), _dates(), _supplier())
    await harness.hear(*events)
    await harness.hear(*reversed(events))
    rows = await harness.database.fetch(
        "SELECT (SELECT count(*) FROM known_contract) AS contracts, (SELECT count(*) FROM known_termination) AS ends,"
        " (SELECT count(*) FROM known_exit) AS exits, (SELECT count(*) FROM known_supplier_price) AS prices"
    )
    assert tuple(rows[0]) == (1, 1, 1, 1)
