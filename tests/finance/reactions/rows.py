"""The rows of the event map that finance hears: what is told of some bodies, and what a reader sees over HTTP of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from libs.common.events import Event
from tests.support.finance_harness import at

OPENED, SOON, THE_DAY, AFTER = date(2013, 4, 1), date(2017, 9, 1), date(2018, 4, 1), date(2018, 5, 1)
TOLD, LATER = at(date(2017, 10, 1)), at(AFTER)
YEAR = "2018-19"
LINE = {"account": "5210", "function": "payroll", "pay": True, "recurrent": True, "admin": False}


@dataclass(frozen=True)
class Bodies:
    """The bodies `a` and `b`, whose successor is `c`, a supplier `s`, and a reference: of a contract, a plan."""

    a: str
    b: str
    c: str
    s: str
    ref: str

    @property
    def parties(self) -> dict[str, Any]:
        """The keys of an event about the contract."""
        return {"contract": self.ref, "supplier": self.s, "customers": (self.a, self.b)}


@dataclass(frozen=True)
class Request:
    """A request to finance. `body` is told the names of the lines that were set before."""

    method: str
    path: str
    body: Callable[[Sequence[str]], Any] = lambda _: None
    asked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """Events, what is asked before and after them, and what is shown then."""

    events: Sequence[Event]
    seen: Request
    shown: Callable[[Any], Any]
    expected: Any
    before: Sequence[Request] = ()
    kind: str = "ccg"


def get(path: str, **asked: str) -> Request:
    """A question."""
    return Request("GET", path, asked=asked)


def tried(path: str, body: Callable[[Sequence[str]], Any]) -> Request:
    """A command that is tried: what it would answer."""
    return Request("POST", path, body, {"dry_run": "true"})


def lines(code: str, *pence: int, **more: Any) -> Request:
    """Lines of a body's budget."""
    several = [LINE | {"service": f"s{number}", "amount_pence": one} | more for number, one in enumerate(pence)]
    return Request("POST", f"/organisations/{code}/budgets/{YEAR}/lines", lambda _: {"lines": several})


def kind_of(problem: Any) -> Any:
    """Which refusal it is; the answer where it is none."""
    return problem["type"].rpartition("/")[2] if isinstance(problem, dict) and "type" in problem else problem


def then(**more: Any) -> dict[str, Any]:
    """What is effective on the day, and was stated before."""
    return {"effective_on": THE_DAY, "stated_at": TOLD} | more


def later(**more: Any) -> dict[str, Any]:
    """What was stated after it."""
    return {"effective_on": AFTER, "stated_at": LATER} | more
