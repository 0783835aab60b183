"""A case as a report in three forms with the same figures, and from a figure to what it comes from."""

import httpx

from libs.common.identity import Role
from libs.common.money import pounds
from services.finance.charts.rules import charts_of_case
from tests.support.cases import a_case
from tests.support.edge import Tokens
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness
from tests.support.priced_ends import a_contract_signed, a_termination
from tests.support.report_documents import assert_figures_are_listed, assert_pdf_equals
from tests.support.report_pages import assert_page_equals, assert_table_equals

PATH = "/v1/cases/SHARED-1/versions/1"


async def published(client: httpx.AsyncClient, harness: FinanceHarness) -> None:
    await harness.hear(a_contract_signed("CSU-10001", customers=("06H",)))
    await harness.hear(a_termination("CSU-10001", pence=2_500_000_00, payer="06H"))
    content = a_case(title="<b>Sharing</b>", terminations=[{"line": "payment", "contract": "CSU-10001"}])
    body = {"case": "SHARED-1", "organisation": "06H", "content": content}
    assert (await client.post("/v1/cases", json=body)).status_code == 201
    await client.post(f"{PATH}/publication", headers={"If-Match": '"1"'})


async def test_every_figure_of_the_table_and_the_page_is_that_of_the_json(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    await published(client, harness)
    document = (await client.get(f"{PATH}/report")).json()
    assert document["appraisal"] == (await client.get(f"{PATH}/appraisal")).json()
    table = await client.get(f"{PATH}/report", params={"format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    assert_table_equals(table.text, document)
    page = await client.get(f"{PATH}/report", params={"format": "html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert assert_page_equals(page.text, document, charts_of_case(document)) > 100
    assert "<b>Sharing</b>" not in page.text
    assert "<b>Sharing</b>" in assert_pdf_equals(document, charts_of_case(document))
    assert_figures_are_listed(document)
    [option] = document["appraisal"]["options"]
    # What stands under a year or a type of benefit is read as pounds too.
    for amount in [*option["benefits_by_type"].values(), *document["losers"]["gainers"][0]["by_year"].values()]:
        assert f">{pounds(amount)}<" in page.text
    # So is the value of an input.
    [set_up] = [item["value"] for item in option["items"] if item["input"] == "set-up"]
    assert f">{pounds(int(set_up))}<" in page.text


async def test_one_request_leads_from_a_figure_to_its_events(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    await published(client, harness)
    shown = (await client.get(f"{PATH}/appraisal")).json()
    figure = f"{shown['digest']}~options.0.measures.npv_pence"
    found = (await client.get(f"/v1/figures/{figure}/provenance")).json()
    assert (found["pointer"], found["value"]) == (
        "/options/0/measures/npv_pence",
        shown["options"][0]["measures"]["npv_pence"],
    )
    assert [cause.split()[:3] for cause in found["causes"]] == [["TerminationPriced", "CSU-10001", "T-1"]]
    cited = {pack["subject"]: pack["citation"] for pack in found["packs"]}
    assert "Green Book" in cited["discounting-standard"]
    assert found["case_appraised"] == found["published_as"]
    assert found["lens"] == shown["provenance"]["lens"]
    names = [event["type"].rsplit(".", 2)[1] for event in found["events"]]
    assert "TerminationPriced" in names
    [priced] = [event for event in found["events"] if ".TerminationPriced." in event["type"]]
    assert (priced["source"], priced["feed"]) == ("/contracts", f"/v1/events?after={priced['position'] - 1}&limit=1")
    missing = f"{shown['digest']}~options.7.measures.npv_pence"
    assert kind(await client.get(f"/v1/figures/{missing}/provenance")) == "figure-not-found"
    stranger = tokens.header(Role.PARTNER, organisations=("11C",))
    refused = await client.get(f"/v1/figures/{figure}/provenance", headers=stranger)
    assert kind(refused) == "figure-not-found"


async def test_an_option_stands_against_budget_and_fund_of_those_whom_one_reads(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    content = a_case(organisations=["10G"])
    risk = {
        "risk": "delay",
        "title": "Delay",
        "probability": "1/2",
        "impact_pence": 800,
        "owner": "CFO",
        "payer": "10G",
    }
    content["options"][1]["risks"] = [risk]
    body = {"case": "SHARED-1", "organisation": "06H", "content": content}
    assert (await client.post("/v1/cases", json=body)).status_code == 201
    line = {"account": "5210", "function": "payroll", "pay": True, "recurrent": True, "admin": False}
    budget = {"lines": [line | {"amount_pence": 900_000_000}]}
    assert (await client.post("/v1/organisations/06H/budgets/2016-17/lines", json=budget)).status_code == 201
    of_fund = {"line": "SET-UP", "organisation": "06H", "financial_year": "2016-17", "purpose": "transformation"}
    fund = {"reference": "STF-2016", "organisation": "06H", "title": "Transformation"}
    lines = [of_fund | {"recurrent": False, "amount_pence": 150_000_000}]
    assert (await client.post("/v1/funds", json=fund | {"lines": lines})).status_code == 201
    draw = {"line": "SET-UP", "case": "SHARED-1", "amount_pence": 150_000_000, "drawn_on": "2016-10-01"}
    answer = await client.post("/v1/funds/STF-2016/draws", json=draw)
    assert answer.status_code == 201, answer.text
    await client.post(f"{PATH}/publication", headers={"If-Match": '"1"'})
    answer = await client.get(f"{PATH}/affordability")
    names = ("budget_pence", "fund_pence", "asked_of_budget_pence")
    found = {
        (row["organisation"], row["financial_year"]): [row[name] for name in names] for row in answer.json()["rows"]
    }
    assert found["06H", "2016-17"] == [900_000_000, 150_000_000, 250_000_000]
    assert found["06H", "2017-18"] == [None, 0, -125_750_000]
    assert found["10G", "2016-17"] == [None, None, None]
    named = tokens.header(Role.PARTNER, organisations=("10G",))
    rows = (await client.get(f"{PATH}/report", headers=named)).json()["affordability"]["rows"]
    seen = {(row["organisation"], row["financial_year"]): [row[name] for name in names] for row in rows}
    assert seen["06H", "2016-17"] == [None, None, None]
    assert seen["10G", "2016-17"] == [None, 0, 400]
