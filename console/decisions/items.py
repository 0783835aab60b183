"""An item of a meeting: conflicts and recusals, the motion, votes by seat, and the result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from console.core import acts
from console.core.forms import Form
from console.core.page import Page, Route, get
from console.core.services import Answer
from console.decisions.acts import Act, act_routes
from console.decisions.fields import PAPER, Field, command_of, options_of
from console.decisions.meetings import Body, acts_as_lead, body_of
from console.decisions.shaping.hours import instant_of
from console.decisions.shaping.items import CHOICES, STAGES, SeatVote, conflicted, seat_votes
from console.decisions.shaping.meetings import ACTIONS, OUTCOMES, seats
from console.decisions.shaping.questions import action_words


@dataclass(frozen=True)
class Sitting:
    """An item with its meeting, the body that meets, and who is conflicted."""

    item: Mapping[str, Any]
    conflicts: Answer
    meeting: Mapping[str, Any]
    body: Body

    @property
    def excluded(self) -> set[str]:
        """Who neither votes nor counts, as far as the caller may read it."""
        members = self.conflicts.body["members"] if self.conflicts.ok else ()
        return {member["person"] for member in members if member["excluded"]}

    @property
    def votes(self) -> list[SeatVote]:
        """The voting seats, each with its vote."""
        return seat_votes(self.item, self.meeting, self.body.posts, excluded=self.excluded)

    @property
    def present(self) -> tuple[tuple[str, str], ...]:
        """Who was stated to be there, as a choice."""
        there = [one["person"] for one in self.meeting["attendance"] if one["arrived"]]
        return tuple((person, self.body.people.of(person)) for person in there)

    @property
    def everyone(self) -> tuple[tuple[str, str], ...]:
        """Members, deputies and who else was stated, as a choice."""
        return tuple((one.person, one.label) for one in seats(self.meeting, self.body.posts, self.body.people))

    @property
    def back(self) -> str:
        """The item's page."""
        return f"/decisions/items/{self.item['item']}"


async def _sitting(page: Page) -> Sitting | Response:
    """Return the item that the address names with what surrounds it, or the page that says why it cannot be shown."""
    reference = page.path["item"]
    known = page.times.as_known
    item, conflicts = await page.ask(
        page.now("governance", f"/items/{reference}", as_known=known),
        page.now("governance", f"/items/{reference}/conflicts", as_known=known),
    )
    if not item.ok:
        return page.unanswered(item)
    [meeting] = await page.ask(page.of("governance", f"/meetings/{item['meeting']}"))
    if not meeting.ok:
        return page.unanswered(meeting)
    return Sitting(item.body, conflicts, meeting.body, await body_of(page, meeting.body))


async def item(page: Page) -> Response:
    """Show an item: what it is about, who is conflicted, how each seat voted, and what it came to."""
    sitting = await _sitting(page)
    if isinstance(sitting, Response):
        return sitting
    shown, lead = sitting.item, acts_as_lead(page, sitting.body.view, sitting.meeting)
    opened = sitting.meeting["state"] == "called" and shown["result"] is None
    return page.render(
        "decisions/item.html",
        title=shown["title"] or f"Item {shown['number']}, in private",
        sitting=sitting,
        item=shown,
        meeting=sitting.meeting,
        people=sitting.body.people,
        conflicted=conflicted(sitting.conflicts.body, sitting.body.people) if sitting.conflicts.ok else [],
        outcome=OUTCOMES.get(shown["result"]["outcome"], ("", "grey")) if shown["result"] else None,
        stage=STAGES.get(shown["stage"] or "", ""),
        action_words=action_words,
        acts=_next(shown) if opened and lead and not page.times.moved else (),
    )


def _next(item: Mapping[str, Any]) -> tuple[str, ...]:
    if item["motion"] is None:
        return ("motion", "recusals")
    return ("result", "votes", "recusals") if item["votes"] else ("votes", "result", "recusals")


async def recusal(page: Page) -> Act | Response:
    """The form of what whoever presides decided on a person's interest."""
    sitting = await _sitting(page)
    if isinstance(sitting, Response):
        return sitting
    return Act(
        title="Decide on an interest",
        button="Record what was decided",
        path=f"/items/{sitting.item['item']}/recusals",
        fields=(
            Field(
                kind="select",
                name="person",
                label="Whose interest",
                options=sitting.everyone,
                value=page.query.get("person", ""),
            ),
            Field(kind="radios", name="action", label="What they do at the item", options=options_of(ACTIONS)),
            Field(
                kind="select",
                name="decided_by",
                label="Who decided: whoever presides",
                options=sitting.present or sitting.everyone,
            ),
            Field(kind="hour", name="decided_at", label="At what time"),
            *PAPER,
        ),
        day=sitting.meeting["held_on"],
        back=sitting.back,
        done="What was decided on the interest is recorded.",
        lead=("Less than the rule pack asks for needs private words that say why it is enough.",),
    )


async def motion(page: Page) -> Act | Response:
    """The form by which an item is put to the vote."""
    sitting = await _sitting(page)
    if isinstance(sitting, Response):
        return sitting
    return Act(
        title="Put the item to the vote",
        button="Put it to the vote",
        path=f"/items/{sitting.item['item']}/motion",
        fields=(
            Field(kind="hour", name="put_at", label="At what time"),
            Field(
                kind="codes",
                name="conditions",
                label="Conditions of an approval (optional)",
                hint="Codes with commas between them, such as case-appraised, staff-consulted",
            ),
            Field(
                kind="select",
                name="presides",
                label="Who presides",
                options=(("", "As the terms of reference say"), *sitting.present),
            ),
            *PAPER,
        ),
        day=sitting.meeting["held_on"],
        back=sitting.back,
        done="The item is open for votes.",
    )


async def result(page: Page) -> Act | Response:
    """The form by which the votes are counted; a dry run says first what they would come to."""
    sitting = await _sitting(page)
    if isinstance(sitting, Response):
        return sitting
    return Act(
        title="Count the votes",
        button="Close the item",
        path=f"/items/{sitting.item['item']}/result",
        fields=(
            Field(kind="hour", name="closed_at", label="At what time"),
            Field(
                kind="codes",
                name="met",
                label="Conditions of the body's right that the paper shows to be met (optional)",
                hint="Codes with commas between them",
            ),
            Field(
                kind="select",
                name="casting",
                label="Casting vote (in a tie only): who presides",
                options=(("", "None"), *sitting.present),
            ),
            Field(
                kind="radios",
                name="casting_choice",
                label="How the casting vote is cast",
                options=(("", "None"), ("for", "For"), ("against", "Against")),
            ),
            *PAPER,
        ),
        day=sitting.meeting["held_on"],
        back=sitting.back,
        done="The item is closed.",
        adjust=_with_casting,
        outcome=_what_it_comes_to,
    )


def _with_casting(command: dict[str, Any]) -> dict[str, Any]:
    by, choice = command.pop("casting", None), command.pop("casting_choice", None)
    if by is None and choice is None:
        return command
    return command | {"casting": {name: one for name, one in (("by", by), ("choice", choice)) if one is not None}}


def _what_it_comes_to(would: Mapping[str, Any]) -> list[tuple[str, str]]:
    counted = would["result"]
    if counted is None:
        return []
    return [
        ("Result", OUTCOMES.get(counted["outcome"], (counted["outcome"], ""))[0]),
        ("For", str(counted["votes_for"])),
        ("Against", str(counted["against"])),
        ("Abstained", str(counted["abstained"])),
        ("Counted for the quorum", str(len(counted["counted"]))),
    ]


async def votes(page: Page) -> acts.Act | Response:
    """The form with a row for each voting seat."""
    sitting = await _sitting(page)
    if isinstance(sitting, Response):
        return sitting
    shown = {"sitting": sitting, "choices": CHOICES, "people": sitting.body.people, "paper": PAPER}

    def cast(_: Page, form: Form) -> tuple[str, Any]:
        cast_at = instant_of(sitting.meeting["held_on"], form["cast_at"])
        command = command_of(form, PAPER) | {"ballots": _ballots(form, sitting)}
        return f"/items/{sitting.item['item']}/votes", command | ({"cast_at": cast_at} if cast_at else {})

    return acts.Act(
        service="governance",
        form="decisions/votes.html",
        command=cast,
        context=lambda _, __: {"title": "Record votes", **shown},
        done=lambda page, _: page.redirect(page.link(sitting.back), "The votes are recorded."),
        is_tried=False,
    )


def _ballots(form: Form, sitting: Sitting) -> list[dict[str, str]]:
    chosen = [(row, form[f"choice-{row.seat}"]) for row in sitting.votes]
    return [{"seat": row.seat, "by": row.person, "choice": choice} for row, choice in chosen if choice]


_ONE = "/decisions/items/{item}"

ROUTES: list[Route] = [
    get(_ONE, item),
    *act_routes(f"{_ONE}/recusals", recusal),
    *act_routes(f"{_ONE}/motion", motion),
    *act_routes(f"{_ONE}/result", result),
    *acts.act_routes(f"{_ONE}/votes", votes),
]
