"""S45, finance's part: a customer that saves by leaving shifts its cost to the others, and who leaves after it."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from libs.common.identity import Role
from services.finance.charts.rules import charts_of_shift
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform
from tests.support.report_documents import assert_figures_are_listed, assert_pdf_equals
from tests.support.report_pages import assert_page_equals, assert_table_equals

CCGS = ("05C", "06H", "10H", "10Y")
UNIT = "0CX"


async def prepared(platform: Platform, heads: dict[str, int], fixed: int, per_head: int, price: int) -> None:
    """The customers with their lists, their contract, and what the unit costs and charges."""
    await platform.move_clocks(date(2014, 1, 15))
    ccgs = [a_ccg(code) for code in heads]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": ccgs})
    for code, people in heads.items():
        body = {"basis": "registered", "people": people, "effective_on": "2014-01-01"}
        await platform.call("POST", "registry", f"/organisations/{code}/populations", Role.REGISTRAR, json=body)
    await platform.caught_up()
    terms = a_contract(reference="CSU-2014", customers=[*heads], starts_on="2014-01-15", last_day="2017-03-31")
    await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=terms)
    signature: dict[str, Any] = {"json": {}, "headers": {"If-Match": '"1"'}, "organisations": tuple(heads)}
    await platform.call("POST", "contracts", "/contracts/CSU-2014/signature", Role.CONTRACT_LEAD, **signature)
    costs = {"fixed_pence": fixed, "per_head_pence": per_head, "heads": sum(heads.values())}
    body = {"effective_on": "2014-01-15", "basis": "stated", "price_per_head_pence": price} | costs
    path = f"/suppliers/{UNIT}/costs"
    await platform.call("POST", "contracts", path, Role.CONTRACT_LEAD, organisations=(UNIT,), json=body)
    await platform.caught_up()


async def shift(platform: Platform, *exits: str, by: str = "10H", expect: int = 200) -> Any:
    """What the exits shift, as a party reads it."""
    return await platform.call(
        "GET",
        "finance",
        f"/suppliers/{UNIT}/cost-shift",
        Role.PARTNER,
        organisations=(by,),
        params={"exits": list(exits)},
        expect=expect,
    )


@pytest.mark.parametrize(
    ("heads", "fixed", "per_head", "price", "replacement"),
    [
        ({"10H": 400_000, "10Y": 300_000, "05C": 300_000}, 600_000_000, 400, 1_000, 800),
        ({"10H": 251_003, "10Y": 199_998, "05C": 77_777}, 312_345_678, 251, 842, 613),
    ],
)
async def test_s45_a_saving_of_one_is_a_cost_of_the_others_and_they_are_named(
    platform: Platform, heads: dict[str, int], fixed: int, per_head: int, price: int, replacement: int
) -> None:
    await prepared(platform, heads, fixed, per_head, price)
    found = await shift(platform, f"10H:{replacement}")
    staying = heads["10Y"] + heads["05C"]
    after = Fraction(fixed, staying) + per_head
    gains = {code: round((price - after) * heads[code]) for code in ("10Y", "05C")}
    gains["10H"] = (price - replacement) * heads["10H"]
    before_cost, after_cost = fixed + per_head * sum(heads.values()), fixed + per_head * staying
    gains[UNIT] = before_cost - price * sum(heads.values())
    assert {one["code"]: one["gain_pence"] for one in found["parties"]} == gains
    assert found["deficit_pence"] == after_cost - price * staying
    assert found["price_after_pence"] == round(after)
    net = before_cost - after_cost - replacement * heads["10H"]
    assert {one["lens"]: one["net_pence"] for one in found["nets"]}["uk_society"] == net
    # Of the second figures the unit had made a surplus, which it loses too.
    losers = sorted(code for code, gain in gains.items() if gain < 0)
    assert (found["is_cost_shift"], found["losers"], found["counted_saving_pence"]) == (True, losers, 0)
    if fixed == 600_000_000:
        assert (gains["10H"], found["deficit_pence"], found["price_after_pence"], net) == (
            *(80_000_000, 240_000_000, 1_400),
            -160_000_000,
        )
    assert (await shift(platform, f"10H:{replacement}", by="99X", expect=404))["type"].endswith("price-not-found")
    assert (await shift(platform, "06H:1", expect=409))["type"].endswith("/supplier-customer-unknown")
    await _is_reported(platform, [f"10H:{replacement}", "10Y:1"], UNIT)
    orders = (await shift(platform, f"10H:{replacement}", "10Y:1", "05C:2"))["orders"]
    assert len(orders) == 6
    assert orders[0]["pence"] == min(one["pence"] for one in orders)

    path = f"/suppliers/{UNIT}/cost-shifts"
    body = {"exits": [{"organisation": "10H", "replacement_per_head_pence": replacement}]}
    await platform.call("POST", "finance", path, Role.FINANCE_LEAD, organisations=("10Y",), json=body, expect=403)
    published = await platform.call("POST", "finance", path, Role.FINANCE_LEAD, organisations=("10H",), json=body)
    await platform.caught_up()
    figure = f"/figures/{published['shift']['digest']}~nets.1.net_pence/provenance"
    for reader, expect in (("10Y", 200), ("99X", 404)):
        origin = await platform.call("GET", "finance", figure, Role.PARTNER, organisations=(reader,), expect=expect)
        if expect == 200:
            assert (origin["answer"], origin["value"], origin["lens"]) == ("cost-shift", net, "uk_society")
            assert (origin["published_as"], bool(origin["packs"])) == (published["event"], True)
            kinds = {event["type"].split(".")[3] for event in origin["events"]}
            assert kinds == {"SupplierPriced", "PopulationPublished"}
            assert {event["source"] for event in origin["events"]} == {"/contracts", "/registry"}
    feed = await platform.call("GET", "finance", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    [told] = [item["event"]["data"] for item in feed["items"] if ".CostShiftFound.v" in item["event"]["type"]]
    assert (told["subject"], told["losers"], told["net_pence"]) == (UNIT, losers, net)
    assert told["losses_pence"] == [-gains[code] for code in losers]


async def _is_reported(platform: Platform, exits: list[str], unit: str) -> None:
    """The report has each figure in each form, and its document is requested by who reads it."""
    path = f"/suppliers/{unit}/cost-shift/report"
    asked: dict[str, Any] = {"params": {"exits": exits}, "organisations": ("10H",)}
    document = await platform.call("GET", "finance", path, Role.PARTNER, **asked)
    assert document["shift"]["parties"] == (await shift(platform, *exits))["parties"]
    charts = charts_of_shift(document)
    assert [len(chart.marks) for chart in charts] == [4, len(document["shift"]["nets"]), 2]
    headers = platform.tokens.header(Role.PARTNER, organisations=("10H",))
    for form in ("html", "csv"):
        answer = await platform.clients["finance"].get(
            f"/v1{path}", params={"exits": exits, "format": form}, headers=headers
        )
        if form == "html":
            assert_page_equals(answer.text, document, charts)
        else:
            assert_table_equals(answer.text, document)
    assert_pdf_equals(document, charts)
    assert_figures_are_listed(document)
    requested = await platform.call("POST", "finance", path, Role.PARTNER, json={"format": "pdf"}, expect=202, **asked)
    assert requested["name"] == f"cost-shift-{unit}.pdf"
    stranger = asked | {"organisations": ("99X",), "json": {"format": "pdf"}}
    await platform.call("POST", "finance", path, Role.PARTNER, expect=404, **stranger)


async def test_s45_the_domino_uses_the_triggers_that_its_reader_reads(platform: Platform) -> None:
    heads = {"10H": 400_000, "10Y": 300_000, "05C": 200_000, "06H": 100_000}
    await prepared(platform, heads, 600_000_000, 400, 1_000)
    for code, pence in (("10Y", 1_500), ("05C", 1_350), ("06H", 2_000)):
        await platform.call(
            "PUT",
            "finance",
            f"/exit-triggers/{code}/{UNIT}",
            Role.FINANCE_LEAD,
            organisations=(code,),
            json={"effective_on": "2014-01-15", "price_per_head_pence": pence},
        )

    async def rounds(*organisations: str) -> list[tuple[list[str], int | None]]:
        found = await platform.call(
            "GET",
            "finance",
            f"/suppliers/{UNIT}/domino",
            Role.PARTNER,
            organisations=organisations,
            params={"leaving": "10H"},
        )
        return [(one["leaving"], one["price_per_head_pence"]) for one in found["steps"]]

    assert await rounds(*heads) == [(["10H"], 1_400), (["05C"], 1_900), (["10Y"], 6_400), (["06H"], None)]
    # A national body reads what everybody is charged, and nobody's trigger.
    assert await rounds("*") == [(["10H"], 1_400)]
    everybody = await platform.call("GET", "finance", "/exit-triggers", Role.PARTNER, organisations=("*",))
    assert everybody["items"] == []
    assert await rounds("10H") == [(["10H"], 1_400)]
    assert await rounds("05C") == [(["10H"], 1_400), (["05C"], 1_900)]
    path = f"/exit-triggers/05C/{UNIT}"
    hidden = await platform.call("GET", "finance", path, Role.PARTNER, organisations=("10H",), expect=404)
    assert hidden["type"].endswith("/exit-trigger-not-found")
    listed = await platform.call("GET", "finance", "/exit-triggers", Role.PARTNER, organisations=("10Y",))
    assert [(one["organisation"], one["price_per_head_pence"]) for one in listed["items"]] == [("10Y", 1_500)]
    changed = {"effective_on": "2014-01-15", "price_per_head_pence": 1_400}
    lead: dict[str, Any] = {"organisations": ("05C",), "json": changed}
    await platform.call("PUT", "finance", path, Role.FINANCE_LEAD, expect=428, **lead)
    await platform.call("PUT", "finance", path, Role.FINANCE_LEAD, headers={"If-Match": '"1"'}, **lead)
    assert await rounds(*heads) == [(["10H"], 1_400)]
