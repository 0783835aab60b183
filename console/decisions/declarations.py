"""What a person declares: an interest, or that there is nothing (more) to declare."""

from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route
from console.decisions.acts import Act, act_routes
from console.decisions.fields import Field, options_of
from console.decisions.packs import list_codes
from console.decisions.shaping.items import TYPES

_RELATIONS = {
    "partner_in": "Partner in it",
    "owns": "Owns it, or a part of it",
    "employed_by": "Employed by it",
    "director_of": "Director of it",
    "member_of": "Member of it",
    "regulates": "Regulates it",
    "close_to": "Close to a person",
}
"""What ties a person to a body, or to a person."""


async def nil_return(page: Page) -> Act | Response:
    """The form of a nil return, as the inbox leads to it."""
    code, person = page.path["organisation"], page.path["person"]

    def named(command: dict[str, Any]) -> dict[str, Any]:
        confirmed = command.pop("confirms", "") == "yes"
        return {"organisation": code, "person": person} | ({"confirms": True} if confirmed else {})

    return Act(
        title="Return that there is nothing to declare",
        button="Record the return",
        path="/interests/nil-returns",
        fields=(
            Field(
                kind="radios",
                name="confirms",
                label=f"What {person} returned to {code}",
                options=(("no", "There is nothing to declare"), ("yes", "What is declared is still right and whole")),
                value="no",
            ),
        ),
        back="/decisions",
        done="The return is recorded.",
        adjust=named,
        instead=("Declare an interest", f"/decisions/declarations/{code}/{person}/interests"),
    )


async def interest(page: Page) -> Act | Response:
    """The form of an interest, with the natures that the rule pack lists."""
    code, person = page.path["organisation"], page.path["person"]
    natures = await list_codes(page, "interests", on="", key="natures")
    return Act(
        title="Declare an interest",
        button="Declare the interest",
        path="/interests",
        fields=(
            Field(kind="radios", name="type", label="Type of interest", options=options_of(TYPES)),
            Field(kind="radios", name="relation", label="How they are connected", options=options_of(_RELATIONS)),
            Field(
                kind="text",
                name="other",
                label="With whom",
                hint="The code of an organisation, such as M81001, or the id of a person",
            ),
            Field(
                kind="text",
                name="share",
                label="Which part they own (optional)",
                hint="A fraction, such as 1/32. Left empty: not known, counted whole",
            ),
            Field(kind="radios", name="nature", label="What it is", options=natures),
            Field(kind="day", name="first_day", label="First day of the interest"),
            Field(kind="day", name="last_day", label="Last day (optional)"),
            Field(kind="day", name="aware_on", label="Day on which they became aware of it"),
            Field(kind="area", name="words", label="Their own words (optional)", hint="Private"),
        ),
        lead=(f"An interest of {person}, for the register of {code}.",),
        back="/decisions",
        done="The interest is declared.",
        adjust=lambda command: {"organisation": code, "person": person} | command,
        outcome=lambda would: [
            ("In time", {True: "Yes", False: "No: it is a breach"}.get(would["in_time"], "Not shown"))
        ],
    )


_ONE = "/decisions/declarations/{organisation}/{person}"

ROUTES: list[Route] = [*act_routes(_ONE, nil_return), *act_routes(f"{_ONE}/interests", interest)]
