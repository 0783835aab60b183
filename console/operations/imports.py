"""Pages of imports: sending a file, its progress, and what it would change or what of it was refused."""

from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from console.core.forms import Form
from console.core.page import Page, Route, get, post
from console.core.services import Answer, Reason

_KINDS = {"registry": "/imports/previews", "contracts": "/imports/payments"}
"""Where each service takes files."""
_OFFERED = (
    (
        "registry",
        ("A file of organisations, successions, members or populations", "Previewed, for the registrar"),
        ("registrar", "loader"),
    ),
    (
        "contracts",
        ("A file of published payments", "Imported, for a contract lead or NHS England"),
        ("contract_lead", "nhs_england", "loader"),
    ),
)
"""What may be sent, in words, and by which roles."""
_UNDER_WAY = ("received", "waiting", "running")
_LISTED = 50
_SECONDS = 3


async def files(page: Page) -> Response:
    """Ask for a file, and show how many findings the sources have so far."""
    return await _files(page, None)


async def _files(page: Page, form: Form | None, by: Answer | Form | None = None) -> Response:
    forms, counts = await page.ask(
        page.now("registry", "/imports/forms"), page.of("registry", "/findings/counts", as_at=None)
    )
    kinds = [(name, *words) for name, words, roles in _OFFERED if page.person.may_any(*roles)]
    context: dict[str, Any] = {"form": form, "forms": forms, "counts": counts, "kinds": kinds}
    if by is not None:
        return page.refused(by, "operations/imports.html", title="Imports", **context)
    return page.render("operations/imports.html", title="Imports", **context)


async def send_file(page: Page) -> Response:
    """Send a file to the service that takes it, and show its progress."""
    form = await page.form()
    service = form["kind"] if form["kind"] in _KINDS else ""
    if not service:
        form.reasons.append(Reason("What the file is must be chosen", "kind"))
    content, stated_on = form.file("file"), form.day("stated_on", "The day of the file")
    if not content:
        form.reasons.append(Reason("The file is missing, or it is empty", "file"))
    if form.refusal or content is None:
        return await _files(page, form, form)
    query: dict[str, Any] = {"file": _name(form)}
    if service == "registry":
        query |= {"stated_on": stated_on and stated_on.isoformat(), "form": form["form"]}
    else:
        query |= {"payer": form["payer"].upper()}
    answer = await page.send(
        service, "POST", _KINDS[service], content=content, media_type="application/octet-stream", **query
    )
    if not answer.ok:
        return await _files(page, form, answer)
    return page.redirect(page.link(f"/operations/imports/{service}/{answer['reference']}"))


def _name(form: Form) -> str:
    given = form.data.get("file")
    return (given.filename or "") if isinstance(given, UploadFile) else ""


async def progress(page: Page) -> Response:
    """Show how far a file is; once it is done, what it would change, what is odd in it, and what was refused."""
    service, reference = page.path["service"], page.path["reference"]
    if service not in _KINDS:
        return page.not_found(f"No files are imported by {service}.")
    path = f"{_KINDS[service]}/{reference}"
    (found,) = await page.ask(page.now(service, path))
    if not found.ok:
        return page.unanswered(found)
    is_done = found["state"] == "done"
    lists = ("bodies", "findings", "refused-lines") if service == "registry" else ("refused-lines",)
    parts: dict[str, Answer] = {}
    if is_done:
        asked = [
            page.now(service, f"{path}/{one}", limit=_LISTED, after=page.query.get(f"after-{one}")) for one in lists
        ]
        parts = dict(zip(lists, await page.ask(*asked), strict=True))
    return page.render(
        "operations/import.html",
        title=f"Import of {found['file']}",
        service=service,
        found=found,
        parts_of_it=parts,
        is_under_way=found["state"] in _UNDER_WAY,
        again=_SECONDS if found["state"] in _UNDER_WAY else None,
    )


async def forget(page: Page) -> Response:
    """Withdraw a preview, once that is confirmed."""
    form = await page.form()
    reference = page.path["reference"]
    if form["step"] != "confirm":
        return page.confirm(
            "Withdraw the preview?",
            "The file and what it would change are gone then. It can be sent again.",
            button="Withdraw it",
            back=f"/operations/imports/registry/{reference}",
        )
    path = f"{_KINDS['registry']}/{reference}"
    answer = await page.send("registry", "DELETE", path)
    if not answer.ok:
        return page.refused(answer, "operations/refused.html", title="It was refused", back="/operations/imports")
    return page.redirect(page.link("/operations/imports"), "The preview and its result are withdrawn")


async def preview_only(page: Page) -> Response:
    """Lead from the address of a sent form back to its preview."""
    return page.redirect(page.link(f"/operations/imports/registry/{page.path['reference']}"))


ROUTES: list[Route] = [
    get("/operations/imports", files),
    post("/operations/imports", send_file),
    post("/operations/imports/registry/{reference}/withdrawal", forget),
    get("/operations/imports/registry/{reference}/withdrawal", preview_only),
    get("/operations/imports/{service}/{reference}", progress),
]
