"""What can be done with a merger or an application: a form, a check by a dry run, and then the act itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from console.core.forms import Form
from console.core.page import Page, Route, get, post
from console.core.services import Answer, Question
from console.core.words import day

Body = Callable[[Form], Mapping[str, Any] | None]
Rows = Callable[[Form], Sequence[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Subject:
    """What acts are done with: where the registry has it, and where the console shows it."""

    registry: str
    page: str
    what: str


MERGER = Subject("/mergers", "/mergers", "merger")
APPLICATION = Subject("/merger-applications", "/mergers/applications", "application")


def nothing(_: Form) -> None:
    """Return no body: the address says it all."""


def no_rows(_: Form) -> Sequence[tuple[str, str]]:
    """Return nothing to check but the act itself."""
    return ()


@dataclass(frozen=True, slots=True)
class Act:
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

    def routes(self) -> list[Route]:
        """Return the routes of its form, and of what the form sends."""
        path = f"{self.subject.page}/{{reference}}/{self.page or self.name}"

        async def shown(page: Page) -> Response:
            return await _shown(self, page)

        async def sent(page: Page) -> Response:
            return await _sent(self, page)

        return [get(path, shown), post(path, sent)]


async def _shown(act: Act, page: Page) -> Response:
    (subject,) = await page.ask(_question(act, page))
    if not subject.ok:
        return page.unanswered(subject)
    return page.render("mergers/act.html", title=act.title, **_context(act, page, subject, None))


async def _sent(act: Act, page: Page) -> Response:
    """Check the form by a dry run, or do what it says once it is confirmed."""
    form = await page.form()
    (subject,) = await page.ask(_question(act, page))
    if not subject.ok:
        return page.unanswered(subject)
    context = _context(act, page, subject, form)
    body = act.body(form)
    if form.refusal:
        return page.refused(form, "mergers/act.html", title=act.title, **context)
    if form["step"] == "change":
        return page.render("mergers/act.html", title=act.title, **context)
    is_final = form["step"] == "confirm"
    answer = await page.send(
        "registry",
        "POST",
        f"{act.subject.registry}/{(act.command or '{reference}/' + act.name).format(**page.path)}",
        json=body,
        if_match=form["version"] or None,
        dry_run=None if is_final else True,
    )
    if not answer.ok:
        return page.refused(answer, "mergers/act.html", title=act.title, **context)
    if is_final:
        done = act.done.format(**{**answer.body, "effective_on": day(answer["effective_on"])})
        return page.redirect(page.link(context["back"]), done)
    return page.render("mergers/check.html", title=f"Check: {act.title}", **context)


def _question(act: Act, page: Page) -> Question:
    return page.now("registry", f"{act.subject.registry}/{page.path['reference']}")


def _context(act: Act, page: Page, subject: Answer, form: Form | None) -> dict[str, Any]:
    back = f"{act.subject.page}/{page.path['reference']}"
    return {
        "act": act,
        "subject": subject,
        "form": form,
        "rows": act.rows(form) if form else (),
        "fields": repeated(form) if form else (),
        "version": subject.etag if act.has_version else "",
        "back": back,
        "action": f"{back}/{(act.page or act.name).format(**page.path)}",
    }


def repeated(form: Form) -> list[tuple[str, str]]:
    """Return the fields of a form, for the page that asks whether they are right."""
    own = ("csrf", "form_key", "step", "version")
    return [(name, value) for name, value in form.data.multi_items() if name not in own and isinstance(value, str)]


def _redating(form: Form) -> Mapping[str, Any]:
    wanted = form.day("effective_on", "The new day one", needed=True)
    return {"effective_on": wanted and wanted.isoformat()}


def _new_day(form: Form) -> Sequence[tuple[str, str]]:
    return [("New day one", day(form.day("effective_on")))]


def scheme_of(sort: str, choice: str) -> Mapping[str, Any]:
    """Return a transfer scheme, or a nil return, as a command has it."""
    return {"sort": sort, "nil_return": choice == "nil"}


def _scheme(form: Form) -> Mapping[str, Any]:
    made_on = form.day("made_on", "The day on which it was made")
    return {
        **scheme_of(
            form.text("sort", "What it transfers"), form.text("choice", "Whether there is anything to transfer")
        ),
        "predecessors": form.all("predecessors"),
        "made_on": made_on and made_on.isoformat(),
    }


def _scheme_rows(form: Form) -> Sequence[tuple[str, str]]:
    return [
        ("What it transfers", "Property, rights and liabilities" if form["sort"] == "property" else "Staff"),
        ("What is recorded", "A nil return: there is nothing to transfer" if form["choice"] == "nil" else "A scheme"),
        ("From", ", ".join(form.all("predecessors")) or "all predecessors"),
        ("Made on", day(form.day("made_on"), "the day on which this is recorded, or day one where that is earlier")),
    ]


def _evidence(form: Form) -> Mapping[str, Any]:
    met_on = form.day("met_on", "The day on which it was met", needed=True)
    return {
        "met_on": met_on and met_on.isoformat(),
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
    effective_on = form.day("effective_on", "The day from which this holds")
    return {
        "effective_on": effective_on and effective_on.isoformat(),
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


_RESUMPTION = Act(
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
    Act(
        name="redating",
        title="Move day one",
        button="Move day one",
        done="Day one is moved to {effective_on}",
        body=_redating,
        rows=_new_day,
        warning="Every earlier plan stays visible. Whoever follows this merger receives an event.",
        has_version=True,
    ),
    Act(
        name="withdrawal",
        title="Withdraw the merger",
        button="Withdraw the merger",
        done="The merger {reference} is withdrawn",
        warning="The bodies continue as they are, and the successor's code stays proposed. A withdrawn merger is not "
        "taken up again: agree another one instead.",
        has_version=True,
    ),
    Act(
        name="establishment",
        title="Carry the merger out",
        button="Carry it out",
        done="{successor_name} is established, and {reference} is carried out",
        warning="The predecessors are dissolved, and contracts, allowances and appointments follow at once.",
    ),
    Act(
        name="schemes",
        title="Record a transfer scheme or a nil return",
        button="Record it",
        done="It is recorded for {reference}",
        body=_scheme,
        rows=_scheme_rows,
    ),
    Act(
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
ROUTES = [route for act in ACTS for route in act.routes()]
