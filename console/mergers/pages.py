"""Pages of mergers: the list, one merger, and what a merger that is not agreed yet would touch."""

from datetime import date

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.core.services import Answer, Question
from console.mergers import acts, applications, planning
from console.mergers.line import line_of
from console.mergers.planning import PlannedMerger
from console.mergers.shaping import MOST_RIGHTS, May, concerned, names_of, tasks_of

_LISTED = 20
_STATUSES = ("agreed", "carried_out", "withdrawn")


async def mergers(page: Page) -> Response:
    """Show what is planned, what needs attention, who applied, and all mergers by their day."""
    status = page.query.get("status") or None
    code = (page.query.get("code") or "").strip().upper() or None
    listed, planned, filed, findings = await page.ask(
        page.of(
            "registry", "/mergers", as_at=None, status=status, code=code, limit=_LISTED, after=page.query.get("after")
        ),
        page.of("registry", "/mergers", as_at=None, status="agreed", limit=100),
        page.of("registry", "/merger-applications", as_at=None, limit=100),
        page.of("registry", "/mergers/findings", limit=50),
    )
    waiting = [one for one in filed.items if one["status"] in ("drafted", "filed", "deferred")]
    return page.render(
        "mergers/mergers.html",
        title="Mergers",
        listed=listed,
        planned=planned,
        filed=filed,
        waiting=waiting,
        findings=findings,
        wanted=status,
        code=code,
        statuses=_STATUSES,
    )


async def merger(page: Page) -> Response:
    """Show one merger: its line, its readiness, and what moves and ends on its day."""
    reference = page.path["reference"]
    found, readiness, application, moving, ending = await page.ask(
        page.of("registry", f"/mergers/{reference}", as_at=None),
        page.of("registry", f"/mergers/{reference}/readiness"),
        page.of("governance", f"/mergers/{reference}", as_at=None),
        page.of("contracts", f"/merger-previews/{reference}", as_at=None),
        page.of("governance", f"/mergers/{reference}/preview", as_at=None),
    )
    if found.absent:
        return page.not_found(f"No merger has the reference {reference}, or none was known then.")
    names = None
    if found.ok:
        (names,) = await page.ask(_names(page, found))
    may = May.on(page)
    return page.render(
        "mergers/merger.html",
        title=found.get("successor_name") or reference,
        reference=reference,
        merger=found,
        readiness=readiness,
        line=line_of(found.body, application.body if application.ok else None) if found.ok else None,
        application=application,
        tasks=tasks_of(found.body, readiness.body, may) if found.ok and readiness.ok else None,
        moving=moving,
        ending=ending,
        most_rights=MOST_RIGHTS,
        names=names_of(names.body if names and names.ok else None),
        offered=_offered(found, may),
        is_moved=page.times.moved,
        preview=f"/mergers/preview?{_wanted(found).query}" if found.ok else "",
    )


def _names(page: Page, found: Answer) -> Question:
    # A body that a merger ends has its name on the day before it.
    as_at = date.fromisoformat(found["effective_on"]).toordinal() - 1
    codes = concerned(found.body)
    return page.of("registry", "/lookups", as_at=date.fromordinal(as_at), json={"codes": codes})


def _offered(found: Answer, may: May) -> list[str]:
    """Return the acts on this merger that its reader may do."""
    if not found.ok or found["status"] != "agreed" or not may(["nhs_england"], concerned(found.body)):
        return []
    return ["redating", "withdrawal", *(["establishment"] if found["overdue"] else [])]


def _wanted(found: Answer) -> PlannedMerger:
    return PlannedMerger(
        found["predecessors"],
        date.fromisoformat(found["effective_on"]),
        found["successor"],
        found["successor_name"],
    )


ROUTES: list[Route] = [
    get("/mergers", mergers),
    *planning.ROUTES,
    *applications.ROUTES,
    *acts.ROUTES,
    get("/mergers/{reference}", merger),
]
