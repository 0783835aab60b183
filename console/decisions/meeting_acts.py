"""Planning, calling and holding a meeting: notice, agenda, attendance, cancellation, the end, minutes."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from console.core import acts
from console.core.forms import Form
from console.core.page import Page, Route
from console.decisions.acts import Act, act_routes
from console.decisions.fields import PAPER, Field, command_of, options_of
from console.decisions.meetings import body_of
from console.decisions.packs import list_codes
from console.decisions.shaping.hours import instant_of
from console.decisions.shaping.items import STAGES
from console.decisions.shaping.meetings import OUTCOMES, STATES, Seat, seats


async def _meeting(page: Page) -> Mapping[str, Any] | Response:
    """Return the meeting that the address names as it is now, or the page that says why it cannot be shown."""
    [found] = await page.ask(page.now("governance", f"/meetings/{page.path['meeting']}"))
    return found.body if found.ok else page.unanswered(found)


def _back(meeting: Mapping[str, Any]) -> str:
    return f"/decisions/meetings/{meeting['meeting']}"


async def plan(page: Page) -> Act | Response:
    """The form of a meeting that is to be."""
    body = page.query.get("body", "")
    return Act(
        title="Plan a meeting",
        button="Plan the meeting",
        path="/meetings",
        fields=(
            Field(kind="text", name="body", label="Body", hint="For example 14Y-governing-body", value=body),
            Field(kind="day", name="held_on", label="Day of the meeting"),
            Field(kind="hour", name="starts_at", label="Time at which it begins"),
            Field(
                kind="radios",
                name="in_public",
                label="In public?",
                options=(("", "As the terms of reference say"), ("yes", "Yes"), ("no", "No")),
            ),
            *PAPER,
        ),
        back="/decisions/meetings",
        done="The meeting is planned. It is called by giving notice.",
        made_at=_back,
        adjust=_on_its_day,
    )


def _on_its_day(command: dict[str, Any]) -> dict[str, Any]:
    """Have the time be of the day that the same form names."""
    public = command.pop("in_public", "")
    starts_at = instant_of(command.get("held_on", ""), command.get("starts_at", ""))
    given = {"starts_at": starts_at, "in_public": public == "yes" if public else None}
    return command | {name: one for name, one in given.items() if one is not None}


async def notice(page: Page) -> Act | Response:
    """The form of the notice by which a meeting is called."""
    meeting = await _meeting(page)
    if isinstance(meeting, Response):
        return meeting
    reasons = await list_codes(page, "meeting-notice", on=meeting["held_on"], key="short_notice")
    return Act(
        title="Give notice of the meeting",
        button="Give notice",
        path=f"/meetings/{meeting['meeting']}/notice",
        fields=(
            Field(kind="day", name="given_on", label="Day of the notice"),
            Field(
                kind="radios",
                name="short_notice",
                label="Why it cannot wait for the clear days",
                options=(("", "It keeps to the clear days"), *reasons),
            ),
            *PAPER,
        ),
        back=_back(meeting),
        done="The meeting is called.",
    )


def _fields_of_item(page: Page, reasons: Sequence[tuple[str, str]]) -> tuple[Field, ...]:
    return (
        Field(kind="text", name="title", label="Title", hint="Everybody reads it: write no person's name"),
        Field(
            kind="text",
            name="proposal",
            label="Proposal (optional)",
            hint="Its reference, such as PR-6c0f2f0e",
            value=page.query.get("proposal", ""),
        ),
        Field(
            kind="text",
            name="minutes_of",
            label="Minutes to be approved (optional)",
            hint="The earlier meeting, such as 14Y-governing-body-2019-03-28",
            value=page.query.get("minutes_of", ""),
        ),
        Field(
            kind="radios",
            name="stage",
            label="What is done there about a supplier",
            options=(("", "It is about no supplier"), *options_of(STAGES)),
        ),
        Field(
            kind="radios",
            name="private_reason",
            label="Is the public there?",
            options=(
                ("", "Yes, or the meeting is not in public"),
                *((code, f"No: {why}") for code, why in reasons),
            ),
        ),
        *PAPER,
    )


async def item(page: Page) -> Act | Response:
    """The form of an item for the agenda."""
    meeting = await _meeting(page)
    if isinstance(meeting, Response):
        return meeting
    reasons = await list_codes(page, "private-items", on=meeting["held_on"])
    return Act(
        title="Put an item on the agenda",
        button="Add the item",
        path=f"/meetings/{meeting['meeting']}/items",
        fields=_fields_of_item(page, reasons),
        back=_back(meeting),
        done="The item is on the agenda.",
        adjust=lambda command: command | ({"private": True} if "private_reason" in command else {}),
    )


async def cancellation(page: Page) -> Act | Response:
    """The form by which a meeting is cancelled."""
    meeting = await _meeting(page)
    if isinstance(meeting, Response):
        return meeting
    reasons = await list_codes(page, "meeting-cancellations", on=meeting["held_on"])
    return Act(
        title="Cancel the meeting",
        button="Cancel the meeting",
        path=f"/meetings/{meeting['meeting']}/cancellation",
        fields=(Field(kind="radios", name="reason", label="Why it does not take place", options=reasons), *PAPER),
        back=_back(meeting),
        done="The meeting is cancelled.",
        warning="A cancelled meeting is not called again: another one has to be planned.",
        outcome=lambda would: [("The meeting would be", STATES.get(would["state"], (would["state"], ""))[0])],
    )


async def closing(page: Page) -> Act | Response:
    """The form by which a meeting is stated to be over: what has no result by then is inquorate."""
    meeting = await _meeting(page)
    if isinstance(meeting, Response):
        return meeting
    return Act(
        title="State that the meeting is over",
        button="State that it is over",
        path=f"/meetings/{meeting['meeting']}/held",
        fields=PAPER,
        back=_back(meeting),
        done="The meeting is over.",
        lead=("An item that was put to the vote and has no quorum is recorded as inquorate.",),
        outcome=_what_items_come_to,
    )


def _what_items_come_to(would: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (
            f"Item {one['number']}: {one['title'] or 'in private'}",
            OUTCOMES.get(one["result"]["outcome"], ("", ""))[0] if one["result"] else "No result",
        )
        for one in would["items"]
    ]


async def minutes(page: Page) -> Act | Response:
    """The form of a version of the minutes, of which only the digest is sent."""
    meeting = await _meeting(page)
    if isinstance(meeting, Response):
        return meeting
    corrected = (Field(kind="number", name="corrects", label="The approved version that this one corrects (optional)"),)
    return Act(
        title="Record minutes",
        button="Record the minutes",
        path=f"/meetings/{meeting['meeting']}/minutes",
        fields=(
            Field(
                kind="digest",
                name="sha256",
                label="The minutes as a file",
                hint="The file is not kept: its SHA-256 alone is recorded, by which anyone who has it can check it",
            ),
            *(corrected if meeting["state"] == "approved" else ()),
            *PAPER,
        ),
        back=_back(meeting),
        done="The minutes are recorded as a draft. A later meeting of the body approves them.",
    )


async def attendance(page: Page) -> acts.Act | Response:
    """The form of who comes, and who was there from when to when."""
    meeting = await _meeting(page)
    if isinstance(meeting, Response):
        return meeting
    body = await body_of(page, meeting)
    rows = seats(meeting, body.posts, body.people)
    shown = {"meeting": meeting, "seats": rows, "body": body, "paper": PAPER}

    def state(_: Page, form: Form) -> tuple[str, Any]:
        stated = [one for one in (_stated(form, row, meeting["held_on"]) for row in rows) if one is not None]
        return f"/meetings/{meeting['meeting']}/attendance", command_of(form, PAPER) | {"attendance": stated}

    return acts.Act(
        service="governance",
        form="decisions/attendance.html",
        command=state,
        context=lambda _, __: {"title": "Who comes, and who was there", **shown},
        done=lambda page, _: page.redirect(page.link(_back(meeting)), "Attendance is stated."),
        method="PUT",
        is_tried=False,
    )


def _stated(form: Form, row: Seat, day: str) -> dict[str, Any] | None:
    """Return what the form states of a person; None where that is what is known already."""
    written = form[f"coming-{row.person}"]
    pairs = [
        (form[f"arrived-{row.person}-{number}"], form[f"departed-{row.person}-{number}"])
        for number in range(len(row.pairs))
    ]
    given = tuple(pair for pair in pairs if any(pair))
    coming = written != "no" if written or given else None
    if (coming, given) == (row.coming, row.intervals):
        return None
    stated: dict[str, Any] = {"person": row.person, "coming": coming is not False}
    stated["intervals"] = [
        {"arrived": instant_of(day, since) or "", **({"departed": instant_of(day, until)} if until else {})}
        for since, until in given
    ]
    return stated | {name: value for name, value in (("seat", row.seat), ("role", row.role)) if value}


_ONE = "/decisions/meetings/{meeting}"

ROUTES: list[Route] = [
    *act_routes("/decisions/meetings/new", plan),
    *act_routes(f"{_ONE}/notice", notice),
    *act_routes(f"{_ONE}/items", item),
    *act_routes(f"{_ONE}/cancellation", cancellation),
    *act_routes(f"{_ONE}/closing", closing),
    *act_routes(f"{_ONE}/minutes", minutes),
    *acts.act_routes(f"{_ONE}/attendance", attendance),
]
