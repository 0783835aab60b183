"""What the organisations of an answer are called on the day that the page is about."""

import re
from collections.abc import Iterable, Mapping

from console.core.page import Page

_CODE = re.compile(r"[A-Za-z0-9]{1,12}")
_MOST = 5_000
_YEAR = re.compile(r"(\d{4})-\d\d")


async def names_of(page: Page, codes: Iterable[str], *, on: str | None = None) -> Mapping[str, str]:
    """Return names by code, in one question; none of those that the registry does not know or answer.

    They are those of the day that the page is about, or of the day `on`, such as the last one of a year.
    """
    asked = sorted({code for code in codes if _CODE.fullmatch(code)})[:_MOST]
    if not asked:
        return {}
    times = {"as_at": on} if on else {}
    [answer] = await page.ask(page.of("registry", "/lookups", json={"codes": asked}, **times))
    if not answer.ok:
        return {}
    return {one["code"]: one["name"] for one in answer["organisations"]}


def last_day_of(financial_year: str) -> str | None:
    """Return the last day of a financial year such as 2018-19; None of what is none."""
    found = _YEAR.fullmatch(financial_year)
    return f"{int(found[1]) + 1:04d}-03-31" if found else None
