"""Meetings of bodies: the list, and one with its agenda, quorum, attendance and minutes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.core.services import Answer
from console.decisions.shaping.meetings import STATES, People, acts_for, agenda, next_acts, people_of, seats
from console.decisions.shaping.proposals import LEAD
from console.decisions.shaping.questions import action_words


async def meetings(page: Page) -> Response:
    """List meetings by their days, of a body or organisation where the address names one."""
    code, body = (page.query.get("organisation") or "").strip().upper(), (page.query.get("body") or "").strip()
    after = page.query.get("after")
    [listed] = await page.ask(
        page.of("governance", "/meetings", organisation=code or None, body=body or None, after=after)
    )
    if listed.refusal is not None and listed.status == 422:
        return page.refused(listed, "decisions/meetings.html", title="Meetings", listed=listed, states=STATES)
    return page.render("decisions/meetings.html", title="Meetings", listed=listed, states=STATES)


@dataclass(frozen=True)
class Body:
    """The body that meets on a day, with its posts, and what its persons are called."""

    answer: Answer
    people: People
    names: Answer | None
    """Null unless names were asked for: each reading of names is recorded."""

    @property
    def view(self) -> Mapping[str, Any]:
        """The body as the service has it; empty where it did not answer."""
        return self.answer.body if self.answer.ok else {}

    @property
    def posts(self) -> Sequence[Mapping[str, Any]]:
        """Its posts on the day."""
        posts: Sequence[Mapping[str, Any]] = self.view.get("posts", ())
        return posts


async def body_of(page: Page, meeting: Mapping[str, Any]) -> Body:
    """Return the body of a meeting as at its day; with names where the address asks for them and the caller may."""
    [answer] = await page.ask(page.of("governance", f"/bodies/{meeting['body']}", as_at=meeting["held_on"]))
    posts = answer.body["posts"] if answer.ok else ()
    names = None
    if page.query.get("names") == "yes":
        persons = {post["person"] for post in posts if post["person"]} | {
            one["person"] for one in meeting["attendance"]
        }
        asked = {"persons": sorted(persons | {one for post in posts for one in post["deputies"]})[:200]}
        if asked["persons"]:
            [names] = await page.ask(page.now("governance", "/people/lookups", json=asked))
    given = names.body["people"] if names is not None and names.ok else ()
    return Body(answer, people_of(posts, given), names)


def acts_as_lead(page: Page, body: Mapping[str, Any], meeting: Mapping[str, Any]) -> bool:
    """Whether the caller may be a lead of one of the organisations whose body meets."""
    return any(page.person.may(LEAD, code) for code in acts_for(body, meeting))


async def meeting(page: Page) -> Response:
    """Show a meeting: the agenda with quorum and results, who comes or was there, its minutes, and what comes next."""
    reference = page.path["meeting"]
    found, forecast, minutes = await page.ask(
        page.of("governance", f"/meetings/{reference}"),
        page.of("governance", f"/meetings/{reference}/forecast"),
        page.of("governance", f"/meetings/{reference}/minutes"),
    )
    if not found.ok:
        return page.unanswered(found)
    shown = found.body
    body = await body_of(page, shown)
    lead = acts_as_lead(page, body.view, shown)
    return page.render(
        "decisions/meeting.html",
        title=f"Meeting of {shown['body']}",
        meeting=shown,
        state=STATES.get(shown["state"], (shown["state"], "grey")),
        body=body,
        agenda=agenda(shown, forecast.body if forecast.ok else None, body.people),
        forecast=forecast,
        minutes=minutes,
        seats=seats(shown, body.posts, body.people),
        lead=lead,
        action_words=action_words,
        acts=next_acts(shown["state"], items=len(shown["items"])) if lead and not page.times.moved else (),
    )


ROUTES: list[Route] = [
    get("/decisions/meetings", meetings),
    get("/decisions/meetings/{meeting}", meeting),
]
