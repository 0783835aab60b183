"""Reports as documents: requested, written once in a process of their own, with the figures of the JSON."""

import io
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pypdf
import pytest

from libs.common.identity import Role
from libs.common.money import pounds
from services.finance.documents import commands
from tests.finance.reports.test_api import PATH, published
from tests.support.cases import a_case
from tests.support.edge import Tokens
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness
from tests.support.report_documents import Recalculation, cells_of, row_of
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


async def _is_recalculated(client: httpx.AsyncClient, book: bytes, folder: Path) -> None:
    """With one input changed the workbook gives what the service answers for that input."""
    again, saving = Recalculation(book, folder), f"Inputs__G{row_of(book, 'Inputs', 'B', 'saving')}"
    values = (await client.get(f"{PATH}/switching-values", params={"input": "saving"})).json()["rows"]
    [switching] = [row["switching_value"] for row in values if row["input"] == "saving"]
    [nothing] = again(["Summary!E5"], **{saving: float(Fraction(switching)) / 100})
    assert abs(nothing) < 0.000_1
    content = a_case(saving=1_910_000_01, terminations=[{"line": "payment", "contract": "CSU-10001"}])
    body = {"case": "SHARED-2", "organisation": "06H", "content": content}
    assert (await client.post("/v1/cases", json=body)).status_code == 201
    [option] = (await client.get("/v1/cases/SHARED-2/versions/1/appraisal")).json()["options"]
    measures = option["measures"]
    wanted = [f"Summary!{column}5" for column in "CDEGHIF"]
    *amounts, payback, discounted, ratio = again(wanted, **{saving: 1_910_000.01})
    names = ("pv_costs_pence", "pv_benefits_pence", "npv_pence", "eanc_pence")
    assert [round(amount * 100) for amount in amounts] == [measures[name] for name in names]
    assert (payback, discounted) == (measures["payback_year"], measures["discounted_payback_year"])
    assert f"{ratio:.3f}" == measures["bcr"]


async def test_a_case_is_written_as_a_pdf_and_as_a_workbook_once_each(
    client: httpx.AsyncClient,
    harness: FinanceHarness,
    tokens: Tokens,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
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
    book = await written(client, f"{PATH}/report", "xlsx")
    npv, cells = report["appraisal"]["options"][0]["measures"]["npv_pence"], cells_of(book, "Summary")
    assert [round(cells[f"{column}5"] * 100) for column in "EJK"] == [npv, npv, 0]
    await _is_recalculated(client, book, tmp_path)
    stranger = tokens.header(Role.PARTNER, organisations=("11C",))
    for path in (f"/v1/documents/{document}", f"/v1/documents/{document}/content"):
        assert kind(await client.get(path, headers=stranger)) == "document-not-found"
    refused = await client.post(f"{PATH}/report", json={"format": "pdf"}, headers=stranger)
    assert kind(refused) == "case-not-found"
    content = await client.get(f"/v1/documents/{document}/content")
    seen = {"If-None-Match": content.headers["ETag"]}
    assert (await client.get(f"/v1/documents/{document}/content", headers=seen)).status_code == 304
    workbook = (await client.post(f"{PATH}/report", json={"format": "xlsx"})).json()["document"]
    # Who else reads the same report has a document of their own, which is not written again. As it is stored, what is
    # too old is discarded.
    monkeypatch.setattr(commands, "KEPT_FOR", timedelta())
    other = tokens.header(Role.PARTNER, organisations=("*",))
    theirs = (await client.post(f"{PATH}/report", json={"format": "pdf"}, headers=other)).json()
    assert (theirs["document"] != document, theirs["digest"]) == (True, asked.json()["digest"])
    mine = dict(client.headers)
    client.headers.update(other)
    assert await written(client, f"{PATH}/report", "pdf") == pdf
    kept = await harness.database.fetch("SELECT digest FROM run_result")
    assert [one["digest"] for one in kept] == [asked.json()["digest"]]
    client.headers.update(mine)
    shown = (await client.get(f"/v1/documents/{workbook}")).json()
    assert (shown["state"], "request it again" in shown["reason"]) == ("cancelled", True)
    gone = await client.get(f"/v1/documents/{workbook}/content")
    assert (kind(gone), shown["reason"] in gone.json()["detail"]) == ("document-not-written", True)
    assert (await client.post(f"{PATH}/report", json={"format": "xlsx"})).status_code == 202
