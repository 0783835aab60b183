"""Pages of the operator: the backbone's numbers, parked events, due work and the clock of the four services."""

from functools import wraps
from typing import Any

from starlette.responses import Response

from console.core.acts import Act, act_routes
from console.core.forms import Form
from console.core.page import Handler, Page, Route, get, post
from console.core.services import Answer
from console.core.words import day, plural, words
from console.operations import imports
from console.operations.shaping import SERVICES, Health, by_key, event_name, health_of

_LISTED = 100


async def operations(page: Page) -> Response:
    """Show what lags and what is parked in each service, and its clock."""
    *backbones, clock = await page.ask(
        *(page.now(service, "/operations/backbone") for service in SERVICES), page.now("registry", "/operations/clock")
    )
    return page.render("operations/operations.html", title="Operations", rows=_rows(backbones), clock=clock)


def _rows(backbones: list[Answer]) -> list[tuple[Answer, Health | None]]:
    return [(one, health_of(one.service, one.body) if one.ok else None) for one in backbones]


async def service(page: Page) -> Response:
    """Show one service: its numbers, and its parked events by key."""
    name = page.path["service"]
    backbone, parked = await page.ask(
        page.now(name, "/operations/backbone"),
        page.now(name, "/operations/parked", limit=_LISTED, after=page.query.get("after")),
    )
    return page.render(
        "operations/service.html",
        title=f"Operations of {name}",
        name=name,
        backbone=backbone,
        health=health_of(name, backbone.body) if backbone.ok else None,
        parked=parked,
        keys=by_key(parked.items),
        event_name=event_name,
    )


def _of_services(handler: Handler) -> Handler:
    """Return a handler that is asked of one of the four services alone."""

    @wraps(handler)
    async def asked(page: Page) -> Response:
        if page.path["service"] not in SERVICES:
            return page.not_found(f"There is no service {page.path['service']}.")
        return await handler(page)

    return asked


async def key(page: Page) -> Response:
    """Show what a retry of a parked key would do, by a dry run."""
    name, asked = page.path["service"], {"source": page.query.get("source", ""), "key": page.query.get("key", "")}
    (tried,) = await page.ask(page.now(name, "/operations/parked/resume", json=asked, dry_run=True))
    return _key_page(page, name, asked, tried)


def _key_page(page: Page, name: str, asked: dict[str, str], tried: Answer, *, is_refused: bool = False) -> Response:
    title = f"Resume {asked['key']}"
    context: dict[str, Any] = {"name": name, "asked": asked, "tried": tried}
    if is_refused:
        return page.refused(tried, "operations/key.html", title=title, **context)
    return page.render("operations/key.html", title=title, **context)


async def resume_key(page: Page) -> Response:
    """Retry all that is parked under a key."""
    form = await page.form()
    name, asked = page.path["service"], {"source": form["source"], "key": form["key"]}
    answer = await page.send(name, "POST", "/operations/parked/resume", json=asked)
    if not answer.ok:
        return _key_page(page, name, asked, answer, is_refused=True)
    return page.redirect(page.link(f"/operations/{name}"), _resumed(answer))


async def resume_one(page: Page) -> Response:
    """Retry one parked event."""
    await page.form()
    name = page.path["service"]
    answer = await page.send(name, "POST", f"/operations/parked/{page.path['parked']}/resume")
    if not answer.ok:
        return page.refused(
            answer, "operations/refused.html", title="The event stays parked", back=f"/operations/{name}"
        )
    return page.redirect(page.link(f"/operations/{name}"), _resumed(answer))


def _resumed(answer: Answer) -> str:
    parked = len(answer["parked"])
    left = f"{plural(parked, 'event')} stay{'s' if parked == 1 else ''} parked" if parked else "none stays parked"
    return f"{plural(len(answer['applied']), 'event')} applied; {left}"


async def discarding(page: Page) -> Act | Response:
    """The act by which a parked event is discarded, with the reason."""
    name = page.path["service"]
    if name not in SERVICES:
        return page.not_found(f"There is no service {name}.")
    back = f"/operations/{name}"
    context = {
        "title": "Discard a parked event",
        "caption": words(name),
        "lead": ("It is never applied then. Who discarded it, and why, is recorded.",),
        "warning": f"{words(name)} will never know what this event states. What waits behind it can be resumed.",
        "button": "Discard it for good",
        "is_tried": True,
        "back": back,
        "event_name": event_name,
    }
    return Act(
        service=name,
        form="operations/discard.html",
        check="operations/discard_check.html",
        command=_discards,
        context=lambda _, __: context,
        filled=lambda _, form: {"rows": [("Reason", form["reason"])] if form else ()},
        done=lambda page, _: page.redirect(page.link(back), "The event is discarded; your reason is recorded"),
    )


def _discards(page: Page, form: Form) -> tuple[str, Any]:
    return f"/operations/parked/{page.path['parked']}/discard", {"reason": form.text("reason", "The reason")}


async def due_work(page: Page) -> Response:
    """Ask up to which day due work is to be done."""
    return page.render("operations/due_work.html", title="Due work", form=None)


async def do_due_work(page: Page) -> Response:
    """Do due work in each service, one after another: the registry first, from which the others consume."""
    form = await page.form()
    up_to = form.day("up_to", "The last day", needed=True)
    if form.refusal or up_to is None:
        return page.refused(form, "operations/due_work.html", title="Due work", form=form)
    if form["step"] != "confirm":
        return page.confirm(
            f"Do the work that is due by {day(up_to)}?",
            "It is done in all services: mergers are carried out, contracts end, findings arise. None of it is undone.",
            button="Do it in all services",
            back="/operations/due-work",
            carried=_parts_of(form, "up_to"),
        )
    done: list[str] = []
    for one in SERVICES:
        answer = await page.send(one, "POST", "/operations/due-work", json={"up_to": up_to.isoformat()})
        if not answer.ok:
            return page.refused(answer, "operations/due_work.html", title="Due work", form=form, done=done)
        done.append(f"{one} {answer['done']:,}")
    return page.redirect(page.link("/operations"), f"Work due by {day(up_to)} is done: {', '.join(done)}")


def _parts_of(form: Form, name: str) -> list[tuple[str, str]]:
    """Return the three fields of a day, to be sent again."""
    return [(f"{name}-{part}", form[f"{name}-{part}"]) for part in ("day", "month", "year")]


async def clock(page: Page) -> Response:
    """Show the day of each service, and whether it can be moved."""
    return page.render("operations/clock.html", title="Clock", clocks=await _clocks(page), form=None)


async def _clocks(page: Page) -> tuple[Answer, ...]:
    return await page.ask(*(page.now(one, "/operations/clock") for one in SERVICES))


async def move_clock(page: Page) -> Response:
    """Move the clock of each service, one after another, or release them all to the real day."""
    form = await page.form()
    moved_to = None if form["step"] == "release" else form.day("moved_to", "The day", needed=True)
    if form.refusal:
        return page.refused(form, "operations/clock.html", title="Clock", clocks=await _clocks(page), form=form)
    if moved_to is not None and form["step"] != "confirm":
        return page.confirm(
            f"Move all clocks to {day(moved_to)}?",
            "All work that is due by then is done in all services, and is not undone by moving the clocks back.",
            button="Move them",
            back="/operations/clock",
            carried=_parts_of(form, "moved_to"),
        )
    moved: list[str] = []
    for one in SERVICES:
        answer = await page.send(one, "PUT", "/operations/clock", json={"moved_to": moved_to and moved_to.isoformat()})
        if not answer.ok:
            context: dict[str, Any] = {"clocks": await _clocks(page), "form": form, "moved": moved}
            return page.refused(answer, "operations/clock.html", title="Clock", **context)
        moved.append(one)
    said = f"All clocks show {day(moved_to)}" if moved_to else "All clocks show the real day"
    return page.redirect(page.link("/operations/clock"), said)


async def service_only(page: Page) -> Response:
    """Lead from the address of a sent form back to its service."""
    return page.redirect(page.link(f"/operations/{page.path['service']}"))


ROUTES: list[Route] = [
    get("/operations", operations),
    get("/operations/due-work", due_work),
    post("/operations/due-work", do_due_work),
    get("/operations/clock", clock),
    post("/operations/clock", move_clock),
    *imports.ROUTES,
    get("/operations/{service}", _of_services(service)),
    get("/operations/{service}/key", _of_services(key)),
    post("/operations/{service}/key", _of_services(resume_key)),
    get("/operations/{service}/parked/{parked:int}/resume", service_only),
    post("/operations/{service}/parked/{parked:int}/resume", _of_services(resume_one)),
    *act_routes("/operations/{service}/parked/{parked:int}/discard", discarding),
]
