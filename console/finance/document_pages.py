"""Pages of reports as documents: a PDF or a workbook is asked for, written meanwhile, and fetched once it is there."""

import re
from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route, get, post
from console.finance.addresses import joined, version_path
from console.finance.portfolio_shaping import is_open

_SERVICE = "finance"
_EVERY_SECONDS = 2
_MEDIA = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NAMED = re.compile(r'filename="([^"]+)"')


async def _requested(page: Page, path: str) -> Response:
    form = await page.form()
    body, times = {"format": form["format"]}, dict[str, Any](page.times.parameters)
    answer = await page.send(_SERVICE, "POST", f"{path}/report", json=body, **times)
    if not answer.ok:
        return page.unanswered(answer)
    return page.redirect(page.link(f"/finance{joined('documents', answer['document'])}"))


async def request_of_case(page: Page) -> Response:
    """Ask for the report of a case."""
    return await _requested(page, version_path(page.path["case"], page.path["version"]))


async def request_of_run(page: Page) -> Response:
    """Ask for the report of a plan."""
    return await _requested(page, joined("runs", page.path["run"]))


async def request_of_savings(page: Page) -> Response:
    """Ask for the report of an initiative's savings."""
    return await _requested(page, joined("initiatives", page.path["initiative"], "savings"))


async def show_document(page: Page) -> Response:
    """Show how far a document is."""
    path = joined("documents", page.path["document"])
    [document] = await page.ask(page.now(_SERVICE, path))
    if not document.ok:
        return page.unanswered(document)
    return page.render(
        "finance/document.html",
        title=document["name"],
        again=_EVERY_SECONDS if is_open(document["state"]) else None,
        document=document,
        is_open=is_open(document["state"]),
        own=f"/finance{path}",
    )


async def document_content(page: Page) -> Response:
    """Return a document that is written."""
    path = joined("documents", page.path["document"], "content")
    [content] = await page.ask(page.now(_SERVICE, path, accept="application/octet-stream"))
    if not content.ok:
        return page.unanswered(content)
    named = _NAMED.search(content.headers.get("content-disposition", ""))
    name = named[1] if named else "report"
    return page.file(name, _MEDIA.get(name.rpartition(".")[2], "application/octet-stream"), content.content)


ROUTES: list[Route] = [
    post("/finance/cases/{case}/versions/{version}/report", request_of_case),
    post("/finance/runs/{run}/report", request_of_run),
    post("/finance/savings/{initiative}/report", request_of_savings),
    get("/finance/documents/{document}", show_document),
    get("/finance/documents/{document}/content", document_content),
]
