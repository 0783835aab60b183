"""Has the governing bodies of a plan's members decide on it: a proposal, a meeting of each, and its votes."""

from collections.abc import Mapping
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
    listed = (await _read(services, "proposals", by=lead, **asked))["items"]
    proposal = listed[0] if listed else (await _send(services, "proposals", step.more["proposal"], by=lead))
    for member in step.body["members"]:
        await _decide_in(services, step, proposal["proposal"], member["organisation"])


async def _decide_in(services: Services, step: Step, proposal: str, code: str) -> None:
    """Let a body approve a proposal by the votes of all who hold a post in it."""
    by, day = f"{step.by}@{code}", step.day.isoformat()
    body = f"{code}-governing-body"
    await _prepare(services, body, code, day=day, by=by)
    meeting = await services.find(f"/governance/v1/meetings/{body}-{day}", by=by)
    if meeting is None:
        await _send(services, "meetings", {"body": body, "held_on": day, "starts_at": _at(day, "opens")}, by=by)
    path = f"meetings/{body}-{day}"
    if (await _read(services, path, by=by))["state"] == "planned":
        notice = {"given_on": step.more["notice_on"], "document": "Notice on the web site"}
        await _send(services, f"{path}/notice", notice, by=by)
    items = [one for one in (await _read(services, path, by=by))["items"] if one["proposal"] == proposal]
    item = items[0] if items else await _send(services, f"{path}/items", _item(step, proposal), by=by)
    await _vote(services, path, f"items/{item['item']}", code, day=day, by=by)
    if (await _read(services, path, by=by))["state"] == "called":
        await _send(services, f"{path}/held", {}, by=by)


async def _prepare(services: Services, body: str, code: str, *, day: str, by: str) -> None:
    """State how the body decides, and its right to commit to a shared service, unless both are known."""
    path = f"/governance/v1/bodies/{body}/terms-of-reference"
    if await services.find(path, by=by, params={"as_at": day}) is None:
        await services.do("PUT", path, by=by, body={**_TERMS, "first_day": day})
    rights = await _read(services, "decision-rights", by=by, organisation=code, as_at=day)
    if not any(one["action"] == ACTION for one in rights["items"]):
        right = {
            "organisation": code,
            "action": ACTION,
            "recurrent": True,
            "first_day": day,
            "source_minute": "Scheme of reservation and delegation (illustrative)",
        }
        await _send(services, "decision-rights", right, by=by)


async def _vote(services: Services, meeting: str, item: str, code: str, *, day: str, by: str) -> None:
    """Take the votes of an item, unless it has its result."""
    shown = await _read(services, item, by=by)
    if shown["result"] is not None:
        return
    posts = (await _read(services, "appointments", by=by, organisation=code, as_at=day))["items"]
    if not shown["votes"]:
        there = [{"person": one["person"], "intervals": [{"arrived": _at(day, "opens")}]} for one in posts]
        # Stated once, also by a run that continues where another was killed.
        once = {"Idempotency-Key": f"attendance-{meeting.rpartition('/')[2]}"}
        path = f"/governance/v1/{meeting}/attendance"
        await services.do("PUT", path, by=by, body={"attendance": there}, headers=once)
    if shown["motion"] is None:
        await _send(services, f"{item}/motion", {"put_at": _at(day, "put")}, by=by)
    if not shown["votes"]:
        ballots = [{"seat": one["post"], "by": one["person"], "choice": "for"} for one in posts]
        await _send(services, f"{item}/votes", {"cast_at": _at(day, "cast"), "ballots": ballots}, by=by)
    await _send(services, f"{item}/result", {"closed_at": _at(day, "closes")}, by=by)


def _item(step: Step, proposal: str) -> dict[str, Any]:
    return {"title": step.body["title"], "proposal": proposal}


def _at(day: str, what: str) -> str:
    return f"{day}T{_HOURS[what]}:00Z"


async def _read(services: Services, path: str, *, by: str, **asked: str) -> Mapping[str, Any]:
    found = await services.find(f"/governance/v1/{path}", by=by, params=asked)
    if found is None:
        raise Refused(f"{path}: there is nothing to decide on")
    shown: Mapping[str, Any] = found.json()
    return shown


async def _send(services: Services, path: str, body: Mapping[str, Any], *, by: str) -> Mapping[str, Any]:
    done: Mapping[str, Any] = (await services.do("POST", f"/governance/v1/{path}", by=by, body=body)).json()
    return done
