"""The codes that a rule pack of the service lists, such as the reasons for a cancellation."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.core.page import Page
from console.decisions.fields import Options


async def list_codes(page: Page, subject: str, *, on: str, key: str = "reasons") -> Options:
    """Return codes with their titles, of the pack on a subject that is in force on a day; none if it is not known."""
    pack = await find_pack(page, subject, on=on)
    listed = pack["values"].get(key, ()) if pack else ()
    return tuple((str(one["code"]), str(one["title"])) for one in listed)


async def find_pack(page: Page, subject: str, *, on: str) -> Mapping[str, Any] | None:
    """Return the pack on a subject that is in force on a day; the last one where no day is named. Asks twice."""
    [packs] = await page.ask(page.now("governance", "/rule-packs"))
    name = pack_on(packs.body or (), subject, on) if packs.ok else None
    if name is None:
        return None
    [pack] = await page.ask(page.now("governance", f"/rule-packs/{name}"))
    return pack.body if pack.ok else None


def pack_on(packs: Sequence[Mapping[str, Any]], subject: str, day: str) -> str | None:
    """Return the id of the last pack on a subject that is in force on a day, or of the last one without a day."""
    names = [
        str(pack["id"])
        for pack in packs
        if pack["subject"] == subject
        and (not day or pack["effective_from"] <= day <= (pack["effective_to"] or "9999-12-31"))
    ]
    return names[-1] if names else None
