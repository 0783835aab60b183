"""Pages of branches: which there are, what one is at, and several in one table."""

from typing import Any

from starlette.responses import Response

from console.comparisons import plans
from console.comparisons.shaping import by_base, csv_rows, shown, tables_of
from console.core.forms import Form
from console.core.page import Page, Route, get, post
from console.core.services import Answer, Question

_AGAIN = 3


async def comparisons(page: Page) -> Response:
    """Show the branches that the person may enter, by their base, and the plans."""
    return await _overview(page)


async def _overview(page: Page, form: Form | None = None, by: Answer | Form | None = None) -> Response:
    branches, found = await page.ask(page.now("branches", "/branches"), page.now("branches", "/plans", limit=50))
    context: dict[str, Any] = {"branches": branches, "groups": by_base(branches.items), "plans": found, "form": form}
    if by is not None:
        return page.refused(by, "comparisons/comparisons.html", title="Branches", **context)
    return page.render("comparisons/comparisons.html", title="Branches", **context)


async def open_branch(page: Page) -> Response:
    """Open a branch of life as it is now, or of another branch's base."""
    form = await page.form()
    name = form.text("name", "The name")
    bodies = form.text("bodies", "The bodies").replace(",", " ").upper().split()
    if form.refusal:
        return await _overview(page, form, form)
    base = form["base"] or None
    answer = await page.send("branches", "POST", "/branches", json={"name": name, "bodies": bodies, "base": base})
    if not answer.ok:
        return await _overview(page, form, answer)
    return page.redirect(page.link(f"/compare/branches/{name}"), f"The branch {name} is {answer['state']}")


async def table(page: Page) -> Response:
    """Compare life and the chosen branches in one table."""
    names = page.request.query_params.getlist("branch")
    if not names:
        return page.redirect(page.link("/compare"))
    (found,) = await page.ask(_comparison(page, names))
    if found.refusal and not found.silent:
        return await _overview(page, None, found)
    only = page.query.get("differs") == "yes"
    return page.render(
        "comparisons/table.html",
        title=f"Compare {', '.join(names)}",
        names=names,
        found=found,
        only_differing=only,
        tables=tables_of(found.body, only_differing=only) if found.ok else (),
    )


async def table_csv(page: Page) -> Response:
    """Return the same table for a spreadsheet."""
    names = page.request.query_params.getlist("branch")
    (found,) = await page.ask(_comparison(page, names))
    if not found.ok:
        return page.unanswered(found)
    columns = [f"{one['name']} on {one['day'] or 'a day not known'}" for one in found["columns"]]
    heads = ["measure", "about", "lens", *columns, "differs"]
    return page.csv(f"compare-{'-'.join(names)}.csv", heads, csv_rows(found.body))


def _comparison(page: Page, names: list[str]) -> Question:
    return page.now("branches", "/comparisons", branch=names, format="json")


async def branch(page: Page) -> Response:
    """Show one branch: what it is at, what was commanded in it, and what can be done with it."""
    return await _branch(page)


async def _branch(page: Page, form: Form | None = None, by: Answer | Form | None = None) -> Response:
    name = page.path["name"]
    found, steps, rebase = await page.ask(
        page.now("branches", f"/branches/{name}"),
        page.now("branches", f"/branches/{name}/steps", limit=50, after=page.query.get("after")),
        page.now("branches", f"/branches/{name}/rebase"),
    )
    if not found.ok:
        return page.unanswered(found)
    is_under_way = found["state"] == "opening" or bool(found["progress"])
    context: dict[str, Any] = {"found": found, "steps": steps, "rebase": rebase, "form": form, "shown": shown}
    context["is_under_way"] = is_under_way
    title = f"Branch {name}"
    if by is not None:
        return page.refused(by, "comparisons/branch.html", title=title, **context)
    return page.render("comparisons/branch.html", title=title, again=_AGAIN if is_under_way else None, **context)


async def move(page: Page) -> Response:
    """Move a branch's clock forward."""
    form = await page.form()
    wanted = form.day("day", "The day", needed=True)
    if form.refusal or wanted is None:
        return await _branch(page, form, form)
    name = page.path["name"]
    answer = await page.send("branches", "PUT", f"/branches/{name}/day", json={"day": wanted.isoformat()})
    if not answer.ok:
        return await _branch(page, form, answer)
    words = f"{name} is under way: {answer['progress']}" if answer["progress"] else f"{name} has arrived"
    return page.redirect(page.link(f"/compare/branches/{name}"), words)


async def drop(page: Page) -> Response:
    """Drop a branch, once that is confirmed."""
    form = await page.form()
    name = page.path["name"]
    if form["step"] != "confirm":
        return page.confirm(
            f"Drop {name}?",
            "All that was commanded and computed in it is gone for good. Life, and a plan that was made of it, stay.",
            button="Drop it for good",
            back=f"/compare/branches/{name}",
        )
    answer = await page.send("branches", "DELETE", f"/branches/{name}")
    if not answer.ok:
        return await _branch(page, None, answer)
    return page.redirect(page.link("/compare"), f"The branch {name} is dropped")


async def rebase(page: Page) -> Response:
    """Give a branch's commands again in another branch, of life as it is now."""
    form = await page.form()
    name, fresh = page.path["name"], form.text("name", "The name of the new branch")
    if form.refusal:
        return await _branch(page, form, form)
    answer = await page.send("branches", "POST", f"/branches/{name}/rebase", json={"name": fresh})
    if not answer.ok:
        return await _branch(page, form, answer)
    words = f"The commands of {name} are given again in {fresh}"
    return page.redirect(page.link(f"/compare/branches/{fresh}"), words)


async def branch_only(page: Page) -> Response:
    """Lead from the address of a sent form back to its branch."""
    return page.redirect(page.link(f"/compare/branches/{page.path['name']}"))


_BRANCH = "/compare/branches/{name}"
ROUTES: list[Route] = [
    get("/compare", comparisons),
    post("/compare", open_branch),
    get("/compare/table", table),
    get("/compare/table.csv", table_csv),
    *plans.ROUTES,
    get(_BRANCH, branch),
    *(get(f"{_BRANCH}/{one}", branch_only) for one in ("day", "drop", "rebase")),
    post(f"{_BRANCH}/day", move),
    post(f"{_BRANCH}/drop", drop),
    post(f"{_BRANCH}/rebase", rebase),
]
