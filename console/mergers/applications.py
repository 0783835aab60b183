"""Pages of an application to merge: filing it, each applicant's agreement, and NHS England's determination."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from console.core.acts import Act, act_routes
from console.core.forms import Form
from console.core.page import Page, Route, get
from console.core.services import Answer
from console.core.words import day, words
from console.mergers.acts import APPLICATION, MergerAct
from console.mergers.planning import PlannedMerger, merger_in, planned_first
from console.mergers.shaping import May

_APPLY = ("governance_lead", "registrar", "nhs_england")
_OPEN = ("drafted", "filed", "deferred")


async def application(page: Page) -> Response:
    """Show an application: who applied for what, what each criterion says, and what was done when."""
    reference = page.path["reference"]
    (found,) = await page.ask(page.of("registry", f"/merger-applications/{reference}", as_at=None))
    if not found.ok:
        return page.unanswered(found)
    return page.render(
        "mergers/application.html",
        title=f"Application for {found['successor_name']}",
        found=found,
        offered=_offered(found, May.on(page)),
    )


def _offered(found: Answer, may: May) -> list[str]:
    """Return the acts on this application that its reader may do."""
    if found["status"] not in _OPEN:
        return []
    offered = []
    if any(may(_APPLY, [code]) for code in found["lacking"]):
        offered.append("agreements")
    if may(["nhs_england"], found["applicants"]) and found["status"] != "drafted":
        offered += ["determination", "judgements"]
    if may(_APPLY, found["applicants"]):
        offered.append("withdrawal")
    return offered


async def _new(page: Page) -> Act | Response:
    return FILING if page.request.method == "POST" else planned_first(page, FILING)


def _filed(page: Page, answer: Answer) -> Response:
    reference = answer["reference"]
    said = "is filed" if answer["status"] == "filed" else f"waits for {', '.join(answer['lacking'])}"
    return page.redirect(page.link(f"/mergers/applications/{reference}"), f"The application {reference} {said}")


FILING = Act(
    service="registry",
    form="mergers/apply.html",
    check="mergers/apply_check.html",
    command=lambda _, form: ("/merger-applications", _content(form, PlannedMerger.of(form))),
    context=lambda _, __: {"title": "Apply to merge", "button": "Apply", "back": "/mergers"},
    filled=merger_in,
    done=_filed,
)


def _content(form: Form, wanted: PlannedMerger) -> dict[str, Any]:
    return {
        **wanted.fields,
        "applicants": wanted.predecessors,
        "filed_by": form.text("filed_by", "Who files it").upper(),
        "constitution": form["constitution"] or None,
        "management_cost_baseline_pence": form.pence("baseline", "The present management cost"),
        "planned_management_cost_pence": form.pence("planned", "The planned management cost"),
        "baseline_source": form["baseline_source"] or None,
    }


def _agreement(form: Form) -> Mapping[str, Any]:
    return {"applicant": form.text("applicant", "The applicant").upper()}


def _determination(form: Form) -> Mapping[str, Any]:
    outcome = form.text("outcome", "The outcome")
    condition = form["condition"]
    return {
        "outcome": outcome,
        "deferred_to": form.iso_day("deferred_to", "The later day", needed=outcome == "deferred"),
        "reasons": [line.strip() for line in form["reasons"].splitlines() if line.strip()],
        "conditions": [{"condition": condition, "words": form.text("words", "The condition's words")}]
        if condition
        else [],
    }


def _determination_rows(form: Form) -> Sequence[tuple[str, str]]:
    rows = [("Outcome", words(form["outcome"])), ("Reasons", form["reasons"])]
    if form["outcome"] == "deferred":
        rows.append(("Deferred to", day(form.day("deferred_to"))))
    if form["condition"]:
        rows.append(("Condition", f"{words(form['condition'])}: {form['words']}"))
    return rows


def _judgement(form: Form) -> Mapping[str, Any]:
    return {
        "criterion": form.text("criterion", "The criterion"),
        "passes": form.text("passes", "The judgement") == "yes",
        "reasons": form.text("reasons", "The reasons"),
    }


def _judgement_rows(form: Form) -> Sequence[tuple[str, str]]:
    met = "meets it" if form["passes"] == "yes" else "does not meet it"
    return [("Criterion", words(form["criterion"])), ("The application", met), ("Reasons", form["reasons"])]


ACTS = (
    MergerAct(
        name="agreements",
        title="Agree to an application",
        button="Agree",
        done="{reference}: the agreement is recorded",
        subject=APPLICATION,
        body=_agreement,
        rows=lambda form: [("Applicant", form["applicant"].upper())],
        warning="An applicant agrees to the content as it stands. When the last one has agreed, it is filed.",
        has_version=True,
    ),
    MergerAct(
        name="determination",
        title="Determine an application",
        button="Determine it",
        done="{reference} is determined",
        subject=APPLICATION,
        body=_determination,
        rows=_determination_rows,
        warning="An approval creates the merger. It cannot be determined again, unless it is deferred.",
        has_version=True,
    ),
    MergerAct(
        name="judgements",
        title="Judge an application by a criterion",
        button="Record the judgement",
        done="{reference}: the judgement is recorded",
        subject=APPLICATION,
        body=_judgement,
        rows=_judgement_rows,
        has_version=True,
    ),
    MergerAct(
        name="withdrawal",
        title="Withdraw an application",
        button="Withdraw it",
        done="{reference} is withdrawn",
        subject=APPLICATION,
        warning="The whole application is withdrawn, for all applicants.",
        has_version=True,
    ),
)
ROUTES: list[Route] = [
    *act_routes("/mergers/applications/new", _new),
    *(route for one in ACTS for route in act_routes(one.address, one.act)),
    get("/mergers/applications/{reference}", application),
]
