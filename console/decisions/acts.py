"""How an act is shown as a form, checked by a dry run, sent, and refused with its reasons beside their fields."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.responses import Response

from console.core.forms import Form
from console.core.page import Page, Route, get, post
from console.decisions.fields import Field, command_of, filled_in


@dataclass(frozen=True, kw_only=True)
class Act:
    """An act of a caller: its form, where it is sent, and where the reader comes back to."""

    title: str
    button: str
    path: str
    """Of governance."""
    fields: tuple[Field, ...]
    back: str
    done: str
    """What the banner says afterwards."""
    day: str = ""
    """The day of the form's times."""
    lead: tuple[str, ...] = ()
    warning: str = ""
    adjust: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """What is still done with the command, once it is read."""
    outcome: Callable[[Mapping[str, Any]], list[tuple[str, str]]] | None = None
    """What a dry run would come to, by its answer: then it is shown and confirmed before it is done."""
    instead: tuple[str, str] | None = None
    """What else may be done: its words, and the page."""
    closed: str = ""
    """Why there is nothing to do, where that is so: no form is shown then."""


_FORM = "decisions/act.html"

ActOf: TypeAlias = Callable[[Page], Awaitable[Act | Response]]


def act_routes(path: str, act_of: ActOf) -> list[Route]:
    """Return the routes of an act: its form, and what is sent with it."""

    async def form_page(page: Page) -> Response:
        act = await act_of(page)
        return show_act(page, act) if isinstance(act, Act) else act

    async def sent(page: Page) -> Response:
        act = await act_of(page)
        if not isinstance(act, Act):
            return act
        form = await page.form()
        if act.closed:
            return show_act(page, act)
        return await _send(page, act, form)

    return [get(path, form_page), post(path, sent)]


def show_act(page: Page, act: Act) -> Response:
    """Show the form of an act."""
    return page.render(_FORM, title=act.title, act=act, form=None)


async def _send(page: Page, act: Act, form: Form) -> Response:
    shown: dict[str, Any] = {"title": act.title, "act": act, "form": form}
    command = act.adjust(command_of(form, act.fields, day=act.day))
    if form.refusal or form["change"]:
        return page.render(_FORM, refusal=form.refusal, status=422 if form.refusal else 200, **shown)
    if act.outcome is not None and form["confirmed"] != "yes":
        tried = await page.send("governance", "POST", act.path, json=command, dry_run=True)
        if not tried.ok:
            return page.refused(tried, _FORM, **shown)
        given = filled_in(form, act.fields)
        return page.render("decisions/check.html", outcome=act.outcome(tried.body), given=given, **shown)
    answer = await page.send("governance", "POST", act.path, json=command)
    if not answer.ok:
        return page.refused(answer, _FORM, **shown)
    return page.redirect(page.link(act.back), act.done)
