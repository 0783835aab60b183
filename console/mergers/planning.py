"""Pages of a merger that is not agreed yet: what it would touch, and its agreement by NHS England."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from console.core.forms import Form
from console.core.page import Page, Route, get, post
from console.core.services import Reason
from console.mergers.acts import repeated, scheme_of
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


def form_in(page: Page) -> Form:
    """Return the query of the address as a form: one that only asks is sent by GET, and can be shared as a link."""
    given: list[tuple[str, str | UploadFile]] = [*page.request.query_params.multi_items()]
    return Form(FormData(given))


async def plan(page: Page) -> Response:
    """Ask which bodies are to merge, when, and into which one."""
    return page.render("mergers/plan.html", title="Plan a merger", form=form_in(page) if page.query else None)


async def preview(page: Page) -> Response:
    """Show the practices, people and authorities that a merger would touch, and every reason against it."""
    form = form_in(page)
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


async def agreement(page: Page) -> Response:
    """Ask what is needed to agree a merger: the successor, and what of the transfer schemes is made."""
    form = form_in(page)
    wanted = PlannedMerger.of(form)
    if form.refusal:
        return page.refused(form, "mergers/plan.html", title="Plan a merger", form=form)
    return page.render("mergers/agreement.html", title="Agree a merger", form=form, wanted=wanted)


async def agree(page: Page) -> Response:
    """Check an agreement by a dry run, and make it once it is confirmed."""
    form = await page.form()
    wanted = PlannedMerger.of(form)
    shown: Mapping[str, Any] = {"form": form, "wanted": wanted}
    if form.refusal:
        return page.refused(form, "mergers/agreement.html", title="Agree a merger", **shown)
    if form["step"] == "change":
        return page.render("mergers/agreement.html", title="Agree a merger", **shown)
    is_final = form["step"] == "confirm"
    schemes = [scheme_of(sort, form[f"{sort}_scheme"]) for sort in _SCHEMES if form[f"{sort}_scheme"]]
    answer = await page.send(
        "registry",
        "POST",
        "/mergers",
        json={**wanted.fields, "predecessors": wanted.predecessors, "schemes": schemes},
        dry_run=None if is_final else True,
    )
    if not answer.ok:
        return page.refused(answer, "mergers/agreement.html", title="Agree a merger", **shown)
    if is_final:
        words = "is carried out" if answer["status"] == "carried_out" else "is agreed"
        return page.redirect(page.link(f"/mergers/{answer['reference']}"), f"The merger {answer['reference']} {words}")
    return page.render(
        "mergers/agreement_check.html",
        title="Check: agree a merger",
        wanted=wanted,
        answer=answer,
        fields=repeated(form),
        schemes=schemes,
    )


ROUTES: list[Route] = [
    get("/mergers/plan", plan),
    get("/mergers/preview", preview),
    get("/mergers/agreement", agreement),
    post("/mergers/agreement", agree),
]
