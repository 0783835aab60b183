"""The nil return of a person: nothing to declare, or what is declared is still right."""

from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route
from console.decisions.acts import Act, act_routes
from console.decisions.fields import Field


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
        lead=("An interest itself is declared at the service, by POST /interests.",),
        back="/decisions",
        done="The return is recorded.",
        adjust=named,
    )


ROUTES: list[Route] = act_routes("/decisions/declarations/{organisation}/{person}", nil_return)
