"""Has the governing bodies of a plan's members decide on it: a proposal, a meeting of each, and its votes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.demo.services import Refused, Services
from deploy.demo.steps import Step

ACTION = "consolidation.commit"
_HOURS = {"opens": "14:00", "put": "14:10", "cast": "14:20", "closes": "14:30"}
_TERMS = {
    "quorum": [{"seats": [{"roles": ["chair"]}, {"roles": ["accountable-officer"]}], "least": 2}],
    "majority": {"casting": True},
    "in_public": True,
    "document": "Constitution, standing orders (illustrative)",
}


async def decide(services: Services, step: Step) -> None:
    """Open the proposal of a plan, and let each member's body meet and vote, from where an earlier run left it."""
    lead = f"{step.by}@{step.body['proposed_by']}"
    asked = {"subject": step.body["plan"]}
    listed = (await read(services, "proposals", by=lead, **asked))["items"]
    proposal = listed[0] if listed else (await send(services, "proposals", step.more["proposal"], by=lead))
    for member in step.body["members"]:
        await _decide_in(services, step, proposal["proposal"], member["organisation"])


async def _decide_in(services: Services, step: Step, proposal: str, code: str) -> None:
    """Let a body approve a proposal by the votes of all who hold a post in it."""
    meeting = Meeting(
        services=services, body=f"{code}-governing-body", day=step.day.isoformat(), by=f"{step.by}@{code}"
    )
    await _prepare(meeting, code)
    item = await meeting.item_about(proposal, step.body["title"], notice_on=step.more["notice_on"])
    await meeting.vote(item)
    await meeting.end()


async def _prepare(meeting: "Meeting", code: str) -> None:
    """State how the body decides, and its right to commit to a shared service, unless both are known."""
    services, by, day = meeting.services, meeting.by, meeting.day
    path = f"/governance/v1/bodies/{meeting.body}/terms-of-reference"
    if await services.find(path, by=by, params={"as_at": day}) is None:
        await services.do("PUT", path, by=by, body={**_TERMS, "first_day": day})
    rights = await read(services, "decision-rights", by=by, organisation=code, as_at=day)
    if not any(one["action"] == ACTION for one in rights["items"]):
        right = {
            "organisation": code,
            "action": ACTION,
            "recurrent": True,
            "first_day": day,
            "source_minute": "Scheme of reservation and delegation (illustrative)",
        }
        await send(services, "decision-rights", right, by=by)


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """A body's meeting on a day, brought from its plan to its end from where an earlier run left it."""

    services: Services
    body: str
    day: str
    by: str

    @property
    def path(self) -> str:
        """Where governance has it."""
        return f"meetings/{self.body}-{self.day}"

    async def item_about(self, proposal: str, title: str, *, notice_on: str) -> str:
        """Plan the meeting, give notice of it, and put a proposal on its agenda; return the item."""
        if await self.services.find(f"/governance/v1/{self.path}", by=self.by) is None:
            planned = {"body": self.body, "held_on": self.day, "starts_at": self._at("opens")}
            await send(self.services, "meetings", planned, by=self.by)
        shown = await read(self.services, self.path, by=self.by)
        if shown["state"] == "planned":
            notice = {"given_on": notice_on, "document": "Notice on the web site"}
            await send(self.services, f"{self.path}/notice", notice, by=self.by)
        items = [one for one in shown["items"] if one["proposal"] == proposal]
        if not items:
            items = [
                await send(self.services, f"{self.path}/items", {"title": title, "proposal": proposal}, by=self.by)
            ]
        return str(items[0]["item"])

    async def vote(self, item: str, *, without: Collection[str] = (), to_a_result: bool = True) -> None:
        """Put the item to all who hold a post in the body but those excluded, and take their votes to its result."""
        path = f"items/{item}"
        shown = await read(self.services, path, by=self.by)
        if shown["result"] is not None:
            return
        code = self.body.partition("-")[0]
        listed = (await read(self.services, "appointments", by=self.by, organisation=code, as_at=self.day))["items"]
        posts = [one for one in listed if one["body"] == self.body and one["person"] not in without]
        if not shown["votes"]:
            there = [{"person": one["person"], "intervals": [{"arrived": self._at("opens")}]} for one in posts]
            # Stated once, also by a run that continues where another was killed.
            once = {"Idempotency-Key": f"attendance-{self.path.rpartition('/')[2]}"}
            attendance = f"/governance/v1/{self.path}/attendance"
            await self.services.do("PUT", attendance, by=self.by, body={"attendance": there}, headers=once)
        if shown["motion"] is None:
            await send(self.services, f"{path}/motion", {"put_at": self._at("put")}, by=self.by)
        if not to_a_result:
            return
        if not shown["votes"]:
            ballots = [{"seat": one["post"], "by": one["person"], "choice": "for"} for one in posts]
            await send(self.services, f"{path}/votes", {"cast_at": self._at("cast"), "ballots": ballots}, by=self.by)
        await send(self.services, f"{path}/result", {"closed_at": self._at("closes")}, by=self.by)

    async def end(self) -> None:
        """State that it was held, unless that is known."""
        if (await read(self.services, self.path, by=self.by))["state"] == "called":
            await send(self.services, f"{self.path}/held", {}, by=self.by)

    def _at(self, what: str) -> str:
        return f"{self.day}T{_HOURS[what]}:00Z"


async def read(services: Services, path: str, *, by: str, **asked: str) -> Mapping[str, Any]:
    """Return what governance answers. Raises Refused where there is nothing."""
    found = await services.find(f"/governance/v1/{path}", by=by, params=asked)
    if found is None:
        raise Refused(f"{path}: there is nothing to decide on")
    shown: Mapping[str, Any] = found.json()
    return shown


async def send(services: Services, path: str, body: Mapping[str, Any], *, by: str, once: str = "") -> Mapping[str, Any]:
    """Send a command to governance; with a key of its own, `once`, it is done once and answered alike again."""
    headers = {"Idempotency-Key": f"demo {once}"} if once else None
    answer = await services.do("POST", f"/governance/v1/{path}", by=by, body=body, headers=headers)
    done: Mapping[str, Any] = answer.json()
    return done
