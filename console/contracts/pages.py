"""Pages about contracts: the list of a body's, one with its parties and price, and through whose hands it went."""

from typing import Any

from starlette.responses import Response

from console.contracts import acts, exits, spend
from console.contracts.shaping import (
    IN_FILE,
    LISTED,
    Json,
    Proposal,
    acts_offered,
    left_to_sign,
    parties_of,
    periods_of,
    proposals_of,
    terms_of,
)
from console.core.page import Page, Route, get
from console.core.services import Answer
from console.core.words import words

_STATUSES = ("draft", "conditional", "signed", "active", "expired", "terminated", "replaced", "lapsed")
_ANY = ("", "Any")
_HEADS = ["Reference", "Title", "Supplier", "Customers", "Status", "First day", "Last day", "Charge a year in pence"]


async def contracts(page: Page) -> Response:
    """List the contracts of a body as customer and as supplier, or all that the caller may see."""
    organisation = page.query.get("organisation", "").strip().upper()
    chosen: dict[str, Any] = {name: page.query.get(name) or None for name in ("status", "function", "after")}
    supplying = {**chosen, "after": page.query.get("supplied")}
    supplied: Answer | None = None
    overlaps: Answer | None = None
    body: Answer | None = None
    as_file = page.query.get("format") == "csv"
    limit = IN_FILE if as_file else LISTED
    if organisation:
        bought, supplied, overlaps, functions, body = await page.ask(
            page.of("contracts", "/contracts", customer=organisation, limit=limit, **chosen),
            page.of("contracts", "/contracts", supplier=organisation, limit=limit, **supplying),
            page.of("contracts", "/overlaps", organisation=organisation),
            page.of("contracts", "/functions", as_known=None),
            page.of("registry", f"/organisations/{organisation}"),
        )
    else:
        bought, functions = await page.ask(
            page.of("contracts", "/contracts", limit=limit, **chosen), page.of("contracts", "/functions", as_known=None)
        )
    if as_file:
        if not bought.ok:
            return page.unanswered(bought)
        return page.csv("contracts.csv", _HEADS, [_row(one) for one in bought.items])
    return page.render(
        "contracts/contracts.html",
        title=f"Contracts of {body.get('name') or organisation}" if body else "Contracts",
        organisation=organisation,
        chosen=chosen,
        statuses=[_ANY, *((one, words(one)) for one in _STATUSES)],
        functions=[_ANY, *((one["code"], one["name"]) for one in functions.get("functions", ()))],
        bought=bought,
        supplied=supplied,
        overlaps=overlaps,
        body=body,
    )


def _row(one: Json) -> list[object]:
    customers = " ".join(customer["code"] for customer in one["customers"])
    facts = [one[name] for name in ("status", "starts_on", "ends_on", "annual_pence")]
    return [one["reference"], one["title"], one["supplier"]["code"], customers, *facts]


async def contract(page: Page) -> Response:
    """Show a contract as at the day: what it is, who pays what of it, how it may be left, and what waits to be done."""
    reference = page.path["reference"]
    path = f"/contracts/{reference}"
    found, leaving, shares, offers, novation, findings = await page.ask(
        page.of("contracts", path),
        page.of("contracts", f"{path}/exits"),
        page.of("contracts", f"{path}/shares/cost"),
        page.of("contracts", f"{path}/terminations"),
        page.of("contracts", f"{path}/novation"),
        page.of("contracts", "/findings", about=reference, limit=20),
    )
    if found.absent:
        return page.not_found(f"There is no contract {reference} that you may see on this day.")
    offered = []
    if found.ok and not page.times.moved:
        offered = acts_offered(
            found.body,
            notices=leaving.get("notices", ()),
            offers=offers.get("terminations", ()),
            novation=novation.body if novation.ok else None,
            may=lambda code: page.person.may("contract_lead", code),
        )
    return page.render(
        "contracts/contract.html",
        title=found.get("title") or reference,
        reference=reference,
        contract=found,
        leaving=leaving,
        shares=shares,
        offers=offers,
        novation=novation,
        findings=findings,
        acts=offered,
        rows=terms_of(found.body, leaving.body if leaving.ok else None) if found.ok else [],
        names=parties_of(found.body) if found.ok else {},
        line_ends={one["function"]: one["ends_on"] for one in leaving.get("lines", ())},
        missing=left_to_sign(found.body) if found.ok else [],
    )


async def history(page: Page) -> Response:
    """Show through whose hands a contract went: its customers' days, each transfer with its cause, a novation."""
    reference = page.path["reference"]
    path = f"/contracts/{reference}"
    found, hands, novation, amendments, consents = await page.ask(
        page.of("contracts", path),
        page.of("contracts", f"{path}/history", as_at=None),
        page.of("contracts", f"{path}/novation"),
        page.of("contracts", f"{path}/amendments"),
        page.of("contracts", f"{path}/consents"),
    )
    if found.absent and hands.absent:
        return page.not_found(f"There is no contract {reference} that you may see.")
    periods = periods_of(hands.body, believed=True) if hands.ok else []
    if page.query.get("format") == "csv":
        if not hands.ok:
            return page.unanswered(hands)
        rows = [[one.code, one.first_day, one.last_day, one.known_from] for one in periods]
        return page.csv(f"{reference}-parties.csv", ["Customer", "First day", "Last day", "Known from"], rows)
    return page.render(
        "contracts/history.html",
        title=f"Parties of {found.get('title') or reference}",
        reference=reference,
        contract=found,
        names=parties_of(found.body) if found.ok else {},
        hands=hands,
        periods=periods,
        replaced=periods_of(hands.body, believed=False) if hands.ok else [],
        novation=novation,
        amendments=amendments,
        consents=consents,
        proposals=_proposals(page, found, consents),
    )


def _proposals(page: Page, found: Answer, consents: Answer) -> list[tuple[Proposal, bool]]:
    """Return what customers agreed to since the signature, each with whether the caller may agree to it today."""
    if not found.ok or not consents.ok:
        return []
    proposals = proposals_of(consents["consents"], found.body)
    latest = {one.subject: one for one in reversed(proposals)}
    return [
        (
            one,
            not page.times.moved
            and latest[one.subject] is one
            and any(page.person.may(acts.ROLE, code) for code in one.missing),
        )
        for one in proposals
    ]


ROUTES: list[Route] = [
    *exits.ROUTES,
    get("/contracts", contracts),
    get("/contracts/{reference}", contract),
    get("/contracts/{reference}/history", history),
    *acts.ROUTES,
    *spend.ROUTES,
]
