"""The inbox: what waits for the caller's organisations, the first due day in front."""

from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.decisions.shaping.inbox import TITLES, task_of

_MOST = 100


async def inbox(page: Page) -> Response:
    """List what waits; of one kind or organisation where the address names them."""
    kind, code = page.query.get("kind"), (page.query.get("organisation") or "").strip().upper()
    after = page.query.get("after")
    [tasks] = await page.ask(
        page.of("governance", "/tasks", kind=kind or None, organisation=code or None, limit=_MOST, after=after)
    )
    shown: dict[str, Any] = {"title": "What waits for you", "tasks": tasks, "kinds": TITLES}
    shown |= {"shown": [task_of(row) for row in tasks.items]}
    if tasks.refusal is not None and tasks.status == 422:
        return page.refused(tasks, "decisions/inbox.html", **shown)
    return page.render("decisions/inbox.html", **shown)


ROUTES: list[Route] = [get("/decisions", inbox)]
