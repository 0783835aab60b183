"""Reports as documents: requested, written once in a process of their own, with the figures of the JSON."""

import io
from typing import Any

import httpx
import openpyxl
import pypdf

from libs.common.identity import Role
from libs.common.money import pounds
from tests.finance.reports.test_api import PATH, published
from tests.support.edge import Tokens
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness
from tests.support.waiting import until


async def written(client: httpx.AsyncClient, path: str, form: str, **more: Any) -> bytes:
    """A report's document, requested and waited for."""
    asked = await client.post(path, json={"format": form}, **more)
    assert asked.status_code in (200, 202), asked.text
    document = str(asked.json()["document"])

    async def is_over() -> bool:
        return (await client.get(f"/v1/documents/{document}")).json()["state"] not in ("queued", "running")

    await until(is_over, within=60)
    answer = await client.get(f"/v1/documents/{document}/content")
    assert answer.status_code == 200, answer.text
    return answer.content


async def test_a_case_is_written_as_a_pdf_and_as_a_workbook_once_each(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    await published(client, harness)
    report = (await client.get(f"{PATH}/report")).json()
    asked = await client.post(f"{PATH}/report", json={"format": "pdf"})
    assert (asked.status_code, asked.json()["state"], asked.json()["name"]) == (202, "queued", "SHARED-1-1.pdf")
    document = asked.json()["document"]
    assert asked.headers["Location"] == f"../../../../documents/{document}"
    assert str(asked.url.join(asked.headers["Location"])).endswith(f"/v1/documents/{document}")
    pdf = await written(client, f"{PATH}/report", "pdf")
    again = await client.post(f"{PATH}/report", json={"format": "pdf"})
    assert (again.status_code, again.json()["document"], again.json()["state"]) == (200, document, "done")
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    assert pounds(report["appraisal"]["options"][0]["measures"]["npv_pence"]) in text
    book = openpyxl.load_workbook(io.BytesIO(await written(client, f"{PATH}/report", "xlsx")), data_only=True)
    npv = report["appraisal"]["options"][0]["measures"]["npv_pence"]
    assert [round(book["Summary"].cell(5, column).value * 100) for column in (5, 10, 11)] == [npv, npv, 0]
    stranger = tokens.header(Role.PARTNER, organisations=("11C",))
    for path in (f"/v1/documents/{document}", f"/v1/documents/{document}/content"):
        assert kind(await client.get(path, headers=stranger)) == "document-not-found"
    refused = await client.post(f"{PATH}/report", json={"format": "pdf"}, headers=stranger)
    assert kind(refused) == "case-not-found"
    # Who else reads the same report has a document of their own, which is not written again.
    other = tokens.header(Role.PARTNER, organisations=("*",))
    theirs = (await client.post(f"{PATH}/report", json={"format": "pdf"}, headers=other)).json()
    assert (theirs["document"] != document, theirs["digest"]) == (True, asked.json()["digest"])
    client.headers.update(other)
    assert await written(client, f"{PATH}/report", "pdf") == pdf
    assert len(await harness.database.fetch("SELECT FROM run_result")) == 2
