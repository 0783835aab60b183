"""The page of published payments: what a payer paid whom, month by month, and what is odd or missing."""

from datetime import date
from typing import Any

from starlette.responses import Response

from console.contracts.drawings import DRAWN_MONTHS, spend_chart
from console.contracts.shaping import IN_FILE, LISTED, Json
from console.core.page import Page, Route, get
from console.core.services import Answer, Question

_HEADS = ["Day", "Payer", "Supplier as published", "Supplier", "Amount in pence", "Expense type", "Transaction", "Odd"]

_DAYS = (("first_day", "The first day"), ("last_day", "The last day"))
_FLAGS = (
    ("", "All of them"),
    ("reversal", "Reversals"),
    ("duplicate", "Exact duplicates"),
    ("day_missing", "Without a day"),
    ("day_unreadable", "With a day that cannot be read"),
    ("day_ambiguous", "With a day that can be read in two ways"),
    ("amount_missing", "Without an amount"),
    ("amount_unreadable", "With an amount that cannot be read"),
    ("supplier_missing", "Without a supplier"),
    ("stray_text", "With stray text"),
)
"""What can be odd of a payment, as the service names it."""


async def spend(page: Page) -> Response:
    """Show a payer's published payments: by supplier, by month, and line by line; without a payer all payers."""
    payer, form = page.query.get("payer", "").strip(), page.asked_form()
    days: dict[str, Any] = {name: page.query.get(name) or form.iso_day(name, label) for name, label in _DAYS}
    if not payer:
        return await _payers(page, days)
    chosen: dict[str, Any] = {name: page.query.get(name) or None for name in ("supplier_name", "flag")}
    as_file = page.query.get("format") == "csv"
    limit = IN_FILE if as_file else LISTED
    listed: dict[str, Any] = {"limit": limit, "after": page.query.get("after"), **chosen, **days}
    suppliers, months, total, lines, body = await page.ask(*_questions(page, payer, days, listed))
    if as_file and page.query.get("list") == "months":
        return _months_file(page, months)
    if as_file:
        if not lines.ok:
            return page.unanswered(lines)
        return page.csv("payments.csv", _HEADS, [_row(one) for one in lines.items])
    name = body.get("name") or payer
    return page.render(
        "contracts/spend.html",
        title=f"Payments of {name}",
        payer=payer,
        name=name,
        form=form,
        status=422 if form.refusal else 200,
        refusal=form.refusal,
        days=days,
        starts={one: _day_of(text) for one, text in days.items()},
        flags=_FLAGS,
        chosen=chosen,
        suppliers=suppliers,
        months=months,
        total=total,
        lines=lines,
        drawn_months=DRAWN_MONTHS,
        chart=await page.chart(spend_chart(months.items), f"Payments of {name} by month"),
    )


def _questions(page: Page, payer: str, days: dict[str, Any], listed: dict[str, Any]) -> list[Question]:
    return [
        page.of("contracts", "/spend", as_at=None, by="supplier", payer=payer, limit=50, **days),
        page.of("contracts", "/spend", as_at=None, by="month", payer=payer, limit=IN_FILE, **days),
        page.of("contracts", "/spend", as_at=None, by="payer", payer=payer, **days),
        page.of("contracts", "/published-payments", as_at=None, payer=payer, **listed),
        page.of("registry", f"/organisations/{payer}"),
    ]


def _day_of(text: str | None) -> date | None:
    """Return a day of a link; none where it is none, which the service refuses."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


async def _payers(page: Page, days: dict[str, Any]) -> Response:
    after = page.query.get("after")
    (payers,) = await page.ask(
        page.of("contracts", "/spend", as_at=None, by="payer", limit=LISTED, after=after, **days)
    )
    return page.render("contracts/spend.html", title="Published payments", payer="", days=days, payers=payers)


def _months_file(page: Page, months: Answer) -> Response:
    if not months.ok:
        return page.unanswered(months)
    figures = ("lines", "reversed_pence", "duplicate_pence", "amount_pence")
    rows = [[one["key"], *(one["figures"][name] for name in figures)] for one in months.items]
    return page.csv("months.csv", ["Month", "Lines", "Reversed in pence", "Exact duplicates in pence", _HEADS[4]], rows)


def _row(one: Json) -> list[object]:
    facts = [one[name] for name in ("supplier", "supplier_code", "amount_pence", "expense_type", "transaction_number")]
    odd = "; ".join(flag["words"] for flag in one["flags"])
    return [one["paid_on"] or one["day_as_published"], one["payer_code"] or one["payer"], *facts, odd]


ROUTES: list[Route] = [get("/spend", spend)]
