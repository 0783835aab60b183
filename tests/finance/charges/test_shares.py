"""Shares by population follow from all that was published, in whatever order and however often it came."""

from datetime import date, datetime
from fractions import Fraction

import pytest

from libs.common.events import Event
from libs.common.events.contracts import ContractSigned, SharesAgreed
from libs.common.events.registry import PopulationPublished
from services.finance.charges.shares import AgreedShares, in_force, restated
from services.finance.cost_shares.queries import get_cost_shares
from services.finance.cost_shares.views import CostSharesView
from tests.support.finance_harness import EVERYTHING, FinanceHarness, at

DAY = date(2014, 4, 1)
CODES = ("10H", "10Y")


def signed() -> ContractSigned:
    return ContractSigned(
        effective_on=DAY,
        stated_at=at(date(2014, 3, 1)),
        contract="SHARED-2014",
        title="Payroll",
        supplier="0CX",
        customers=CODES,
        functions=("payroll",),
        last_day=date(2016, 3, 31),
        annual_pence=100_000,
        customer_shares=("1/4", "3/4"),
    )


def agreed(basis: str = "population:registered") -> SharesAgreed:
    return SharesAgreed(
        effective_on=DAY,
        stated_at=at(date(2014, 3, 1)),
        agreement="SHARED-2014",
        contract="SHARED-2014",
        customers=CODES,
        host="0CX",
        cost_shares=("1/4", "3/4"),
        hr_shares=(),
        legal_shares=(),
        risk_shares=(),
        cost_basis=basis,
    )


def counted(code: str, people: int, stated: date = date(2014, 2, 1), on: date = DAY) -> PopulationPublished:
    return PopulationPublished(effective_on=on, stated_at=at(stated), code=code, basis="registered", people=people)


EVENTS: list[Event] = [
    signed(),
    agreed(),
    counted("10H", 300),
    counted("10Y", 600),
    counted("10Y", 700, stated=date(2014, 9, 1)),
    # A list of a later day is none of the agreement's.
    counted("10H", 999, on=date(2014, 7, 1)),
]


async def shown(harness: FinanceHarness, as_known: datetime | None) -> CostSharesView:
    return await get_cost_shares(harness.database, "SHARED-2014", sight=EVERYTHING, as_at=DAY, as_known=as_known)


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "the last first"])
async def test_events_in_any_order_and_twice_give_the_same_shares(harness: FinanceHarness, turned: bool) -> None:
    for event in reversed(EVENTS) if turned else EVENTS:
        await harness.hear(event)
        await harness.hear(event)
    now = await shown(harness, None)
    assert [(part.organisation, part.annual_pence) for part in now.parts] == [("10H", 30_000), ("10Y", 70_000)]
    before = await shown(harness, at(date(2014, 8, 1)))
    assert [part.share for part in before.parts] == ["1/3", "2/3"]
    assert [part.annual_pence for part in before.parts] == [33_333, 66_667]


def by(basis: str, *, on: date = DAY, shares: tuple[str, ...] = ("1/4", "3/4")) -> AgreedShares:
    return AgreedShares("C", on, at(on), CODES, shares, basis)


def test_shares_that_were_stated_stay_as_they_are() -> None:
    people = {("registered", DAY): {"10H": 1, "10Y": 1}}
    assert by("stated").by_population(people) is None
    assert by("usage").by_population(people) is None
    assert by("population:weighted").by_population(people) is None
    assert by("population:registered").by_population({("registered", DAY): {"10H": 1}}) is None
    shares = by("population:registered").by_population({("registered", DAY): {"10H": 1, "10Y": 2}})
    assert [Fraction(share) for share in shares or ()] == [Fraction(1, 3), Fraction(2, 3)]


def test_of_several_agreements_the_latest_day_holds_and_only_for_its_own_customers() -> None:
    first, second = by("stated"), by("population:registered", on=date(2015, 4, 1))
    assert in_force([second, first], "C", date(2015, 3, 31)) == first
    assert in_force([second, first], "C", date(2015, 4, 1)) == second
    assert in_force([first], "C", date(2014, 3, 31)) is None
    assert in_force([first], "D", DAY) is None
    assert restated([], [first], {}) == []
