"""An urgent action, reported to the next meeting of its body, which ratifies it or not."""

from starlette.responses import Response

from console.core.page import Page, Route
from console.core.words import day
from console.decisions.acts import Act, act_routes
from console.decisions.fields import PAPER, Field


async def report(page: Page) -> Act | Response:
    """The form that puts an urgent action on the agenda of a meeting."""
    reference = page.path["urgent_action"]
    [found] = await page.ask(page.now("governance", f"/urgent-actions/{reference}"))
    if not found.ok:
        return page.unanswered(found)
    shown = found.body
    return Act(
        title="Report an urgent action",
        button="Put it on the agenda",
        path=f"/urgent-actions/{reference}/report",
        fields=(
            Field(
                kind="text",
                name="meeting",
                label="Meeting",
                hint=f"The next one of {shown['body']}, such as {shown['body']}-2019-03-28",
            ),
            Field(kind="text", name="title", label="Title of the item (optional)"),
            *PAPER,
        ),
        lead=(
            f"{shown['body']} acted on {day(shown['acted_on'])}. What was done stands until the meeting votes on it.",
        ),
        back="/decisions",
        done="The urgent action is on the agenda.",
    )


ROUTES: list[Route] = act_routes("/decisions/urgent-actions/{urgent_action}/report", report)
