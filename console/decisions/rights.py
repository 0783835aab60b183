"""A right that ended with its body at a merger, made again for the successor."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route
from console.decisions.acts import Act, act_routes
from console.decisions.fields import Field

_MEASURES = (
    ("single", "One commitment"),
    ("annual", "Its highest year"),
    ("whole_life", "All its years, with extensions"),
)


async def remaking(page: Page) -> Act | Response:
    """The form of the grant that makes a right again, with what the ended one says."""
    number = page.path["right"].removeprefix("R-")
    [ended] = await page.ask(page.now("governance", f"/decision-rights/{number}"))
    if not ended.ok:
        return page.unanswered(ended)
    right = ended.body

    def remade(command: dict[str, Any]) -> dict[str, Any]:
        return command | {"remakes": right["decision_right"]}

    successor = page.query.get("organisation") or right["to_remake_for"] or ""
    return Act(
        title="Make a right again",
        button="Grant the right",
        path="/decision-rights",
        fields=(
            Field(kind="text", name="organisation", label="Organisation", value=successor),
            Field(kind="text", name="body", label="Body (optional)", hint="Left empty: the body that leads it"),
            Field(
                kind="text", name="post", label="Post that may decide (optional)", hint="Left empty: the body itself"
            ),
            *_reach(right),
            Field(kind="day", name="first_day", label="First day"),
            Field(
                kind="text",
                name="source_minute",
                label="The minute by which it is granted",
                hint="Everybody reads it: write no person's name",
            ),
            Field(kind="area", name="note", label="Private words on it (optional)"),
        ),
        lead=(f"{page.path['right']} of {right['title']} ended with its body. Nothing of it passes on by itself.",),
        back="/decisions",
        done="The right is made again.",
        adjust=remade,
        outcome=lambda would: [("Would hold it", would["title"])],
    )


def _reach(right: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return the fields of what a right is for and up to which value, as the ended one has them."""
    limit = right["value_limit_pence"]
    conditions = ", ".join(right["conditions"])
    return (
        Field(kind="text", name="action", label="What may be decided", value=right["action"]),
        Field(
            kind="pounds",
            name="value_limit_pence",
            label="Up to (optional)",
            hint="In pounds. Left empty: without a limit",
            value=f"{limit // 100:,}.{limit % 100:02}" if limit is not None else "",
        ),
        Field(
            kind="radios",
            name="limit_basis",
            label="What the limit measures",
            options=_MEASURES,
            value=right["limit_basis"],
        ),
        Field(kind="text", name="scope", label="Of one subject alone (optional)", value=right["scope"]),
        Field(
            kind="codes",
            name="conditions",
            label="On condition (optional)",
            hint="Codes with commas between them",
            value=conditions,
        ),
        Field(
            kind="check",
            name="recurrent",
            label="It covers commitments that recur each year",
            value="yes" if right["recurrent"] else "",
        ),
    )


ROUTES: list[Route] = act_routes("/decisions/rights/{right}/remaking", remaking)
