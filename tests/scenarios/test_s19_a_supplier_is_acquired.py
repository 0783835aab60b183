"""S19, contracts' part: who owns a supplier is a fact in two times, from which the way of its payments follows."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s05_to_s07_notice_dates import signed
from tests.support.builders import a_ccg
from tests.support.platform import Platform
from tests.support.waiting import until


async def state(platform: Platform, code: str, by: str = "*", expect: int = 201, **stated: Any) -> Any:
    role = Role.NHS_ENGLAND if by == "*" else Role.CONTRACT_LEAD
    return await platform.call(
        "POST", "contracts", f"/suppliers/{code}/states", role, organisations=(by,), expect=expect, json=stated
    )


async def read(platform: Platform, code: str, **asked: str) -> Any:
    return await platform.call("GET", "contracts", f"/suppliers/{code}", Role.PARTNER, organisations=(), params=asked)


async def published(platform: Platform, name: str) -> list[dict[str, Any]]:
    feed = await platform.call("GET", "contracts", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    return [item["event"]["data"] for item in feed["items"] if f".{name}.v" in item["event"]["type"]]


@pytest.mark.parametrize(
    ("unit", "company", "acquired_on", "stated_on"),
    [("0CX", "CAPITA", "2017-04-01", date(2017, 6, 12)), ("0DJ", "OPTUM", "2016-10-01", date(2016, 3, 3))],
)
async def test_s19_before_and_after_a_supplier_changes_hands_both_answers_stay(
    platform: Platform, unit: str, company: str, acquired_on: str, stated_on: date
) -> None:
    await platform.move_clocks(date(2014, 1, 15))
    await state(
        platform,
        unit,
        effective_on="2013-04-01",
        state="hosted",
        host="13N",
        owner="13N",
        owner_sector="public",
    )
    body = {"organisations": [a_ccg("10H")]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=body)
    await platform.caught_up()
    terms = {"payment_share": "1/2", "breakage": [], "dual_running_months": 0, "redundancy_pence": 0}
    await signed(
        platform,
        date(2014, 1, 15),
        reference="CSU-S19-2013",
        supplier=unit,
        starts_on="2014-04-01",
        last_day="2020-03-31",
        lines=[{"function": "payroll", "annual_pence": 100_000_000}],
        exit_terms=terms | {"stranded_pence": [0], "reprocurement_pence": 0},
    )
    await platform.move_clocks(stated_on)
    customer = {"effective_on": acquired_on, "owner": company, "owner_sector": "private"}
    refused = await state(platform, unit, by="10H", expect=403, **customer)
    assert refused["type"].endswith("/not-yours-to-decide")
    await state(
        platform,
        unit,
        by=unit,
        effective_on=acquired_on,
        state="acquired",
        host=None,
        owner=company,
        owner_sector="private",
    )

    day = {"as_at": "2018-04-01"}
    before = await read(platform, unit, **day, as_known="2014-12-31")
    assert (before["owner"]["code"], before["owner_sector"]["sector"], before["host"]["code"]) == (
        *("13N", "public"),
        "13N",
    )
    after = await read(platform, unit, **day)
    assert (after["owner"]["code"], after["owner_sector"]["sector"], after["host"]["code"]) == (
        *(company, "private"),
        None,
    )
    assert (after["owner"]["source"], before["owner"]["source"]) == ("supplier", "nhs_england")
    eve = date.fromordinal(date.fromisoformat(acquired_on).toordinal() - 1).isoformat()
    assert (await read(platform, unit, as_at=eve))["owner_sector"]["sector"] == "public"
    assert [(one["state"], one["first_day"], one["last_day"]) for one in after["states"]] == [
        ("hosted", "2013-04-01", eve),
        ("acquired", acquired_on, None),
    ]
    # An exit is priced the same as known before and after; whose sector the payment reaches is another answer.
    for as_known, sector in (("2014-12-31", "public"), (None, "private")):
        known = {"as_known": as_known} if as_known else {}
        owner = (await read(platform, unit, as_at="2018-04-01", **known))["owner_sector"]["sector"]
        estimate = await platform.call(
            *("GET", "contracts", "/contracts/CSU-S19-2013/termination", Role.CONTRACT_LEAD),
            organisations=("10H",),
            params={"as_at": "2018-04-01", "exit_on": "2019-04-01", **known},
        )
        [payment] = estimate["estimates"][0]["price"]["components"]
        assert (payment["payee"], payment["pence"], owner) == (unit, 50_000_000, sector)
    await platform.caught_up()
    told = await published(platform, "SupplierChangedHands")
    assert [(one["effective_on"], one["owner"], one["host"], one["owner_sector"], one["status"]) for one in told] == [
        ("2013-04-01", "13N", "13N", "public", "hosted"),
        (acquired_on, company, "", "private", "acquired"),
    ]


async def test_s19_the_registry_ranks_below_what_the_supplier_states_and_a_host_states_its_part(
    platform: Platform,
) -> None:
    await platform.move_clocks(date(2014, 1, 15))
    opened = [
        {"code": code, "name": code, "kind": kind, "effective_on": "2013-04-01"}
        for code, kind in (("13N", "nhs_england"), ("0AQ", "csu"), ("T1", "nhs_trust"))
    ]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": opened})
    for relation in ("hosts", "owns"):
        body = {"relation": relation, "other": "0AQ", "effective_on": "2013-04-01"}
        await platform.call("POST", "registry", "/organisations/13N/relations", Role.REGISTRAR, json=body)
    await platform.caught_up()

    async def is_copied() -> bool:
        shown = await read(platform, "0AQ")
        return bool(shown["registry_owners"])

    await until(is_copied)
    shown = await read(platform, "0AQ")
    assert (shown["owner"], shown["host"]) == (
        {"code": "13N", "first_day": None, "source": "registry"},
        {"code": "13N", "first_day": None, "source": "registry"},
    )
    ceases: dict[str, Any] = {"effective_on": "2014-04-01", "host": None}
    refused = await state(platform, "0AQ", by="T1", expect=403, **ceases)
    assert refused["type"].endswith("/not-yours-to-decide")
    assert (await state(platform, "0AQ", by="13N", **ceases))["host"]["source"] == "host"
    more = await state(platform, "0AQ", by="13N", expect=403, **ceases, owner_sector="private")
    assert more["type"].endswith("/not-yours-to-decide")
    # The event of the host's word says nothing of the owner; the copy of the registry stays, shown with its source.
    await state(platform, "0AQ", by="0AQ", effective_on="2014-04-01", owner="T1", state="independent")
    shown = await read(platform, "0AQ", as_at="2014-04-01")
    assert (shown["owner"]["code"], shown["registry_owners"], shown["host"]["code"]) == (
        "T1",
        [{"code": "13N", "share": None}],
        None,
    )
    await state(platform, "0AQ", by="0AQ", effective_on="2015-04-01", state="closed")
    late = await state(platform, "0AQ", by="0AQ", expect=409, effective_on="2015-05-01", state="licensed")
    assert late["type"].endswith("/supplier-has-ended")
    far = await state(platform, "0AQ", expect=409, effective_on="2012-11-01", state="checkpoint", checkpoint=6)
    assert far["type"].endswith("/checkpoint-unknown")
    passed = await state(platform, "0AQ", effective_on="2012-11-01", state="checkpoint", checkpoint=4, outcome="A")
    assert (passed["state"]["outcome_title"], passed["state"]["source"]) == ("Proceed", "nhs_england")
    assert "last" in passed["caution"]
    assert (await read(platform, "0AQ", as_at="2016-01-01"))["state"]["state"] == "closed"


@pytest.mark.parametrize(
    ("units", "unit", "annual", "payment"),
    [(("0AQ", "0DC"), "0DJ", 100_000_000, 50_000_000), (("0AV", "0AL"), "0DE", 7_000_001, 3_500_001)],
)
async def test_s19_support_units_that_join_are_paid_what_each_was_owed(
    platform: Platform, units: tuple[str, str], unit: str, annual: int, payment: int
) -> None:
    await platform.move_clocks(date(2014, 1, 15))
    bodies = [
        a_ccg("10H"),
        *({"code": code, "name": code, "kind": "csu", "effective_on": "2013-04-01"} for code in units),
    ]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    await platform.caught_up()
    terms = {"payment_share": "1/2", "breakage": [], "dual_running_months": 0, "redundancy_pence": 0}
    for code in units:
        await signed(
            platform,
            date(2014, 1, 15),
            reference=f"CSU-{code}-2013",
            supplier=code,
            starts_on="2014-04-01",
            last_day="2020-03-31",
            lines=[{"function": "payroll", "annual_pence": annual}],
            exit_terms=terms | {"stranded_pence": [0], "reprocurement_pence": 0},
        )

    async def priced(code: str, **known: str) -> tuple[str, int, str]:
        asked = {"as_at": "2018-04-01", **known}
        contract = f"/contracts/CSU-{code}-2013"
        estimate = await platform.call(
            *("GET", "contracts", f"{contract}/termination", Role.CONTRACT_LEAD),
            organisations=("10H",),
            params={"exit_on": "2019-04-01", **asked},
        )
        [payment] = estimate["estimates"][0]["price"]["components"]
        shown = await platform.call("GET", "contracts", contract, organisations=("10H",), params=asked)
        return payment["payee"], payment["pence"], shown["supplier"]["code"]

    for code in units:
        assert await priced(code) == (code, payment, code)
    await platform.move_clocks(date(2015, 4, 1))
    opened = {"code": unit, "name": unit, "kind": "csu", "effective_on": "2015-04-01"}
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=opened)
    joins = {
        "shape": "merger",
        "predecessors": list(units),
        "successors": [{"code": unit}],
        "effective_on": "2015-04-01",
    }
    await platform.call("POST", "registry", "/reorganisations", Role.NHS_ENGLAND, json=joins)
    await platform.caught_up()
    for code in units:
        assert await priced(code) == (unit, payment, unit)
        assert await priced(code, as_known="2014-12-31") == (code, payment, code)
    moved = {one["contract"]: one["supplier"] for one in await published(platform, "ContractTransferred")}
    assert moved == {f"CSU-{code}-2013": unit for code in units}
