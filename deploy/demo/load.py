"""Loads the demo through the HTTP API: each step on its day, and only steps that the services do not show yet."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Any

import httpx

from deploy.demo.award import bid, decide_elsewhere, seat
from deploy.demo.consolidation import consolidate
from deploy.demo.domino import publish
from deploy.demo.marks import OFFERED, Done, what_happened
from deploy.demo.plan import days_of_mergers_missing, steps_missing
from deploy.demo.publications import (
    import_payments,
    simulate,
    simulations_ended,
    simulations_requested,
    take_workbook,
)
from deploy.demo.records import Contract, DemoRecords
from deploy.demo.services import SERVICES, Refused, Services
from deploy.demo.steps import Step

Say = Callable[[str], None]


async def load(services: Services, facts: DemoRecords, say: Say) -> bool:
    """Load what is missing of the demo; return False if nothing was. An interrupted run is continued.

    The clock of all services is moved from day to day, so that mergers are agreed before their day and fall due on it,
    and is released at the end. Raises Refused, NotCaughtUp.
    """
    await services.catch_up()
    done = await _done(services, facts)
    steps, due = steps_missing(facts, done), days_of_mergers_missing(facts, done)
    days = sorted(due.union(step.day for step in steps))
    if days:
        await simulations_ended(services, facts)  # what a run requested that was killed then
    for day in days:
        of_the_day = [step for step in steps if step.day == day]
        say(f"{day:%d %b %Y}  {_headline(facts, day, of_the_day, merging=day in due)}")
        await _live_through(services, day, of_the_day)
    await _release_clocks(services, facts)
    if days:
        await _must_be_complete(services, facts)
    return bool(days)


async def _done(services: Services, facts: DemoRecords) -> Done:
    """Return what has been done already: by the events of all services, and by what no event is about."""
    feeds = [envelope for service in SERVICES for envelope in await services.feed(service)]
    offered = {
        (OFFERED, one.reference)
        for one in facts.places.contracts
        if one.left_to_sign and await _is_offered(services, one)
    }
    return what_happened(feeds) | offered | await simulations_requested(services, facts)


async def _is_offered(services: Services, contract: Contract) -> bool:
    found = await services.find(f"/contracts/v1/contracts/{contract.reference}", by="commissioner")
    signed = {one["party"] for one in found.json()["signatures"]} if found else set()
    return signed.issuperset(contract.signers)


async def _live_through(services: Services, day: date, steps: Sequence[Step]) -> None:
    await services.move_clocks(day)
    for step in steps:
        if step.service == "registry":
            await _take(services, step)
    # The next requests to the other services depend on which bodies they know to be open.
    await services.catch_up()
    for step in steps:
        if step.service != "registry":
            await _take(services, step)
    await services.catch_up()


async def _take(services: Services, step: Step) -> None:
    await _WAYS[step.kind](services, step)


async def _command(services: Services, step: Step) -> None:
    await services.do(step.method, step.path, by=step.by, body=step.body)


async def _edit(services: Services, step: Step) -> None:
    """Read the resource at the path without its last part, and send the command with its version."""
    found = await services.find(step.path.rpartition("/")[0], by=step.by)
    if found is None:
        raise Refused(f"{step.path}: there is nothing to change")
    await services.do(step.method, step.path, by=step.by, body=step.body, headers={"If-Match": found.headers["ETag"]})


async def _sign(services: Services, step: Step) -> None:
    """Draft the contract, unless an earlier run has done so, award it, and let each party sign for itself.

    The first customer drafts and awards, and records the supplier's signature with the document that shows it.
    """
    reference, supplier = step.body["reference"], step.body["supplier"]
    signers: Sequence[str] = step.more["signers"]
    first = f"{step.by}@{signers[0]}"
    draft = await services.find(f"{step.path}/{reference}", by=first)
    if draft is None:
        draft = await services.do("POST", step.path, by=first, body=step.body)
    contract = f"{step.path}/{reference}"
    if draft.json()["awarded_on"] is None:
        draft = await _change(services, f"{contract}/award", draft, by=first)
    signed = {one["party"] for one in draft.json()["signatures"]}
    if supplier not in signed:
        paper = {"party": supplier, "document": f"Contract {reference}, signed by {supplier}"}
        draft = await _change(services, f"{contract}/signature", draft, by=first, body=paper)
    for code in signers:
        if code not in signed:
            draft = await _change(services, f"{contract}/signature", draft, by=f"{step.by}@{code}")


async def _pay(services: Services, step: Step) -> None:
    """Do the work due once finance knows what fell due: by its own timer it would be done some time later."""
    await services.catch_up()
    await services.move_clocks(step.day)


async def _change(
    services: Services, path: str, before: httpx.Response, *, by: str, body: Mapping[str, Any] | None = None
) -> httpx.Response:
    """Send a command about the version that the last answer showed."""
    version = f'"{before.json()["version"]}"'
    return await services.do("POST", path, by=by, body=body or {}, headers={"If-Match": version})


async def _appraise(services: Services, step: Step) -> None:
    """State the case, unless an earlier run has done so, and publish its first version."""
    version = f"{step.path}/{step.body['case']}/versions/1"
    draft = await services.find(version, by=step.by)
    if draft is None:
        await services.do("POST", step.path, by=step.by, body=step.body)
        draft = await services.find(version, by=step.by)
    assert draft is not None
    await services.do(
        "POST", f"{version}/publication", by=step.by, body={}, headers={"If-Match": draft.headers["ETag"]}
    )


async def _assess(services: Services, step: Step) -> None:
    """Assess a contract's exits, unless an earlier run has done so, and publish the first version.

    Contracts may have published its terms on the same day: finance takes them in first.
    """
    await services.catch_up()
    if await services.find(step.path, by=step.by) is None:
        await services.do("POST", step.path, by=step.by, body=step.body)
    author = {"organisation": step.body["organisation"]}
    await services.do("POST", f"{step.path}/versions/1/publication", by=step.by, body=author)


async def _appoint(services: Services, step: Step) -> None:
    """Appoint who holds the post in the first CCG already, or else a person whom governance gives an id."""
    params = {"post": step.more["held_first"], "as_at": step.body["first_day"], "vacant": "false"}
    found = await services.find(step.path, by=step.by, params=params)
    held = [post["person"] for post in found.json()["items"] if post["person"]] if found else []
    if held:
        person = held[0]
    else:
        named = {name: step.more[name] for name in ("organisation", "display_name")}
        # The service gives the id: a load that was killed before the appointment finds the person again by the key.
        once = {"Idempotency-Key": f"demo {step.body['post']} {step.body['first_day']}"}
        done = await services.do("POST", "/governance/v1/people", by=step.by, body=named, headers=once)
        person = done.json()["person"]
    await services.do(step.method, step.path, by=step.by, body={**step.body, "person": person})


async def _leave(services: Services, step: Step) -> None:
    """End the appointment by which the person holds the post on the last day."""
    params = {**step.more, "as_at": step.body["last_day"]}
    found = await services.find(step.path, by=step.by, params=params)
    appointments = found.json()["items"] if found else []
    if not appointments:
        raise Refused(f"{step.words}: {params} has no holder")
    headers = {"If-Match": f'"{appointments[0]["version"]}"'}
    path = f"{step.path}/{appointments[0]['appointment']}/ending"
    await services.do("POST", path, by=step.by, body=step.body, headers=headers)


_WAYS: Mapping[str, Callable[[Services, Step], Awaitable[None]]] = {
    "command": _command,
    "edit": _edit,
    "sign": _sign,
    "consolidate": consolidate,
    "domino": publish,
    "pay": _pay,
    "seats": seat,
    "bids": bid,
    "award": decide_elsewhere,
    "appraise": _appraise,
    "assess": _assess,
    "payments": import_payments,
    "estates": take_workbook,
    "simulate": simulate,
    "appoint": _appoint,
    "leave": _leave,
}


async def _release_clocks(services: Services, facts: DemoRecords) -> None:
    """Release the clocks that this run, or one that was killed, moved to a day of the demo."""
    days = {await services.clock_of(service) for service in SERVICES}
    if days & facts.days:
        await services.move_clocks(None)
        # What one service published of that day may be due work of another, such as a dossier that is complete now.
        await services.catch_up()
        await services.move_clocks(None)


async def _must_be_complete(services: Services, facts: DemoRecords) -> None:
    done = await _done(services, facts)
    left = [str(day) for day in sorted(days_of_mergers_missing(facts, done))]
    left += [step.words for step in steps_missing(facts, done)]
    left += [f"parked events of {service}" for service in await services.parked()]
    if left:
        raise Refused(f"still to be done: {'; '.join(left)}")


def _headline(facts: DemoRecords, day: date, steps: Sequence[Step], *, merging: bool) -> str:
    mergers = [merger for merger in facts.mergers if merger.day == day] if merging else []
    parts = []
    if mergers:
        gone = sum(len(merger.predecessors) for merger in mergers)
        parts.append(f"{gone} CCGs become {len(mergers)}")
    parts += [step.words for step in steps[:2]]
    if len(steps) > 2:
        parts.append(f"and {len(steps) - 2} more")
    return "; ".join(parts)
