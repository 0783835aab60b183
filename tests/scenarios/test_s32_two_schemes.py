"""S32, contracts' side: a contract carries the property scheme of the body that it comes from; a preview shows it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract, a_merger_command
from tests.support.platform import Platform

OPENED = date(2013, 4, 1)


@dataclass(frozen=True)
class Merging:
    """Two CCGs, each with its own payroll, that merge on a day."""

    old: tuple[str, str]
    new: str
    day: date
    eve: date
    pence: tuple[int, int]

    @property
    def merger(self) -> str:
        return f"M-{self.new}"

    @property
    def agreement(self) -> str:
        return f"S75-{self.old[0]}"

    @property
    def contracts(self) -> list[str]:
        return [f"PAYROLL-{code}" for code in self.old]


SETS = [
    pytest.param(
        Merging(("10H", "10Y"), "14Y", date(2018, 4, 1), date(2018, 3, 31), (12_000_00, 9_500_01)),
        id="Buckinghamshire",
    ),
    pytest.param(
        Merging(("04E", "04K"), "52R", date(2020, 4, 1), date(2020, 3, 31), (700_07, 1_300_11)),
        id="second set: Nottingham",
    ),
]


async def prepare(platform: Platform, case: Merging) -> None:
    """Both sign a payroll contract of their own; the merger is agreed, without any scheme."""
    await platform.move_clocks(OPENED)
    ccgs = [a_ccg(code) for code in case.old]
    await platform.call("POST", "registry", "/organisations/batch", json={"organisations": ccgs})
    await platform.caught_up()
    for code, reference, pence in zip(case.old, case.contracts, case.pence, strict=True):
        lines = [{"function": "payroll", "annual_pence": pence}]
        terms = {"starts_on": OPENED.isoformat(), "last_day": "2022-03-31", "lines": lines}
        body = a_contract(reference=reference, customers=[code], **terms)
        await platform.call("POST", "contracts", "/contracts", json=body)
        path = f"/contracts/{reference}/signature"
        await platform.call("POST", "contracts", path, json={}, headers={"If-Match": '"1"'}, organisations=(code,))
    agreement = a_contract(reference=case.agreement, customers=[case.old[0]], supplier="LA1", form="section_75")
    agreement |= {"starts_on": OPENED.isoformat(), "last_day": "2022-03-31", "lines": lines}
    await platform.call("POST", "contracts", "/contracts", json=agreement)
    path = f"/contracts/{case.agreement}/signature"
    await platform.call(
        "POST",
        "contracts",
        path,
        Role.CONTRACT_LEAD,
        organisations=case.old,
        json={},
        headers={"If-Match": '"1"'},
    )
    command = a_merger_command(case.new, *case.old, on=case.day, schemes=[])
    await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=command)
    await platform.caught_up()


async def to_remake(platform: Platform, case: Merging, **asked: str) -> list[tuple[str, str, str | None]]:
    found = await platform.call("GET", "contracts", "/agreements-to-remake", params={"about": case.new} | asked)
    return [(one["agreement"], one["state"], one["outcome"]) for one in found["agreements"]]


async def preview(platform: Platform, case: Merging, *organisations: str) -> Any:
    return await platform.call(
        "GET",
        "contracts",
        f"/merger-previews/{case.merger}",
        Role.CONTRACT_LEAD,
        organisations=organisations or ("*",),
    )


@pytest.mark.parametrize("case", SETS)
async def test_s32_a_contract_carries_the_property_scheme_of_the_body_that_it_comes_from(
    platform: Platform, case: Merging
) -> None:
    await prepare(platform, case)
    seen = await preview(platform, case)
    assert (seen["status"], seen["effective_on"]) == ("agreed", case.day.isoformat())
    assert [(one["reference"], one["customers_after"], one["schemes"]) for one in seen["contracts"]] == [
        (reference, [case.new], [""]) for reference in case.contracts
    ]
    [overlap] = seen["overlaps"]
    assert (overlap["function"], overlap["annual_pence"]) == ("payroll", sum(case.pence))
    assert seen["offered"] == case.contracts
    own = await preview(platform, case, case.old[0])
    assert [one["reference"] for one in own["contracts"]] == case.contracts[:1], "another's contracts are its own"
    assert own["overlaps"] == []

    await platform.move_clocks(case.eve)
    schemes = f"/mergers/{case.merger}/schemes"
    for code in case.old:
        await platform.call("POST", "registry", schemes, json={"sort": "property", "predecessors": [code]})
    await platform.caught_up()
    assert [one["schemes"] for one in (await preview(platform, case))["contracts"]] == [
        [f"{case.merger}-P1"],
        [f"{case.merger}-P2"],
    ]
    await platform.call("POST", "registry", schemes, json={"sort": "staff"})
    await platform.move_clocks(case.day)

    for number, (code, reference) in enumerate(zip(case.old, case.contracts, strict=True), start=1):
        history = await platform.call("GET", "contracts", f"/contracts/{reference}/history")
        [change] = history["changes_of_hands"]
        assert (change["from_customers"], change["schemes"]) == ([code], [f"{case.merger}-P{number}"])
    found = await platform.call("GET", "contracts", "/overlaps", params={"organisation": case.new})
    assert [one["function"] for one in found["overlaps"]] == ["payroll"]
    assert found["offered"] == case.contracts
    before = {"organisation": case.new, "as_at": case.eve.isoformat()}
    assert (await platform.call("GET", "contracts", "/overlaps", params=before))["overlaps"] == []
    assert (await preview(platform, case, case.new))["status"] == "carried_out"

    agreement = await platform.call("GET", "contracts", f"/contracts/{case.agreement}")
    assert [customer["code"] for customer in agreement["customers"]] == [case.old[0]], "it is not moved silently"
    assert await to_remake(platform, case) == [(case.agreement, "due", None)]
    await platform.call(
        "POST",
        "contracts",
        f"/agreements-to-remake/{case.agreement}/settlement",
        Role.CONTRACT_LEAD,
        organisations=(case.new,),
        json={"outcome": "saved", "scheme": f"{case.merger}-P1", "document": "Schedule 2, paragraph 4"},
    )
    assert await to_remake(platform, case) == []
    assert await to_remake(platform, case, settled="true") == [(case.agreement, "due", "saved")]
    agreement = await platform.call("GET", "contracts", f"/contracts/{case.agreement}")
    assert [customer["code"] for customer in agreement["customers"]] == [case.new]
