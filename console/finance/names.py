"""What the organisations of an answer are called on the day that the page is about."""

import re
from collections.abc import Iterable, Mapping

from console.core.page import Page

_CODE = re.compile(r"[A-Za-z0-9]{1,12}")
_MOST = 5_000


async def names_of(page: Page, codes: Iterable[str]) -> Mapping[str, str]:
    """Return names by code, in one question; none of those that the registry does not know or answer."""
    asked = sorted({code for code in codes if _CODE.fullmatch(code)})[:_MOST]
    if not asked:
        return {}
    [answer] = await page.ask(page.of("registry", "/lookups", json={"codes": asked}))
    if not answer.ok:
        return {}
    return {one["code"]: one["name"] for one in answer["organisations"]}
