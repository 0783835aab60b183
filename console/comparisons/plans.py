"""Pages of promotion: a branch's commands as one plan in life, and its steps as they are given."""

from typing import Any

from starlette.responses import Response

from console.comparisons.shaping import asked_of, planned_steps
from console.core.page import Page, Route, get, post
from console.core.services import Answer, Refusal


async def promotion(page: Page) -> Response:
    """Show what a promotion would make a plan of: the branch's commands in order."""
    return await _promotion(page)


async def _promotion(page: Page, by: Answer | None = None) -> Response:
    name = page.path["name"]
    found, steps = await page.ask(
        page.now("branches", f"/branches/{name}"),
        page.now("branches", f"/branches/{name}/steps", limit=100, after=page.query.get("after")),
    )
    if not found.ok:
        return page.unanswered(found)
    title = f"Promote {name}"
    context: dict[str, Any] = {"found": found, "steps": steps}
    refusal = by.refusal if by is not None else None
    if by is not None and refusal is not None and refusal.kind == "base-moved":
        # There may be some hundred reasons, and none is about a field: the page lists them folded.
        context["moved"] = refusal.reasons
        brief = Refusal(refusal.title, f"{refusal.detail}.", refusal.kind)
        return page.render("comparisons/promotion.html", title=title, status=by.status, refusal=brief, **context)
    if by is not None:
        return page.refused(by, "comparisons/promotion.html", title=title, **context)
    return page.render("comparisons/promotion.html", title=title, **context)


async def promote(page: Page) -> Response:
    """Make the plan."""
    await page.form()
    name = page.path["name"]
    answer = await page.send("branches", "POST", f"/branches/{name}/promotion")
    if not answer.ok:
        return await _promotion(page, answer)
    reference = answer["reference"]
    return page.redirect(page.link(f"/compare/plans/{reference}"), f"{name} is the plan {reference} in life")


async def plan(page: Page) -> Response:
    """Show a plan: each step, its day, and whose right it waits for."""
    return await _plan(page)


async def _plan(page: Page, by: Answer | None = None) -> Response:
    reference, after = page.path["reference"], page.query.get("after")
    found, *later = await page.ask(
        page.now("branches", f"/plans/{reference}"),
        *([page.now("branches", f"/plans/{reference}/steps", after=after, limit=100)] if after else []),
    )
    if not found.ok:
        return page.unanswered(found)
    listed = later[0] if later else found
    title = f"Plan {reference}"
    context: dict[str, Any] = {
        "found": found,
        "listed": listed,
        "steps": planned_steps(listed.items if later else found["steps"], page.person),
        "may_withdraw": page.person.may("planner", *found["bodies"]),
    }
    if by is not None:
        return page.refused(by, "comparisons/plan.html", title=title, **context)
    return page.render("comparisons/plan.html", title=title, **context)


async def give_step(page: Page) -> Response:
    """Give a step in life with the person's own right."""
    form = await page.form()
    reference, number = page.path["reference"], int(page.path["number"])
    if form["step"] != "confirm":
        return await _ask_to_give(page, reference, number)
    answer = await page.send("branches", "POST", f"/plans/{reference}/steps/{number}")
    if not answer.ok:
        return await _plan(page, answer)
    return page.redirect(page.link(f"/compare/plans/{reference}"), f"Step {number} is done in life")


async def _ask_to_give(page: Page, reference: str, number: int) -> Response:
    after = page.query.get("after")
    path = f"/plans/{reference}/steps" if after else f"/plans/{reference}"
    (found,) = await page.ask(page.now("branches", path, after=after, limit=100 if after else None))
    if not found.ok:
        return page.unanswered(found)
    step = next((one for one in (found.items if after else found["steps"]) if one["number"] == number), None)
    if step is None:
        return page.not_found(f"The plan {reference} has no step {number} here.")
    return page.confirm(
        f"Give step {number} in life?",
        "It is carried out in life with your own right, and is not undone when the plan is withdrawn.",
        button=f"Give step {number} in life",
        back=f"/compare/plans/{reference}",
        rows=[("What is asked", planned_steps([step], page.person)[0].words), *asked_of(step)],
    )


async def withdraw(page: Page) -> Response:
    """Withdraw what of a plan is still to be given, once that is confirmed."""
    form = await page.form()
    reference = page.path["reference"]
    if form["step"] != "confirm":
        return page.confirm(
            "Withdraw what is left of this plan?",
            "What was done in life stays done. What is left is never given.",
            button="Withdraw it",
            back=f"/compare/plans/{reference}",
        )
    answer = await page.send("branches", "POST", f"/plans/{reference}/withdrawal")
    if not answer.ok:
        return await _plan(page, answer)
    return page.redirect(page.link(f"/compare/plans/{reference}"), "What of the plan was left is withdrawn")


async def plan_only(page: Page) -> Response:
    """Lead from the address of a sent form back to its plan."""
    return page.redirect(page.link(f"/compare/plans/{page.path['reference']}"))


_PLAN = "/compare/plans/{reference}"
ROUTES: list[Route] = [
    get("/compare/branches/{name}/promotion", promotion),
    post("/compare/branches/{name}/promotion", promote),
    get(_PLAN, plan),
    get(f"{_PLAN}/steps/{{number:int}}", plan_only),
    post(f"{_PLAN}/steps/{{number:int}}", give_step),
    get(f"{_PLAN}/withdrawal", plan_only),
    post(f"{_PLAN}/withdrawal", withdraw),
]
