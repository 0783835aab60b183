"""An act of a person in three steps: a form, a check of what it would do by a dry run, and its confirmation."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

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


@dataclass(frozen=True, slots=True)
class Act:
    """What a person may do to a record. The first of `reads` is the record, whose ETag the act is about."""

    address: str
    """The console's own address of the form, with the names of its parts."""
    form: str
    check: str
    """The templates of the form, and of the page that asks to confirm."""
    service: str
    reads: Callable[[Page], Sequence[Question]]
    """What both pages show; up to four questions, so that with the act itself a page stays within six."""
    command: Callable[[Page, Form], tuple[str, Any]]
    """Path and body of the request; what cannot be read of the form is noted in it."""
    context: Callable[[Page, Sequence[Answer]], Context]
    """What both templates get beside `record`, `version`, `form` and `outcome`; with its `title`."""
    done: Callable[[Page, Answer], Awaitable[Response] | Response]
    facts: Mapping[str, str]
    """The record's fields whose change a stale version shows, with their words."""

    def routes(self) -> list[Route]:
        """Return the routes of the form: shown, and sent."""
        return [get(self.address, self.show), post(self.address, self.take)]

    async def show(self, page: Page) -> Response:
        """Show the form."""
        answers = await page.ask(*self.reads(page))
        if not answers[0].ok:
            return page.unanswered(answers[0])
        return page.render(self.form, **self._shown(page, answers))

    async def take(self, page: Page) -> Response:
        """Take the form: show what it would do, or do it once that was confirmed."""
        form = await page.form()
        if _CHANGE in form.all("step"):
            answers = await page.ask(*self.reads(page))
            return page.render(self.form, **self._shown(page, answers, form))
        path, body = self.command(page, form)
        if form.refusal:
            answers = await page.ask(*self.reads(page))
            return page.refused(form, self.form, **self._shown(page, answers, form))
        confirmed = form["step"] == _CONFIRM
        outcome = await page.send(
            self.service, "POST", path, json=body, if_match=form["version"] or None, dry_run=not confirmed or None
        )
        if confirmed and outcome.ok:
            done = self.done(page, outcome)
            return done if isinstance(done, Response) else await done
        answers = await page.ask(*self.reads(page))
        shown = self._shown(page, answers, form)
        if outcome.ok:
            # About the version that was tried: the record may have changed since.
            tried = {"version": form["version"], "seen": _seen_in(form)}
            return page.render(self.check, **{**shown, **tried}, outcome=outcome, carried=_carried(form))
        changes = self._changes(form, answers[0]) if outcome.refusal and outcome.refusal.is_stale else []
        return page.refused(outcome, self.form, **shown, changes=changes)

    def _shown(self, page: Page, answers: Sequence[Answer], form: Form | None = None) -> dict[str, Any]:
        record = answers[0]
        seen = [(f"{SEEN}{name}", _text(record.get(name))) for name in self.facts] if record.ok else []
        return {"record": record, "version": record.etag or "", "seen": seen, "form": form} | dict(
            self.context(page, answers)
        )

    def _changes(self, form: Form, record: Answer) -> list[tuple[str, str, str]]:
        """Return what is otherwise than the person saw: in words, as it was, and as it is."""
        now = {name: _text(record.get(name)) for name in self.facts}
        return [
            (words, form[f"{SEEN}{name}"], now[name])
            for name, words in self.facts.items()
            if form[f"{SEEN}{name}"] != now[name]
        ]


def _carried(form: Form) -> list[tuple[str, str]]:
    """Return a form's own fields, to be sent again with the confirmation."""
    return [
        (name, value)
        for name, value in form.data.multi_items()
        if isinstance(value, str) and name not in _OWN and not name.startswith(SEEN)
    ]


def _seen_in(form: Form) -> list[tuple[str, str]]:
    return [(name, form[name]) for name in form.data if name.startswith(SEEN)]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
