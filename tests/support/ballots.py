"""Governing bodies that decide on a plan over HTTP: each has a chair, its terms, its right, a meeting and a vote."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from libs.common.identity import Role
from tests.support.platform import Platform

ACTION = "consolidation.commit"
TERMS = {"quorum": [{"seats": [{"roles": ["chair"]}], "least": 1}], "majority": {"casting": True}, "in_public": False}


@dataclass
class Bodies:
    """The governing bodies of some organisations, each led by a chair who alone votes in it."""

    platform: Platform
    chairs: dict[str, str] = field(default_factory=dict)

    async def call(self, code: str, method: str, path: str, body: Any = None, **request: Any) -> Any:
        """Call governance as the governance lead of one organisation."""
        given = {"organisations": (code,), **request} | ({} if body is None else {"json": body})
        return await self.platform.call(method, "governance", path, Role.GOVERNANCE_LEAD, **given)

    async def establish(
        self, codes: Iterable[str], *, on: date, may: bool = True, action: str = ACTION, posts: Sequence[str] = ()
    ) -> None:
        """Let each have a body from this day on, with a chair and these posts, whose right to an action is the law's.

        The action is to commit to shared services, where no other is named.
        """
        day = on.isoformat()
        for code in codes:
            body = {"organisation": code, "first_day": day, "posts": [{"title": title} for title in ("Chair", *posts)]}
            await self.call(code, "POST", "/bodies", body)
            person = {"organisation": code, "display_name": f"Chair of {code}"}
            self.chairs[code] = (await self.call(code, "POST", "/people", person))["person"]
            held = {"post": f"{code}/chair", "person": self.chairs[code], "first_day": day}
            await self.call(code, "POST", "/appointments", held)
            terms = {**TERMS, "first_day": day}
            await self.call(code, "PUT", f"/bodies/{code}-governing-body/terms-of-reference", terms)
            right = {"organisation": code, "action": action, "first_day": day, "recurrent": True}
            if may:
                await self.call(code, "POST", "/decision-rights", {**right, "source_minute": "Scheme of delegation"})

    async def propose(self, code: str, plan: str, *, due_on: date, **more: Any) -> Any:
        """Ask the bodies of a plan's members to decide on it."""
        request = {"expect": more.pop("expect", 201)}
        asked = {"organisation": code, "kind": "consolidation", "action": ACTION, "subject": plan}
        return await self.call(code, "POST", "/proposals", {**asked, "due_on": due_on.isoformat(), **more}, **request)

    async def vote(self, code: str, proposal: str, *, on: date, choice: str = "for", **request: Any) -> Any:
        """Let a body meet on a day and vote; return the item with its result."""
        day, body = on.isoformat(), f"{code}-governing-body"
        planned = {"body": body, "held_on": day, "starts_at": f"{day}T14:00:00Z"}
        meeting = f"/meetings/{(await self.call(code, 'POST', '/meetings', planned))['meeting']}"
        notice = {"given_on": (on - timedelta(days=1)).isoformat(), "document": "Notice on the web site"}
        await self.call(code, "POST", f"{meeting}/notice", notice)
        item = await self.call(code, "POST", f"{meeting}/items", {"title": "A shared service", "proposal": proposal})
        there = {"person": self.chairs[code], "intervals": [{"arrived": f"{day}T14:00:00Z"}]}
        await self.call(code, "PUT", f"{meeting}/attendance", {"attendance": [there]})
        path = f"/items/{item['item']}"
        await self.call(code, "POST", f"{path}/motion", {"put_at": f"{day}T14:05:00Z"})
        ballot = {"seat": f"{code}/chair", "by": self.chairs[code], "choice": choice}
        await self.call(code, "POST", f"{path}/votes", {"cast_at": f"{day}T14:06:00Z", "ballots": [ballot]})
        return await self.call(code, "POST", f"{path}/result", {"closed_at": f"{day}T14:07:00Z"}, **request)


async def approve(platform: Platform, plan: str, codes: Sequence[str], *, on: date) -> None:
    """Let the body of each member, made for it, approve a plan on a day."""
    await platform.caught_up()
    bodies = Bodies(platform)
    await bodies.establish(codes, on=on)
    proposal = await bodies.propose(codes[0], plan, due_on=on)
    for code in codes:
        await bodies.vote(code, proposal["proposal"], on=on)
    await platform.caught_up()
