"""What a member does about a plan by a form: enter, accept, choose, prepare, submit, commit, and withdraw."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from console.consolidations.shaping import (
    CHOICES,
    PREPARATIONS,
    Json,
    effect_of,
    options_of,
    stages_of,
    ways_of,
)
from console.core.acts import Act, Fact, act_routes, plain
from console.core.forms import Form
from console.core.page import Page, Route, get, post
from console.core.services import Answer, Question
from console.core.words import day, pounds, words

_FACTS: Final[Mapping[str, Fact]] = {
    "revision": ("Revision", plain),
    "state": ("State", words),
    "annual_pence": ("Charge a year of the shared service", pounds),
    "previous_annual_pence": ("Charges a year that it replaces", pounds),
    "go_live_on": ("First day of the shared service", day),
    "contracts": ("Contracts that it replaces", plain),
}
_CHOICE: Final = "choice-"


def _path(page: Page, below: str = "") -> str:
    return f"/consolidations/{page.path['reference']}{below}"


def _member(page: Page, act: str) -> str:
    return _path(page, f"/members/{page.path['organisation']}/{act}")


def _plan(page: Page, *below: str) -> list[Question]:
    return [page.now("contracts", _path(page)), *(page.now("contracts", _path(page, one)) for one in below)]


def _context(title: str, *names: str) -> Callable[[Page, Sequence[Answer]], dict[str, Any]]:
    def context(page: Page, answers: Sequence[Answer]) -> dict[str, Any]:
        named = dict(zip(names, answers[1:], strict=False))
        return {"title": title, "reference": page.path["reference"], **named}

    return context


def _recorded(what: str) -> Callable[[Page, Answer], Response]:
    return lambda page, _: page.redirect(page.link(_path(page, f"/recorded/{what}")))


def _entering(page: Page, answers: Sequence[Answer]) -> dict[str, Any]:
    code = page.path["organisation"]
    members = [one for one in answers[0].get("members", ()) if one["organisation"]["code"] == code]
    enters = bool(members and not members[0]["has_entered"])
    own = [one for one in answers[1].items if one["status"] in ("signed", "active")]
    title = "Enter a plan" if enters else "Accept a plan"
    return {
        "title": title,
        "reference": page.path["reference"],
        "member": members[0] if members else None,
        "enters": enters,
        "contracts": answers[1],
        "contract_options": [
            (one["reference"], f"{one['title']} ({one['reference']})", f"{pounds(one['annual_pence'], 0)} a year")
            for one in own
            if one["reference"] not in answers[0].get("contracts", ())
        ],
    }


def _accepts(page: Page, form: Form) -> tuple[str, Json]:
    body: dict[str, Any] = {"minute": form.text("minute", "The minute")}
    if brought := form.all("contracts"):
        body["contracts"] = brought
    return _member(page, "acceptance"), body


ACCEPTANCE: Final = Act(
    form="consolidations/acceptance.html",
    check="consolidations/acceptance_check.html",
    service="contracts",
    reads=lambda page: [
        *_plan(page),
        page.now("contracts", "/contracts", customer=page.path["organisation"], limit=100),
    ],
    command=_accepts,
    context=_entering,
    done=_recorded("acceptance"),
    facts=_FACTS,
)


def _choosing(page: Page, answers: Sequence[Answer]) -> dict[str, Any]:
    plan, options, steps = answers
    ways = ways_of(plan.body, options.get("contracts", ()), steps.get("steps", ())) if plan.ok else []
    to_choose = [one for one in ways if one.options and not one.options["is_free"]]
    shown = _context("Choose how each contract is left", "feasibility", "steps")(page, answers)
    listed = {one.contract: options_of(one.options) for one in to_choose if one.options}
    return {**shown, "to_choose": to_choose, "options": listed, "choices": CHOICES, "field": _CHOICE}


def _chooses(page: Page, form: Form) -> tuple[str, Json]:
    given = [(name.removeprefix(_CHOICE), form[name]) for name in form.data if name.startswith(_CHOICE)]
    return _path(page, "/feasibility"), {"choices": [{"contract": one, "choice": choice} for one, choice in given]}


ASSESSMENT: Final = Act(
    form="consolidations/choices.html",
    check="consolidations/choices_check.html",
    service="contracts",
    reads=lambda page: _plan(page, "/feasibility", "/steps"),
    command=_chooses,
    context=_choosing,
    done=_recorded("choices"),
    facts=_FACTS,
)

SUBMISSION: Final = Act(
    form="consolidations/submission.html",
    check="consolidations/submission_check.html",
    service="contracts",
    reads=lambda page: _plan(page, "/steps"),
    command=lambda page, form: (_path(page, "/submission"), {"tolerance": form["tolerance"] or "0"}),
    context=_context("Submit a plan to its members", "steps"),
    done=_recorded("submission"),
    facts=_FACTS,
)

COMMITMENT: Final = Act(
    form="consolidations/commitment.html",
    check="consolidations/commitment_check.html",
    service="contracts",
    reads=lambda page: _plan(page, "/steps"),
    command=lambda page, form: (
        _path(page, "/commitment"),
        {"document": form["document"]} if form["document"] else {},
    ),
    context=_context("Commit all members to a plan", "steps"),
    done=_recorded("commitment"),
    facts=_FACTS,
)


def _prepares(page: Page, form: Form) -> tuple[str, Json]:
    body: dict[str, Any] = {
        "contract": page.path["contract"],
        "preparation": form.text("preparation", "What is prepared"),
        "document": form.text("document", "The document"),
    }
    price = form.pence("price_pence", "The price")
    if price is not None:
        body["price_pence"] = price
    if form["recalled"]:
        body["recalled"] = True
    return _path(page, "/steps"), body


def _preparing(page: Page, answers: Sequence[Answer]) -> dict[str, Any]:
    steps = {one["contract"]: one for one in answers[1].get("steps", ())}
    shown = _context("Record what is prepared", "steps")(page, answers)
    contract = page.path["contract"]
    return {**shown, "contract": contract, "step": steps.get(contract), "preparations": PREPARATIONS}


PREPARATION: Final = Act(
    form="consolidations/preparation.html",
    check="consolidations/preparation_check.html",
    service="contracts",
    reads=lambda page: _plan(page, "/steps"),
    command=_prepares,
    context=_preparing,
    done=_recorded("preparation"),
    facts=_FACTS,
)


async def withdrawal(page: Page) -> Response:
    """Show what a member's withdrawal would do, by a dry run, before it can be confirmed."""
    return await _foreseen(page, None, None)


async def withdraw(page: Page) -> Response:
    """Withdraw a member, after its page has shown what that does."""
    form = await page.form()
    body = {"minute": form["minute"]} if form["minute"] else {}
    answer = await page.send("contracts", "POST", _member(page, "withdrawal"), json=body, if_match=form["version"])
    if answer.ok:
        return page.redirect(page.link(_path(page, "/recorded/withdrawal")))
    return await _foreseen(page, form, answer)


async def _foreseen(page: Page, form: Form | None, refused: Answer | None) -> Response:
    plan, steps = await page.ask(*_plan(page, "/steps"))
    if not plan.ok:
        return page.unanswered(plan)
    outcome = await page.send(
        "contracts", "POST", _member(page, "withdrawal"), json={}, if_match=plan.etag, dry_run=True
    )
    code = page.path["organisation"]
    shown: dict[str, Any] = {
        "title": "What a withdrawal would do",
        "reference": page.path["reference"],
        "record": plan,
        "version": plan.etag or "",
        "member": next((one for one in plan["members"] if one["organisation"]["code"] == code), None),
        "organisation": code,
        "steps": {one["contract"]: one for one in steps.get("steps", ())},
        "form": form,
        "outcome": outcome,
        "effect": effect_of(plan.body, outcome.body) if outcome.ok else None,
    }
    if refused is not None:
        stale = refused.refusal is not None and refused.refusal.is_stale
        return page.refused(refused, "consolidations/withdrawal.html", **shown, changed=stale)
    if not outcome.ok:
        return page.refused(outcome, "consolidations/withdrawal.html", **shown)
    return page.render("consolidations/withdrawal.html", **shown)


_WORDS: Final = {
    "acceptance": "The acceptance is recorded",
    "choices": "The choices are recorded",
    "submission": "The plan is submitted",
    "commitment": "All members are committed",
    "preparation": "What is prepared is recorded",
    "withdrawal": "The withdrawal is recorded",
}


async def recorded(page: Page) -> Response:
    """Show that an act was recorded, and where the plan stands now."""
    what = page.path["what"]
    if what not in _WORDS:
        return page.not_found("There is no such act.")
    (plan,) = await page.ask(*_plan(page))
    if not plan.ok and not (plan.absent and what == "withdrawal"):
        return page.unanswered(plan)
    return page.render(
        "consolidations/recorded.html",
        title=_WORDS[what],
        what=what,
        reference=page.path["reference"],
        plan=plan,
        stages=stages_of(str(plan.get("state", ""))),
    )


_ADDRESSES: Final = {
    "/consolidations/{reference}/members/{organisation}/acceptance": ACCEPTANCE,
    "/consolidations/{reference}/choices": ASSESSMENT,
    "/consolidations/{reference}/submission": SUBMISSION,
    "/consolidations/{reference}/commitment": COMMITMENT,
    "/consolidations/{reference}/steps/{contract}": PREPARATION,
}
ROUTES: list[Route] = [
    *(route for address, act in _ADDRESSES.items() for route in act_routes(address, act)),
    get("/consolidations/{reference}/members/{organisation}/withdrawal", withdrawal),
    post("/consolidations/{reference}/members/{organisation}/withdrawal", withdraw),
    get("/consolidations/{reference}/recorded/{what}", recorded),
]
