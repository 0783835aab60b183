"""Buy-outs in a portfolio take their sum from contracts' terms and their saving from what its customers stated."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import httpx
import pytest

from libs.common.events.contracts import BuyOutTermsStated
from tests.finance.portfolios.test_api import ended
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness, at

CONTRACT, BODY, NEIGHBOUR = "PFI-HEXHAM", "06H", "10Y"
AS_AT = {"as_at": "2027-04-01"}
POUND = 100


def terms_of(**more: Any) -> BuyOutTermsStated:
    return BuyOutTermsStated(
        **{
            "effective_on": date(2016, 4, 1),
            "stated_at": at(date(2016, 4, 1)),
            "contract": CONTRACT,
            "supplier": "PFICO",
            "customers": (BODY,),
            "kind": "pfi",
            "voluntary_right": True,
            "equity_method": "discounted_distributions",
            "debt_pence": 30_000_000 * POUND,
            "swap_break_pence": 2_000_000 * POUND,
            "redundancy_pence": 0,
            "subcontract_pence": 500_000 * POUND,
            "distributions_pence": (1_000_000 * POUND,) * 3,
            "irr": "3/25",
            "balances_pence": 700_000 * POUND,
            "other_pence": 100_000 * POUND,
            "tax_gross_up_pence": 400_000 * POUND,
            "unitary_charge_pence": 6_000_000 * POUND,
            "term_ends_on": date(2038, 3, 31),
            **more,
        }
    )


CASES: Mapping[str, tuple[tuple[BuyOutTermsStated, ...], dict[str, Any]]] = {
    "one statement of the terms": (
        (terms_of(),),
        {"saving_pence": 5_200_000 * POUND, "basis": "gross", "first_year": 1, "last_year": 15},
    ),
    "a debt that falls each year, two customers, net of borrowing": (
        (
            terms_of(
                customers=(BODY, NEIGHBOUR), debt_pence=1_234_567_891, irr="17/200", term_ends_on=date(2034, 9, 1)
            ),
            terms_of(
                customers=(BODY, NEIGHBOUR),
                effective_on=date(2029, 4, 1),
                stated_at=at(date(2016, 4, 1), 10),
                debt_pence=987_654_321,
                irr="17/200",
                swap_break_pence=-33_333_333,
                term_ends_on=date(2034, 9, 1),
            ),
        ),
        {
            "saving_pence": 311_111_113,
            "basis": "net_of_borrowing",
            "loan_service_pence": 77_777_771,
            "first_year": 0,
            "last_year": 6,
        },
    ),
}


def by_hand(
    statements: tuple[BuyOutTermsStated, ...], saving: Mapping[str, Any], lens: set[str]
) -> dict[int, tuple[int, int]]:
    """Value and cash of paying in each year from 2027, by fractions alone, discounted at 3.5 % to 2027-28."""
    found = {}
    for paid in range(2027, 2032):
        terms = [one for one in statements if one.effective_on <= date(paid, 4, 1)][-1]
        equity = sum(
            (pence / (1 + Fraction(terms.irr)) ** year for year, pence in enumerate(terms.distributions_pence, 1)),
            Fraction(0),
        )
        to_contractor = terms.debt_pence + terms.swap_break_pence + terms.subcontract_pence + equity
        to_contractor -= terms.balances_pence
        price = to_contractor + terms.other_pence + terms.tax_gross_up_pence
        borne = price - (terms.tax_gross_up_pence if "exchequer" in lens else 0)
        gross = saving["saving_pence"] + saving.get("loan_service_pence", 0)
        last = min(paid + saving["last_year"], 2037 if terms.term_ends_on.year == 2038 else 2034)
        years = range(paid + saving["first_year"], last + 1)
        worth = sum((gross * Fraction(200, 207) ** (year - 2027) for year in years), Fraction(0))
        part = Fraction(len(lens & set(terms.customers)), len(terms.customers))
        value = part * (worth - borne * Fraction(200, 207) ** (paid - 2027))
        found[paid] = round(value), round(price / len(terms.customers))
    return found


def a_portfolio(**more: Any) -> dict[str, Any]:
    return {
        "reference": "PFI-2027",
        "title": "Leaving a PFI contract",
        "organisations": [BODY],
        "first_year": "2027-28",
        "years": 5,
        "lens": f"organisation:{BODY}",
        "items": [{"kind": "buy_out", "name": "Hexham", "contract": CONTRACT}],
    } | more


@pytest.mark.parametrize(("statements", "saving"), CASES.values(), ids=CASES.keys())
async def test_a_buy_out_is_worth_its_saving_less_its_sum_in_every_year(
    client: httpx.AsyncClient,
    harness: FinanceHarness,
    statements: tuple[BuyOutTermsStated, ...],
    saving: dict[str, Any],
) -> None:
    await harness.hear(*statements)
    answer = await client.put(f"/v1/buy-outs/{CONTRACT}/saving", json=saving)
    assert answer.status_code == 200, answer.text
    # The gross-up comes back to a lens with the Exchequer in it.
    is_shared = len(statements[0].customers) > 1
    lens, members = (f"organisation:{BODY}", {BODY}) if is_shared else ("public_sector", {BODY, "exchequer"})
    stated = await client.post("/v1/portfolios", json=a_portfolio(lens=lens))
    assert stated.status_code == 201, stated.text
    asked = await client.post("/v1/portfolios/PFI-2027/runs", json={"curve": False, "seconds": 20}, params=AS_AT)
    assert asked.status_code == 202, asked.text
    plan = (await ended(client, asked.json()["run"]))["plan"]
    [item] = (await client.get(f"/v1/runs/{asked.json()['run']}/proof")).json()["problem"]["items"]
    starts = {2027 + one["year"]: (one["value_pence"], one["cash_pence"][0][1]) for one in item["starts"]}
    expected = by_hand(statements, saving, members)
    assert starts == expected
    assert (plan["verdict"], plan["value_pence"]) == ("optimal", max(0, *(value for value, _ in expected.values())))


async def test_a_buy_out_without_right_terms_or_comparable_saving_is_refused_by_its_name(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    await harness.hear(
        terms_of(contract="LIFT-NONE", voluntary_right=False),
        *(terms_of(contract=f"PFI-{name}") for name in ("SILENT", "NET", "PAID", "SOON")),
    )
    saving = {"saving_pence": 1, "last_year": 9}
    for contract, more in (
        ("PFI-NET", {"basis": "net_of_borrowing"}),
        ("PFI-PAID", {"basis": "gross", "paid_pence": 5}),
        ("PFI-SOON", {"basis": "gross"}),
    ):
        assert (await client.put(f"/v1/buy-outs/{contract}/saving", json=saving | more)).status_code == 200
    names = ("NO-SUCH-PFI", "LIFT-NONE", "PFI-SILENT", "PFI-NET", "PFI-PAID")
    items = [{"kind": "buy_out", "name": name, "contract": name} for name in names]
    refused = await client.post("/v1/portfolios", json=a_portfolio(items=items))
    assert (refused.status_code, kind(refused)) == (409, "item-without-terms")
    messages = [reason["message"].split(": ", 1)[1] for reason in refused.json()["reasons"]]
    expected = [
        "NO-SUCH-PFI: no terms of a buy-out are known on ",
        "LIFT-NONE gives no right of voluntary termination on ",
        "PFI-SILENT: no saving by a buy-out is known",
        "PFI-NET: its saving is net of borrowing and its loan service is not stated",
        "PFI-PAID was bought out already, for £0.05",
    ]
    assert [message.startswith(text) for message, text in zip(messages, expected, strict=True)] == [True] * 5
    late = [{"kind": "buy_out", "name": "late", "contract": "PFI-SOON", "committed_to": "2040-41"}]
    refused = await client.post("/v1/portfolios", json=a_portfolio(items=late, years=20))
    assert refused.json()["reasons"][0]["message"] == "late: PFI-SOON cannot be bought out in 2040-41"
    typed = [{"kind": "buy_out", "name": "typed", "contract": "PFI-SOON", "starts": []}]
    assert (await client.post("/v1/portfolios", json=a_portfolio(items=typed))).status_code == 422
