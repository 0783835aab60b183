"""A recommendation of a footprint: what each body answered, who stands in the way, and a body's own answer."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from console.core.page import Page, Person, Route, get
from console.core.words import words
from console.decisions.acts import Act, act_routes
from console.decisions.fields import PAPER, Field
from console.decisions.packs import list_codes
from console.decisions.shaping.proposals import LEAD
from console.decisions.shaping.questions import action_words


async def recommendation(page: Page) -> Response:
    """Show a recommendation with its answers, and the lawful grounds that are drafted where it is obstructed."""
    [found] = await page.ask(page.of("governance", f"/recommendations/{page.path['recommendation']}"))
    if not found.ok:
        return page.unanswered(found)
    return page.render(
        "decisions/recommendation.html",
        title="Recommendation",
        found=found.body,
        action_words=action_words,
        mine=[] if page.times.moved else _unanswered(found.body, page.person),
    )


def _unanswered(found: Mapping[str, Any], person: Person | None = None) -> list[str]:
    """Return the bodies that have not answered; with a person, those for one of whose organisations they act."""
    return [
        one["body"]
        for one in found["bodies"]
        if one["answer"] is None and (person is None or any(person.may(LEAD, code) for code in one["organisations"]))
    ]


async def reply(page: Page) -> Act | Response:
    """The form of a body's one answer."""
    reference = page.path["recommendation"]
    [found] = await page.ask(page.now("governance", f"/recommendations/{reference}"))
    if not found.ok:
        return page.unanswered(found)
    bodies = _unanswered(found.body, page.person) or _unanswered(found.body)
    waiting = tuple((one, one) for one in bodies)
    reasons = await list_codes(page, "recommendation-replies", on="")
    return Act(
        title="Answer the recommendation",
        button="Give the answer",
        path=f"/recommendations/{reference}/replies",
        fields=(
            Field(kind="radios", name="body", label="Which body answers", options=waiting),
            Field(
                kind="radios",
                name="answer",
                label="What it answers",
                options=(("accepted", "It accepts"), ("rejected", "It rejects")),
            ),
            *([Field(kind="radios", name="reason", label="Why, where it rejects", options=reasons)] if reasons else []),
            Field(kind="text", name="decision", label="Its decision, where it took one that is recorded (optional)"),
            Field(kind="day", name="replied_on", label="Day of the answer"),
            *PAPER,
        ),
        back=f"/decisions/recommendations/{reference}",
        done="The answer is given.",
        warning="A body answers once.",
        closed="" if bodies else "Every body has answered.",
        outcome=lambda would: [("The recommendation would be", words(would["state"]))],
    )


_ONE = "/decisions/recommendations/{recommendation}"

ROUTES: list[Route] = [get(_ONE, recommendation), *act_routes(f"{_ONE}/replies", reply)]
