"""Pages about consolidations: those that wait for the caller, and one plan with its members, ways out and pivot."""

from starlette.responses import Response

from console.consolidations import acts
from console.consolidations.shaping import (
    CHOICES,
    PREPARATIONS,
    ROLE,
    acts_offered,
    goes_only_forward,
    plans_waiting,
    stages_of,
    ways_of,
)
from console.core.page import Page, Route, get
from console.core.words import pounds, words


async def consolidations(page: Page) -> Response:
    """Show which plans wait for the caller, which are stalled, and where a body buys a function twice."""
    reference = page.query.get("reference", "").strip().upper()
    if reference:
        return page.redirect(page.link(f"/consolidations/{reference}"))
    organisation = page.query.get("organisation", "").strip().upper()
    questions = [
        page.of("contracts", "/tasks", limit=100),
        page.of("contracts", "/findings", kind="stalled", limit=50),
    ]
    if organisation:
        questions.append(page.of("contracts", "/overlaps", organisation=organisation))
    tasks, stalled, *overlaps = await page.ask(*questions)
    return page.render(
        "consolidations/consolidations.html",
        title="Consolidations",
        organisation=organisation,
        tasks=tasks,
        waiting=plans_waiting(tasks.items),
        stalled=stalled,
        overlaps=overlaps[0] if overlaps else None,
    )


async def consolidation(page: Page) -> Response:
    """Show a plan as at the day: where it stands, what each member pays, how each contract is left, what comes next."""
    reference = page.path["reference"]
    path = f"/consolidations/{reference}"
    found, ways, steps, findings = await page.ask(
        page.of("contracts", path),
        page.of("contracts", f"{path}/feasibility", as_known=None),
        page.of("contracts", f"{path}/steps"),
        page.of("contracts", "/findings", about=reference, limit=20),
    )
    if found.absent:
        return page.not_found(f"There is no plan or shared service {reference} that you may see on this day.")
    if found.ok and found.get("plan") is None:
        title = found.get("title") or reference
        return page.render(
            "consolidations/shared.html", title=title, reference=reference, shared=found, findings=findings
        )
    state = str(found.get("state", ""))
    offered = []
    if found.ok and not page.times.moved:
        offered = acts_offered(found.body, lambda code: page.person.may(ROLE, code))
    return page.render(
        "consolidations/plan.html",
        title=found.get("title") or reference,
        reference=reference,
        plan=found,
        stages=stages_of(state),
        is_past_pivot=goes_only_forward(state),
        ways=ways_of(found.body, ways.get("contracts", ()), steps.get("steps", ())) if found.ok else [],
        feasibility=ways,
        steps=steps,
        findings=findings,
        acts=offered,
        choices=CHOICES,
        preparations=PREPARATIONS,
        function_rows=[(words(one["function"]), pounds(one["annual_pence"])) for one in found.get("lines", ())],
    )


ROUTES: list[Route] = [
    get("/consolidations", consolidations),
    get("/consolidations/{reference}", consolidation),
    *acts.ROUTES,
]
