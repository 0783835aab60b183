"""Pages of simulations: what is uncertain of a case, how far a simulation is, what it found."""

import re
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from console.core.forms import Form
from console.core.page import Page, Route, get, post
from console.core.services import Answer, Reason
from console.finance import simulation_shaping as shaping
from console.finance.addresses import joined, version_path
from console.finance.case_shaping import asked_option
from console.finance.portfolio_shaping import is_open

_SERVICE = "finance"
_EVERY_SECONDS = 2
_NUMBERED = re.compile(r"inputs\.(\d+)(?:\.|$)")


def _path(page: Page) -> str:
    return version_path(page.path["case"], page.path["version"])


async def list_simulations(page: Page) -> Response:
    """List the simulations of a version, and offer another."""
    return await _listed(page)


async def _listed(page: Page, form: Form | None = None, refused: Answer | Form | None = None) -> Response:
    appraisal, simulations = await page.ask(
        page.of(_SERVICE, f"{_path(page)}/appraisal"),
        page.now(_SERVICE, f"{_path(page)}/simulations", as_known=page.times.as_known, after=page.query.get("after")),
    )
    if not appraisal.ok:
        return page.unanswered(appraisal)
    chosen = asked_option(appraisal.body, page.query.get("option"))
    context: dict[str, Any] = {
        "appraisal": appraisal,
        "chosen": chosen,
        "simulations": simulations,
        "rows": shaping.uncertain_rows(chosen) if chosen else [],
        "form": form,
        "may": page.person.may("finance_lead", appraisal["organisation"]),
        "own": f"/finance{_path(page)}",
    }
    template, title = "finance/simulations.html", f"How uncertain is {page.path['case']}?"
    if refused is None:
        return page.render(template, title=title, **context)
    return page.refused(refused, template, title=title, **context)


async def request_simulation(page: Page) -> Response:
    """Ask for a simulation, and show how far it is."""
    form = await page.form()
    [appraisal] = await page.ask(page.of(_SERVICE, f"{_path(page)}/appraisal"))
    if not appraisal.ok:
        return page.unanswered(appraisal)
    chosen = asked_option(appraisal.body, page.query.get("option"))
    rows = shaping.uncertain_rows(chosen) if chosen else []
    fields = [row.field(which) for row in rows for which in ("low", "mode", "high")]
    given = {name: form.get(name) for name in ("shape", "runs", "seed", *fields)}
    terms = shaping.terms_of(given, rows, chosen["option"] if chosen else "")
    if not terms["inputs"]:
        first = rows[0].field("low") if rows else "runs"
        form.reasons.append(Reason("Say of at least one input how low and how high it may be", first))
        return await _listed(page, form, form)
    path, times = f"{_path(page)}/simulations", dict[str, Any](page.times.parameters)
    answer = await page.send(_SERVICE, "POST", path, json=terms, **times)
    if not answer.ok:
        named = [one["input"] for one in terms["inputs"]]
        return await _listed(page, form, _at_fields(answer, named))
    return page.redirect(page.link(f"/finance{_path(page)}{joined('simulations', answer['simulation'])}"))


def _at_fields(answer: Answer, named: list[str]) -> Answer:
    """Return a refusal whose reasons name the fields of the form: the service names inputs by their number."""
    body = answer.body if isinstance(answer.body, dict) else {}
    reasons = [{**one, "field": _field_of(str(one.get("field") or ""), named)} for one in body.get("reasons", ())]
    return replace(answer, body={**body, "reasons": reasons}) if reasons else answer


def _field_of(field: str, named: list[str]) -> str | None:
    found = _NUMBERED.match(field)
    if found is None or int(found[1]) >= len(named):
        return field or None
    last = field.rpartition(".")[2]
    return f"{last if last in ('low', 'mode', 'high') else 'low'}-{named[int(found[1])]}"


async def show_simulation(page: Page) -> Response:
    """Show how far a simulation is, and what it found once it is done."""
    path = f"{_path(page)}{joined('simulations', page.path['simulation'])}"
    [simulation] = await page.ask(page.now(_SERVICE, path, as_known=page.times.as_known))
    if not simulation.ok:
        return page.unanswered(simulation)
    answer = simulation["answer"]
    chart = shaping.histogram_of(answer) if answer else None
    return page.render(
        "finance/simulation.html",
        title=f"Simulation of {simulation['case']}, version {simulation['version']}",
        again=_EVERY_SECONDS if is_open(simulation["state"]) else None,
        simulation=simulation,
        is_open=is_open(simulation["state"]),
        histogram=await page.chart(chart, "Runs by net present value"),
        may_cancel=page.person.may_any("finance_lead"),
        own=f"/finance{_path(page)}",
        itself=f"/finance{path}",
    )


async def simulation_table(page: Page) -> Response:
    """Return the histogram as a file."""
    path = f"{_path(page)}{joined('simulations', page.path['simulation'])}"
    [simulation] = await page.ask(page.now(_SERVICE, path, as_known=page.times.as_known))
    if not simulation.ok:
        return page.unanswered(simulation)
    if not simulation["answer"]:
        return page.not_found("The simulation has found nothing yet.")
    heads, rows = shaping.histogram_table(simulation["answer"])
    return page.csv(f"{page.path['case']}-simulation.csv", heads, rows)


async def cancel_simulation(page: Page) -> Response:
    """Cancel a simulation that is under way."""
    await page.form()
    path = f"{_path(page)}{joined('simulations', page.path['simulation'])}"
    answer = await page.send(_SERVICE, "POST", f"{path}/cancellation")
    if not answer.ok:
        return page.unanswered(answer)
    words = "The simulation is cancelled." if answer["state"] == "cancelled" else "The simulation had ended before."
    return page.redirect(page.link(f"/finance{path}"), words)


_SIMULATIONS = "/finance/cases/{case}/versions/{version}/simulations"
ROUTES: list[Route] = [
    get(_SIMULATIONS, list_simulations),
    post(_SIMULATIONS, request_simulation),
    get(_SIMULATIONS + "/{simulation}", show_simulation),
    get(_SIMULATIONS + "/{simulation}/histogram.csv", simulation_table),
    post(_SIMULATIONS + "/{simulation}/cancellation", cancel_simulation),
]
