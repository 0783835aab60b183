"""The page of reasons: what is asked, and the chain of what it follows from."""

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.core.services import Answer
from console.reasons.shaping import MOST_EFFECTS, MOST_STEPS, as_chain, steps_of, unanswered

_SERVICES = ("registry", "contracts", "finance", "governance")


async def question(page: Page) -> Response:
    """Ask what the reasons are wanted of."""
    reference = page.query.get("reference", "").strip()
    if reference:
        return page.redirect(page.link(f"/reasons/{quote(reference, safe='')}"))
    return page.render("reasons/question.html", title="Because of what?")


async def reasons(page: Page) -> Response:
    """Show the chain behind an event, a request or a fact; of a figure also what it was computed from."""
    reference = page.path["reference"]
    path = f"/provenance/{quote(reference, safe='')}"
    asked = [page.now("provenance", path)]
    if "~" in reference:
        answer = page.query.get("answer")
        asked.append(page.of("finance", f"/figures/{quote(reference, safe='')}/provenance", answer=answer))
    gathered, *figures = await page.ask(*asked)
    chain, silent = await _chain(page, gathered, reference, path)
    figure = figures[0] if figures else None
    is_known = bool(silent or chain["parts"] or (figure and figure.ok))
    return page.render(
        "reasons/reasons.html",
        title=f"Because of what? {reference}",
        status=200 if is_known else 404,
        reference=reference,
        steps=steps_of(chain),
        unanswered=unanswered(chain),
        complete=chain["complete"],
        silent=silent,
        figure=figure,
        most_effects=MOST_EFFECTS,
        most_steps=MOST_STEPS,
    )


async def _chain(page: Page, gathered: Answer, reference: str, path: str) -> tuple[dict[str, Any], list[Answer]]:
    """Return the whole chain; where no gatherer answers, each service's own part of it, and who is silent."""
    if not gathered.silent:
        body = gathered.body if isinstance(gathered.body, dict) and "parts" in gathered.body else None
        return body or as_chain(reference, {}), []
    parts = await page.ask(*(page.now(service, path) for service in _SERVICES))
    known = {one.service: one.body for one in parts if one.ok}
    return as_chain(reference, known), [gathered, *(one for one in parts if one.silent)]


ROUTES: list[Route] = [get("/reasons", question), get("/reasons/{reference:path}", reasons)]
