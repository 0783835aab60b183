"""The copy of who owns and hosts a supplier: the registry's events in any order, twice and late, give the same."""

from datetime import date
from itertools import permutations

import pytest

from libs.common.events import Event
from libs.common.events.registry import OrganisationRelated, OrganisationUnrelated
from libs.common.identity import NotYoursToDecide
from libs.organisations.relations import HOSTS, OWNS
from services.contracts.suppliers.commands import StateSupplier, state_supplier
from services.contracts.suppliers.queries import get_supplier, registered_holders
from tests.support.contracts_harness import ContractsHarness, a_lead, at

FIRST, SECOND, THIRD = date(2013, 4, 1), date(2015, 6, 1), date(2016, 3, 1)
HOSTED = OrganisationRelated(effective_on=FIRST, stated_at=at(FIRST), code="13N", relation="hosts", other="0CX")
OWNED = OrganisationRelated(
    effective_on=FIRST, stated_at=at(FIRST), code="T1", relation="owns", other="0CX", share="1/3", until=THIRD
)
LEFT = OrganisationUnrelated(effective_on=SECOND, stated_at=at(SECOND), code="13N", relation="hosts", other="0CX")
MEMBER = OrganisationRelated(effective_on=FIRST, stated_at=at(FIRST), code="10H", relation="member of", other="0CX")


@pytest.mark.parametrize("order", list(permutations([HOSTED, OWNED, LEFT]))[::2])
async def test_relations_are_copied_in_any_order_and_once(harness: ContractsHarness, order: tuple[Event, ...]) -> None:
    for event in (*order, MEMBER, *order):
        await harness.hear(event)

    async def holders(day: date, **asked: date) -> tuple[list[tuple[str, str | None]], list[str]]:
        instant = {"instant": at(asked["known_on"])} if asked else {}
        found = await registered_holders(harness.database, "0CX", as_at=day, **instant)
        return [(one.code, one.share) for one in found[OWNS]], [one.code for one in found[HOSTS]]

    assert await holders(date(2013, 3, 31)) == ([], [])
    assert await holders(date(2015, 5, 31)) == ([("T1", "1/3")], ["13N"])
    assert await holders(SECOND) == ([("T1", "1/3")], [])
    assert await holders(SECOND, known_on=date(2014, 1, 1)) == ([("T1", "1/3")], ["13N"])
    assert await holders(THIRD) == ([], [])


async def test_one_of_several_hosts_does_not_state_that_no_body_hosts_it(harness: ContractsHarness) -> None:
    await harness.hear(HOSTED, HOSTED.model_copy(update={"code": "13Q"}))
    command = StateSupplier.model_validate({"effective_on": SECOND, "host": None})

    async def state(*hosts: str) -> None:
        async with harness.database.begin() as session:
            await state_supplier(session, "0CX", command, by=a_lead(*hosts), today=SECOND, stated_at=at(SECOND))

    with pytest.raises(NotYoursToDecide):
        await state("13N")
    await state("13N", "13Q")
    seen = await get_supplier(harness.database, "0CX", by=a_lead("99X"), as_at=SECOND, as_known=None)
    assert seen.host is not None
    assert (seen.host.code, seen.host.source) == (None, "host")
