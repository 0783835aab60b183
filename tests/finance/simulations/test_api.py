"""Simulations over HTTP: requested, computed in a process of its own, read, cancelled, refused."""

from typing import Any

import httpx

from libs.common.database.connection import Database
from libs.common.identity import Role
from services.finance.simulations.jobs import SimulationJob
from services.finance.simulations.monte_carlo.answer import answer
from tests.finance.cases.test_api import VERSION, stated
from tests.finance.simulations.questions import golden_24
from tests.support.cases import a_case
from tests.support.edge import Tokens
from tests.support.finance_client import kind
from tests.support.waiting import until

PATH = f"{VERSION}/simulations"
ASKED = golden_24(one_off="set-up", correlation="0.5")
SOON = ASKED | {"runs": 1_000}
RUNS = 20_000
WEIGHTS = {
    "median_income_pence": 30_000_00,
    "source": "Figures of test",
    "lines": [{"input": "saving", "groups": [{"group": "Lower half", "share": "1", "income_pence": 20_000_00}]}],
}


async def requested(client: httpx.AsyncClient, *, expect: int = 202, **terms: Any) -> dict[str, Any]:
    reply = await client.post(PATH, json=SOON | terms)
    assert reply.status_code == expect, reply.text
    found = reply.json()
    assert reply.headers["Location"] == f"simulations/{found['simulation']}"
    assert isinstance(found, dict)
    return found


async def ended(client: httpx.AsyncClient, simulation: str) -> dict[str, Any]:
    async def is_over() -> bool:
        return (await client.get(f"{PATH}/{simulation}")).json()["state"] not in ("queued", "running")

    await until(is_over, within=60)
    found = (await client.get(f"{PATH}/{simulation}")).json()
    assert isinstance(found, dict)
    return found


async def test_golden_24_over_http_is_a_function_of_what_was_asked(
    client: httpx.AsyncClient, database: Database
) -> None:
    await stated(client)
    published = await client.post(f"{VERSION}/publication", headers={"If-Match": '"1"'})
    first = await requested(client, runs=RUNS, weights=WEIGHTS)
    assert (first["state"], first["answer"], first["revision"], first["terms"]["seed"]) == ("queued", None, 1, 1)
    done = await ended(client, first["simulation"])
    assert done["state"] == "done", done
    spread = done["answer"]["spread"]
    assert spread["stated_npv_pence"] == 1_391_835_572
    assert abs(spread["mean_npv_pence"] / 100 - 13_918_356) < 4 * 2_602_244 / RUNS**0.5
    assert abs(float(spread["bcr_below_benchmark"]["probability"]) - 0.2349) < 4 * (0.2349 * 0.7651 / RUNS) ** 0.5
    weighted = done["answer"]["weighted"]
    assert (weighted["elasticity"], weighted["lines"]) == ("1.3", [{"input": "saving", "weight": "1.694"}])
    assert weighted["spread"]["mean_npv_pence"] > spread["mean_npv_pence"]
    again = await requested(client, runs=RUNS, weights=WEIGHTS, expect=200)
    assert again["answer"] == done["answer"]
    # The process of its own gives what the same question gives here, to the last byte.
    [row] = await database.fetch("SELECT inputs FROM run")
    job = SimulationJob.model_validate_json(row["inputs"])
    assert answer(job).model_dump(mode="json") == done["answer"]
    appraisal = (await client.get(f"{VERSION}/appraisal")).json()
    assert done["answer"]["inputs_digest"] == appraisal["provenance"]["inputs_digest"]
    assert done["answer"]["inputs_digest"] == published.json()["digest"]
    weights = {"distributional-weights": "green-book-2018-distributional-weights"}
    assert done["answer"]["packs"] == appraisal["provenance"]["packs"] | weights
    assert (done["answer"]["seed"], done["answer"]["benchmark"]) == (1, appraisal["benchmark"])
    figure = f"/v1/figures/{done['digest']}~answer.spread.percentiles.0.npv_pence/provenance"
    traced = (await client.get(figure)).json()
    assert (traced["answer"], traced["value"]) == ("simulation", spread["percentiles"][0]["npv_pence"])
    assert traced["inputs"]["terms"]["seed"] == 1
    version = (await client.get(VERSION)).json()
    assert (traced["as_known"], traced["stated_at"]) == (version["stated_at"], done["requested_at"])
    assert {pack["pack"] for pack in traced["packs"]} == set(done["answer"]["packs"].values())
    [listed] = (await client.get(PATH)).json()["items"]
    assert (listed["simulation"], listed["answer"]) == (first["simulation"], None)


async def test_everything_that_does_not_fit_is_refused_at_once(client: httpx.AsyncClient) -> None:
    assert kind(await client.post(PATH, json=SOON)) == "case-not-found"
    await stated(client)
    wrong = SOON | {
        "inputs": [
            {"input": "savings", "distribution": {"distribution": "uniform", "low": "2", "high": "1"}},
            {"cell": "go_live", "distribution": {"distribution": "normal", "mean": "1", "sd": "1"}},
        ],
        "correlations": [["1", "0.3"], ["0.2", "1"]],
    }
    refused = await client.post(PATH, json=wrong)
    assert (refused.status_code, kind(refused)) == (409, "simulation-unsound")
    assert [reason["field"] for reason in refused.json()["reasons"]] == [
        "inputs.0.input",
        "inputs.0.distribution.low",
        "inputs.1.distribution",
        "correlations.1.0",
    ]
    for named in ({"option": "none"}, {"lens": "footprint:QUE"}, {"discounting": "no-pack"}):
        assert kind(await client.post(PATH, json=SOON | named)) == "input-not-found"
    unreadable: tuple[dict[str, Any], ...] = ({"seed": -1}, {"runs": 10}, {"inputs": []}, {"sead": 1})
    for terms in unreadable:
        assert (await client.post(PATH, json=SOON | terms)).status_code == 422
    early = SOON | {"weights": WEIGHTS}
    assert kind(await client.post(PATH, json=early, params={"as_at": "2018-02-28"})) == "no-pack-in-force"


async def test_a_draft_is_simulated_and_read_by_its_organisation_and_then_by_whom_it_names(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    await stated(client, organisations=["10G"])
    draft = await requested(client)
    cancelled = await client.post(f"{PATH}/{draft['simulation']}/cancellation")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    other = await requested(client)
    assert other["simulation"] != draft["simulation"]
    named = tokens.header(Role.FINANCE_LEAD, organisations=("10G",))
    assert kind(await client.get(PATH, headers=named)) == "case-not-found"
    edited = a_case(one_off=3_000_000_00, organisations=["10G"])
    assert (await client.put(VERSION, json=edited, headers={"If-Match": '"1"'})).status_code == 200
    final = await requested(client)
    assert (final["revision"], final["digest"] != other["digest"]) == (2, True)
    assert (await client.post(f"{VERSION}/publication", headers={"If-Match": '"2"'})).status_code == 201

    async def listed(headers: dict[str, str] | None = None, **params: Any) -> list[str]:
        found = await client.get(PATH, headers=headers, params=params)
        return [one["simulation"] for one in found.json()["items"]]

    assert await listed() == [final["simulation"], other["simulation"], draft["simulation"]]
    assert await listed(named) == [final["simulation"]]
    assert await listed(limit=1) == [final["simulation"]]
    assert kind(await client.get(f"{PATH}/{other['simulation']}", headers=named)) == "simulation-not-found"
    assert (await client.get(f"{PATH}/{final['simulation']}", headers=named)).status_code == 200
    refused = await client.post(f"{PATH}/{final['simulation']}/cancellation", headers=named)
    assert kind(refused) == "not-yours-to-decide"
    assert kind(await client.post(PATH, json=SOON, headers=named)) == "not-yours-to-decide"
    stranger = tokens.header(Role.FINANCE_LEAD, organisations=("11C",))
    assert kind(await client.get(f"{PATH}/{final['simulation']}", headers=stranger)) == "case-not-found"
    assert kind(await client.get(f"/v1/runs/{final['simulation']}")) == "run-not-found"
