"""A party's agreement to an instrument, or to a constitution or shares that were proposed later."""

from starlette.responses import Response

from console.core.page import Page, Route
from console.core.words import day, words
from console.decisions.acts import Act, act_routes
from console.decisions.fields import PAPER, Field


async def agreement(page: Page) -> Act | Response:
    """The form of an agreement, with what waits for one."""
    reference = page.path["instrument"]
    [found] = await page.ask(page.now("governance", f"/instruments/{reference}"))
    if not found.ok:
        return page.unanswered(found)
    shown = found.body
    waiting = [("1", f"The instrument, from {day(shown['first_day'])}")] if shown["awaiting"] else []
    later = [(one, "Another constitution") for one in shown["constitutions"]]
    later += [(one, f"Other shares ({', '.join(one['shares'])})") for one in shown["proposed_shares"]]
    waiting += [(str(one["number"]), f"{what}, from {day(one['first_day'])}") for one, what in later]
    return Act(
        title="Agree to an instrument",
        button="Agree",
        path=f"/instruments/{reference}/agreements",
        fields=(
            Field(kind="text", name="organisation", label="Which party", value=page.query.get("organisation", "")),
            Field(
                kind="numbers",
                name="constitution",
                label="To what it agrees",
                options=tuple(dict(waiting).items()),
                value=waiting[0][0] if len(waiting) == 1 else "",
            ),
            *PAPER,
        ),
        lead=(
            f"{words(shown['kind'])} of {', '.join(shown['parties'])}.",
            f"Still to agree: {', '.join(shown['awaiting']) or 'no party to the instrument itself'}.",
        ),
        back="/decisions",
        done="The agreement is recorded.",
        warning="The last party's agreement makes it.",
        closed="" if waiting else "Nothing of it waits for an agreement.",
        outcome=lambda would: [
            ("Would still have to agree", ", ".join(would["awaiting"]) or "no party to the instrument")
        ],
    )


ROUTES: list[Route] = act_routes("/decisions/instruments/{instrument}/agreements", agreement)
