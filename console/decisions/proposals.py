"""Proposals: the list, and one with who is asked, what was consulted on, its conditions, and its papers on demand."""

from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.decisions.shaping.proposals import KINDS, OUTCOMES, STATES, next_acts, standing
from console.decisions.shaping.questions import action_words


async def proposals(page: Page) -> Response:
    """List the proposals of the caller's organisations, made by them or asked of them."""
    code, kind = (page.query.get("organisation") or "").strip().upper(), page.query.get("kind")
    after = page.query.get("after")
    [listed] = await page.ask(
        page.of("governance", "/proposals", organisation=code or None, kind=kind or None, after=after)
    )
    shown: dict[str, Any] = {"title": "Proposals", "listed": listed, "states": STATES, "kinds": KINDS}
    if listed.refusal is not None and listed.status == 422:
        return page.refused(listed, "decisions/proposals.html", **shown)
    return page.render("decisions/proposals.html", **shown)


async def proposal(page: Page) -> Response:
    """Show a proposal: where it stands with each body, its subject, conditions with evidence, and decisions on it."""
    reference = page.path["proposal"]
    found, decisions = await page.ask(
        page.of("governance", f"/proposals/{reference}"),
        page.of("governance", "/decisions", proposal=reference),
    )
    if not found.ok:
        return page.unanswered(found)
    shown = found.body
    return page.render(
        "decisions/proposal.html",
        title=f"{KINDS.get(shown['kind'], shown['kind'])}: {shown['subject']}",
        proposal=shown,
        kind=KINDS.get(shown["kind"], shown["kind"]),
        state=STATES.get(shown["state"], (shown["state"], "grey")),
        consents=[(consent, standing(consent)) for consent in shown["consents"]],
        decisions=decisions,
        outcomes=OUTCOMES,
        action_words=action_words,
        acts=() if page.times.moved else next_acts(shown, page.person),
    )


async def papers(page: Page) -> Response:
    """Show the papers that the caller may read, which is recorded, and who had them."""
    reference = page.path["proposal"]
    given, readers = await page.ask(
        page.now("governance", f"/proposals/{reference}/papers"),
        page.now("governance", f"/proposals/{reference}/papers/readers"),
    )
    if given.absent:
        return page.unanswered(given)
    return page.render(
        "decisions/papers.html", title="Papers of the proposal", reference=reference, given=given, readers=readers
    )


ROUTES: list[Route] = [
    get("/decisions/proposals", proposals),
    get("/decisions/proposals/{proposal}", proposal),
    get("/decisions/proposals/{proposal}/papers", papers),
]
