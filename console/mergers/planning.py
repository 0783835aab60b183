"""Pages of a merger that is not agreed yet: what it would touch, and its agreement by NHS England."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from console.core.acts import Act, act_routes
from console.core.forms import Form
from console.core.page import Page, Route, get
from console.core.services import Answer, Reason
from console.mergers.acts import scheme_of
from console.mergers.shaping import May, codes_of

_APPLY = ("governance_lead", "registrar", "nhs_england")
_AGREE = ("nhs_england",)
_SCHEMES = ("property", "staff")


@dataclass(frozen=True, slots=True)
class PlannedMerger:
    """A merger as a form describes it."""

    predecessors: list[str]
    effective_on: date | None
    successor: str
    successor_name: str

    @classmethod
    def of(cls, form: Form) -> "PlannedMerger":
        """Read it, and note in the form what is missing."""
        predecessors = form.all("predecessor") or codes_of(form["predecessors"])
        if not predecessors:
            form.reasons.append(Reason("The bodies that merge are missing", "predecessors"))
        return cls(predecessors, _day_one(form), form["successor"].upper(), form["successor_name"])

    @property
    def day(self) -> str:
        """Day one as services write it."""
        return self.effective_on.isoformat() if self.effective_on else ""

    @property
    def query(self) -> str:
        """The same as the query of an address."""
        pairs = [("predecessors", " ".join(self.predecessors)), *self.parts_of_the_day]
        named = (("successor", self.successor), ("successor_name", self.successor_name))
        return urlencode([*pairs, *((name, value) for name, value in named if value)])

    @property
    def parts_of_the_day(self) -> list[tuple[str, str]]:
        """Day one as the three fields of a form."""
        one = self.effective_on
        parts = (("day", one.day), ("month", one.month), ("year", one.year)) if one else ()
        return [(f"effective_on-{name}", str(value)) for name, value in parts]

    @property
    def fields(self) -> dict[str, Any]:
        """The same as the fields of a command."""
        return {
            "successor": self.successor,
            "successor_name": self.successor_name,
            "effective_on": self.day or None,
        }


def _day_one(form: Form) -> date | None:
    given = form["effective_on"]
    try:
        return date.fromisoformat(given) if given else form.day("effective_on", "Day one", needed=True)
    except ValueError:
        form.reasons.append(Reason("Day one must be a real day, such as 1 4 2027", "effective_on"))
        return None


async def plan(page: Page) -> Response:
    """Ask which bodies are to merge, when, and into which one."""
    return page.render("mergers/plan.html", title="Plan a merger", form=page.asked_form() if page.query else None)


async def preview(page: Page) -> Response:
    """Show the practices, people and authorities that a merger would touch, and every reason against it."""
    form = page.asked_form()
    wanted = PlannedMerger.of(form)
    if form.refusal:
        return page.refused(form, "mergers/plan.html", title="Plan a merger", form=form)
    (found,) = await page.ask(
        page.of(
            "registry",
            "/merger-previews",
            predecessor=wanted.predecessors,
            effective_on=wanted.day,
            successor=wanted.successor,
        )
    )
    if found.refusal and not found.silent:
        return page.refused(found, "mergers/plan.html", title="Plan a merger", form=form)
    procedures = None
    if found.ok:
        (procedures,) = await page.ask(page.now("registry", "/merger-procedures", kind=found["kind"]))
    may = May.on(page)
    bodies = [*wanted.predecessors, *filter(None, [wanted.successor])]
    return page.render(
        "mergers/preview.html",
        title="What this merger would touch",
        wanted=wanted,
        found=found,
        procedures=procedures,
        may_agree=may(_AGREE, bodies),
        may_apply=any(may(_APPLY, [code]) for code in wanted.predecessors),
    )


def merger_in(page: Page, form: Form | None) -> Mapping[str, Any]:
    """Return the merger of a form, or of the address that led to it."""
    given = form or page.asked_form()
    return {"wanted": PlannedMerger.of(given), "form": given}


def planned_first(page: Page, act: Act) -> Act | Response:
    """Return an act on the merger of the address, or the plan of it where that is not whole."""
    form = page.asked_form()
    PlannedMerger.of(form)
    return page.refused(form, "mergers/plan.html", title="Plan a merger", form=form) if form.refusal else act


async def _agreement(page: Page) -> Act | Response:
    return AGREEMENT if page.request.method == "POST" else planned_first(page, AGREEMENT)


def _schemes(form: Form | None) -> list[Mapping[str, Any]]:
    """Return what of the transfer schemes is made."""
    return [scheme_of(sort, form[f"{sort}_scheme"]) for sort in _SCHEMES if form[f"{sort}_scheme"]] if form else []


def _agrees(_: Page, form: Form) -> tuple[str, Any]:
    wanted = PlannedMerger.of(form)
    return "/mergers", {**wanted.fields, "predecessors": wanted.predecessors, "schemes": _schemes(form)}


def _agreed(page: Page, answer: Answer) -> Response:
    words = "is carried out" if answer["status"] == "carried_out" else "is agreed"
    return page.redirect(page.link(f"/mergers/{answer['reference']}"), f"The merger {answer['reference']} {words}")


AGREEMENT = Act(
    service="registry",
    form="mergers/agreement.html",
    check="mergers/agreement_check.html",
    command=_agrees,
    context=lambda _, __: {"title": "Agree a merger", "button": "Agree the merger", "back": "/mergers"},
    filled=lambda page, form: {**merger_in(page, form), "schemes": _schemes(form)},
    done=_agreed,
)
ROUTES: list[Route] = [
    get("/mergers/plan", plan),
    get("/mergers/preview", preview),
    *act_routes("/mergers/agreement", _agreement),
]
