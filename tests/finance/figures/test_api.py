"""From the figures of answers to their packs, lens, inputs as known and events; and the reports of the same answers."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

import httpx

from libs.common.events.contracts import ContractSigned, NoticeDatesStated
from libs.common.events.registry import PopulationPublished
from libs.common.identity import Role
from services.finance.charts.rules import charts_of_exit
from tests.support.contract_terms import buy_out_terms, exit_terms
from tests.support.edge import Tokens
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness, at
from tests.support.report_documents import assert_pdf_equals
from tests.support.report_pages import assert_page_equals, assert_table_equals

START, STATED = date(2017, 4, 1), at(date(2017, 1, 10))
PATH = "/v1/exit-assessments/PAYROLL-2017"
OF_CONTRACT: dict[str, Any] = {
    "effective_on": START,
    "stated_at": STATED,
    "contract": "PAYROLL-2017",
    "supplier": "0CX",
    "customers": ("06H",),
}
SIGNED = ContractSigned(
    **OF_CONTRACT, title="=Payroll", functions=("payroll",), last_day=date(2020, 3, 31), annual_pence=100_001
)
TERMS = exit_terms(
    **OF_CONTRACT,
    term_ends_on=date(2020, 3, 31),
    stranded_pence=(10_001,),
    reprocurement_pence=501,
)
DAYS = NoticeDatesStated(
    **OF_CONTRACT,
    exit_on=(date(2018, 4, 1), date(2020, 4, 1)),
    last_notice_on=(date(2017, 9, 30), date(2019, 9, 30)),
)


async def origin(client: httpx.AsyncClient, figure: str, **asked: Any) -> dict[str, Any]:
    """What the provenance of a figure says."""
    answer = await client.get(f"/v1/figures/{figure}/provenance", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    """The names of the events, in order of statement."""
    return [event["type"].rsplit(".", 2)[1] for event in found["events"]]


async def test_a_published_exit_leads_to_its_events_and_is_reported_in_three_forms(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    await harness.hear(SIGNED, TERMS, DAYS)
    body = {"organisation": "06H", "base_year": "2017-18", "years": 5, "replacement_pence": 50_000}
    assert (await client.post(PATH, json=body)).status_code == 201
    document = (await client.get(f"{PATH}/report", params={"as_at": "2017-05-01"})).json()
    assert document["assessment"] == (await client.get(PATH, params={"as_at": "2017-05-01"})).json()
    asked = {"as_at": "2017-05-01"}
    page, table = [await client.get(f"{PATH}/report", params=asked | {"format": form}) for form in ("html", "csv")]
    assert_page_equals(page.text, document, charts_of_exit(document))
    assert_table_equals(table.text, document)
    assert_pdf_equals(document, charts_of_exit(document))
    shown = (await client.post(f"{PATH}/versions/1/publication", json={"organisation": "06H"})).json()
    figure = f"{shown['digest']}~exits.0.costs.1.present_cost_pence"
    found = await origin(client, figure)
    assert (found["answer"], found["version"], found["lens"]) == (
        "exit-assessment",
        1,
        shown["exits"][0]["costs"][1]["lens"],
    )
    assert found["value"] == shown["exits"][0]["costs"][1]["present_cost_pence"]
    assert names(found) == ["ContractSigned", "ExitTermsStated", "NoticeDatesStated"]
    heard = await harness.database.fetch("SELECT event_id FROM heard_event ORDER BY position")
    assert [event["id"] for event in found["events"]] == [row["event_id"] for row in heard]
    assert (found["inputs"]["replacement_pence"], found["published_as"] is not None) == (50_000, True)
    assert {pack["pack"] for pack in found["packs"]} == set(shown["rule_packs"])
    # Of what others alone read it is known here that it is not all.
    of_others = {"customers": ("11C",), "stated_at": TERMS.stated_at - timedelta(days=1)}
    await harness.hear(TERMS.model_copy(update=of_others))
    for code, several in (("*", 5), ("06H", 4)):
        reader = tokens.header(Role.PARTNER, organisations=(code,))
        chain = (await client.get(f"/v1/provenance/{figure}", headers=reader)).json()
        assert (len(chain["because"]), chain["complete"]) == (several, code == "*")
    # Later statements change no answer that was published; a draft's digest is found by its path alone.
    await harness.hear(TERMS.model_copy(update={"stated_at": at(date(2100, 1, 1)), "payment_share": "1/3"}))
    again = await origin(client, figure)
    assert (again["value"], names(again)) == (found["value"], names(found))
    draft = f"{document['assessment']['digest']}~at_stake_pence"
    asked = {"answer": PATH, "as_at": "2017-05-01"}
    assert kind(await client.get(f"/v1/figures/{draft}/provenance")) == "figure-not-found"
    assert kind(await client.get(f"/v1/figures/{draft}/provenance", params=asked)) == "figure-not-found"
    known = await client.get(PATH, params={"as_at": "2017-05-01", "as_known": "2017-12-31"})
    assert known.status_code == 404, "its version was stated later"
    for code in ("11C", "0CX"):
        stranger = tokens.header(Role.PARTNER, organisations=(code,))
        assert kind(await client.get(f"/v1/figures/{figure}/provenance", headers=stranger)) == "figure-not-found"
        assert (await client.get(f"{PATH}/report", headers=stranger)).status_code == 404


async def led_to(client: httpx.AsyncClient, answer: str) -> tuple[list[str], list[str]] | None:
    """The events and the packs that the provenance of an answer that was not published leads to, by its path."""
    found = await client.get(f"/v1/provenance/{quote(answer.removeprefix('/'), safe='')}")
    if found.status_code == 404:
        assert kind(found) == "provenance-not-found"
        return None
    part = found.json()
    assert (part["kind"], part["source"], {one["kind"] for one in part["because"]} <= {"event"}) == (
        *("fact", "finance"),
        True,
    )
    return [one["id"] for one in part["because"]], part["rule_packs"]


async def test_an_allowance_and_a_buy_out_lead_to_the_counts_and_terms_behind_them(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    await harness.state("06H", "2018-19", 1_000)
    path = "/v1/allowances/06H/2018-19"
    before = (await client.get(path)).json()
    found = await origin(client, f"{before['digest']}~amount_pence", answer=path)
    assert (found["value"], found["inputs"]["population"]) == (before["amount_pence"], 1_000)
    assert [pack["pack"] for pack in found["packs"]] == [before["as_set"]["pack"]]
    assert found["published_as"] == before["as_set"]["event"]
    assert await led_to(client, path) == ([before["as_set"]["event"]], [before["as_set"]["pack"]])
    assert await led_to(client, f"{path}?as_known=2018-01-01") is None, "nothing was stated yet"
    terms = buy_out_terms(
        **(OF_CONTRACT | {"contract": "PFI-1999", "supplier": "PFICO"}),
    )
    await harness.hear(terms)
    bought = (await client.get("/v1/buy-outs/PFI-1999")).json()
    found = await origin(client, f"{bought['digest']}~lenses.2.cost_pence", answer="/v1/buy-outs/PFI-1999")
    assert (found["value"], found["lens"]) == (bought["lenses"][2]["cost_pence"], "uk_society")
    assert names(found) == ["BuyOutTermsStated"]
    [heard] = await harness.database.fetch("SELECT event_id FROM heard_event WHERE name = 'BuyOutTermsStated'")
    for asked in ("", "?as_at=2018-06-01", f"?as_known={terms.stated_at:%Y-%m-%dT%H:%M:%S}Z"):
        assert await led_to(client, f"/v1/buy-outs/PFI-1999{asked}") == ([heard["event_id"]], bought["rule_packs"])
    for unknown in ("?as_known=2000-01-01", "?as_known=never", "?as_at=2018-13-01"):
        assert await led_to(client, f"/v1/buy-outs/PFI-1999{unknown}") is None
    assert await led_to(client, "/v1/nothing") is None
    other = f"/v1/figures/{'0' * 64}~total_pence/provenance"
    for answer in ("/v1/buy-outs/PFI-1999", "/v1/buy-outs/PFI-2000", "/v1/nothing"):
        assert kind(await client.get(other, params={"answer": answer})) == "figure-not-found"


async def test_events_are_noted_with_their_readers(harness: FinanceHarness) -> None:
    counted = PopulationPublished(effective_on=START, stated_at=STATED, code="06H", people=300, basis="registered")
    await harness.hear(SIGNED, counted)
    rows = await harness.database.fetch("SELECT source, keys, readers FROM heard_event ORDER BY position")
    assert [tuple(row) for row in rows] == [
        ("contracts", ["06H", "0CX", "PAYROLL-2017"], ["06H", "0CX"]),
        ("registry", ["06H"], None),
    ]
