"""May X do Y for £Z: who may decide, whether one of them may, by which chain of rights, or what would make it so."""

from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.core.services import Reason, Refusal
from console.decisions.packs import find_pack
from console.decisions.shaping.questions import (
    Asked,
    action_words,
    actions_of,
    downward,
    holders,
    limit_words,
    missing_words,
)

_SUBJECT = "actions"


async def may(page: Page) -> Response:
    """Show the question, or its answer once the address has all of it."""
    asked = Asked.of(page.query)
    if asked.complete and not page.query.get("change"):
        return await _answer(page, asked)
    on = page.times.as_at.isoformat() if page.times.as_at else ""
    listed = actions_of(await find_pack(page, _SUBJECT, on=on))
    wrong = {} if page.query.get("change") else asked.unreadable
    reasons = tuple(Reason(words, name) for name, words in wrong.items())
    return page.render(
        "decisions/question.html",
        title="Who may decide?",
        status=422 if reasons else 200,
        asked=asked,
        listed=listed,
        actions=[(one, f"{action_words(one)} ({one})") for one in listed],
        refusal=Refusal("There is a problem", reasons=reasons) if reasons else None,
    )


async def _answer(page: Page, asked: Asked) -> Response:
    code = asked.organisation
    valued: dict[str, Any] = {"value_pence": asked.pence, "recurrent": asked.recurrent or None}
    questions = [
        page.of("registry", f"/organisations/{code}"),
        page.of("governance", f"/actions/{asked.action}/deciders", organisation=code, **valued),
        page.of("governance", "/bodies", organisation=code, limit=500),
        page.of("governance", "/appointments", organisation=code, limit=500),
    ]
    if asked.holder:
        questions.append(page.of("governance", "/questions/can", json=asked.question))
    organisation, deciders, bodies, posts, *answered = await page.ask(*questions)
    can = answered[0] if answered else None
    offered = holders(bodies.items, posts.items)
    shown: dict[str, Any] = {
        "title": f"Who may decide for {code}?",
        "asked": asked,
        "organisation": organisation,
        "deciders": deciders,
        "holders": offered,
        "named": {one.reference: one.title for one in offered},
        "known": bodies.ok and posts.ok,
        "can": can,
        "missing_words": missing_words,
        "downward": downward,
        "limit_words": limit_words,
        "action_words": action_words,
    }
    if can is not None and can.refusal is not None:
        return page.refused(can, "decisions/answer.html", **shown)
    return page.render("decisions/answer.html", **shown)


ROUTES: list[Route] = [get("/decisions/may", may)]
