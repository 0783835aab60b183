"""Pages of a case: its options and what they are worth, who gains and who loses, the books, what turns it."""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route, get, post
from console.core.services import Answer, Question
from console.finance import case_shaping as shaping
from console.finance.addresses import version_path
from console.finance.names import names_of

_SERVICE = "finance"


def _path(page: Page) -> str:
    return version_path(page.path["case"], page.path["version"])


def _own(page: Page, *more: str) -> str:
    return "/".join((f"/finance{_path(page)}", *more))


async def list_cases(page: Page) -> Response:
    """List cases, each with its latest version that the person reads."""
    [cases] = await page.ask(
        page.now(
            _SERVICE,
            "/cases",
            as_known=page.times.as_known,
            organisation=page.query.get("organisation"),
            after=page.query.get("after"),
        )
    )
    return page.render("finance/cases.html", title="Business cases", cases=cases)


async def show_case(page: Page) -> Response:
    """Show a version: its options, what makes up the chosen one's worth, what moves it, and who gains and loses."""
    path, option = _path(page), page.query.get("option")
    appraisal, comparison, sensitivity, losers = await page.ask(
        page.of(_SERVICE, f"{path}/appraisal"),
        page.of(_SERVICE, f"{path}/comparison"),
        page.of(_SERVICE, f"{path}/sensitivity", option=option),
        page.of(_SERVICE, f"{path}/losers", option=option),
    )
    if not appraisal.ok:
        return page.unanswered(appraisal)
    shifts = [*losers.get("gainers", ()), *losers.get("losers", ())]
    names = await names_of(page, [appraisal["organisation"], *(shift["party"] for shift in shifts)])
    chosen = shaping.asked_option(appraisal.body, option)
    parties = shaping.parties_of(losers.body, names) if losers.ok else []
    moved = None
    if chosen is not None and sensitivity.ok:
        moved = shaping.tornado_of(sensitivity.body, chosen["measures"]["npv_pence"])
    return page.render(
        "finance/case.html",
        title=appraisal["title"],
        appraisal=appraisal,
        comparison=comparison,
        sensitivity=sensitivity,
        losers=losers,
        chosen=chosen,
        names=names,
        parties=parties,
        value_of=shaping.value_of,
        worth=await page.chart(shaping.worth_of(chosen), "What makes up the net present value") if chosen else None,
        tornado=await page.chart(moved, "What moves the net present value"),
        shifts=await page.chart(shaping.shifts_of(parties), "Who gains and who loses"),
        own=_own(page),
        may_publish=not page.times.moved
        and appraisal["status"] == "draft"
        and page.person.may("finance_lead", appraisal["organisation"]),
    )


_Shape = Callable[[Mapping[str, Any], str | None], shaping.Table]


def _items(appraisal: Mapping[str, Any], option: str | None) -> shaping.Table:
    chosen = shaping.asked_option(appraisal, option)
    return shaping.items_table(chosen) if chosen else ((), ())


_TABLES: Mapping[str, tuple[str, _Shape]] = {
    "options": ("appraisal", lambda answer, _: shaping.options_table(answer)),
    "worth": ("appraisal", _items),
    "tornado": ("sensitivity", lambda answer, _: shaping.tornado_table(answer)),
    "losers": ("losers", lambda answer, _: shaping.losers_table(answer)),
}


async def case_table(page: Page) -> Response:
    """Return one of a case's tables as a file."""
    if page.path["table"] not in _TABLES:
        return page.not_found("A case has no such table.")
    read, shape = _TABLES[page.path["table"]]
    option = page.query.get("option")
    [answer] = await page.ask(_of_option(page, read, option))
    if not answer.ok:
        return page.unanswered(answer)
    heads, rows = shape(answer.body, option)
    return page.csv(f"{page.path['case']}-{page.path['version']}-{page.path['table']}.csv", heads, rows)


def _of_option(page: Page, read: str, option: str | None) -> Question:
    return page.of(_SERVICE, f"{_path(page)}/{read}", option=None if read == "appraisal" else option)


async def show_books(page: Page) -> Response:
    """Show what an option means to the books of each organisation, year by year."""
    option = page.query.get("option")
    appraisal, books = await page.ask(
        page.of(_SERVICE, f"{_path(page)}/appraisal"),
        page.of(_SERVICE, f"{_path(page)}/affordability", option=option),
    )
    if not appraisal.ok:
        return page.unanswered(appraisal)
    burdens = shaping.burdens_of(books.body) if books.ok else []
    return page.render(
        "finance/books.html",
        title="What it means to the books",
        appraisal=appraisal,
        chosen=shaping.asked_option(appraisal.body, option),
        books=books,
        burdens=burdens,
        names=await names_of(page, [code for code, _ in burdens]),
        own=_own(page),
    )


async def show_switching(page: Page) -> Response:
    """Show the value of each input at which the decision turns."""
    option = page.query.get("option")
    measure = "bcr" if page.query.get("measure") == "bcr" else "npv"
    appraisal, switching = await page.ask(
        page.of(_SERVICE, f"{_path(page)}/appraisal"),
        page.of(_SERVICE, f"{_path(page)}/switching-values", option=option, measure=measure),
    )
    if not appraisal.ok:
        return page.unanswered(appraisal)
    return page.render(
        "finance/switching.html",
        title="The values at which the decision turns",
        appraisal=appraisal,
        chosen=shaping.asked_option(appraisal.body, option),
        switching=switching,
        measure=measure,
        part_of=shaping.part_of,
        own=_own(page),
    )


async def ask_publication(page: Page) -> Response:
    """Show what is published, and that it never changes again, before it is."""
    return await _publication(page)


async def _publication(page: Page, refused: Answer | None = None) -> Response:
    version, appraisal = await page.ask(
        page.now(_SERVICE, _path(page), as_known=page.times.as_known), page.of(_SERVICE, f"{_path(page)}/appraisal")
    )
    if not version.ok:
        return page.unanswered(version)
    context: dict[str, Any] = {"version": version, "appraisal": appraisal, "own": _own(page)}
    title = f"Publish version {version['version']} of {version['case']}"
    if refused is None:
        return page.render("finance/publication.html", title=title, **context)
    return page.refused(refused, "finance/publication.html", title=title, **context)


async def publish(page: Page) -> Response:
    """Publish a version that the person has seen."""
    form = await page.form()
    answer = await page.send(_SERVICE, "POST", f"{_path(page)}/publication", if_match=form["version"])
    if not answer.ok:
        return await _publication(page, answer)
    return page.redirect(page.link(_own(page)), f"Version {answer['version']} of {answer['case']} is published.")


_VERSION = "/finance/cases/{case}/versions/{version}"
ROUTES: list[Route] = [
    get("/finance/cases", list_cases),
    get(_VERSION, show_case),
    get(f"{_VERSION}/books", show_books),
    get(f"{_VERSION}/switching-values", show_switching),
    get(f"{_VERSION}/publication", ask_publication),
    post(f"{_VERSION}/publication", publish),
    get(_VERSION + "/{table}.csv", case_table),
]
