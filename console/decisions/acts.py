"""An act of governance as its fields describe it, made an act of the console."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.responses import Response
from starlette.routing import Route

from console.core import acts
from console.core.page import Page
from console.core.services import Answer
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
    made_at: Callable[[Mapping[str, Any]], str] | None = None
    """The page of what was made, by the answer, where the reader does not come back."""
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

    @property
    def of_console(self) -> acts.Act:
        """The same as an act of the console."""
        return acts.Act(
            service="governance",
            form="decisions/act.html",
            command=lambda _, form: (self.path, self.adjust(command_of(form, self.fields, day=self.day))),
            context=lambda _, __: self._context,
            filled=lambda _, form: {"rows": filled_in(form, self.fields) if form else ()},
            done=self._come_back,
            is_tried=self.outcome is not None,
            closed=self.closed,
        )

    @property
    def _context(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "button": self.button,
            "several": self.fields,
            "has_file": any(one.kind == "digest" for one in self.fields),
            "is_tried": self.outcome is not None,
            "results": self.outcome,
            "lead": self.lead,
            "warning": self.warning,
            "instead": self.instead,
            "back": self.back,
        }

    def _come_back(self, page: Page, answer: Answer) -> Response:
        path = self.made_at(answer.body) if self.made_at else self.back
        return page.redirect(page.link(path), self.done)


ActOf: TypeAlias = Callable[[Page], Awaitable[Act | Response]]


def act_routes(path: str, act_of: ActOf) -> list[Route]:
    """Return the routes of an act: its form, and what is sent with it."""

    async def of_console(page: Page) -> acts.Act | Response:
        one = await act_of(page)
        return one.of_console if isinstance(one, Act) else one

    return acts.act_routes(path, of_console)
