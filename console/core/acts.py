"""An act of a person in three steps: a form, a check of what it would do by a dry run, and its confirmation.

Every act of the console goes this way, whatever its service. Refusals stand beside the fields of the form as it was
filled in; where another person changed the record meanwhile, the form says what is otherwise than was seen.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from starlette.responses import Response
from starlette.routing import Route

from console.core.forms import Form
from console.core.page import Page, get, post
from console.core.services import Answer, Question

_CONFIRM: Final = "confirm"
_CHANGE: Final = "change"
"""The steps that the buttons of a check lead to: to do it, or back to the form as it was filled in."""
_OWN: Final = frozenset({"csrf", "form_key", "step", "version"})
SEEN: Final = "seen-"
"""Begins the hidden fields that keep what a person saw, so that a stale version can say what changed."""

Context = Mapping[str, Any]
Fact = tuple[str, Callable[[str], str]]
"""What a fact of a record is called, and how it is written for people."""


def _no_reads(_: Page) -> Sequence[Question]:
    return ()


def _no_context(_: Page, __: Any) -> Context:
    return {}


def plain(text: str) -> str:
    """Return a fact as it is."""
    return text


@dataclass(frozen=True, kw_only=True)
class Act:
    """What a person may do. The first of `reads` is the record, whose ETag the act is about."""

    service: str
    command: Callable[[Page, Form], tuple[str, Any]]
    """Path and body of the request; what cannot be read of the form is noted in it."""
    done: Callable[[Page, Answer], Awaitable[Response] | Response]
    form: str = "act.html"
    check: str = "act_check.html"
    """The templates of the form, and of the page that asks to confirm."""
    context: Callable[[Page, Sequence[Answer]], Context] = _no_context
    """What both templates get beside `record`, `version`, `form` and `outcome`; with its `title`."""
    filled: Callable[[Page, Form | None], Context] = _no_context
    """What both templates get of the form as it was filled in."""
    reads: Callable[[Page], Sequence[Question]] = _no_reads
    """What both pages show; up to four questions, so that with the act itself a page stays within six."""
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """The record's fields whose change a stale version shows."""
    method: str = "POST"
    is_tried: bool = True
    """Whether it is shown by a dry run, and confirmed, before it is done."""
    has_version: bool = True
    """Whether the service takes the version that was seen."""
    closed: str = ""
    """Why there is nothing to do, where that is so: no form is shown then."""

    async def show(self, page: Page) -> Response:
        """Show the form."""
        answers = await page.ask(*self.reads(page))
        if answers and not answers[0].ok:
            return page.unanswered(answers[0])
        return page.render(self.form, **self._shown(page, answers))

    async def take(self, page: Page) -> Response:
        """Take the form: show what it would do, or do it once that was confirmed."""
        form = await page.form()
        if self.closed:
            return await self.show(page)
        if _CHANGE in form.all("step"):
            answers = await page.ask(*self.reads(page))
            return page.render(self.form, **self._shown(page, answers, form))
        path, body = self.command(page, form)
        if form.refusal:
            answers = await page.ask(*self.reads(page))
            return page.refused(form, self.form, **self._shown(page, answers, form))
        is_final = form["step"] == _CONFIRM or not self.is_tried
        outcome = await page.send(
            self.service, self.method, path, json=body, if_match=form["version"] or None, dry_run=not is_final or None
        )
        if is_final and outcome.ok:
            done = self.done(page, outcome)
            return done if isinstance(done, Response) else await done
        return await self._answered(page, form, outcome)

    async def _answered(self, page: Page, form: Form, outcome: Answer) -> Response:
        """Show the check of what was tried, or the form with every reason why it was refused."""
        answers = await page.ask(*self.reads(page))
        shown = self._shown(page, answers, form)
        if outcome.ok:
            # About the version that was tried: the record may have changed since.
            tried = {"version": form["version"], "seen": _seen_in(form)}
            return page.render(self.check, **{**shown, **tried}, outcome=outcome, carried=_carried(form))
        is_stale = outcome.refusal is not None and outcome.refusal.is_stale and answers
        changes = self._changes(form, answers[0]) if is_stale else []
        return page.refused(outcome, self.form, **shown, changes=changes)

    def _shown(self, page: Page, answers: Sequence[Answer], form: Form | None = None) -> dict[str, Any]:
        record = answers[0] if answers else None
        is_known = record is not None and record.ok
        seen = [(f"{SEEN}{name}", _text(record.get(name))) for name in self.facts] if record and is_known else []
        version = record.etag or "" if record and self.has_version else ""
        own = {"record": record, "version": version, "seen": seen, "form": form, "closed": self.closed}
        # Of a copy: what cannot be read of the form is noted in it once.
        given = Form(form.data) if form else None
        return {**own, **self.context(page, answers), **self.filled(page, given)}

    def _changes(self, form: Form, record: Answer) -> list[tuple[str, str, str]]:
        """Return what is otherwise than the person saw: in words, as it was, and as it is."""
        changes = []
        for name, (words, write) in self.facts.items():
            was, now = form[f"{SEEN}{name}"], _text(record.get(name))
            if was != now:
                changes.append((words, _written(write, was), _written(write, now)))
        return changes


ActOf: TypeAlias = Callable[[Page], Awaitable[Act | Response]]


def act_routes(address: str, act: Act | ActOf) -> list[Route]:
    """Return the routes of an act below an address of the console: its form, and what is sent with it.

    What an act needs may have to be asked for first: then `act` makes it, or says why there is none.
    """

    async def act_of(page: Page) -> Act | Response:
        return act if isinstance(act, Act) else await act(page)

    async def shown(page: Page) -> Response:
        one = await act_of(page)
        return await one.show(page) if isinstance(one, Act) else one

    async def sent(page: Page) -> Response:
        one = await act_of(page)
        return await one.take(page) if isinstance(one, Act) else one

    return [get(address, shown), post(address, sent)]


def _carried(form: Form) -> list[tuple[str, str]]:
    """Return a form's own fields, to be sent again with the confirmation."""
    return [
        (name, value)
        for name, value in form.data.multi_items()
        if isinstance(value, str) and name not in _OWN and not name.startswith(SEEN)
    ]


def _seen_in(form: Form) -> list[tuple[str, str]]:
    return [(name, form[name]) for name in form.data if name.startswith(SEEN)]


def _written(write: Callable[[str], str], text: str) -> str:
    """Return what a hidden field kept, for people; a browser may have sent anything."""
    try:
        return write(text) if text else "none"
    except (ValueError, ArithmeticError):
        return text


def _text(value: Any) -> str:
    """Return a value as a hidden field keeps it."""
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
