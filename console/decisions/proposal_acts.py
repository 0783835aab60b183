"""Acts on a proposal: making, opening, papers, consultations, deferrals, evidence of conditions, withdrawal."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route
from console.decisions.acts import Act, act_routes
from console.decisions.fields import PAPER, Field, options_of
from console.decisions.packs import list_codes
from console.decisions.shaping.items import STAGES
from console.decisions.shaping.proposals import KINDS, STATES, undecided

_DAY_IT_COUNTS = Field(kind="day", name="on", label="The day from which it counts", hint="Left empty: today")


async def _proposal(page: Page) -> Mapping[str, Any] | Response:
    """Return the proposal that the address names as it is now, or the page that says why it cannot be shown."""
    [found] = await page.ask(page.now("governance", f"/proposals/{page.path['proposal']}"))
    return found.body if found.ok else page.unanswered(found)


def _back(proposal: Mapping[str, Any]) -> str:
    return f"/decisions/proposals/{proposal['proposal']}"


def _state_of(would: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [("The proposal would be", STATES.get(would["state"], (would["state"], ""))[0])]


async def make(page: Page) -> Act | Response:
    """The form of a proposal."""
    return Act(
        title="Make a proposal",
        button="Make the proposal",
        path="/proposals",
        fields=(
            Field(kind="text", name="organisation", label="Organisation that proposes", hint="Its code, such as 14Y"),
            Field(kind="radios", name="kind", label="What is proposed", options=options_of(KINDS)),
            Field(kind="text", name="action", label="What would be decided", hint="An action, such as contract.award"),
            Field(
                kind="text",
                name="subject",
                label="What is decided on",
                hint="The reference of a contract, plan, procurement, merger, case or body, or a code",
                value=page.query.get("subject", ""),
            ),
            Field(kind="pounds", name="value_pence", label="Value over its whole life (optional)", hint="In pounds"),
            Field(kind="pounds", name="annual_pence", label="Value of its highest year (optional)", hint="In pounds"),
            Field(kind="check", name="recurrent", label="It commits to spending each year"),
            Field(
                kind="codes",
                name="consents",
                label="Bodies that are asked (optional)",
                hint="With commas between them. Left empty: the body that leads each member",
            ),
            Field(kind="day", name="due_on", label="The last day in time"),
            Field(kind="check", name="draft", label="Keep it as a draft, which asks no body yet"),
            *PAPER,
        ),
        back="/decisions/proposals",
        done="The proposal is made.",
        made_at=_back,
    )


async def opening(page: Page) -> Act | Response:
    """The form by which a draft is opened: its bodies are asked, and fixed."""
    proposal = await _proposal(page)
    if isinstance(proposal, Response):
        return proposal
    return Act(
        title="Open the draft",
        button="Open the draft",
        path=f"/proposals/{proposal['proposal']}/opening",
        fields=(Field(kind="day", name="opened_on", label="Day of opening", hint="Left empty: today"), *PAPER),
        back=_back(proposal),
        done="The proposal is open: its bodies are asked to decide.",
        warning="Once it is opened, it is fixed which bodies are asked.",
        outcome=lambda would: [
            *_state_of(would),
            ("Bodies that would be asked", ", ".join(one["body"] for one in would["consents"]) or "none"),
        ],
    )


async def paper(page: Page) -> Act | Response:
    """The form of a paper, by its title, digest and where it lies."""
    proposal = await _proposal(page)
    if isinstance(proposal, Response):
        return proposal
    return Act(
        title="Add a paper",
        button="Add the paper",
        path=f"/proposals/{proposal['proposal']}/papers",
        fields=(
            Field(kind="text", name="title", label="Title of the paper"),
            Field(
                kind="digest",
                name="sha256",
                label="The paper as a file",
                hint="The file is not kept: its SHA-256 alone is recorded, by which anyone who has it can check it",
            ),
            Field(
                kind="text", name="address", label="Where it lies (optional)", hint="An address that begins https://"
            ),
            Field(
                kind="radios",
                name="stage",
                label="What it is about",
                options=options_of(STAGES),
                value=(proposal["about"] or {}).get("stage", ""),
            ),
            Field(kind="text", name="document", label="How the paper is called in the files (optional)"),
        ),
        back=f"{_back(proposal)}/papers",
        done="The paper is added.",
    )


async def consultation(page: Page) -> Act | Response:
    """The form of a consultation: who was asked, and what they think."""
    proposal = await _proposal(page)
    if isinstance(proposal, Response):
        return proposal
    listed = await list_codes(page, "consultations", on=proposal["as_at"], key="consulted")
    return Act(
        title="Record a consultation",
        button="Record the consultation",
        path=f"/proposals/{proposal['proposal']}/consultations",
        fields=(
            Field(kind="radios", name="consulted", label="Who was consulted", options=listed),
            Field(
                kind="radios",
                name="position",
                label="What they think",
                options=(("supports", "They support it"), ("opposes", "They oppose it"), ("neutral", "Neither")),
            ),
            _DAY_IT_COUNTS,
            *PAPER,
        ),
        back=_back(proposal),
        done="The consultation is recorded.",
    )


async def deferral(page: Page) -> Act | Response:
    """The form by which a body puts its decision off."""
    proposal = await _proposal(page)
    if isinstance(proposal, Response):
        return proposal
    reasons = await list_codes(page, "decision-deferrals", on=proposal["as_at"])
    waiting = undecided(proposal)
    bodies = tuple((one, one) for one in undecided(proposal, page.person) or waiting)
    return Act(
        title="Put a decision off",
        button="Put it off",
        path=f"/proposals/{proposal['proposal']}/deferrals",
        fields=(
            Field(kind="radios", name="body", label="Which body puts it off", options=bodies),
            Field(kind="radios", name="reason", label="Why", options=reasons),
            Field(kind="day", name="from_on", label="From"),
            Field(kind="day", name="until_on", label="Until (optional)", hint="From this day time counts again"),
            *PAPER,
        ),
        back=_back(proposal),
        done="The decision is put off.",
        closed="" if bodies else "No body still has to decide.",
    )


async def evidence(page: Page) -> Act | Response:
    """The form of the paper that shows a condition to be met."""
    proposal = await _proposal(page)
    if isinstance(proposal, Response):
        return proposal
    condition = page.path["condition"]
    bodies = tuple((one["body"], one["body"]) for one in proposal["consents"])
    return Act(
        title=f"Show that {condition} is met",
        button="Record the evidence",
        path=f"/proposals/{proposal['proposal']}/conditions/{condition}/evidence",
        fields=(
            Field(kind="text", name="minute", label="The minute that records it (optional)"),
            Field(
                kind="radios",
                name="body",
                label="Whose condition it is",
                options=(("", "Of the approval, or of a body of the proposer"), *bodies),
            ),
            _DAY_IT_COUNTS,
            *PAPER,
        ),
        back=_back(proposal),
        done="The evidence is recorded.",
    )


async def withdrawal(page: Page) -> Act | Response:
    """The form by which a proposal is withdrawn; a dry run says first what would become of it."""
    proposal = await _proposal(page)
    if isinstance(proposal, Response):
        return proposal
    reasons = await list_codes(page, "proposal-withdrawals", on=proposal["as_at"])
    return Act(
        title="Withdraw the proposal",
        button="Withdraw it",
        path=f"/proposals/{proposal['proposal']}/withdrawal",
        fields=(Field(kind="radios", name="reason", label="Why", options=reasons), _DAY_IT_COUNTS, *PAPER),
        back=_back(proposal),
        done="The proposal is withdrawn.",
        warning="A proposal that is withdrawn is not opened again.",
        outcome=_state_of,
    )


_ONE = "/decisions/proposals/{proposal}"

ROUTES: list[Route] = [
    *act_routes("/decisions/proposals/new", make),
    *act_routes(f"{_ONE}/opening", opening),
    *act_routes(f"{_ONE}/papers/new", paper),
    *act_routes(f"{_ONE}/consultations", consultation),
    *act_routes(f"{_ONE}/deferrals", deferral),
    *act_routes(f"{_ONE}/conditions/{{condition}}/evidence", evidence),
    *act_routes(f"{_ONE}/withdrawal", withdrawal),
]
