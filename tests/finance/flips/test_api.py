"""S22: all stored cases under another pack, the decisions that change as one list, published when a pack is stated."""

from fractions import Fraction

import httpx

from libs.common.identity import Role
from tests.support.cases import a_case
from tests.support.edge import Tokens
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness
from tests.support.waiting import until

REVIEW = "discount-rate-review-2026"


async def test_s22_the_decisions_that_change_are_one_list_and_published_once(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    operator = tokens.header(Role.OPERATOR)
    await client.put("/v1/operations/clock", json={"moved_to": "2017-03-01"}, headers=operator)
    # 4.480, 3.929 and 3.584 at 3.5 %; 4.593, 4.027 and 3.673 at 3.0 %: the second alone flips.
    for number, one_off in enumerate((4_000_000_00, 4_560_000_00, 5_000_000_00), start=1):
        body = {"case": f"SHARED-{number}", "organisation": "06H", "content": a_case(one_off=one_off)}
        assert (await client.post("/v1/cases", json=body)).status_code == 201
        path = f"/v1/cases/SHARED-{number}/versions/1/publication"
        assert (await client.post(path, headers={"If-Match": '"1"'})).status_code == 201
    shown = (await client.get("/v1/flips", params={"pack": REVIEW})).json()
    assert (shown["looked_at"], shown["status"], shown["next"]) == (3, "inactive", None)
    [flip] = shown["items"]
    assert (flip["case"], flip["measure"], flip["bcr_from"], flip["bcr_to"]) == (
        *("SHARED-2", "benchmark"),
        *("3.929", "4.027"),
    )
    assert (flip["pack_from"], flip["pack_to"]) == ("green-book-2022-standard", REVIEW)
    first = (await client.get("/v1/flips", params={"pack": REVIEW, "limit": 1})).json()
    assert (first["items"], first["looked_at"]) == ([], 1)
    second = (await client.get("/v1/flips", params={"pack": REVIEW, "limit": 1, "after": first["next"]})).json()
    assert [each["case"] for each in second["items"]] == ["SHARED-2"]
    stranger = tokens.header(Role.PARTNER, organisations=("11C",))
    assert (await client.get("/v1/flips", params={"pack": REVIEW}, headers=stranger)).json()["looked_at"] == 0
    assert kind(await client.get("/v1/flips", params={"pack": "rca-2013-14"})) == "input-not-found"

    async def checks(day: str) -> list[bool]:
        await client.put("/v1/operations/clock", json={"moved_to": day}, headers=operator)
        rows = await harness.database.fetch(
            "SELECT flips FROM flip_check WHERE pack = $1 ORDER BY frozen_version_id", REVIEW
        )
        return [row["flips"] for row in rows]

    assert await checks("2026-06-29") == []
    for day in ("2026-06-30", "2026-07-01"):

        async def are_published(on: str = day) -> bool:
            return await checks(on) == [False, True, False]

        await until(are_published)
    decided = (await client.get("/v1/cases/SHARED-2/versions/1/appraisal")).json()
    assert decided["options"][0]["measures"]["bcr"] == "3.929"


async def test_s22_a_new_vintage_of_deflators_flips_what_rests_on_its_years(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    operator = tokens.header(Role.OPERATOR)
    march, june = "gdp-deflators-2026-03", "gdp-deflators-2026-06"
    # A nominal saving of 2025-26 in prices of 2016-17: its part is 0.73689 by the one vintage, 0.73535 by the other.
    saving = 1_000_000_00
    one_off = round(saving * Fraction("0.7361") / Fraction("1.035") ** 9 / 4)
    await client.put("/v1/operations/clock", json={"moved_to": "2026-04-02"}, headers=operator)
    for number, prices in enumerate(("nominal", "base_year"), start=1):
        content = a_case(one_off=one_off)
        content["options"][1]["lines"][1] |= {"first_year": 9, "ramp": [], "prices": prices, "amount_pence": saving}
        body = {"case": f"VINTAGE-{number}", "organisation": "06H", "content": content}
        assert (await client.post("/v1/cases", json=body)).status_code == 201
        path = f"/v1/cases/VINTAGE-{number}/versions/1/publication"
        assert (await client.post(path, headers={"If-Match": '"1"'})).status_code == 201
    [flip] = (await client.get("/v1/flips", params={"pack": june})).json()["items"]
    assert (flip["case"], flip["measure"], flip["passes_from"], flip["passes_to"]) == (
        *("VINTAGE-1", "benchmark"),
        *(True, False),
    )
    assert (flip["pack_from"], flip["pack_to"]) == (march, june)
    assert (await client.get("/v1/flips", params={"pack": march})).json()["items"] == []
    await client.put("/v1/operations/clock", json={"moved_to": "2026-06-30"}, headers=operator)

    async def is_published() -> bool:
        feed = await client.get("/v1/events", params={"limit": 500}, headers=tokens.header(Role.PARTNER))
        events = [item["event"] for item in feed.json()["items"]]
        flips = [one["data"] for one in events if ".CaseWouldFlip.v" in one["type"]]
        told = [(one["case"], one["pack_from"], one["pack_to"]) for one in flips if one["pack_to"] == june]
        assert told in ([], [("VINTAGE-1", march, june)])
        return bool(told)

    await until(is_published)
    decided = (await client.get("/v1/cases/VINTAGE-1/versions/1/appraisal")).json()
    assert decided["options"][0]["measures"]["passes_benchmark"] is True
    assert decided["provenance"]["packs"]["deflator"] == march
