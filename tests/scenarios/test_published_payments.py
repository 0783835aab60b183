"""A file of payments is imported over HTTP, line by line; what returns is proposed, and public to every caller."""

from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.support.builders import a_ccg
from tests.support.platform import Platform
from tests.support.waiting import until

HEADINGS = "Entity,Date,Supplier,Transaction Number,AP Amount (£)"
LINES = (
    "NHS Dudley CCG,30/04/2017,NHS NEL CSU,1,1000.00",
    "NHS Dudley CCG,05/31/2017,NHS NEL CSU,2,1000.00",
    "NHS Dudley CCG,30-Jun-17,NHS  NEL CSU,3,1000.00",
    "NHS Dudley CCG,30-Jun-17,NHS NEL CSU,3,1000.00",
    "NHS Dudley CCG,30-Jun-17,NHS NEL CSU,4,(250.00)",
    "NHS Dudley CCG,,A practice,5,10.00",
    "NHS Dudley CCG,30-Jun-17,A practice,6,ten",
    "Total,,,,5010",
)


async def test_payments_are_imported_resolved_added_up_and_proposed(platform: Platform) -> None:
    await platform.move_clocks(date(2017, 9, 1))
    await platform.call(
        "POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": [a_ccg("05C")]}
    )
    await platform.caught_up()

    async def ask(method: str, path: str, *by: str, role: Role = Role.PARTNER, expect: int = 200, **sent: Any) -> Any:
        return await platform.call(method, "contracts", path, role, organisations=by, expect=expect, **sent)

    async def as_lead(method: str, path: str, by: str, expect: int = 200, **sent: Any) -> Any:
        return await ask(method, path, by, role=Role.CONTRACT_LEAD, expect=expect, **sent)

    csv = "\n".join([HEADINGS, *LINES]).encode()

    async def imported(expect: int = 202, by: str = "05C", **params: str) -> Any:
        sent = {"content": csv, "params": {"file": "dudley-2017.csv"} | params}
        return await as_lead("POST", "/imports/payments", by, expect, **sent)

    assert (await imported(403))["type"].endswith("/not-yours-to-decide")
    assert (await imported(403, by="05L", payer="05C"))["type"].endswith("/not-yours-to-decide")
    assert (await imported(payer="05C", dry_run="true"))["state"] == "waiting"
    where = f"/imports/payments/{(await imported(payer='05C'))['reference']}"
    done: dict[str, Any] = {}

    async def is_done() -> bool:
        done.update(await as_lead("GET", where, "05C"))
        return bool(done["state"] == "done")

    await until(is_done)
    assert (done["lines"], done["taken"], done["repeated"], done["refused"]) == (8, 7, 0, 1)
    [refused] = (await as_lead("GET", f"{where}/refused-lines", "05C"))["items"]
    assert (refused["line"], refused["text"]) == (9, "Total,5010")
    where_missing = where[:-1] + ("0" if where[-1] != "0" else "1")
    assert (await ask("GET", where_missing, "05C", expect=404))["type"].endswith("/import-not-found")

    first = await ask("GET", "/published-payments", params={"limit": 3})
    assert [one["paid_on"] for one in first["items"]] == ["2017-04-30", "2017-05-31", "2017-06-30"]
    odd = [one for one in (await ask("GET", "/published-payments"))["items"] if one["flags"]]
    assert [[flag["flag"] for flag in one["flags"]] for one in odd] == [
        ["duplicate"],
        ["reversal"],
        ["day_missing"],
        ["amount_unreadable"],
    ]
    assert "'ten' is no amount" in odd[-1]["flags"][0]["words"]

    alias = {"name": "NHS NEL CSU", "code": "0DJ", "effective_on": "2013-04-01"}
    assert (await as_lead("POST", "/aliases", "05C", 403, json=alias))["type"].endswith("/not-yours-to-decide")
    # Nor is a name that the registry does not have any supplier's to claim.
    assert (await as_lead("POST", "/aliases", "0DJ", 403, json=alias))["type"].endswith("/not-yours-to-decide")
    [stated] = (await ask("POST", "/aliases", "*", role=Role.NHS_ENGLAND, expect=201, json=alias))["items"]
    assert (stated["code"], stated["source"]) == ("0DJ", "nhs_england")
    [total] = (await ask("GET", "/spend", params={"supplier": "0DJ"}))["items"]
    assert (total["key"], total["figures"]["amount_pence"], total["figures"]["duplicate_pence"]) == (
        "05C",
        375_000,
        100_000,
    )
    [proposal] = (await ask("GET", "/contract-proposals", "05C"))["items"]
    assert (proposal["state"], proposal["contract"], proposal["value_pence"]) == ("proposed", None, 375_000)
    assert (await ask("GET", "/contract-proposals", "0DJ"))["items"] == []
