"""A proposal is no contract until who acts for its customer confirms it, by the rules of every draft."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest

from libs.common.identity import Role, service_caller
from libs.common.messaging.bus.direct import DirectBus
from services.contracts.contract_proposals.commands import propose_contracts
from services.contracts.contract_proposals.models import Evidence, ProposalSource
from services.contracts.contract_proposals.rules import NewProposal, ProposedTerms
from tests.support.apps import running_service
from tests.support.builders import a_contract
from tests.support.contracts_harness import ContractsHarness, at, bucks_merges
from tests.support.edge import Tokens

TODAY = date(2019, 3, 1)
OF_BUCKS = NewProposal(
    source=ProposalSource.OCDS_AWARD,
    key="ocds-1 a-1",
    customer="10H",
    customer_as_published="Aylesbury Vale CCG",
    supplier="0CX",
    supplier_as_published="NHS South Central and West CSU",
    title="Payroll",
    value_pence=30_000_00,
    evidence=(Evidence(what="award", reference="ocds-1 a-1", on=date(2017, 3, 1), pence=30_000_00),),
)
OF_SOMEBODY = NewProposal(
    source=ProposalSource.PAYMENTS, key="? 0CX", customer_as_published="A trust", supplier_as_published="A supplier"
)


@pytest.fixture
async def client(harness: ContractsHarness, url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    """The service with both proposals, after the customer of the first merged into 14Y."""
    await harness.hear(bucks_merges())
    async with harness.database.begin() as session:
        for _ in range(2):
            by = service_caller("contracts")
            new = await propose_contracts(
                session, [OF_BUCKS, OF_BUCKS, OF_SOMEBODY], stated_at=at(date(2017, 4, 1)), by=by
            )
    assert new == frozenset()
    async with running_service("contracts", tokens.settings(url), DirectBus({"registry": url})) as (_, client):
        operator = tokens.header(Role.OPERATOR)
        await client.put("/v1/operations/clock", json={"moved_to": str(TODAY)}, headers=operator)
        yield client


PATH = f"/v1/contract-proposals/{OF_BUCKS.reference}"
CONTRACT = a_contract(reference="PAYROLL-2019", customers=["14Y"], starts_on="2019-04-01", last_day="2022-03-31")


async def test_only_who_acts_for_the_customer_confirms_it_and_then_it_is_a_draft(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    lead = {one: tokens.header(Role.CONTRACT_LEAD, organisations=(one,)) for one in ("14Y", "10H", "05C", "0CX", "*")}

    async def ask(method: str, path: str, by: str = "14Y", status: int = 200, **request: Any) -> Any:
        answer = await client.request(method, path, headers=lead[by] | request.pop("headers", {}), **request)
        assert answer.status_code == status, answer.text
        return answer.json()

    listed = {
        one: [item["reference"] for item in (await ask("GET", "/v1/contract-proposals", one))["items"]] for one in lead
    }
    assert listed == {
        "14Y": [OF_BUCKS.reference],
        "10H": [OF_BUCKS.reference],
        "05C": [],
        "0CX": [],
        "*": sorted([OF_BUCKS.reference, OF_SOMEBODY.reference]),
    }
    shown = await ask("GET", PATH)
    assert (shown["state"], shown["contract"], shown["customer"]["code"]) == ("proposed", None, "10H")
    assert shown["unknown"] == ["starts_on", "last_day", "lines", "notice_months"]
    assert shown["evidence"][0] == {
        "what": "award",
        "reference": "ocds-1 a-1",
        "on": "2017-03-01",
        "pence": 30_000_00,
        "text": "",
    }
    schedule = {"sum_pence": 1, "payees": [{"code": "0CX"}], "payer": "14Y"}
    signature: dict[str, Any] = {"headers": {"If-Match": '"1"'}, "json": {}}
    for path, request in (
        (f"/v1/schedules/{OF_BUCKS.reference}", {"json": schedule}),
        (f"/v1/contracts/{OF_BUCKS.reference}/signature", signature),
    ):
        assert (await ask("POST", path, status=409, **request))["type"].endswith("/proposal-unconfirmed")
        assert (await ask("POST", path, "05C", status=404, **request))["type"].endswith("/contract-not-found")

    confirm = f"{PATH}/confirmation"
    assert (await ask("POST", confirm, "05C", 404, json=CONTRACT))["type"].endswith("/proposal-not-found")
    assert "14Y" in (await ask("POST", confirm, "10H", 403, json=CONTRACT))["detail"]
    refused = await ask("POST", confirm, status=409, json=CONTRACT | {"customers": ["05Y"], "supplier": "0DJ"})
    assert [one["field"] for one in refused["reasons"]] == ["customers", "supplier"]
    done = await ask("POST", confirm, status=201, json=CONTRACT)
    assert (done["state"], done["contract"], done["decided_on"]) == ("confirmed", "PAYROLL-2019", str(TODAY))
    assert (await ask("GET", "/v1/contracts/PAYROLL-2019"))["status"] == "draft"
    assert (await ask("POST", confirm, status=409, json=CONTRACT))["type"].endswith("/proposal-decided")
    before = await ask("GET", PATH, params={"as_known": "2019-02-28"})
    assert (before["state"], before["contract"]) == ("proposed", None)


async def test_a_rejected_one_stays_rejected_and_a_deleted_draft_opens_it_again(
    client: httpx.AsyncClient, tokens: Tokens, harness: ContractsHarness
) -> None:
    lead = tokens.header(Role.CONTRACT_LEAD, organisations=("14Y",))
    assert (await client.post(f"{PATH}/confirmation", json=CONTRACT, headers=lead)).status_code == 201
    gone = await client.delete("/v1/contracts/PAYROLL-2019", headers=lead | {"If-Match": '"1"'})
    assert gone.status_code == 204
    rejected = await client.post(f"{PATH}/rejection", json={"reason": "No support"}, headers=lead)
    assert (rejected.status_code, rejected.json()["state"], rejected.json()["reason"]) == (
        201,
        "rejected",
        "No support",
    )
    async with harness.database.begin() as session:
        by = service_caller("contracts")
        assert not await propose_contracts(session, [OF_BUCKS], stated_at=at(TODAY), by=by)
    listed = await client.get("/v1/contract-proposals", params={"state": "rejected"}, headers=lead)
    assert [item["reference"] for item in listed.json()["items"]] == [OF_BUCKS.reference]


def test_what_the_evidence_leaves_open_is_named() -> None:
    assert ProposedTerms(None, None, None, None, None, None).unknown == [
        *("customers", "supplier", "title", "starts_on", "last_day"),
        *("lines", "notice_months"),
    ]
