"""What can be done with a merger or an application: the words, the fields and the command of each act."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from console.core.acts import Act, Fact, act_routes, plain
from console.core.forms import Form
from console.core.page import Page
from console.core.services import Answer
from console.core.words import day, words

Body = Callable[[Form], Mapping[str, Any] | None]
Rows = Callable[[Form], Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What acts are done with: where the registry has it, and where the console shows it."""

    registry: str
    page: str


FACTS: Mapping[str, Fact] = {
    "status": ("Status", words),
    "effective_on": ("Day one", day),
    "successor_name": ("Name of the successor", plain),
}
"""What a stale version says to be otherwise."""
MERGER = Subject("/mergers", "/mergers")
APPLICATION = Subject("/merger-applications", "/mergers/applications")


def nothing(_: Form) -> None:
    """Return no body: the address says it all."""


def no_rows(_: Form) -> Sequence[tuple[str, str]]:
    """Return nothing to check but the act itself."""
    return ()


@dataclass(frozen=True, slots=True)
class MergerAct:
    """One act: its page below the subject's, its command below the registry's, and its words."""

    name: str
    title: str
    button: str
    done: str
    subject: Subject = MERGER
    page: str = ""
    command: str = ""
    body: Body = nothing
    rows: Rows = no_rows
    warning: str = ""
    has_version: bool = False

    @property
    def address(self) -> str:
        """The console's address of its form."""
        return f"{self.subject.page}/{{reference}}/{self.page or self.name}"

    @property
    def act(self) -> Act:
        """The same as an act of the console."""
        return Act(
            service="registry",
            form="mergers/act.html",
            reads=lambda page: [page.now("registry", f"{self.subject.registry}/{page.path['reference']}")],
            command=lambda page, form: (self._path(page), self.body(form)),
            context=self._context,
            filled=lambda _, form: {"rows": self.rows(form) if form else ()},
            done=self._done,
            facts=FACTS,
            has_version=self.has_version,
        )

    def _path(self, page: Page) -> str:
        command = self.command or f"{{reference}}/{self.name}"
        return f"{self.subject.registry}/{command.format(**page.path)}"

    def _back(self, page: Page) -> str:
        return f"{self.subject.page}/{page.path['reference']}"

    def _context(self, page: Page, answers: Sequence[Answer]) -> dict[str, Any]:
        (record,) = answers
        name = record.get("successor_name") or record.get("successor") or ""
        return {
            "title": self.title,
            "caption": f"{name}, {page.path['reference']}" if name else page.path["reference"],
            "name": self.name,
            "button": self.button,
            "warning": self.warning,
            "is_tried": True,
            "subject": record,
            "back": self._back(page),
        }

    def _done(self, page: Page, answer: Answer) -> Response:
        words = self.done.format(**{**answer.body, "effective_on": day(answer["effective_on"])})
        return page.redirect(page.link(self._back(page)), words)


def _redating(form: Form) -> Mapping[str, Any]:
    return {"effective_on": form.iso_day("effective_on", "The new day one", needed=True)}


def _new_day(form: Form) -> Sequence[tuple[str, str]]:
    return [("New day one", day(form.day("effective_on")))]


def scheme_of(sort: str, choice: str) -> Mapping[str, Any]:
    """Return a transfer scheme, or a nil return, as a command has it."""
    return {"sort": sort, "nil_return": choice == "nil"}


def _scheme(form: Form) -> Mapping[str, Any]:
    return {
        **scheme_of(
            form.text("sort", "What it transfers"), form.text("choice", "Whether there is anything to transfer")
        ),
        "predecessors": form.all("predecessors"),
        "made_on": form.iso_day("made_on", "The day on which it was made"),
    }


def _scheme_rows(form: Form) -> Sequence[tuple[str, str]]:
    return [
        ("What it transfers", "Property, rights and liabilities" if form["sort"] == "property" else "Staff"),
        ("What is recorded", "A nil return: there is nothing to transfer" if form["choice"] == "nil" else "A scheme"),
        ("From", ", ".join(form.all("predecessors")) or "all predecessors"),
        ("Made on", day(form.day("made_on"), "the day on which this is recorded, or day one where that is earlier")),
    ]


def _evidence(form: Form) -> Mapping[str, Any]:
    return {
        "met_on": form.iso_day("met_on", "The day on which it was met", needed=True),
        "evidence_type": form.text("evidence_type", "The type of evidence"),
        "evidence": form.text("evidence", "What shows it"),
    }


def _evidence_rows(form: Form) -> Sequence[tuple[str, str]]:
    return [
        ("Met on", day(form.day("met_on"))),
        ("Type of evidence", form["evidence_type"]),
        ("What shows it", form["evidence"]),
    ]


def _pause(form: Form) -> Mapping[str, Any]:
    return {
        "effective_on": form.iso_day("effective_on", "The day from which this holds"),
        "reason": form.text("reason", "The reason"),
        "document": form.text("document", "The paper that shows it"),
        "words": form["words"],
    }


def _pause_rows(form: Form) -> Sequence[tuple[str, str]]:
    return [
        ("From", day(form.day("effective_on"), "today")),
        ("Reason", form["reason"]),
        ("The paper that shows it", form["document"]),
        ("In words, for the parties", form["words"]),
    ]


_RESUMPTION = MergerAct(
    name="resumption",
    title="Resume a transfer scheme of staff",
    button="Resume the scheme",
    done="The scheme continues",
    page="schemes/{scheme}/resumption",
    command="{reference}/schemes/{scheme}/resumption",
    body=_pause,
    rows=_pause_rows,
)
ACTS = (
    MergerAct(
        name="redating",
        title="Move day one",
        button="Move day one",
        done="Day one is moved to {effective_on}",
        body=_redating,
        rows=_new_day,
        warning="Every earlier plan stays visible. Whoever follows this merger receives an event.",
        has_version=True,
    ),
    MergerAct(
        name="withdrawal",
        title="Withdraw the merger",
        button="Withdraw the merger",
        done="The merger {reference} is withdrawn",
        warning="The bodies continue as they are, and the successor's code stays proposed. A withdrawn merger is not "
        "taken up again: agree another one instead.",
        has_version=True,
    ),
    MergerAct(
        name="establishment",
        title="Carry the merger out",
        button="Carry it out",
        done="{successor_name} is established, and {reference} is carried out",
        warning="The predecessors are dissolved, and contracts, allowances and appointments follow at once.",
    ),
    MergerAct(
        name="schemes",
        title="Record a transfer scheme or a nil return",
        button="Record it",
        done="It is recorded for {reference}",
        body=_scheme,
        rows=_scheme_rows,
    ),
    MergerAct(
        name="evidence",
        title="Record that a condition is met",
        button="Record it",
        done="The evidence is recorded for {reference}",
        page="conditions/{number}",
        command="{reference}/conditions/{number}/evidence",
        body=_evidence,
        rows=_evidence_rows,
    ),
    _RESUMPTION,
    replace(
        _RESUMPTION,
        name="suspension",
        title="Suspend a transfer scheme of staff",
        button="Suspend the scheme",
        done="The scheme is suspended",
        page="schemes/{scheme}/suspension",
        command="{reference}/schemes/{scheme}/suspension",
        warning="Staff stay with their host meanwhile. Before day one the merger is not ready until it is resumed.",
    ),
)
ROUTES = [route for one in ACTS for route in act_routes(one.address, one.act)]
