"""Buy-outs over HTTP where the scenarios do not go: before the first schedule of discounting."""

from datetime import date

import httpx

from tests.support.contract_terms import buy_out_terms
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness, at

CONTRACT, BODY = "PFI-1999", "06H"


async def test_a_day_without_a_schedule_of_discounting_is_refused(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    terms = buy_out_terms(
        effective_on=date(1999, 4, 1),
        stated_at=at(date(1999, 4, 1)),
        contract=CONTRACT,
        supplier="PFICO",
        customers=(BODY,),
        debt_pence=4_000_000_000,
        unitary_charge_pence=800_000_000,
    )
    await harness.hear(terms)
    path = f"/v1/buy-outs/{CONTRACT}"
    saving = {"saving_pence": 390_000_000, "basis": "gross", "last_year": 9}
    stated = await client.put(f"{path}/saving", json=saving)
    assert stated.status_code == 200, stated.text
    shown = await client.get(f"{path}/appraisal", params={"as_at": "2003-04-01"})
    assert shown.json()["pack"] == "green-book-2022-standard"
    refused = await client.get(f"{path}/appraisal", params={"as_at": "2003-03-31"})
    assert (refused.status_code, kind(refused)) == (409, "no-pack-in-force")
