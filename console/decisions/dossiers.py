"""Decisions that were taken, each with the dossier that proves it, checked entry by entry, and its zip."""

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.decisions.shaping.dossiers import chain_of, verify
from console.decisions.shaping.proposals import OUTCOMES
from console.decisions.shaping.questions import action_words

_ENTRIES = 100


async def taken(page: Page) -> Response:
    """List what bodies decided, of a body or an organisation that it binds where the address names one."""
    code, body = (page.query.get("organisation") or "").strip().upper(), (page.query.get("body") or "").strip()
    after = page.query.get("after")
    [listed] = await page.ask(
        page.of("governance", "/decisions", organisation=code or None, body=body or None, after=after)
    )
    if listed.refusal is not None and listed.status == 422:
        return page.refused(listed, "decisions/taken.html", title="Decisions taken", listed=listed, outcomes=OUTCOMES)
    return page.render("decisions/taken.html", title="Decisions taken", listed=listed, outcomes=OUTCOMES)


async def decision(page: Page) -> Response:
    """Show a decision with its dossier: the steps that are missing, its heads, and its entries with their hashes."""
    reference = page.path["decision"]
    path = f"/decisions/{reference}"
    found, dossier, entries = await page.ask(
        page.of("governance", path),
        page.now("governance", f"{path}/dossier"),
        page.now("governance", f"{path}/dossier/entries", limit=_ENTRIES, after=page.query.get("after")),
    )
    if not found.ok:
        return page.unanswered(found)
    permit = None
    if found["permit"]:
        [permit] = await page.ask(page.now("governance", f"/permits/{found['permit']}"))
    links = chain_of(entries.items)
    return page.render(
        "decisions/decision.html",
        title=f"Decision of {found['body']}",
        decision=found.body,
        outcome=OUTCOMES.get(found["outcome"], (found["outcome"], "grey")),
        dossier=dossier,
        entries=entries,
        links=links,
        verification=verify(links, dossier.body["parts"] if dossier.ok else ()),
        permit=permit,
        action_words=action_words,
    )


async def archive(page: Page) -> Response:
    """Return the dossier as one zip with its verifier, as the service exports it."""
    reference = page.path["decision"]
    [exported] = await page.ask(page.now("governance", f"/decisions/{reference}/dossier.zip", accept="*/*"))
    if not exported.ok:
        return page.unanswered(exported)
    return page.file(f"{reference}.zip", "application/zip", exported.content)


_ONE = "/decisions/taken/{decision}"

ROUTES: list[Route] = [
    get("/decisions/taken", taken),
    get(_ONE, decision),
    get(f"{_ONE}/dossier.zip", archive),
]
