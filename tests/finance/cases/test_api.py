"""Cases over HTTP: drafted, edited, published, frozen by a proposal; refused with every reason at once."""

from datetime import date
from typing import Any

import httpx
import pytest

from libs.common.database.connection import Database
from libs.common.events.governance import DecisionAwaited, ProposalOpened
from libs.common.identity import Role
from tests.support.cases import a_case
from tests.support.edge import Tokens, version_in
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness, at
from tests.support.priced_ends import a_contract_signed, a_termination
from tests.support.waiting import until

CASE = "/v1/cases/SHARED-1"
VERSION = f"{CASE}/versions/1"


async def stated(client: httpx.AsyncClient, *, expect: int = 201, **content: Any) -> httpx.Response:
    """State a case of Cambridgeshire."""
    body = {"case": "SHARED-1", "organisation": "06H", "content": a_case(**content)}
    answer = await client.post("/v1/cases", json=body)
    assert answer.status_code == expect, answer.text
    return answer


async def told(client: httpx.AsyncClient, tokens: Tokens, database: Database, name: str) -> list[dict[str, Any]]:
    """The events of a kind that finance has published, in order."""

    async def is_published() -> bool:
        [row] = await database.fetch("SELECT count(*) AS events FROM outbox")
        return bool(row["events"] == 0)

    await until(is_published)
    answer = await client.get("/v1/events", params={"limit": 500}, headers=tokens.header(Role.PARTNER))
    events = [item["event"] for item in answer.json()["items"]]
    return [event["data"] for event in events if f".{name}.v" in event["type"]]


def a_proposal(version: int = 1, proposal: str = "P-1", by: str = "06H") -> ProposalOpened:
    """A proposal on the case."""
    return ProposalOpened(
        effective_on=date(2016, 11, 1),
        stated_at=at(date(2016, 11, 1)),
        proposal=proposal,
        organisation=by,
        subject="SHARED-1",
        kind="consolidation",
        action="consolidation.commit",
        consents=("B-1",),
        value_pence=1,
        annual_pence=1,
        recurrent=False,
        case="SHARED-1",
        case_version=version,
        series="",
    )


async def test_a_draft_is_stated_edited_and_published(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    first = await stated(client, organisations=["10G"])
    assert (first.headers["ETag"], first.json()["status"]) == ('"1"', "draft")
    assert kind(await stated(client, expect=409)) == "case-exists"
    better = a_case(one_off=3_000_000_00, organisations=["10G"])
    assert kind(await client.put(VERSION, json=better)) == "precondition-missing"
    edited = await client.put(VERSION, json=better, headers={"If-Match": '"1"'})
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"2"')
    assert kind(await client.put(VERSION, json=better, headers={"If-Match": '"1"'})) == "stale-version"
    again = await client.put(VERSION, json=better, headers={"If-Match": '"2"'})
    assert again.headers["ETag"] == '"2"'
    read = await client.get(VERSION)
    assert (version_in(read), read.json()["content"]["options"][1]["lines"][0]["amount_pence"]) == (2, 3_000_000_00)
    assert await told(client, tokens, harness.database, "CaseAppraised") == []

    published = await client.post(f"{VERSION}/publication", headers={"If-Match": '"2"'})
    assert (published.status_code, published.json()["status"]) == (201, "published")
    for refused in (
        await client.put(VERSION, json=better, headers={"If-Match": '"2"'}),
        await client.post(f"{VERSION}/publication", headers={"If-Match": '"2"'}),
    ):
        assert kind(refused) == "version-frozen"
    [event] = await told(client, tokens, harness.database, "CaseAppraised")
    appraisal = (await client.get(f"{VERSION}/appraisal")).json()
    measures = appraisal["options"][0]["measures"]
    assert (event["organisations"], event["preferred"], event["digest"]) == (
        ["06H", "10G"],
        "shared",
        published.json()["digest"],
    )
    assert (event["npv_pence"], event["bcr"]) == (measures["npv_pence"], measures["bcr"])
    assert event["passes"] == ["nhs-benchmark-bcr-4"]
    assert set(event["packs"]) == set(appraisal["provenance"]["packs"].values())


async def test_a_draft_is_its_authors_and_a_published_version_also_theirs_whom_it_names(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    await stated(client, organisations=["10G"])
    paths = [VERSION, *(f"{VERSION}/{name}" for name in ("appraisal", "comparison", "losers", "affordability"))]
    others = {code: tokens.header(Role.FINANCE_LEAD, organisations=(code,)) for code in ("10G", "11C")}
    for header in others.values():
        answers = [await client.get(path, headers=header) for path in paths]
        assert {answer.status_code for answer in answers} == {404}
        assert (await client.get("/v1/cases", headers=header)).json()["items"] == []
    refused = await client.post(f"{VERSION}/publication", headers=others["10G"] | {"If-Match": '"1"'})
    assert kind(refused) == "case-not-found"
    await client.post(f"{VERSION}/publication", headers={"If-Match": '"1"'})
    assert {(await client.get(path, headers=others["10G"])).status_code for path in paths} == {200}
    assert {(await client.get(path, headers=others["11C"])).status_code for path in paths} == {404}
    refused = await client.post(f"{CASE}/versions", json=a_case(), headers=others["10G"])
    assert kind(refused) == "not-yours-to-decide"
    await client.post(f"{CASE}/versions", json=a_case(one_off=1))
    listed = {
        code: [(one["case"], one["version"]) for one in (await client.get("/v1/cases", headers=header)).json()["items"]]
        for code, header in others.items()
    }
    assert listed == {"10G": [("SHARED-1", 1)], "11C": []}
    assert (await client.get("/v1/cases")).json()["items"][0]["version"] == 2


async def test_everything_that_is_wrong_is_refused_at_once(client: httpx.AsyncClient, harness: FinanceHarness) -> None:
    await harness.hear(a_contract_signed(customers=("10H",)), a_contract_signed("CSU-2", customers=("06H",)))
    await harness.hear(a_termination("CSU-1", pence=100), a_termination("CSU-2", pence=100, payer="06H"))
    content = a_case(
        terminations=[{"line": "foreign", "contract": "CSU-001"}, {"line": "other", "contract": "CSU-002"}],
        discounting="no-such-pack",
        lenses=["footprint:E99"],
    )
    shared = content["options"][1]
    shared["lines"][0] |= {"payer": "XYZ"}
    shared["lines"][1] |= {"prices": "nominal", "first_year": 8}
    shared["metb_rate"] = "0.1"
    body = {"case": "SHARED-1", "organisation": "06H", "content": content}
    refused = await client.post("/v1/cases", json=body)
    assert refused.status_code == 409
    words = " ".join(reason["message"] for reason in refused.json()["reasons"])
    for expected in ("CSU-001", "CSU-002", "XYZ", "no-such-pack", "E99", "ramp of 3 steps", "metb_rate"):
        assert expected in words
    assert (await client.get(VERSION)).status_code == 404


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount_pence": 1, "amounts_pence": [1]}, "exactly one of"),
        ({"basis": None}, "gross or net"),
        ({"ramp": ["2"]}, ""),
        ({"amount_pence": 10**13 + 1}, ""),
        ({"amount_pence": True}, ""),
        ({"type": "whatever"}, ""),
        ({"nature": "transfer"}, "a transfer has a payee"),
        ({"vat": "0.2"}, "vat is for a cost"),
        ({"prices": "year", "price_year": "2015-17"}, "followed by"),
    ],
)
async def test_a_line_that_does_not_fit_together_is_refused(
    client: httpx.AsyncClient, change: dict[str, Any], words: str
) -> None:
    content = a_case()
    content["options"][1]["lines"][1] |= change
    body = {"case": "SHARED-1", "organisation": "06H", "content": content}
    refused = await client.post("/v1/cases", json=body)
    assert refused.status_code == 422
    assert words in refused.text


@pytest.mark.parametrize(
    "change",
    [
        {"years": 301},
        {"base_year": "2016-18"},
        {"base_year": "2100-01", "years": 200},
        {"options": [a_case()["options"][1]]},
        {"preferred": "nobody"},
        {"realisation": "0.7"},
        {"realisation": "1.5", "realisation_source": "chosen"},
        {"sunk": [{"title": "late", "financial_year": "2016-17", "amount_pence": 1}]},
    ],
)
async def test_a_case_that_does_not_fit_together_is_refused(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    body = {"case": "SHARED-1", "organisation": "06H", "content": a_case() | change}
    assert (await client.post("/v1/cases", json=body)).status_code == 422


async def test_a_proposal_freezes_the_version_whichever_comes_first(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    await harness.hear(a_proposal(version=2))
    await stated(client)
    assert (await client.get(VERSION)).json()["status"] == "draft"
    second = await client.post(f"{CASE}/versions", json=a_case(one_off=5))
    assert (second.json()["status"], second.json()["version"]) == ("proposed", 2)
    await harness.hear(a_proposal(), a_proposal(), a_proposal(version=9))
    read = (await client.get(VERSION)).json()
    assert (read["status"], read["proposal"]) == ("proposed", "P-1")
    assert [one["version"] for one in await told(client, tokens, harness.database, "CaseAppraised")] == [2, 1]


async def test_anothers_proposal_freezes_no_draft_and_hears_no_price(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    foreign = a_proposal(proposal="P-0", by="11C")
    awaited = DecisionAwaited(
        effective_on=date(2016, 11, 1),
        stated_at=at(date(2016, 11, 1)),
        proposal="P-0",
        body="B-1",
        organisation="11C",
        due_on=date(2016, 12, 1),
    )
    await harness.hear(foreign, awaited)
    await stated(client, organisations=["10G"])
    await harness.hear(foreign)
    assert (await client.get(VERSION)).json()["status"] == "draft"
    assert await told(client, tokens, harness.database, "CaseAppraised") == []
    await client.post(f"{VERSION}/publication", headers={"If-Match": '"1"'})
    stranger = tokens.header(Role.PARTNER, organisations=("11C",))
    [delay] = (await client.get("/v1/delays", params={"as_at": "2017-09-01"}, headers=stranger)).json()["items"]
    assert (delay["case"], delay["costs"]) == (None, [])


async def test_a_proposal_heard_late_freezes_no_earlier_than_the_edit(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    loader = tokens.header(Role.FINANCE_LEAD, Role.LOADER, organisations=("06H",))
    body = {"case": "SHARED-1", "organisation": "06H", "content": a_case(organisations=["10G"])}
    await client.post("/v1/cases", json=body, headers=loader | {"Stated-At": "2016-05-01"})
    edited = a_case(one_off=1, organisations=["10G"])
    changed = {"If-Match": '"1"', "Stated-At": "2016-12-01"}
    assert (await client.put(VERSION, json=edited, headers=loader | changed)).status_code == 200
    await harness.hear(a_proposal())
    named = tokens.header(Role.PARTNER, organisations=("10G",))
    assert (await client.get(VERSION, headers=named)).json()["revision"] == 2
    between = {"as_known": "2016-11-15"}
    assert (await client.get(VERSION, params=between, headers=named)).status_code == 404
    read = (await client.get(VERSION, params=between)).json()
    assert (read["status"], read["revision"]) == ("draft", 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"payee": "06H"}, "pay itself"),
        ({"payer": "exchequer", "vat": "0.2"}, "pay itself"),
        ({"amount_pence": None, "unit": "qaly", "quantity": "999999999"}, "10000000000000 pence"),
        ({"prices": "year", "price_year": "1900-01"}, "price"),
    ],
)
async def test_what_packs_and_parties_make_impossible_is_refused(
    client: httpx.AsyncClient, change: dict[str, Any], words: str
) -> None:
    content = a_case(base_year="2022-23")
    content["options"][1]["lines"][0] |= change
    body = {"case": "SHARED-1", "organisation": "06H", "content": content}
    refused = await client.post("/v1/cases", json=body)
    assert refused.status_code == 409
    assert words in refused.text


async def test_a_frozen_version_keeps_the_price_of_its_day(client: httpx.AsyncClient, harness: FinanceHarness) -> None:
    await harness.hear(a_contract_signed("CSU-10001", customers=("06H",)))
    priced = a_termination("CSU-10001", pence=2_500_000_00, payer="06H")
    await harness.hear(priced)
    await stated(client, terminations=[{"line": "payment", "contract": "CSU-10001"}])
    await client.post(f"{VERSION}/publication", headers={"If-Match": '"1"'})
    before = (await client.get(f"{VERSION}/appraisal")).json()
    await harness.hear(a_termination("CSU-10001", pence=9_999_999_00, payer="06H", stated=date(2016, 7, 1)))
    await client.post(f"{CASE}/versions", json=a_case(terminations=[{"line": "payment", "contract": "CSU-10001"}]))
    assert (await client.get(f"{VERSION}/appraisal")).json() == before
    later = (await client.get(f"{CASE}/versions/2/appraisal")).json()
    payments = [[item["value"] for item in seen["options"][0]["items"] if item["contract"]] for seen in (before, later)]
    assert payments == [["250000000"], ["999999900"]]


async def test_a_case_is_read_as_known(client: httpx.AsyncClient, tokens: Tokens) -> None:
    loader = tokens.header(Role.FINANCE_LEAD, Role.LOADER, organisations=("06H",))
    body = {"case": "SHARED-1", "organisation": "06H", "content": a_case()}
    early = await client.post("/v1/cases", json=body, headers=loader | {"Stated-At": "2016-05-01"})
    assert early.status_code == 201
    await client.put(VERSION, json=a_case(one_off=1), headers={"If-Match": '"1"'})
    amounts = {}
    for day in ("2016-06-01", "2100-01-01"):
        read = await client.get(VERSION, params={"as_known": day} if day < "2100" else {})
        amounts[day] = read.json()["content"]["options"][1]["lines"][0]["amount_pence"]
    assert amounts == {"2016-06-01": 4_000_000_00, "2100-01-01": 1}
    assert (await client.get(VERSION, params={"as_known": "2016-04-01"})).status_code == 404


async def test_questions_about_inputs_that_are_not_there_are_refused(client: httpx.AsyncClient) -> None:
    await stated(client)
    for path, params in (
        ("switching-values", {"input": "nothing"}),
        ("sensitivity", {"first": "set-up", "second": "nothing"}),
        ("appraisal", {"discounting": "nothing"}),
        ("comparison", {"lens": "footprint:E99"}),
        ("affordability", {"option": "nothing"}),
    ):
        assert kind(await client.get(f"{VERSION}/{path}", params=params)) == "input-not-found"


async def test_sensitivity_scenarios_and_the_books(client: httpx.AsyncClient) -> None:
    scenario = {"scenario": "slow", "title": "Half", "option": "shared", "factors": {"realisation": "1/2"}}
    nothing = {"scenario": "none", "title": "Given up", "factors": {"set-up": "0", "realisation": "0"}}
    content = a_case(scenarios=[scenario, scenario | nothing])
    content["options"][1]["lines"][0] |= {"asset_life": 8}
    body = {"case": "SHARED-1", "organisation": "06H", "content": content}
    assert (await client.post("/v1/cases", json=body)).status_code == 201
    refused = await client.get(f"{VERSION}/sensitivity", params={"change": "3/2"})
    assert (refused.status_code, "at most the whole" in refused.text) == (422, True)
    shown = (await client.get(f"{VERSION}/sensitivity", params={"first": "set-up", "second": "saving"})).json()
    assert [bar["input"] for bar in shown["tornado"]] == ["realisation", "saving", "set-up"]
    grid = shown["two_way"]
    assert grid["factors"][2] == "1"
    appraised = (await client.get(f"{VERSION}/appraisal")).json()["options"][0]["measures"]
    assert grid["npv_pence"][2][2] == appraised["npv_pence"]
    slow, none = (one["measures"] for one in shown["scenarios"])
    assert slow["npv_pence"] < appraised["npv_pence"]
    # What costs nothing and brings nothing reaches no benchmark.
    assert (none["npv_pence"], none["bcr"], none["passes_benchmark"]) == (0, None, False)
    books = (await client.get(f"{VERSION}/affordability")).json()
    effects = [row["revenue_effect_pence"] for row in books["rows"]]
    assert effects[:3] == [-631_250_00, 643_750_00, 1_918_750_00]
    assert books["provenance"]["packs"]["capital-charges"] == "pdc-dividend-2003"


@pytest.mark.parametrize(
    ("there", "counted"), [(4_000_000_00, 0), (3_500_000_00, 500_000_00), (1_234_567_89, 2_765_432_11)]
)
async def test_s58_a_saving_here_that_is_a_cost_there_counts_what_is_left(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens, there: int, counted: int
) -> None:
    gone = {
        "line": "team",
        "title": "Team moves",
        "type": "cash_releasing",
        "basis": "gross",
        "amount_pence": 4_000_000_00,
    }
    cost = {"line": "there", "title": "Team at the provider", "type": "cost", "payer": "10G", "amount_pence": there}
    content = a_case(years=1, organisations=["10G"])
    content["options"][1]["lines"] = [gone, cost]
    body = {"case": "SHARED-1", "organisation": "06H", "content": content}
    assert (await client.post("/v1/cases", json=body)).status_code == 201
    assert await told(client, tokens, harness.database, "CostShiftFound") == []
    shown = (await client.get(f"{VERSION}/losers")).json()
    assert ([one["party"] for one in shown["losers"]], shown["shifted"]) == (["10G"], True)
    assert (shown["counted_saving_pence"], shown["net_pence"]) == (counted, counted)
    assert (shown["gainers"][0]["gain_pence"], shown["losers"][0]["gain_pence"]) == (4_000_000_00, -there)
    await client.post(f"{VERSION}/publication", headers={"If-Match": '"1"'})
    [shift] = await told(client, tokens, harness.database, "CostShiftFound")
    assert (shift["subject"], shift["losers"], shift["losses_pence"], shift["net_pence"]) == (
        "SHARED-1",
        ["10G"],
        [there],
        counted,
    )
